"""Reads of usage: batches, suspense, charges that wait for a bill, and the records behind a charge."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from django.db import connection
from django.db.models import Count, F, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from billhook.core.period import Period
from billhook.foundation.scope import current_company
from billhook.mediation.lake import lake, originals
from billhook.mediation.lane.explain import RatedRecord, raw_line, records
from billhook.mediation.lane.result import Bucket
from billhook.mediation.models import BatchFile, Charge, MediationBatch, SuspenseRecord, UsageSource
from billhook.mediation.refusals import NotInSuspenseError, UnknownBatchError, UnknownSourceError


def source_by_code(code: str) -> UsageSource:
    """Return a usage source.

    Raises:
        UnknownSourceError: there is none of that code.
    """
    source = UsageSource.objects.filter(code=code).first()
    if source is None:
        raise UnknownSourceError(code, sorted(UsageSource.objects.values_list("code", flat=True)))
    return source


def batch_by_number(number: int) -> MediationBatch:
    """Return a batch with its source.

    Raises:
        UnknownBatchError: there is none of that number.
    """
    batch = MediationBatch.objects.filter(number=number).select_related("source").first()
    if batch is None:
        raise UnknownBatchError(number)
    return batch


def batches() -> QuerySet[MediationBatch]:
    """Return the batches, newest first."""
    return MediationBatch.objects.select_related("source").order_by("-number")


def suspense(batch: MediationBatch | None = None, *, status: str = "open") -> QuerySet[SuspenseRecord]:
    """Return suspended records by reason and line, of one batch or of all."""
    found = (
        SuspenseRecord.objects.filter(status=status).select_related("batch").order_by("reason", "batch", "line_number")
    )
    return found.filter(batch=batch) if batch else found


BatchRow = MediationBatch
"""A batch, as pages read it."""

SuspenseRow = SuspenseRecord
"""A record in suspense, as pages read it."""

BatchCounts = MediationBatch
"""A batch, as those see it who only read its counters."""

BUCKETS = tuple(bucket.value for bucket in Bucket)
"""Where a decoded record ends: the names of a batch's counters, less their suffix."""


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What an order line used on one day and has not been billed; `parts` names the batch parts it came from."""

    day: date
    records: int
    quantity: int
    amount: Decimal
    parts: tuple[str, ...]


UNBILLED = """
select charge.line_key, charge.day, sum(charge.records)::bigint, sum(charge.billed_quantity)::bigint,
       sum(charge.amount), array_agg(distinct batch.number || '.' || charge.part)
from mediation_charge charge join mediation_mediationbatch batch on batch.id = charge.batch_id

where charge.document = '' and charge.line_id = any(%s) and charge.day < %s
group by charge.line_key, charge.day order by charge.line_key, charge.day
"""


def unbilled_usage(line_ids: Iterable[int], *, before: date) -> Mapping[str, list[UsageDay]]:
    """Return what order lines used before a day, not included, and has not been billed, by line key and day.

    One statement for any number of lines: a billing run asks for a thousand customers at once.
    """
    found: dict[str, list[UsageDay]] = {}
    with connection.cursor() as cursor:
        cursor.execute(UNBILLED, [list(line_ids), before])
        for line_key, day, count, quantity, amount, parts in cursor.fetchall():
            usage = UsageDay(day=day, records=count, quantity=quantity, amount=amount, parts=tuple(sorted(parts)))
            found.setdefault(line_key, []).append(usage)
    return found


def usage_by_day(customer: str, *, start: date, end: date) -> list[tuple[date, int, Decimal]]:
    """Return day, billed seconds and amount of a customer's rated usage, `end` not included."""
    rows = Charge.objects.filter(customer=customer, day__gte=start, day__lt=end)
    return list(
        rows.values("day")
        .annotate(seconds=Sum("billed_quantity"), total=Sum("amount"))
        .order_by("day")
        .values_list("day", "seconds", "total")
    )


