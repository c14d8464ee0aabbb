"""Mediation: usage files, the batches that they became, and the records in suspense."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseRedirect

from billhook.core.errors import Refusal
from billhook.interfaces.console.access import Visit, action, page
from billhook.interfaces.console.components import (
    Button,
    Cell,
    Choice,
    Column,
    Crumb,
    Empty,
    Fact,
    Field,
    FieldKind,
    Form,
    Item,
    PageHead,
    Pill,
    Row,
    Table,
    Tone,
    Weight,
)
from billhook.interfaces.console.middleware import CONTROL
from billhook.interfaces.console.pages import Equation, SuspenseGroup, Term
from billhook.interfaces.console.templatetags.console import count
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import END, asked, chips, columns, paged, whole
from billhook.interfaces.console.views.shell import render
from billhook.mediation import permissions, queries
from billhook.mediation.operations.load import load_file
from billhook.mediation.operations.mend import mend, recycle
from billhook.mediation.queries import BatchRow, SuspenseRow, SuspenseSample

FILTERS = {"": "All", "yes": "With suspense"}
ENDS = {
    "rated": "rated",
    "metered": "metered",
    "zero_rated": "zero-rated",
    "filtered": "filtered",
    "duplicate": "duplicates",
    "absorbed": "absorbed",
    "held": "held",
    "suspended": "suspended",
}
REASONS: Mapping[str, tuple[str, str]] = {
    "undecodable": ("The line cannot be read", "Ask the sender for a sound file, or write the record off."),
    "bad_time": ("The start time cannot be read", "Correct the time and recycle."),
    "bad_seconds": ("The length cannot be read", "Correct the seconds and recycle."),
    "negative_seconds": ("The length is below zero", "Correct the seconds and recycle."),
    "bad_number": ("The called number cannot be read", "Correct the number and recycle."),
    "future": ("The call lies in the future", "Check the clock of the switch; recycle once its time has come."),
    "too_late": ("The call is too old", "Its period is closed: raise the source's closed periods, or write it off."),
    "unknown_customer": (
        "No customer has this account code",
        "Correct the code, or give it to a customer's order, and recycle.",
    ),
    "no_active_line": (
        "The customer had no service then",
        "Correct the time, or change the order's dates, and recycle.",
    ),
    "unknown_prefix": (
        "No rate covers the called number",
        "Import a rate for its prefix, or correct the number, and recycle.",
    ),
    "amount_too_large": ("The amount is too large to be true", "Check seconds and rate, and recycle."),
}
FIRST_TO_MEND = {"unknown_customer": "accountcode", "unknown_prefix": "dst", "bad_number": "dst", "bad_time": "start"}
EACH = 25


class NoFileError(Refusal):
    """Raised when a usage file is to be loaded and none was chosen."""

    def __init__(self) -> None:
        super().__init__("Choose a usage file to load.")


class NothingChosenError(Refusal):
    """Raised when records are to be mended or recycled and none was chosen."""

    def __init__(self) -> None:
        super().__init__("Choose at least one record.")


@page(permissions.VIEW)
def mediation(visit: Visit) -> HttpResponse:
    """List the usage batches, with the form that loads a file."""
    request = visit.request
    found = queries.batches()
    if asked(request, "suspense"):
        found = found.filter(pk__in=queries.suspense().order_by().values("batch"))
    rows, pager = paged(request, found)
    headings = columns("Batch", "Source", "Arrived", ("Records", END), ("Rated", END), ("Suspense", END), "State")
    empty = Empty("No usage yet", "Load a file above.", "cpu")
    return render(
        visit,
        "mediation",
        "Mediation",
        PageHead("Mediation"),
        upload=_upload(visit) if visit.may(permissions.LOAD) else None,
        chips=chips(request, "suspense", FILTERS),
        table=Table("Usage batches", headings, tuple(_batch_row(visit, one) for one in rows), empty, pager=pager),
    )


def _batch_row(visit: Visit, one: BatchRow) -> Row:
    waiting = one.suspended_records + one.rejected_records
    url = visit.url("batch", one.number)
    return Row(
        (
            Cell(f"Batch {one.number}", url, one.file_name),
            Cell(one.source.name),
            Cell(one.loaded_at),
            Cell(one.raw_records),
            Cell(one.rated_records),
            Cell(waiting, f"{url}#suspense-title" if waiting else "", tone=Tone.WARN if waiting else Tone.NEUTRAL),
            Cell(pill=words.pill(words.BATCH, one.status)),
        )
    )


def _upload(visit: Visit) -> Form | None:
    choices = tuple(Choice(source.code, source.name) for source in queries.sources())
    if not choices:
        return None
    fields = (
        Field("source", "Source", FieldKind.SELECT, choices[0].value, choices=choices),
        Field("file", "File", FieldKind.FILE),
    )
    return Form("upload", visit.url("load-usage"), (Button("Load", "upload"),), fields, multipart=True)


@action(permissions.LOAD)
def load(visit: Visit) -> HttpResponse:
    """Load an uploaded usage file; a content that was loaded before leads to its batch."""
    upload = visit.request.FILES.get("file")
    if not isinstance(upload, UploadedFile) or not upload.name:
        raise NoFileError
    with TemporaryDirectory(prefix="billhook-") as folder:
        path = Path(folder) / Path(upload.name).name
        with path.open("wb") as file:
            file.writelines(upload.chunks())
        loaded = load_file(
            company=visit.company,
            source_code=visit.request.POST.get("source", ""),
            path=path,
            actor=visit.actor,
            at=visit.at,
        )
    batch = loaded.batch
    if loaded.seen_before:
        visit.tell(f"{path.name} has the content of batch {batch.number} and was not loaded again.")
    else:
        visit.tell(f"{path.name} was loaded: {batch.rated_records:,} of {batch.raw_records:,} records are rated.")
    return HttpResponseRedirect(visit.url("batch", batch.number))


@page(permissions.VIEW)
def batch(visit: Visit, number: int) -> HttpResponse:
    """Show one batch: where every record ended, and what waits in suspense."""
    one = queries.batch_by_number(number)
    groups = queries.suspense_sample(one, each=EACH)
    waiting = sum(group.count for group in groups)
    return render(
        visit,
        "batch",
        "Mediation",
        PageHead(
            f"Batch {one.number}",
            note=words.listed([one.file_name, one.source.name]),
            crumbs=(Crumb("Mediation", visit.url("mediation")), Crumb(f"Batch {one.number}")),
            pill=words.pill(words.BATCH, one.status),
        ),
        facts=(
            Fact("Arrived", one.loaded_at),
            Fact("Records", one.raw_records),
            Fact("Value", words.sums(queries.batch_amounts(one))),
            Fact("Suspense", waiting, Tone.WARN if waiting else Tone.NEUTRAL, "#suspense-title" if waiting else ""),
        ),
        equations=_equations(one),
        sums=_sums(one),
        suspense=[_group(visit, one, group, place) for place, group in enumerate(groups, start=1)],
        files=[Item(one.file_name, sub=f"sha-256 {one.content_hash[:16]}…", value=f"{one.size:,} bytes")],
    )


def _equations(one: BatchRow) -> tuple[Equation, Equation]:
    """Return both balances of a batch."""
    ends = tuple(
        Term(
            label,
            getattr(one, f"{name}_records"),
            "#suspense-title" if name == "suspended" else "",
            Tone.WARN if name == "suspended" else Tone.NEUTRAL,
        )
        for name, label in ENDS.items()
        if getattr(one, f"{name}_records") or name == "rated"
    )
    rejected = Term("rejected", one.rejected_records, tone=Tone.BAD if one.rejected_records else Tone.NEUTRAL)
    return (
        Equation(
            "Lines of the file", Term("raw records", one.raw_records), (Term("decoded", one.decoded_sources), rejected)
        ),
        Equation("Records", Term("decoded", one.decoded_records), ends),
    )


def _sums(one: BatchRow) -> Table:
    rows = tuple(
        Row(
            (
                Cell(label.capitalize()),
                Cell(getattr(one, f"{name}_records")),
                Cell(getattr(one, f"{name}_seconds")),
            )
        )
        for name, label in {"decoded": "decoded", **ENDS}.items()
        if getattr(one, f"{name}_records")
    )
    headings = columns("Stage", ("Records", END), ("Seconds", END))
    return Table("Control sums", headings, rows, Empty("No record was decoded"))


def _group(visit: Visit, one: BatchRow, sample: SuspenseSample, place: int) -> SuspenseGroup:
    """Return the records that wait for one reason, with the form that mends several of them alike."""
    first, form_id = sample.records[0], f"mend-{place}"
    reason, advice = REASONS.get(first.reason, (words.words(first.reason), "Mend the records and recycle them."))
    may_mend = visit.may(permissions.MEND) and bool(first.parsed)
    caption = f"Records in suspense: {reason}"
    if sample.count > len(sample.records):
        caption += f", the first {len(sample.records)} of {sample.count:,}"
    table = Table(
        caption,
        (Column("Line", END), Column("Mended so far"), Column("As it stood in the file")),
        tuple(_record_row(visit, one, record) for record in sample.records),
        select="line" if may_mend else "",
        form=form_id,
    )
    form = _mend_form(visit, one, first, form_id) if may_mend else None
    return SuspenseGroup(reason, advice, sample.count, None, table, form)


def _record_row(visit: Visit, one: BatchRow, record: SuspenseRow) -> Row:
    said = ", ".join(f"{name} → {value}" for name, value in record.edits.items())
    return Row(
        (
            Cell(record.line_number, visit.url("suspended", one.number, record.line_number)),
            Cell(said or None),
            Cell(record.raw, verbatim=True),
        ),
        key=str(record.line_number),
        label=f"line {record.line_number}",
    )


def _mend_form(visit: Visit, one: BatchRow, first: SuspenseRow, form_id: str) -> Form:
    names = tuple(first.parsed)
    chosen = FIRST_TO_MEND.get(first.reason, "")
    fields = (
        Field(
            "field",
            "Field",
            FieldKind.SELECT,
            chosen if chosen in names else names[0],
            choices=tuple(Choice(name, name) for name in names),
        ),
        Field("value", "New value", required=False, help="Leave it empty to recycle the chosen records as they are."),
    )
    buttons = (
        Button("Mend and recycle", "pencil"),
        Button("Recycle all", "rotate-cw", Weight.SECONDARY, action=visit.url("recycle-batch", one.number)),
    )
    return Form(form_id, visit.url("mend-lines", one.number), buttons, fields)


@action(permissions.MEND)
def mend_lines(visit: Visit, number: int) -> HttpResponse:
    """Give one field of the chosen records a new value, and send them down the lane again."""
    given = visit.request.POST
    lines = [line for text in given.getlist("line") if (line := whole(text)) is not None]
    if not lines:
        raise NothingChosenError
    edits = {given.get("field", ""): given.get("value", "").strip()} if given.get("value", "").strip() else {}
    return _mend_and_recycle(visit, number, lines, edits)


@action(permissions.MEND)
def recycle_batch(visit: Visit, number: int) -> HttpResponse:
    """Send every record of a batch that waits, and could be read, down the lane again."""
    return _mend_and_recycle(visit, number, None, {})


@page(permissions.VIEW)
def suspended(visit: Visit, number: int, line: int) -> HttpResponse:
    """Show one record in suspense with all its fields, to be mended one by one."""
    one = queries.batch_by_number(number)
    record = queries.suspended_line(one, line)
    reason, advice = REASONS.get(record.reason, (words.words(record.reason), "Mend the record and recycle it."))
    values = {**record.parsed, **record.edits}
    rows = tuple(
        Row((Cell(name), Cell(value, verbatim=True), Cell(record.edits.get(name), verbatim=True)))
        for name, value in record.parsed.items()
    )
    is_open = record.status == "open"
    # What holds control characters cannot be sent back by a form; such a field is mended from the batch's page.
    fields = tuple(
        Field(name, name, value=str(value), required=False)
        for name, value in values.items()
        if not CONTROL.search(str(value))
    )
    buttons = (Button("Mend and recycle", "pencil"),)
    form = Form("mend-record", visit.url("mend-record", one.number, line), buttons, fields)
    return render(
        visit,
        "record",
        "Mediation",
        PageHead(
            f"Line {line} of {one.file_name}",
            note=f"byte {record.byte_offset:,} · {reason}. {advice}",
            crumbs=(
                Crumb("Mediation", visit.url("mediation")),
                Crumb(f"Batch {one.number}", visit.url("batch", one.number)),
                Crumb(f"Line {line}"),
            ),
            pill=Pill("In suspense", Tone.WARN) if is_open else Pill(words.words(record.status), Tone.GOOD),
        ),
        raw=record.raw,
        table=Table(
            "Fields of the record",
            columns("Field", "As it arrived", "Mended"),
            rows,
            Empty("The line could not be taken apart"),
        ),
        form=form if is_open and fields and visit.may(permissions.MEND) else None,
    )


@action(permissions.MEND)
def mend_record(visit: Visit, number: int, line: int) -> HttpResponse:
    """Mend the fields of one record that were changed, and send it down the lane again."""
    with visit.scope():
        record = queries.suspended_line(queries.batch_by_number(number), line)
    values = {**record.parsed, **record.edits}
    given = {name: visit.request.POST[name] for name in values if name in visit.request.POST}
    edits = {name: text for name, text in given.items() if text != str(values[name])}
    return _mend_and_recycle(visit, number, [line], edits)


def _mend_and_recycle(visit: Visit, number: int, lines: Sequence[int] | None, edits: Mapping[str, str]) -> HttpResponse:
    """Mend some lines of a batch alike and recycle them, all or nothing."""
    with visit.scope():
        one = queries.batch_by_number(number)
        for line in lines if lines and edits else ():
            mend(record=queries.suspended_line(one, line), edits=edits, actor=visit.actor, at=visit.at)
        done = recycle(company=visit.company, batch_number=number, lines=lines, actor=visit.actor, at=visit.at)
    left = f"; {count(done.waiting_again, 'waits,wait')} again" if done.waiting_again else ""
    visit.tell(f"{count(done.tried, 'record was,records were')} recycled{left}.")
    return HttpResponseRedirect(visit.url("batch", number))
