"""Reads of billing runs: what is live, the counters, the totals and the comparison with the last run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from django.db.models import Count, Q, QuerySet, Sum

from billhook.billing.models import DRAFT_STATES, BillingPolicy, BillingRun, RunDraft
from billhook.core.derivation import Derivation, Records
from billhook.core.draft import InvoiceDraft, from_bytes
from billhook.core.errors import Refusal
from billhook.customers.models import Customer

RunRow = BillingRun
"""A billing run, as pages read it."""

CREDIT_NOTE_SERIES = "credit_note"

LIVE = ("draft", "computing", "review", "approved", "committing")


class UnknownRunError(Refusal):
    """Raised when no run has a number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"There is no billing run {number}.")


def run_by_number(number: str) -> BillingRun:
    """Return a run.

    Raises:
        UnknownRunError: there is none of that number.
    """
    run = BillingRun.objects.filter(number=number).first()
    if run is None:
        raise UnknownRunError(number)
    return run


def live_run(bill_date: date) -> BillingRun | None:
    """Return the live run for a bill date, if there is one."""
    return BillingRun.objects.filter(bill_date=bill_date, state__in=LIVE).first()


def runs() -> QuerySet[BillingRun]:
    """Return the runs, newest first."""
    return BillingRun.objects.order_by("-bill_date", "-id")


def credit_notes_apart() -> bool:
    """Return whether the company's credit notes have a number series of their own."""
    return BillingPolicy.objects.filter(credit_note_series=True).exists()


def drafts(run: BillingRun, *, state: str = "") -> QuerySet[RunDraft]:
    """Return the drafts of a run by customer number, of one state or of all."""
    found = RunDraft.objects.filter(run=run).select_related("customer").order_by("customer__number")
    return found.filter(state=state) if state else found


def draft_of(row: RunDraft) -> InvoiceDraft | None:
    """Return the stored draft that was reviewed, None where nothing was due."""
    return from_bytes(bytes(row.body)) if row.body else None


def records_in(derivation: Derivation) -> int:
    """Return of how many usage records an amount is the sum."""
    return sum(step.records for step in derivation.steps if isinstance(step, Records))


def counters_of(run: BillingRun) -> dict[str, int]:
    """Return how many customers were read, and how many drafts are in each state."""
    by_state = dict(
        RunDraft.objects.filter(run=run)
        .order_by()
        .values("state")
        .annotate(count=Count("id"))
        .values_list("state", "count")
    )
    return {"customers": sum(by_state.values()), **{state: by_state.get(state, 0) for state in DRAFT_STATES}}


def totals(run: BillingRun) -> Mapping[str, Decimal]:
    """Return what a run bills, a currency; held, changed and failed drafts do not count."""
    rows = RunDraft.objects.filter(run=run, state__in=["ready", "issued"]).order_by().values("currency")
    return dict(rows.annotate(sum=Sum("total")).values_list("currency", "sum"))


@dataclass(frozen=True, slots=True)
class Change:
    """How a customer's bill differs from the last run: `before` is None for a new one, `now` for a missing one."""

    customer: str
    name: str
    currency: str
    before: Decimal | None
    now: Decimal | None
    why: str

    @property
    def difference(self) -> Decimal:
        """Return by how much the bill grew; negative where it shrank."""
        return (self.now or Decimal(0)) - (self.before or Decimal(0))


def last_run_before(run: BillingRun) -> BillingRun | None:
    """Return the finished run before a run, if there is one."""
    return BillingRun.objects.filter(state="done", bill_date__lt=run.bill_date).order_by("-bill_date", "-id").first()


def changes(run: BillingRun) -> list[Change]:
    """Return how each bill of a run differs from the last run, the largest difference first, each with its why."""
    before = _bills(last_run_before(run))
    now = _bills(run)
    found = [
        Change(
            customer=number,
            name=(now.get(number) or before[number]).customer.name,
            currency=(now.get(number) or before[number]).currency,
            before=before[number].total if number in before else None,
            now=now[number].total if number in now else None,
            why=_why(before.get(number), now.get(number)),
        )
        for number in sorted(before.keys() | now.keys())
    ]
    return sorted((change for change in found if change.difference), key=lambda change: -abs(change.difference))


