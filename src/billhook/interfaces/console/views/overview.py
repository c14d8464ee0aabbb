"""The overview: how a company stands, each figure with the rows behind it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.http import HttpResponse

from billhook.billing import permissions as billing_permissions
from billhook.billing import queries as billing
from billhook.core import ageing
from billhook.core.money import Money, sum_money
from billhook.dunning import permissions as dunning_permissions
from billhook.dunning import queries as dunning
from billhook.interfaces.console import charts
from billhook.interfaces.console.access import Visit, page
from billhook.interfaces.console.charts import Chart, Part, Series, ShareBar
from billhook.interfaces.console.components import (
    Align,
    Cell,
    Column,
    Empty,
    Hue,
    Item,
    Kpi,
    Notice,
    PageHead,
    Row,
    Table,
    Tone,
)
from billhook.interfaces.console.templatetags.console import count, show, signed
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import columns
from billhook.interfaces.console.views.runs import start_action, start_dialog
from billhook.interfaces.console.views.shell import render
from billhook.invoicing import permissions
from billhook.invoicing import queries as invoicing
from billhook.mediation import permissions as mediation_permissions
from billhook.mediation.queries import unbilled_total
from billhook.payments import permissions as payments_permissions
from billhook.payments import queries as payments
from billhook.reports import queries as reports
from billhook.reports.queries import MonthMoved

MONTHS = 6
SHOWN = 8
AGES = (Hue.GREEN, Hue.YELLOW, Hue.ORANGE, Hue.RED, Hue.CRIMSON)
STEPS = (Hue.PERIWINKLE, Hue.YELLOW, Hue.ORANGE, Hue.RED, Hue.CRIMSON)


@page(permissions.VIEW)
def overview(visit: Visit) -> HttpResponse:
    """Show how the company stands: recurring revenue, what is owed and since when, what waits and what failed.

    Runs, payments, collections and usage stand there where the role may see them.
    """
    moved = reports.movement(today=visit.today, months=MONTHS)
    ages = ageing.by_age(invoicing.open_by_due_date(), visit.today)
    runs = billing.summaries(billing.runs()[:SHOWN]) if visit.may(billing_permissions.VIEW) else None
    failing = list(payments.failing()[:SHOWN]) if visit.may(payments_permissions.VIEW) else None
    own = visit.company.currency
    return render(
        visit,
        "overview",
        "Overview",
        _head(visit, runs or ()),
        kpis=(*_recurring(moved, own), *_owed(visit, ages), *_unbilled(visit), *_failed(visit, failing)),
        movement=_movement(moved.get(own, [])),
        receivables=[_by_age(visit, code, buckets) for code, buckets in ages.items()],
        funnel=_funnel(visit) if visit.may(dunning_permissions.VIEW) else None,
        overdue=_overdue(visit),
        overdue_url=visit.url("invoices") + "?status=overdue",
        runs=None if runs is None else [_run(visit, run) for run in runs],
        failures=None if failing is None else [_failure(visit, payment) for payment in failing],
    )


def _run(visit: Visit, run: billing.RunSummary) -> Item:
    return Item(
        f"Run of {words.day(run.bill_date)}",
        visit.url("run", run.number),
        f"{count(run.customers, 'customer,customers')}, {count(run.invoices, 'invoice,invoices')}",
        words.sums(run.totals),
        words.pill(words.RUN, run.state),
    )


def _failure(visit: Visit, payment: payments.PaymentRow) -> Item:
    said = words.words(payments.outcome_of(payment).code)
    return Item(
        payment.customer.name,
        visit.url("customer", payment.customer.number),
        words.listed([payment.invoice.number if payment.invoice else "", said]),
        words.money(payment.amount, payment.currency),
        words.pill(words.PAYMENT, payment.state),
    )


def _head(visit: Visit, runs: Sequence[billing.RunSummary]) -> PageHead:
    notices = tuple(
        Notice(
            f"The run of {words.day(run.bill_date)} waits for approval.",
            Tone.WARN,
            visit.url("run", run.number),
            "Review it",
        )
        for run in runs
        if run.state == "review"
    )
    return PageHead(
        "Overview",
        note=f"{visit.company.name} · {words.day(visit.today)}, in {visit.company.currency}",
        notices=notices,
        actions=start_action(visit),
        dialogs=start_dialog(visit),
    )


def _recurring(moved: Mapping[str, list[MonthMoved]], own: str) -> list[Kpi]:
    """Return MRR a currency, with what it was in the months before as a small line."""
    if not moved:
        return [Kpi("MRR", Money.zero(own))]
    return [
        Kpi(
            "MRR" if code == own else f"MRR in {code}",
            months[-1].total,
            _growth(months),
            Tone.NEUTRAL,
            charts.spark([month.total.amount for month in months]),
        )
        for code, months in moved.items()
    ]


def _growth(months: Sequence[MonthMoved]) -> str:
    before, now = (month.total for month in months[-2:])
    difference = now - before
    return f"{signed(difference)} this month" if difference else "unchanged this month"


def _owed(visit: Visit, ages: Mapping[str, tuple[ageing.AgeBucket, ...]]) -> list[Kpi]:
    """Return what is overdue a currency, beside what is open in all."""
    own = visit.company.currency
    found = []
    for code, buckets in ages.items() or [(own, ())]:
        zero = Money.zero(code)
        late = sum_money((bucket.open for bucket in buckets if bucket.first is not None), zero.currency)
        whole = sum_money((bucket.open for bucket in buckets), zero.currency)
        found.append(
            Kpi(
                "Overdue" if code == own else f"Overdue in {code}",
                late,
                f"of {show(whole)} open",
                Tone.BAD if late else Tone.NEUTRAL,
                href=visit.url("invoices") + "?status=overdue",
            )
        )
    return found


def _unbilled(visit: Visit) -> list[Kpi]:
    if not visit.may(mediation_permissions.VIEW):
        return []
    records, amount = unbilled_total()
    value = words.money(amount, visit.company.currency)
    return [Kpi("Unbilled usage", value, count(records, "record,records"), href=visit.url("mediation"))]


def _failed(visit: Visit, failing: Sequence[payments.PaymentRow] | None) -> list[Kpi]:
    if failing is None:
        return []
    note = "unpaid" if failing else ""
    shown = f"{len(failing)}+" if len(failing) == SHOWN else str(len(failing))
    href = visit.url("payments") + "?state=failing"
    return [Kpi("Failed payments", shown, note, Tone.BAD if failing else Tone.NEUTRAL, href=href)]


def _movement(months: Sequence[MonthMoved]) -> Chart | None:
    """Return how recurring revenue moved; None before the first order."""
    if not any(month.total or month.lost for month in months):
        return None
    labels = [f"{month.month.start:%b %y}" for month in months]
    series = [
        Series("New", tuple(month.new.amount for month in months), Hue.INDIGO),
        Series("Changed", tuple(month.changed.amount for month in months), Hue.YELLOW),
        Series("Lost", tuple(month.lost.amount for month in months), Hue.RED),
    ]
    rows = tuple(
        Row((Cell(label), Cell(month.new), Cell(month.changed), Cell(month.lost), Cell(month.total)))
        for label, month in zip(labels, months, strict=True)
    )
    end = Align.END
    headings = columns("Month", ("New", end), ("Changed", end), ("Lost", end), ("MRR", end))
    total = Series("MRR", tuple(month.total.amount for month in months), Hue.INK)
    return charts.movement("MRR movement", labels, series, total, table=Table("MRR by month", headings, rows))


def _by_age(visit: Visit, code: str, buckets: Sequence[ageing.AgeBucket]) -> ShareBar:
    url = visit.url("invoices")
    parts = [
        Part(
            bucket.label.capitalize(),
            bucket.open.amount,
            bucket.open,
            hue,
            f"{url}?status={'open' if bucket.first is None else 'overdue'}",
        )
        for bucket, hue in zip(buckets, AGES, strict=True)
    ]
    return charts.shares(code, sum_money((bucket.open for bucket in buckets), Money.zero(code).currency), parts)


def _funnel(visit: Visit) -> ShareBar | None:
    """Return how many customers who are late have come how far; None where no steps are set up."""
    steps = dunning.steps_with_reached()
    if not steps:
        return None
    url = visit.url("collections")
    parts = [
        Part(step.name, Decimal(step.reached), step.reached, STEPS[min(index, len(STEPS) - 1)], url)
        for index, step in enumerate(steps)
    ]
    return charts.funnel("Collections: how many customers have come how far", parts)


def _overdue(visit: Visit) -> Table:
    rows = tuple(
        Row(
            (
                Cell(row.number, visit.url("invoice", row.number)),
                Cell(row.name, visit.url("customer", row.customer)),
                Cell(row.due_on, sub=f"{count(ageing.days_since_due(row.due_on, visit.today), 'day,days')} late"),
                Cell(words.money(row.open_amount, row.currency), strong=True, tone=Tone.BAD),
            )
        )
        for row in invoicing.largest_overdue(on=visit.today, limit=SHOWN)
    )
    headings = columns("Invoice", "Customer", "Due", Column("Balance", Align.END))
    return Table("Largest overdue invoices", headings, rows, Empty("Nothing is overdue", icon="circle-check"))
