"""Reads of rate cards: decks for the usage lane, and what an import would change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import QuerySet

from billhook.catalog.bulk import Deck, ImportMode, compared
from billhook.catalog.models import Rate, RateCard
from billhook.catalog.rates import KEPT, InvalidRow, ReadDeck
from billhook.core.errors import Refusal
from billhook.foundation.scope import current_company_id

MOST_LISTED = 1000


class UnknownCardError(Refusal):
    """Raised when no rate card has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no rate card {code}: import one, or name another.")


class NoDayError(Refusal):
    """Raised when a deck is to replace a card from no day, or has rates that begin before it."""


def card_by_code(code: str) -> RateCard:
    """Return a rate card.

    Raises:
        UnknownCardError: there is none of that code.
    """
    card = RateCard.objects.filter(code=code).first()
    if card is None:
        raise UnknownCardError(code)
    return card


def rate_cards() -> QuerySet[RateCard]:
    """Return the rate cards by code."""
    return RateCard.objects.order_by("code")


def rates_of(card: RateCard, *, prefix: str = "", on: date | None = None) -> QuerySet[Rate]:
    """Return the rates of a card whose prefix begins with some digits, in force on a day or on any."""
    found = Rate.objects.filter(card=card, prefix__startswith=prefix).order_by("prefix", "valid_from")
    if on is not None:
        found = found.filter(valid_from__lte=on).exclude(valid_until__lte=on)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckRow:
    """A rate as the usage lane takes it; amounts as decimal text."""

    card: str
    version: str
    prefix: str
    destination: str
    price_per_minute: str
    connection_fee: str
    first: int
    next: int
    minimum: int
    valid_from: date
    valid_to: date | None