def unbilled_total() -> tuple[int, Decimal]:
    """Return how many rated records no invoice bills yet, and their amount in the company's currency."""
    total = Charge.objects.filter(document="").aggregate(count=Sum("records"), amount=Sum("amount"))
    return total["count"] or 0, total["amount"] or Decimal(0)


def suspense_reasons(batch: MediationBatch) -> list[tuple[str, int]]:
    """Return the reasons of a batch's open suspense and how many records each holds."""
    found = suspense(batch).order_by("reason").values("reason").annotate(count=Count("id"))
    return [(row["reason"], row["count"]) for row in found]


@dataclass(frozen=True, slots=True)
class ExplainedRecord:
    """A rated record, the file it came from and the very bytes of its line."""

    record: RatedRecord
    file_name: str
    original: str


def records_behind(
    line_key: str, *, document: str, period: Period | None = None, limit: int = 1000
) -> Sequence[ExplainedRecord]:
    """Return the rated records that an invoice bills for an order line, in order of time, down to their raw lines.

    Args:
        line_key: the order line.
        document: the invoice's number.
        period: of one line of the invoice, which may bill an order line for several; None means all of them.
        limit: at most so many.

    Raises:
        FileMissing: a lake file or an original is no longer there.
    """
    company = current_company()
    charges = Charge.objects.filter(line_key=line_key, document=document)
    if period is not None:
        charges = charges.filter(day__gte=period.start, day__lt=period.end)
    wanted = set(charges.values_list("batch__number", "part", "day"))
    days = sorted(day for _, _, day in wanted)
    parts = {(number, part) for number, part, _ in wanted}
    files = BatchFile.objects.filter(kind="records").select_related("batch").order_by("batch__number", "part")
    paths = [file.path for file in files if (file.batch.number, file.part) in parts]
    if not days:
        return []
    found = records(lake(company), paths, order_line=line_key, first=days[0], last=days[-1], limit=limit)
    kept = {batch.number: batch for batch in MediationBatch.objects.filter(number__in={number for number, _ in parts})}
    return [
        ExplainedRecord(
            record=record,
            file_name=kept[record.batch].file_name,
            original=raw_line(originals(company) / kept[record.batch].stored_as, record.byte_offset).decode(
                errors="backslashreplace"
            ),
        )
        for record in found
        if (record.batch, record.part, record.local_date) in wanted
    ]


def sources() -> QuerySet[UsageSource]:
    """Return the usage sources by name."""
    return UsageSource.objects.order_by("name", "id")


def batch_amounts(batch: MediationBatch) -> Mapping[str, Decimal]:
    """Return what the rated records of a batch come to, a currency, exactly."""
    rows = Charge.objects.filter(batch=batch).order_by().values("currency").annotate(sum=Sum("amount"))
    return dict(rows.values_list("currency", "sum"))


@dataclass(frozen=True, slots=True)
class SuspenseSample:
    """How many records wait for a reason, and the first of them."""

    reason: str
    count: int
    records: tuple[SuspenseRecord, ...]


def suspense_sample(batch: MediationBatch, *, each: int) -> list[SuspenseSample]:
    """Return what waits in a batch by reason, with at most `each` records of one, by one statement."""
    numbered = SuspenseRecord.objects.filter(batch=batch, status="open").annotate(
        place=Window(RowNumber(), partition_by=F("reason"), order_by="line_number"),
        in_reason=Window(Count("id"), partition_by=F("reason")),
    )
    found = numbered.filter(place__lte=each).order_by("reason", "line_number")
    groups = (list(group) for _, group in groupby(found, key=attrgetter("reason")))
    return [SuspenseSample(group[0].reason, group[0].in_reason, tuple(group)) for group in groups]


def suspended_line(batch: MediationBatch, line: int) -> SuspenseRecord:
    """Return one line of a batch that is or was in suspense.

    Raises:
        NotInSuspenseError: it never was.
    """
    record = SuspenseRecord.objects.filter(batch=batch, line_number=line).select_related("batch").first()
    if record is None:
        raise NotInSuspenseError(line)
    return record
