"""A deck of rates is imported into a rate card."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from billhook.catalog.bulk import Deck, ImportMode, compared, write_compared
from billhook.catalog.events import RateCardImported
from billhook.catalog.models import RateCard
from billhook.catalog.queries.rates import OverlappingRows, RateChange, overlaps, require_day, settled
from billhook.catalog.rates import NewRate
from billhook.catalog.refusals import require_code
from billhook.core import money
from billhook.core.calendar import local_date
from billhook.core.errors import Refusal
from billhook.core.ratecard import OverlappingRatesError
from billhook.foundation.events import Actor, emit
from billhook.foundation.scope import current_company


class OtherCurrencyError(Refusal):
    """Raised when rates in one currency are imported into a card in another."""

    def __init__(self, card: RateCard, currency: str) -> None:
        """Name the card and both currencies."""
        super().__init__(f"The rate card {card.code} is in {card.currency}, the deck in {currency}: use another card.")


class SettledRatesError(Refusal):
    """Raised when a deck would undo rates that have been in force."""

    def __init__(self, card: str, first: RateChange) -> None:
        """Name the card and the first of these rates."""
        super().__init__(
            f"The rate of {first.prefix} {first.destination} in {card} has been in force since {first.on}, on or after "
            "the day of the deck: import the deck from a later day."
        )


@transaction.atomic
def import_rate_card(
    *,
    code: str,
    name: str,
    rates: Iterable[NewRate],
    actor: Actor,
    at: datetime,
    currency: str = "",
    mode: ImportMode = ImportMode.ADD,
    day: date | None = None,
) -> RateCard:
    """Create a rate card, or import rates into one, all of them or none; ended rates are kept.

    Args:
        code: of the card.
        name: of a card that is created.
        rates: as they are given, or `valid_rates()` of a file that was read.
        actor: who imports them.
        at: when; rates that have begun by its day are not withdrawn.
        currency: the company's for a new card unless one is given.
        mode: what the deck does to the rates that stand.
        day: from which it replaces the card.

    Raises:
        OverlappingRatesError: two rates of one prefix are valid on the same day; both are named.
        SettledRatesError: rates that have been in force would be undone.
        OtherCurrencyError: the card is in another currency.
        NoDayError: the deck replaces the card from no day, or has rates that begin before it.
    """
    new = tuple(rates)
    card = _locked_card(require_code("rate card", code), name, currency)
    deck = Deck(card_id=card.pk, mode=mode, day=day, today=local_date(at, current_company().zone))
    require_day(deck, (rate.valid_from for rate in new))
    with compared(deck, new):
        for pair in overlaps(deck, most=1):
            raise OverlappingRatesError(_overlap(code, pair))
        for change in settled(deck, most=1):
            raise SettledRatesError(code, change)
        ended, withdrawn, inserted = write_compared(deck)
    emit(RateCardImported(code=code, rates=inserted, ended=ended, withdrawn=withdrawn), actor=actor, at=at)
    return card


def _locked_card(code: str, name: str, currency: str) -> RateCard:
    wanted = currency or current_company().currency
    money.currency(wanted)
    RateCard.objects.get_or_create(code=code, defaults={"name": name, "currency": wanted})
    card = RateCard.objects.select_for_update().get(code=code)
    if currency and card.currency != currency:
        raise OtherCurrencyError(card, currency)
    return card


def _overlap(code: str, pair: OverlappingRows) -> str:
    first = f"{pair.first} (row {pair.first_row})" if pair.first_row else pair.first
    second = f"{pair.second} (row {pair.second_row})" if pair.second_row else pair.second
    return f"Rate card {code}: {first} and {second} hold on the same day; end the first before the second starts."
