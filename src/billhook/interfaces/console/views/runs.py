"""Billing runs: the list, one run under review, and what can be done with it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render as render_template

from billhook.billing import permissions, queries
from billhook.billing.operations.approve import approve_run, reject_run
from billhook.billing.operations.start import start_run
from billhook.billing.queries import Change, RunRow, RunSum
from billhook.interfaces.console.access import Visit, action, page
from billhook.interfaces.console.components import (
    Action,
    Button,
    Cell,
    Chip,
    Crumb,
    Dialog,
    Empty,
    Fact,
    Field,
    FieldKind,
    Form,
    PageHead,
    Row,
    StepState,
    Table,
    Tone,
    Weight,
)
from billhook.interfaces.console.pages import Progress, RunStep, RunTotals
from billhook.interfaces.console.templatetags.console import count, show
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import END, asked, columns, link, paged
from billhook.interfaces.console.views.shell import render
from billhook.interfaces.given import a_date, a_reason

BUSY = frozenset({"computing", "approved", "committing"})
STEPS = ("Compute drafts", "Review", "Approve", "Issue invoices")
AT_STEP = {"draft": 0, "computing": 0, "review": 1, "approved": 2, "committing": 3, "done": 4}
TITLES = {
    "computing": "Computing the bills",
    "review": "Ready for review",
    "committing": "Issuing the invoices",
    "done": "All invoices are issued",
    "rejected": "Nothing was issued",
}
KINDS = {
    "recurring": "Recurring",
    "usage": "Usage",
    "one_time": "One-time",
    "penalty": "Penalties",
    "discount": "Discounts",
    "tax": "Tax",
}
VIEWS = {"": "Largest change", "new": "New", "missing": "Missing", "failed": "Failed or held"}
SHOWN = 50
START, REJECT = "start-run", "reject-run"


def start_action(visit: Visit) -> tuple[Action, ...]:
    """Return the button that opens the form for a run, where the role allows it."""
    if not visit.may(permissions.START):
        return ()
    return (Action("Start billing run", "play", dialog=START, weight=Weight.PRIMARY),)


def start_dialog(visit: Visit) -> tuple[Dialog, ...]:
    """Return the form that starts a run."""
    if not visit.may(permissions.START):
        return ()
    help_text = "Everything that is due on or before this day is billed. Nothing is sent until the run is approved."
    fields = (Field("bill_date", "Bill date", FieldKind.DATE, visit.today.isoformat(), help_text),)
    form = Form(f"{START}-form", visit.url("start-run"), (Button("Start the run", "play"),), fields)
    return (Dialog(START, "Start a billing run", form),)


@page(permissions.VIEW)
def runs(visit: Visit) -> HttpResponse:
    """List the billing runs."""
    found, pager = paged(visit.request, queries.runs())
    summaries = queries.summaries(queries.runs().filter(pk__in=[run.pk for run in found]))
    headings = columns(
        "Run", "Bill date", "State", ("Customers", END), ("Invoices", END), ("Failed", END), ("Amount", END)
    )
    rows = tuple(
        Row(
            (
                Cell(run.number, visit.url("run", run.number)),
                Cell(run.bill_date),
                Cell(pill=words.pill(words.RUN, run.state)),
                Cell(run.customers),
                Cell(run.invoices),
                Cell(run.failed, tone=Tone.BAD if run.failed else Tone.NEUTRAL),
                Cell(words.sums(run.totals), strong=True),
            )
        )
        for run in summaries
    )
    empty = Empty("No run yet", "Start one for the day on which customers are to be billed.", "play")
    return render(
        visit,
        "runs",
        "Billing runs",
        PageHead("Billing runs", actions=start_action(visit), dialogs=start_dialog(visit)),
        table=Table("Billing runs", headings, rows, empty, pager=pager),
    )


@action(permissions.START)
def start(visit: Visit) -> HttpResponse:
    """Start a run for a bill date; a worker computes it."""
    bill_date = a_date(visit.request.POST.get("bill_date", ""))
    with visit.scope():
        run = start_run(bill_date=bill_date, actor=visit.actor, at=visit.at)
    visit.tell(f"{run.number} was started.")
    return HttpResponseRedirect(visit.url("run", run.number))


@page(permissions.VIEW)
def run(visit: Visit, number: str) -> HttpResponse:
    """Show one run: how far it is, what it bills, what changed against the last one."""
    one = queries.run_by_number(number)
    sums = queries.draft_sums(one)
    busy = one.state == "computing"
    changes = [] if busy else queries.changes(one)
    may_decide = one.state == "review" and visit.may(permissions.APPROVE)
    return render(
        visit,
        "run",
        "Billing runs",
        _head(visit, one, may_decide=may_decide),
        progress=progress_of(visit, one, sums),
        chips=_chips(visit, changes, sums),
        changes=_table(visit, one, changes),
        totals=_totals(one, sums),
        counters=_counters(sums),
        approve=_approve(visit, one) if may_decide else None,
        reject_dialog=REJECT if may_decide else "",
        approval_note=_note(visit, one),
    )


@page(permissions.VIEW)
def progress(visit: Visit, number: str) -> HttpResponse:
    """Show how far a run is, for the page that asks each second; without it, lead to the whole page."""
    one = queries.run_by_number(number)
    if not visit.request.headers.get("HX-Request"):
        return HttpResponseRedirect(visit.url("run", number))
    shown = progress_of(visit, one, queries.draft_sums(one))
    response = render_template(visit.request, "console/components/progress.html", {"progress": shown})
    if one.state not in BUSY:
        response["HX-Refresh"] = "true"
    return response


def progress_of(visit: Visit, one: RunRow, sums: Sequence[RunSum]) -> Progress:
    """Return how far a run is: computed of those who are due, then issued of those who were approved."""
    by_state = _by_state(sums)
    computed, issued = sum(by_state.values()), by_state.get("issued", 0)
    done, total = (issued, issued + by_state.get("ready", 0)) if one.state == "committing" else (computed, computed)
    if one.state == "computing":
        total = max(computed, queries.customers_due(one.bill_date))
    at = AT_STEP.get(one.state, len(STEPS))
    given_up = one.state in {"rejected", "cancelled"}
    pill = words.pill(words.RUN, one.state)
    poll = visit.url("run-progress", one.number) if one.state in BUSY else ""
    return Progress(TITLES.get(one.state, pill.text), done, total, pill, _steps(at, given_up=given_up), poll_url=poll)


def _steps(at: int, *, given_up: bool) -> tuple[RunStep, ...]:
    if given_up:
        states = (StepState.DONE, StepState.FAILED, StepState.WAITING, StepState.WAITING)
        return tuple(RunStep(label, state) for label, state in zip(STEPS, states, strict=True))
    return tuple(
        RunStep(label, StepState.DONE if n < at else StepState.CURRENT if n == at else StepState.WAITING)
        for n, label in enumerate(STEPS)
    )


def _by_state(sums: Sequence[RunSum]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for part in sums:
        counts[part.state] = counts.get(part.state, 0) + part.count
    return counts


def _head(visit: Visit, one: RunRow, *, may_decide: bool) -> PageHead:
    notes = {
        "review": "Nothing is sent until you approve",
        "rejected": f"Rejected: {one.reason}",
        "done": f"Approved by {one.approved_by}",
    }
    fields = (Field("reason", "Reason", FieldKind.TEXTAREA, help="The audit log keeps it."),)
    buttons = (Button("Reject the run", "x", Weight.DANGER),)
    form = Form(f"{REJECT}-form", visit.url("reject-run", one.number), buttons, fields)
    return PageHead(
        f"Billing run of {words.day(one.bill_date)}",
        note=words.listed([one.number, f"started by {one.started_by}", notes.get(one.state, "")]),
        crumbs=(Crumb("Billing runs", visit.url("runs")), Crumb(one.number)),
        dialogs=(Dialog(REJECT, "Reject this run", form),) if may_decide else (),
    )


def _chips(visit: Visit, changes: Sequence[Change], sums: Sequence[RunSum]) -> tuple[Chip, ...]:
    by_state = _by_state(sums)
    counts = {
        "": len(changes),
        "new": sum(change.before is None for change in changes),
        "missing": sum(change.now is None for change in changes),
        "failed": sum(by_state.get(state, 0) for state in ("failed", "held", "changed")),
    }
    shown = asked(visit.request, "show")
    return tuple(
        Chip(label, link(visit.request, show=value), counts[value], current=value == shown)
        for value, label in VIEWS.items()
    )


def _table(visit: Visit, one: RunRow, changes: Sequence[Change]) -> Table:
    shown = asked(visit.request, "show")
    if shown == "failed":
        return _troubles(visit, one)
    wanted = [
        change
        for change in changes
        if (shown != "new" or change.before is None) and (shown != "missing" or change.now is None)
    ]
    headings = columns("Customer", ("Last run", END), ("This run", END), ("Change", END), "Why")
    caption = "Changes against the last run"
    if len(wanted) > SHOWN:
        caption += f", the {SHOWN} largest of {len(wanted):,}"
    rows = tuple(_change(visit, change) for change in wanted[:SHOWN])
    return Table(caption, headings, rows, Empty("No change", "Every bill is what it was in the last run."))


def _change(visit: Visit, change: Change) -> Row:
    def amount(value: Decimal | None) -> Cell:
        return Cell(None if value is None else words.money(value, change.currency))

    return Row(
        (
            Cell(change.name, visit.url("customer", change.customer)),
            amount(change.before),
            amount(change.now),
            Cell(
                words.money(change.difference, change.currency),
                signed=True,
                tone=Tone.GOOD if change.difference > 0 else Tone.BAD,
            ),
            Cell(change.why),
        )
    )


def _troubles(visit: Visit, one: RunRow) -> Table:
    """Return the drafts that will not be issued, each with its reason."""
    found = queries.drafts(one).filter(state__in=["failed", "held", "changed"])[:SHOWN]
    rows = tuple(
        Row(
            (
                Cell(draft.customer.name, visit.url("customer", draft.customer.number), draft.customer.number),
                Cell(pill=words.pill(words.DRAFT, draft.state)),
                Cell(draft.reason),
            )
        )
        for draft in found
    )
    empty = Empty("Nothing failed", "Every bill of this run can be issued.", "circle-check")
    return Table("Bills that are not issued", columns("Customer", "State", "Reason"), rows, empty)


def _totals(one: RunRow, sums: Sequence[RunSum]) -> list[RunTotals]:
    """Return what the run bills, a currency, and of what it is made."""
    billed: dict[str, tuple[int, Decimal]] = {}
    for part in sums:
        if part.state in {"ready", "issued"}:
            invoices, total = billed.get(part.currency, (0, Decimal(0)))
            billed[part.currency] = (invoices + part.count, total + part.total)
    kinds = queries.kinds(one) if billed else {}
    return [
        RunTotals(
            f"{count(invoices, 'invoice,invoices')} · {show(words.money(total, code))}",
            tuple(
                Fact(label, words.money(kinds[code, kind], code))
                for kind, label in KINDS.items()
                if kinds.get((code, kind))
            ),
        )
        for code, (invoices, total) in sorted(billed.items())
    ]


def _counters(sums: Sequence[RunSum]) -> tuple[Fact, ...]:
    by_state = _by_state(sums)
    labels = {
        "ready": "Ready",
        "issued": "Issued",
        "empty": "Nothing due",
        "held": "Held",
        "changed": "Changed since review",
        "failed": "Failed",
    }
    return (
        Fact("Customers read", sum(by_state.values())),
        *(
            Fact(
                label,
                by_state.get(state, 0),
                Tone.BAD if state == "failed" and by_state.get(state) else Tone.NEUTRAL,
                "?show=failed" if state in {"held", "changed", "failed"} and by_state.get(state) else "",
            )
            for state, label in labels.items()
            if by_state.get(state) or state == "failed"
        ),
    )


def _approve(visit: Visit, one: RunRow) -> Form:
    return Form("approve-run", visit.url("approve-run", one.number), (Button("Approve and issue", "check"),))


def _note(visit: Visit, one: RunRow) -> str:
    if one.state == "review" and visit.company.second_person:
        return f"Approval needs a second person: {one.started_by} started this run."
    return ""


@action(permissions.APPROVE)
def approve(visit: Visit, number: str) -> HttpResponse:
    """Approve a run; a worker issues its invoices."""
    with visit.scope():
        approve_run(run=queries.run_by_number(number), actor=visit.actor, at=visit.at)
    visit.tell(f"{number} is approved: its invoices are being issued.")
    return HttpResponseRedirect(visit.url("run", number))


@action(permissions.APPROVE)
def reject(visit: Visit, number: str) -> HttpResponse:
    """Reject a run; its customers stay due."""
    reason = a_reason(visit.request.POST.get("reason", ""))
    with visit.scope():
        reject_run(run=queries.run_by_number(number), reason=reason, actor=visit.actor, at=visit.at)
    visit.tell(f"{number} is rejected; nothing was issued.")
    return HttpResponseRedirect(visit.url("run", number))
