"""Stage five, rate: the longest prefix that holds on the call's local date, its increments, and one rounding.

Amounts are whole numbers throughout: prices in units of 10^-12, a record's amount in units of 10^-(record decimals),
with 128-bit steps between; nothing is ever a float.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from duckdb import DuckDBPyConnection

from billhook.mediation.lane.errors import UnsoundJob
from billhook.mediation.lane.job import MAX_DECIMALS, CardRow, LaneJob

SECONDS_PER_MINUTE = 60
MAX_DIGITS = 24
"""Of a price in units of 10^-12; with seconds below 10^10 every step then fits 128 bits."""

CARD_TABLE = """
create table price (
    price_no bigint, card varchar, version varchar, prefix varchar, size integer, destination varchar,
    per_minute hugeint, connection hugeint, first_increment bigint, next_increment bigint, minimum bigint,
    minimum_charge hugeint, valid_from date, valid_to date
)
"""

# Once for each length of prefix that a card has: its own longest match wins, the catch-all (length 0) loses to all.
MATCHED = """
create table matched as
select guided.line_no, arg_max(price.price_no, price.size) as price_no
from guided
join (select distinct card, size from price) as lengths using (card)
join price on price.card = guided.card and price.size = lengths.size
    and price.prefix = left(guided.b_number, lengths.size)
    and guided.local_date >= price.valid_from and guided.local_date < price.valid_to
where guided.verdict_guide is null and length(guided.b_number) >= lengths.size
group by guided.line_no
"""

# Half up, as a division of whole numbers: (2n + d) // 2d. A call shorter than the minimum counts as the minimum.
RATED = """
create table rated as
with used as (
    select guided.*, price.* exclude (card), greatest(seconds, minimum) as counted
    from guided join matched using (line_no) join price using (price_no)
), billed as (
    select *, case when counted <= first_increment then first_increment else first_increment
        + (counted - first_increment + next_increment - 1) // next_increment * next_increment end as billed_seconds
    from used
)
select *, try_cast(
    (2 * greatest(connection * $minute + per_minute * billed_seconds, minimum_charge * $minute) + $unit)
    // (2 * $unit) as bigint
) as amount_units
from billed
"""

FATE = """
insert into fate
select line_no, 'suspended', 'unknown_prefix', 'rate'
from guided anti join matched using (line_no) where verdict_guide is null
union all select line_no, 'suspended', 'amount_too_large', 'rate' from rated where amount_units is null
union all select line_no, 'rated', 'rated', 'rate' from rated where amount_units is not null
"""


def rate(con: DuckDBPyConnection, job: LaneJob) -> None:
    """Fill `rated` with each guided record's price, billed seconds and amount.

    Raises:
        UnsoundJob: a guided card is missing, a price cannot be read, or a prefix has two prices on one date.
    """
    _check_cards(job)
    con.execute(CARD_TABLE)
    _load(con, job.cards)
    con.execute(MATCHED)
    unit = SECONDS_PER_MINUTE * 10 ** (MAX_DECIMALS - job.decimals)
    con.execute(RATED, {"minute": SECONDS_PER_MINUTE, "unit": unit})
    con.execute(FATE)
    con.execute("delete from rated where amount_units is null; drop table matched; drop table price")


def _check_cards(job: LaneJob) -> None:
    """Refuse cards that are missing, or leave open what a call costs."""
    if missing := sorted({row.card for row in job.guide} - {row.card for row in job.cards}):
        raise UnsoundJob(f"The rate card {missing[0]} has no prices; import a deck before loading its calls.")
    rows = sorted(job.cards, key=lambda row: (row.card, row.prefix, row.valid_from))
    for row in rows:
        _check_row(row)
    for one, other in pairwise(rows):
        same = (one.card, one.prefix) == (other.card, other.prefix)
        if same and (one.valid_to is None or one.valid_to > other.valid_from):
            raise UnsoundJob(
                f"The rate card {one.card} has two prices for the prefix {one.prefix} from {other.valid_from}: "
                f"{one.destination} at {one.price_per_minute} and {other.destination} at {other.price_per_minute}; "
                "keep one of them."
            )


def _check_row(row: CardRow) -> None:
    """Refuse a price row whose increments or dates make no sense."""
    if row.first < 0 or row.next < 1 or row.minimum < 0:
        raise UnsoundJob(f"The prefix {row.prefix} of {row.card} has impossible increments; use such as 60/1.")
    if row.prefix and not (row.prefix.isascii() and row.prefix.isdigit()):
        raise UnsoundJob(f"The prefix {row.prefix} of {row.card} is no number; use digits with the calling code.")
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        raise UnsoundJob(f"The prefix {row.prefix} of {row.card} ends before it begins; correct its dates.")


def _load(con: DuckDBPyConnection, rows: Sequence[CardRow]) -> None:
    """Fill the table `price`."""
    con.execute(
        "insert into price select unnest(range($1)), unnest($2::varchar[]), unnest($3::varchar[]), "
        "unnest($4::varchar[]), unnest($5::integer[]), unnest($6::varchar[]), unnest($7::hugeint[]), "
        "unnest($8::hugeint[]), unnest($9::bigint[]), unnest($10::bigint[]), unnest($11::bigint[]), "
        "unnest($12::hugeint[]), unnest($13::date[]), unnest($14::date[])",
        [
            len(rows),
            [row.card for row in rows],
            [row.version for row in rows],
            [row.prefix for row in rows],
            [len(row.prefix) for row in rows],
            [row.destination for row in rows],
            [_whole(row.price_per_minute, row) for row in rows],
            [_whole(row.connection_fee, row) for row in rows],
            [row.first for row in rows],
            [row.next for row in rows],
            [row.minimum for row in rows],
            [_whole(row.minimum_charge, row) for row in rows],
            [row.valid_from for row in rows],
            [row.valid_to or date.max for row in rows],
        ],
    )


def _whole(text: str, row: CardRow) -> int:
    """Return a price of decimal text in units of 10^-12.

    Raises:
        UnsoundJob: it is no amount, negative, or finer than 12 decimals.
    """
    try:
        price = Decimal(text)
        units = price.scaleb(MAX_DECIMALS)
        sound = price >= 0 and units == units.to_integral_value() and units.adjusted() < MAX_DIGITS
    except InvalidOperation:
        sound = False
    if not sound:
        raise UnsoundJob(
            f"The price {text} of prefix {row.prefix} in {row.card} is no amount; "
            "write such as 0.05, not negative and with at most 12 decimals."
        )
    return int(units)
