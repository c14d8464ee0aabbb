"""Running an import: chunk by chunk, each in one transaction with its progress, resumed where it stopped."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from django.db import DataError, IntegrityError, transaction

from billhook.core.errors import Refusal
from billhook.foundation.bulk import insert_rows
from billhook.foundation.events import Actor, emit
from billhook.foundation.happenings import FileImported
from billhook.foundation.imports.reading import Layout, Rejected, Row, rows_of
from billhook.foundation.models.companies import Company
from billhook.foundation.models.imports import ImportJob, RejectedRow
from billhook.foundation.scope import company_scope
from billhook.foundation.sequences import take_number

CHUNK = 5000
IMPORT_NUMBERS = "IMP-{number:06d}"


class ImportRunningError(Refusal):
    """Raised when somebody else takes in the same file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being imported by somebody else; wait until that is done.")


class UnknownImportError(Refusal):
    """Raised when no room takes in a kind of file."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no import of {kind}; choose one of {', '.join(sorted(_importers))}.")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some rows: stored, there already and left as they are, or rejected."""

    created: int
    unchanged: int
    rejected: Sequence[Rejected] = ()


class Importer(Protocol):
    """A room's way of taking in one kind of file."""

    @property
    def layout(self) -> Layout:
        """Return the columns of the file."""

    def take_in(self, rows: Sequence[Row], *, actor: Actor, at: datetime) -> Taken:
        """Store rows, each whole or not at all, in the company in scope and the transaction of the caller.

        A row whose key is known already is left as it is, so that a file may be taken in again.
        """


_importers: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    """Make a kind of file known; rooms do so when they are loaded."""
    _importers[importer.layout.kind] = importer


def importer(kind: str) -> Importer:
    """Return how one kind of file is taken in.

    Raises:
        UnknownImportError: no room does.
    """
    if kind not in _importers:
        raise UnknownImportError(kind)
    return _importers[kind]


@dataclass(slots=True)
class Progress:
    """How far an import is; `line` is the last one that was looked at."""

    line: int = 0
    created: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, line: int, taken: Taken) -> None:
        """Count a chunk."""
        self.line = line
        self.created += taken.created
        self.unchanged += taken.unchanged
        self.rejected.extend(taken.rejected)


Watch = Callable[[Progress], None]


def run_import(
    *, company: Company, kind: str, path: Path, actor: Actor, at: datetime, watch: Watch = lambda _progress: None
) -> Progress:
    """Take in a file, and return what became of its rows; one that was interrupted goes on where it stopped.

    Args:
        company: whose file it is.
        kind: customers, products, orders or balances.
        path: the file.
        actor: who takes it in.
        at: when.
        watch: told after each chunk.

    Raises:
        UnknownImportError: no such kind.
        ImportFileError: the first line is not one of this kind.
        ImportRunningError: the same file is being taken in by somebody else.
    """
    importing = importer(kind)
    job = _job(company, importing, path, actor, at)
    progress = Progress(job.position, job.created, job.unchanged)
    with path.open("rb") as stream:
        rows = (row for row in rows_of(stream, importing.layout) if row.line > job.position)
        for chunk in _chunks(rows):
            with company_scope(company):
                _hold(job)
                taken = take_chunk(importing, chunk, actor=actor, at=at)
                progress.add(chunk[-1].line, taken)
                _record(job, chunk[-1].line, taken)
            watch(progress)
    with company_scope(company):
        _hold(job)
        job.state = "done"
        job.save(update_fields=["state"])
        emit(
            FileImported(kind=kind, file=job.file_name, created=job.created, rejected=job.rejected), actor=actor, at=at
        )
    return progress


def try_import(
    *, company: Company, kind: str, path: Path, actor: Actor, at: datetime, watch: Watch = lambda _progress: None
) -> Progress:
    """Return what an import would do, and leave nothing behind."""
    importing, progress = importer(kind), Progress()
    with company_scope(company), transaction.atomic():
        with path.open("rb") as stream:
            for chunk in _chunks(rows_of(stream, importing.layout)):
                progress.add(chunk[-1].line, take_chunk(importing, chunk, actor=actor, at=at))
                watch(progress)
        transaction.set_rollback(True)
    return progress


def take_chunk(importing: Importer, chunk: Sequence[Row | Rejected], *, actor: Actor, at: datetime) -> Taken:
    """Take in the sound rows of a chunk; where the database refuses them together, those that it refuses are named."""
    unsound = [row for row in chunk if isinstance(row, Rejected)]
    sound = [row for row in chunk if isinstance(row, Row)]
    taken = _taken(importing, sound, actor, at)
    return Taken(taken.created, taken.unchanged, sorted([*unsound, *taken.rejected], key=lambda row: row.line))


def _taken(importing: Importer, rows: Sequence[Row], actor: Actor, at: datetime) -> Taken:
    if not rows:
        return Taken(0, 0)
    try:
        with transaction.atomic():
            return importing.take_in(rows, actor=actor, at=at)
    except (IntegrityError, DataError, Refusal) as trouble:
        if len(rows) == 1:
            return Taken(0, 0, [Rejected(rows[0].line, "", _in_words(trouble))])
        middle = len(rows) // 2
        first, second = (_taken(importing, half, actor, at) for half in (rows[:middle], rows[middle:]))
        return Taken(
            first.created + second.created,
            first.unchanged + second.unchanged,
            [*first.rejected, *second.rejected],
        )


def _in_words(trouble: Exception) -> str:
    if isinstance(trouble, Refusal):
        return str(trouble).rstrip(".")
    return f"is refused by the database: {str(trouble).splitlines()[0]}"


def _chunks(rows: Iterable[Row | Rejected]) -> Iterator[list[Row | Rejected]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _job(company: Company, importing: Importer, path: Path, actor: Actor, at: datetime) -> ImportJob:
    """Return the import of this file that was interrupted, or a new one; the file is read once for its hash."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        next(iter(rows_of(stream, importing.layout)), None)
    same = {"kind": importing.layout.kind, "sha256": digest, "state": "running"}
    with company_scope(company):
        job = ImportJob.objects.filter(**same).first()
        if job is None:
            number = take_number("import", year=at.year, pattern=IMPORT_NUMBERS)
            named = {"number": number, "file_name": path.name[:255]}
            job = ImportJob.objects.create(**same, **named, started_at=at, started_by=actor.name)
    return job


def _hold(job: ImportJob) -> None:
    """Lock the job for this transaction.

    Raises:
        ImportRunningError: somebody else moved it on meanwhile.
    """
    held = ImportJob.objects.select_for_update().get(pk=job.pk)
    if (held.position, held.state) != (job.position, job.state):
        raise ImportRunningError(job.file_name)


def _record(job: ImportJob, line: int, taken: Taken) -> None:
    job.position = line
    job.created += taken.created
    job.unchanged += taken.unchanged
    job.rejected += len(taken.rejected)
    job.save(update_fields=["position", "created", "unchanged", "rejected"])
    if taken.rejected:
        insert_rows(
            RejectedRow,
            ("company", "job", "line", "column", "reason"),
            ((job.company_id, job.pk, row.line, row.column, row.reason[:300]) for row in taken.rejected),
        )
