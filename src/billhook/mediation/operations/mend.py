"""A suspended record is mended by hand, or written off, and suspended records go down the lane again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billhook.core import states
from billhook.foundation.events import Actor, emit
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.mediation import lane
from billhook.mediation.bulk import store_part
from billhook.mediation.events import RecordsMended, RecordsRecycled
from billhook.mediation.lake import originals
from billhook.mediation.lane.result import Reason, Stage, Suspended
from billhook.mediation.models import MediationBatch, SuspenseRecord
from billhook.mediation.operations.load import lock_usage
from billhook.mediation.preparation import lane_job
from billhook.mediation.queries import batch_by_number
from billhook.mediation.refusals import NotInSuspenseError, UnknownFieldError


@transaction.atomic
def mend(*, record: SuspenseRecord, edits: Mapping[str, str], actor: Actor, at: datetime) -> SuspenseRecord:
    """Write down what a suspended record should say; the original stays as it arrived.

    Args:
        record: open in suspense.
        edits: fields and their new texts; they count when the record is recycled.
        actor: who mends it.
        at: when.

    Raises:
        NotInSuspenseError: the record was recycled or written off.
        UnknownFieldError: it has no such field.
    """
    record = SuspenseRecord.objects.select_for_update(of=("self",)).select_related("batch").get(pk=record.pk)
    if record.status != "open":
        raise NotInSuspenseError(record.line_number)
    for name in edits:
        if record.parsed and name not in record.parsed:
            raise UnknownFieldError(name, sorted(record.parsed))
    record.edits = {**record.edits, **edits}
    record.save(update_fields=["edits"])
    said = ", ".join(f"{name} → {value}" for name, value in edits.items())
    emit(
        RecordsMended(batch=record.batch.number, file_name=record.batch.file_name, line=record.line_number, edits=said),
        actor=actor,
        at=at,
    )
    return record


@dataclass(frozen=True, slots=True)
class Recycled:
    """What came of recycling: how many were tried, and how many of them wait again."""

    tried: int
    waiting_again: int


def recycle(
    *, company: Company, batch_number: int, lines: Sequence[int] | None, actor: Actor, at: datetime
) -> Recycled:
    """Send suspended records of a batch down the lane again, with their edits; their counts move within the batch.

    Args:
        company: whose usage; the scope is opened here.
        batch_number: the batch.
        lines: which lines; None means all that are open and could be read.
        actor: who recycles them.
        at: when.

    Raises:
        UnknownBatchError: no such batch.
        NotInSuspenseError: a named line is not open.
    """
    with company_scope(company):
        lock_usage(company)
        batch = batch_by_number(batch_number)
        records = _open_records(batch, lines)
        if not records:
            return Recycled(tried=0, waiting_again=0)
        job = lane_job(
            company=company,
            source=batch.source,
            file=originals(company) / batch.stored_as,
            batch=batch.number,
            part=batch.parts + 1,
            at=at,
        )
        result = lane.recycle(job, [mended(record) for record in records])
        for record in records:
            states.check(states.SUSPENSE_RECORD, record.status, "recycled")
        SuspenseRecord.objects.filter(pk__in=[record.pk for record in records]).update(status="recycled")
        store_part(batch, result, currency=job.currency, decimals=job.decimals)
        waiting = len(result.suspended)
        emit(
            RecordsRecycled(
                batch=batch.number, file_name=batch.file_name, tried=len(records), rated=result.counts.rated.records
            ),
            actor=actor,
            at=at,
        )
    return Recycled(tried=len(records), waiting_again=waiting)


def _open_records(batch: MediationBatch, lines: Sequence[int] | None) -> list[SuspenseRecord]:
    """Return the records to recycle, locked, by line."""
    found = SuspenseRecord.objects.select_for_update().filter(batch=batch, status="open").order_by("line_number")
    if lines is None:
        return [record for record in found if record.parsed or record.edits]
    records = list(found.filter(line_number__in=lines))
    for missing in sorted(set(lines) - {record.line_number for record in records}):
        raise NotInSuspenseError(missing)
    return records


def mended(record: SuspenseRecord) -> Suspended:
    """Return a suspended record as the lane takes it, with its edits in place."""
    return Suspended(
        line_no=record.line_number,
        byte_offset=record.byte_offset,
        reason=Reason(record.reason),
        stage=Stage(record.stage),
        parsed={**record.parsed, **record.edits},
        raw=record.raw,
        seconds=record.seconds,
    )