def _bills(run: BillingRun | None) -> dict[str, RunDraft]:
    if run is None:
        return {}
    rows = RunDraft.objects.filter(run=run, state__in=["ready", "held", "changed", "issued"])
    return {row.customer.number: row for row in rows.select_related("customer")}


def _why(before: RunDraft | None, now: RunDraft | None) -> str:
    """Return the products whose amounts differ most, in words."""
    if now is None:
        return "no bill this time"
    if before is None:
        return "first bill"
    was, is_now = _by_description(before), _by_description(now)
    differences = {
        name: is_now.get(name, Decimal(0)) - was.get(name, Decimal(0)) for name in is_now.keys() | was.keys()
    }
    largest = sorted(differences.items(), key=lambda item: (-abs(item[1]), item[0]))
    return ", ".join(f"{name} {value:+}" for name, value in largest[:2] if value) or "same as before"


def _by_description(row: RunDraft) -> dict[str, Decimal]:
    draft = draft_of(row)
    sums: dict[str, Decimal] = {}
    for line in draft.lines if draft else ():
        sums[line.description] = sums.get(line.description, Decimal(0)) + line.amount.amount
    return sums


def kinds(run: BillingRun) -> Mapping[tuple[str, str], Decimal]:
    """Return what a run bills by currency and kind of charge, tax included as the kind `tax`."""
    sums: dict[tuple[str, str], Decimal] = {}
    for row in RunDraft.objects.filter(run=run, state__in=["ready", "issued"]):
        draft = draft_of(row)
        if draft is None:
            continue
        parts = [(str(line.kind), line.net.amount) for line in draft.lines] + [("tax", draft.tax.amount)]
        for kind, amount in parts:
            key = (draft.currency.code, kind)
            sums[key] = sums.get(key, Decimal(0)) + amount
    return sums


def customers_due(bill_date: date) -> int:
    """Return how many customers' next bill date is reached on a day."""
    return Customer.objects.filter(next_invoice_on__lte=bill_date).exclude(status="closed").count()


@dataclass(frozen=True, slots=True)
class RunSum:
    """How many drafts of a run are in one state and currency, and what they bill; no currency where nothing is due."""

    state: str
    currency: str
    count: int
    total: Decimal


def draft_sums(run: BillingRun) -> list[RunSum]:
    """Return how far a run's drafts are and what they come to, by state and currency."""
    rows = RunDraft.objects.filter(run=run).order_by("state", "currency").values("state", "currency")
    return [RunSum(**row) for row in rows.annotate(count=Count("id"), total=Sum("total"))]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in one row: how many customers it read, how many of them failed, and what it bills, a currency."""

    number: str
    bill_date: date
    state: str
    customers: int
    failed: int
    invoices: int
    totals: Mapping[str, Decimal]


def summaries(found: QuerySet[BillingRun]) -> list[RunSummary]:
    """Return some runs in one row each, newest first, by one statement."""
    billed = Q(drafts__state__in=["ready", "issued"])
    rows = BillingRun.objects.filter(pk__in=found.values("pk")).order_by("-bill_date", "-id", "drafts__currency")
    parts = rows.values("id", "number", "bill_date", "state", "drafts__currency").annotate(
        customers=Count("drafts"),
        failed=Count("drafts", filter=Q(drafts__state="failed")),
        invoices=Count("drafts", filter=billed),
        total=Sum("drafts__total", filter=billed),
    )
    by_run = [list(group) for _, group in groupby(parts, key=itemgetter("id"))]
    return [
        RunSummary(
            number=parts[0]["number"],
            bill_date=parts[0]["bill_date"],
            state=parts[0]["state"],
            customers=sum(part["customers"] for part in parts),
            failed=sum(part["failed"] for part in parts),
            invoices=sum(part["invoices"] for part in parts),
            totals={part["drafts__currency"]: part["total"] for part in parts if part["invoices"]},
        )
        for parts in by_run
    ]
