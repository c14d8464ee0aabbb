"""Stage seven, reconcile: every record ended in exactly one place, and no second and no amount went missing."""

from collections.abc import Iterable

from duckdb import DuckDBPyConnection

from billhook.mediation.lane.engine import number
from billhook.mediation.lane.errors import DoesNotBalance
from billhook.mediation.lane.result import Bucket, ChargeRow, Counts, RuleCount, Tally

BY_RULE = """
select bucket, rule, count(*), sum(known)::bigint from fate join normal using (line_no) group by all order by all
"""

CHARGES = """
select order_line, customer, version, product, local_date, count(*), sum(seconds)::hugeint,
    sum(billed_seconds)::hugeint, sum(amount_units)::hugeint
from rated group by all order by order_line, local_date, version, product, customer
"""


def rules(con: DuckDBPyConnection) -> tuple[RuleCount, ...]:
    """Return how many records ended where, by rule or reason."""
    rows = con.execute(BY_RULE).fetchall()
    return tuple(RuleCount(Bucket(bucket), rule, Tally(records, seconds)) for bucket, rule, records, seconds in rows)


def charges(con: DuckDBPyConnection) -> tuple[ChargeRow, ...]:
    """Return the rated records summed by order line, price version, product and local date."""
    return tuple(
        ChargeRow(
            order_line=order_line,
            customer=customer,
            card_version=version,
            product=product,
            local_date=day,
            records=records,
            quantity_seconds=seconds,
            billed_seconds=billed,
            amount_units=units,
        )
        for order_line, customer, version, product, day, records, seconds, billed, units in con.execute(
            CHARGES
        ).fetchall()
    )


def decoded(con: DuckDBPyConnection) -> Tally:
    """Return the decoded records and the seconds known of them."""
    return Tally(number(con, "select count(*) from normal"), number(con, "select sum(known) from normal"))


def bucketed(by_rule: Iterable[RuleCount]) -> dict[Bucket, Tally]:
    """Return the sum of each bucket."""
    sums = {bucket: Tally() for bucket in Bucket}
    for count in by_rule:
        sums[count.bucket] += count.tally
    return sums


def reconcile(con: DuckDBPyConnection, counts: Counts, rows: Iterable[ChargeRow]) -> None:
    """Compare what went in with what came out, in records, seconds and amount.

    Raises:
        DoesNotBalance: they differ; nothing of the part may count.
    """
    rows = tuple(rows)
    rated = Tally(number(con, "select count(*) from rated"), number(con, "select sum(seconds) from rated"))
    charged = Tally(sum(row.records for row in rows), sum(row.quantity_seconds for row in rows))
    if number(con, "select count(*) - count(distinct line_no) from fate"):
        raise DoesNotBalance("A record ended in two places; nothing was loaded. Keep the file and report it.")
    if rated != charged or number(con, "select sum(amount_units) from rated") != sum(row.amount_units for row in rows):
        raise DoesNotBalance(
            f"{rated.records} records were rated, but charges hold {charged.records}, or another amount; "
            "nothing was loaded. Keep the file and report it."
        )
    balance(counts)


def balance(counts: Counts) -> None:
    """Hold counts to the two balances: raw = decoded sources + rejected; decoded = the sum of the buckets.

    Raises:
        DoesNotBalance: one of them does not hold.
    """
    if counts.raw != counts.decoded_sources + counts.rejected:
        raise DoesNotBalance(
            f"{counts.raw} raw records are not {counts.decoded_sources} decoded and {counts.rejected} rejected; "
            "nothing was loaded. Keep the file and report it."
        )
    if counts.decoded != counts.ended:
        raise DoesNotBalance(
            f"{counts.decoded.records} records of {counts.decoded.seconds} seconds were decoded, but "
            f"{counts.ended.records} of {counts.ended.seconds} ended somewhere; nothing was loaded. "
            "Keep the file and report it."
        )
