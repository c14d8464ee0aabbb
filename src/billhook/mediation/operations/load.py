"""A usage file is loaded: kept unchanged, sent down the lane, and made to count in one transaction."""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection

from billhook.foundation.events import Actor, emit
from billhook.foundation.home import settle, unfinished_in
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.mediation import lane
from billhook.mediation.bulk import store_part
from billhook.mediation.events import BatchLoaded, DuplicateFileIgnored, SourceCreated
from billhook.mediation.lake import originals
from billhook.mediation.models import MediationBatch, UsageSource
from billhook.mediation.preparation import format_of, lane_job
from billhook.mediation.queries import source_by_code
from billhook.mediation.refusals import FileUnreadableError

PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file: its batch, and whether the content had been loaded before."""

    batch: MediationBatch
    seen_before: bool


def create_source(
    *, code: str, name: str, format_code: str, zone: str, parameters: dict[str, object], actor: Actor, at: datetime
) -> UsageSource:
    """Set up a usage source.

    Raises:
        UnknownPluginError: no such format.
        pydantic.ValidationError: the parameters do not fit the format.
    """
    source = UsageSource(code=code, name=name, format=format_code, zone=zone, parameters=parameters)
    format_of(source)
    source.save()
    emit(SourceCreated(code=code), actor=actor, at=at)
    return source


def lock_usage(company: Company) -> None:
    """Serialise what changes a company's usage, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('billhook.usage'), %s)", [company.pk])


def load_file(*, company: Company, source_code: str, path: Path, actor: Actor, at: datetime) -> Loaded:
    """Load one usage file of a source.

    The original is copied into Billhook's home first. Then one transaction under the company's usage lock sends it
    down the lane and stores batch, charges and suspense; a crash before its commit leaves only files that the next
    attempt overwrites.

    Args:
        company: whose usage; the scope is opened here.
        source_code: where the file comes from.
        path: the file; it is read, never changed or moved.
        actor: who loads it.
        at: when; later events are suspended.

    Raises:
        UnknownSourceError: there is no such source.
        FileUnreadableError: there is no such file, or it may not be read.
        UnsoundJob, UnsoundFormat: the source's definition is wrong.
    """
    content_hash, kept = keep_original(company, path)
    with company_scope(company):
        lock_usage(company)
        source = source_by_code(source_code)
        earlier = MediationBatch.objects.filter(source=source, content_hash=content_hash).first()
        if earlier is not None:
            emit(DuplicateFileIgnored(batch=earlier.number, file_name=shown_name(path)), actor=actor, at=at)
            return Loaded(batch=earlier, seen_before=True)
        number = MediationBatch.objects.count() + 1
        job = lane_job(company=company, source=source, file=kept, batch=number, part=1, at=at)
        result = lane.run(job)
        batch = MediationBatch(
            number=number,
            source=source,
            file_name=shown_name(path),
            content_hash=content_hash,
            size=kept.stat().st_size,
            stored_as=kept.name,
            status="loaded",
            loaded_at=at,
            parts=0,
        )
        store_part(batch, result, currency=job.currency, decimals=job.decimals)
        emit(
            BatchLoaded(
                batch=number,
                file_name=batch.file_name,
                raw=batch.raw_records,
                rated=batch.rated_records,
                suspended=batch.suspended_records + batch.rejected_records,
            ),
            actor=actor,
            at=at,
        )
    return Loaded(batch=batch, seen_before=False)


def shown_name(path: Path) -> str:
    """Return a file's name as text that any store accepts: bytes that are no text are shown as escapes."""
    return os.fsencode(path.name).decode(errors="backslashreplace")


def keep_original(company: Company, path: Path) -> tuple[str, Path]:
    """Copy a file into the folder of originals, named by the hash of what was copied, and return both."""
    above, digest = originals(company), hashlib.sha256()
    try:
        with path.open("rb") as source, unfinished_in(above) as copy:
            while piece := source.read(PIECE):
                digest.update(piece)
                copy.write(piece)
            kept = above / digest.hexdigest()
            if not kept.exists():
                settle(copy, kept)
    except OSError as trouble:
        raise FileUnreadableError(path, trouble) from trouble
    return kept.name, kept
