"""What the lane found, stored in the transaction that makes it count."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from psycopg.types.json import Jsonb

from billhook.foundation.bulk import insert_rows
from billhook.foundation.scope import current_company_id
from billhook.mediation.lane.result import Bucket, ChargeRow, Counts, LaneResult
from billhook.mediation.models import BatchFile, Charge, MediationBatch, SuspenseRecord
from billhook.mediation.refusals import UsageNotUnbilledError
from billhook.orders.queries import line_ids


def add_counts(batch: MediationBatch, counts: Counts) -> None:
    """Add a part's counts, which may be negative movements, to its batch."""
    batch.raw_records += counts.raw
    batch.decoded_sources += counts.decoded_sources
    batch.rejected_records += counts.rejected
    batch.decoded_records += counts.decoded.records
    batch.decoded_seconds += counts.decoded.seconds
    for bucket in Bucket:
        tally = counts.bucket(bucket)
        for suffix, value in (("records", tally.records), ("seconds", tally.seconds)):
            name = f"{bucket.value}_{suffix}"
            setattr(batch, name, getattr(batch, name) + value)


def store_part(batch: MediationBatch, result: LaneResult, *, currency: str, decimals: int) -> None:
    """Store a part of a batch: its counts, its files, its charges and what waits in suspense."""
    batch.parts += 1
    add_counts(batch, result.counts)
    moments = [moment for moment in (batch.first_event_at, result.first_event) if moment]
    batch.first_event_at = min(moments, default=None)
    moments = [moment for moment in (batch.last_event_at, result.last_event) if moment]
    batch.last_event_at = max(moments, default=None)
    batch.save()
    for kind, file in (("records", result.records), ("keys", result.keys)):
        if file is not None:
            BatchFile.objects.create(
                batch=batch, part=batch.parts, kind=kind, path=file.path, rows=file.rows, sha256=file.sha256
            )
    _store_charges(batch, result.charges, currency, decimals)
    _store_suspense(batch, result)


def _store_charges(batch: MediationBatch, charges: Iterable[ChargeRow], currency: str, decimals: int) -> None:
    rows = list(charges)
    ids, company_id = line_ids({row.order_line for row in rows}), current_company_id()
    insert_rows(
        Charge,
        (
            "company",
            "batch",
            "part",
            "line_id",
            "line_key",
            "customer",
            "product",
            "price_key",
            "day",
            "currency",
            "records",
            "quantity",
            "billed_quantity",
            "amount",
            "document",
        ),
        (
            (
                company_id,
                batch.pk,
                batch.parts,
                ids[row.order_line],
                row.order_line,
                row.customer,
                row.product,
                row.card_version,
                row.local_date,
                currency,
                row.records,
                row.quantity_seconds,
                row.billed_seconds,
                Decimal(row.amount_units).scaleb(-decimals),
                "",
            )
            for row in rows
        ),
    )


def _store_suspense(batch: MediationBatch, result: LaneResult) -> None:
    """Store what waits; a recycled record that waits again is its old row, opened again."""
    again = {row.line_no: row for row in result.suspended}
    for old in SuspenseRecord.objects.filter(batch=batch, line_number__in=list(again)):
        row = again.pop(old.line_number)
        old.reason, old.stage, old.seconds, old.status = row.reason, row.stage, row.seconds, "open"
        old.save(update_fields=["reason", "stage", "seconds", "status"])
    company_id = current_company_id()
    insert_rows(
        SuspenseRecord,
        (
            "company",
            "batch",
            "line_number",
            "byte_offset",
            "reason",
            "stage",
            "raw",
            "parsed",
            "edits",
            "seconds",
            "status",
            "note",
        ),
        (
            (
                company_id,
                batch.pk,
                row.line_no,
                row.byte_offset,
                row.reason,
                row.stage,
                row.raw,
                Jsonb(dict(row.parsed)),
                Jsonb({}),
                row.seconds,
                "open",
                "",
            )
            for row in again.values()
        ),
    )


@dataclass(frozen=True, slots=True)
class BilledUsage:
    """Which charges an invoice bills: of one order line, in a service period, from named parts of batches.

    `end` is not included; a part is named `batch.part`; `records` is how many records the charges hold together.
    """

    line_key: str
    start: date
    end: date
    parts: tuple[str, ...]
    records: int
    document: str


MARK = """
with marked as (
    update mediation_charge charge set document = billed.document
    from unnest(%s::integer[], %s::text[], %s::date[], %s::date[], %s::bigint[], %s::integer[], %s::text[])
         as billed(place, line_key, lower, upper, batch, part, document), mediation_mediationbatch batch
    where charge.document = '' and charge.line_key = billed.line_key and charge.part = billed.part
      and charge.batch_id = batch.id and batch.number = billed.batch
      and charge.day >= billed.lower and charge.day < billed.upper
    returning billed.place, charge.records
)
select place, sum(records)::bigint from marked group by place
"""


def mark_billed(billed: Iterable[BilledUsage]) -> int:
    """Write on each charge which invoice bills it, and return how many records the charges hold.

    A charge that another transaction is billing is waited for, and then counts as billed.

    Raises:
        UsageNotUnbilledError: what is unbilled is not all that an invoice says it bills; undo the transaction.
    """
    usages = list(billed)
    rows = [
        (place, usage.line_key, usage.start, usage.end, *map(int, name.split(".")), usage.document)
        for place, usage in enumerate(usages)
        for name in usage.parts
    ]
    with connection.cursor() as cursor:
        cursor.execute(MARK, [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 7)
        marked: dict[int, int] = dict(cursor.fetchall())
    for place, usage in enumerate(usages):
        unbilled = marked.get(place, 0)
        if unbilled != usage.records:
            raise UsageNotUnbilledError(
                usage.document, usage.line_key, usage.start, wanted=usage.records, unbilled=unbilled
            )
    return sum(marked.values())