def deck_rows(codes: Iterable[str]) -> list[DeckRow]:
    """Return the rates of some rate cards, by card, prefix and date; a rate's version is its card and first day."""
    rates = Rate.objects.filter(card__code__in=set(codes)).order_by("card__code", "prefix", "valid_from")
    return [
        DeckRow(
            card=card,
            version=f"{card}@{valid_from}",
            prefix=prefix,
            destination=destination,
            price_per_minute=str(price),
            connection_fee=str(fee),
            first=first,
            next=following,
            minimum=minimum,
            valid_from=valid_from,
            valid_to=valid_until,
        )
        for card, prefix, destination, price, fee, first, following, minimum, valid_from, valid_until in (
            rates.values_list("card__code", *KEPT).iterator(chunk_size=10_000)
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange:
    """What an import does to a prefix: the row of the deck, the day, and the prices a minute before and after."""

    prefix: str
    destination: str
    row: int | None
    on: date
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class OverlappingRows:
    """Two rates of one prefix that would hold on the same day: both with their rows, None for one that stands."""

    first: str
    first_row: int | None
    second: str
    second_row: int


KINDS = ("new", "price_up", "price_down", "changed", "unchanged", "ended", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePreview:
    """What an import would do, though nothing is written.

    Args:
        counts: how many rates are of each kind, exactly.
        lists: the first of each kind by prefix; `changed` has the same price and other terms.
        overlaps: pairs of rates that hold on the same day; with one of them nothing is imported.
        invalid: rows that make no rate; with one of them nothing is imported.
        settled: rates that would be withdrawn though they have been in force; with one of them nothing is imported.
    """

    counts: dict[str, int]
    lists: dict[str, tuple[RateChange, ...]]
    overlaps: tuple[OverlappingRows, ...]
    invalid: tuple[InvalidRow, ...]
    settled: tuple[RateChange, ...]

    @property
    def can_be_imported(self) -> bool:
        """Return whether nothing stands in the way."""
        return not (self.overlaps or self.invalid or self.settled)


_KIND = """
case
    when unchanged then 'unchanged'
    when standing_id is null then 'new'
    when price_per_minute > standing_price then 'price_up'
    when price_per_minute < standing_price then 'price_down'
    else 'changed'
end
"""
_CHANGES = f"""
with change as (
    select {_KIND} as kind, prefix, destination, row, valid_from as day, standing_price as before,
        price_per_minute as after
    from compared_rate
    union all
    select case when valid_from < ends then 'ended' else 'withdrawn' end, prefix, destination, null, ends,
        price_per_minute, null
    from touched_rate
    where unnamed or valid_from >= ends
),
placed as (
    select *, count(*) over (partition by kind) as total,
        row_number() over (partition by kind order by prefix, day) as place
    from change
)
select kind, total, prefix, destination, row, day, before, after from placed where place <= %s order by kind, place
"""  # noqa: S608 - the case above
_OVERLAPS = """
select prefix || ' ' || destination_before || ' from ' || from_before, row_before,
    prefix || ' ' || destination || ' from ' || valid_from, row
from compared_rate
where place > 1 and (until_before is null or until_before > valid_from)
union all
select standing.prefix || ' ' || standing.destination || ' from ' || standing.valid_from, null,
    deck.prefix || ' ' || deck.destination || ' from ' || deck.valid_from, deck.row
from compared_rate deck
join catalog_rate standing
    on standing.company_id = %(company)s and standing.card_id = %(card)s and standing.prefix = deck.prefix
    and (standing.valid_until is null or standing.valid_until > deck.valid_from)
    and (deck.valid_until is null or deck.valid_until > standing.valid_from)
where %(mode)s = 'add'
order by 3, 1
limit %(most)s
"""
_SETTLED = """
select prefix, destination, null::int, valid_from, price_per_minute, null::numeric
from touched_rate where valid_from >= ends and valid_from <= %s order by prefix, valid_from limit %s
"""


def require_day(deck: Deck, rates: Iterable[date]) -> None:
    """Refuse to replace a card from no day, or by rates that begin before it.

    Raises:
        NoDayError: one of these is the case.
    """
    if deck.mode is not ImportMode.REPLACE_FROM:
        return
    if deck.day is None:
        raise NoDayError("The deck replaces the card from no day: give the day, or add the rates.")
    first = min(rates, default=deck.day)
    if first < deck.day:
        raise NoDayError(f"A rate begins on {first}, before the card is replaced on {deck.day}: give an earlier day.")


def overlaps(deck: Deck, *, most: int = MOST_LISTED) -> tuple[OverlappingRows, ...]:
    """Return, inside `compared`, the pairs of rates that would hold on the same day."""
    with connection.cursor() as cursor:
        parameters = {"company": current_company_id(), "card": deck.card_id, "mode": deck.mode.value, "most": most}
        cursor.execute(_OVERLAPS, parameters)
        return tuple(OverlappingRows(*row) for row in cursor.fetchall())


def settled(deck: Deck, *, most: int = MOST_LISTED) -> tuple[RateChange, ...]:
    """Return, inside `compared`, the rates in force by today that the deck would undo from their first day on."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, [deck.today, most])
        return tuple(_change(row) for row in cursor.fetchall())


def preview_rate_card(
    *, code: str, deck: ReadDeck, today: date, mode: ImportMode = ImportMode.ADD, day: date | None = None
) -> RatePreview:
    """Return what the import of a deck would do to a card, which may not exist yet.

    Args:
        code: of the card.
        deck: the rates and invalid rows that were read.
        today: the company's day; rates that have begun by then are not withdrawn.
        mode: what the deck does to the rates that stand.
        day: from which it replaces the card.

    Raises:
        NoDayError: it replaces the card from no day, or has rates that begin before it.
    """
    card = RateCard.objects.filter(code=code).first()
    asked = Deck(card_id=card.pk if card else None, mode=mode, day=day, today=today)
    require_day(asked, (rate.valid_from for rate in deck.rates))
    with transaction.atomic(), compared(asked, deck.rates):
        counts, lists = _changes()
        return RatePreview(
            counts=counts, lists=lists, overlaps=overlaps(asked), invalid=deck.invalid, settled=settled(asked)
        )


def _changes() -> tuple[dict[str, int], dict[str, tuple[RateChange, ...]]]:
    counts = dict.fromkeys(KINDS, 0)
    lists: dict[str, list[RateChange]] = {kind: [] for kind in KINDS}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, [MOST_LISTED])
        for kind, total, *change in cursor.fetchall():
            counts[kind] = total
            lists[kind].append(_change(change))
    return counts, {kind: tuple(found) for kind, found in lists.items()}


def _change(row: Iterable[object]) -> RateChange:
    prefix, destination, number, on, before, after = row
    return RateChange(prefix=prefix, destination=destination, row=number, on=on, before=before, after=after)  # type: ignore[arg-type]
