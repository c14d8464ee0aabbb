"""Decks of rates at once: COPY into a temporary table, compared and written in SQL."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db import connection

from billhook.catalog.rates import KEPT, NewRate
from billhook.foundation.scope import current_company_id


class ImportMode(StrEnum):
    """What a deck does to the rates that stand."""

    ADD = "add"
    """Nothing: a rate that would hold beside another is refused. The default."""
    CHANGE = "change"
    """A prefix of the deck ends its standing rate the day before its own first day; other prefixes stay."""
    REPLACE_FROM = "replace_from"
    """As `change`, and what the deck does not name ends the day before it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """What is imported into a card: how, and from which day where it replaces the card.

    `today` is the day of the import: later rates were only announced and may be withdrawn.
    """

    card_id: int | None
    mode: ImportMode
    day: date | None
    today: date


_NAMES = ", ".join(KEPT)
_TERMS = tuple(name for name in KEPT if name not in ("prefix", "valid_from"))
_STAGED = """
create temporary table staged_rate (
    row integer, prefix varchar(20), destination varchar(120), price_per_minute numeric(24, 12),
    connection_fee numeric(24, 12), first_increment integer, next_increment integer, minimum_seconds integer,
    valid_from date, valid_until date
) on commit drop
"""
# Each staged rate beside the rate that stands on its first day; `place` counts the rates of a prefix.
_COMPARED = f"""
create temporary table compared_rate on commit drop as
select
    staged.*,
    row_number() over same_prefix as place,
    lag(staged.row) over same_prefix as row_before,
    lag(staged.destination) over same_prefix as destination_before,
    lag(staged.valid_from) over same_prefix as from_before,
    lag(staged.valid_until) over same_prefix as until_before,
    standing.id as standing_id,
    standing.price_per_minute as standing_price,
    standing.valid_from as standing_from,
    standing.id is not null
        and ({", ".join(f"staged.{name}" for name in _TERMS)})
            is not distinct from ({", ".join(f"standing.{name}" for name in _TERMS)})
        and (standing.valid_from = staged.valid_from or row_number() over same_prefix = 1) as unchanged
from staged_rate staged
left join catalog_rate standing
    on standing.company_id = %s
    and standing.card_id = %s
    and standing.prefix = staged.prefix
    and standing.valid_from <= staged.valid_from
    and (standing.valid_until is null or standing.valid_until > staged.valid_from)
window same_prefix as (partition by staged.prefix order by staged.valid_from, staged.row)
"""  # noqa: S608 - names of columns
# Rates that stand and are touched: by the first day of the deck's rates of their prefix, or by the day of the deck.
_TOUCHED = """
create temporary table touched_rate on commit drop as
select standing.id, standing.prefix, standing.destination, standing.price_per_minute, standing.valid_from,
    coalesce(begins.day, %(day)s::date) as ends, begins.day is null as unnamed
from catalog_rate standing
left join (select prefix, min(valid_from) as day from compared_rate group by prefix) begins using (prefix)
where standing.company_id = %(company)s and standing.card_id = %(card)s and %(mode)s <> 'add'
    and (begins.day is not null or %(mode)s = 'replace_from')
    and (standing.valid_until is null or standing.valid_until > coalesce(begins.day, %(day)s::date))
    and not exists (select from compared_rate kept where kept.standing_id = standing.id and kept.unchanged)
"""


@contextmanager
def compared(deck: Deck, rates: Iterable[NewRate]) -> Iterator[None]:
    """Lay a deck beside the rates that stand, in temporary tables; nothing that lasts is written."""
    company = current_company_id()
    with connection.cursor() as cursor, connection.wrap_database_errors:
        raw = cursor.connection.cursor()
        raw.execute(_STAGED)
        with raw.copy(f"copy staged_rate (row, {_NAMES}) from stdin") as copy:
            for rate in rates:
                copy.write_row((rate.row, *(getattr(rate, name) for name in KEPT)))
        raw.execute("analyze staged_rate")
        raw.execute(_COMPARED, [company, deck.card_id])
        raw.execute("create index on compared_rate (standing_id)")
        raw.execute("analyze compared_rate")
        parameters = {"company": company, "card": deck.card_id, "mode": deck.mode.value, "day": deck.day}
        raw.execute(_TOUCHED, parameters)
        yield
        raw.execute("drop table staged_rate, compared_rate, touched_rate")


def write_compared(deck: Deck) -> tuple[int, int, int]:
    """End, withdraw and insert what was compared; return how many of each.

    A rate that would end on or before its first day was never in force; it is withdrawn.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "update catalog_rate rate set valid_until = touched.ends from touched_rate touched"
            " where rate.id = touched.id and touched.valid_from < touched.ends"
        )
        ended = cursor.rowcount
        cursor.execute(
            "delete from catalog_rate rate using touched_rate touched"
            " where rate.id = touched.id and touched.valid_from >= touched.ends"
        )
        withdrawn = cursor.rowcount
        cursor.execute(
            f"insert into catalog_rate (company_id, card_id, {_NAMES})"  # noqa: S608 - names of columns
            f" select %s, %s, {_NAMES} from compared_rate where not unchanged",
            [current_company_id(), deck.card_id],
        )
        return ended, withdrawn, cursor.rowcount
