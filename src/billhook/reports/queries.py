"""What management asks: recurring revenue and how it moves, and what waits for a person."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum

from billhook.catalog.queries import price_model
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.money import Money, currency
from billhook.core.period import Period
from billhook.core.rounding import to_places
from billhook.customers.models import Customer
from billhook.foundation.scope import current_company_id
from billhook.invoicing.models import InvoiceBalance
from billhook.orders.models import OrderLineVersion
from billhook.orders.queries import LIVE
from billhook.payments.models import Payment
from billhook.payments.operations.credit import METHOD as CREDIT_NOTE

A_MONTH = Cadence(CadenceUnit.MONTH)
CYCLES_A_MONTH = {
    CadenceUnit.DAY: Fraction(365, 12),
    CadenceUnit.WEEK: Fraction(52, 12),
    CadenceUnit.SEMI_MONTH: Fraction(2),
    CadenceUnit.MONTH: Fraction(1),
    CadenceUnit.YEAR: Fraction(1, 12),
}
"""A year has twelve months, 52 weeks and 365 days; only MRR counts so, no bill does."""

WAITING = """
select (select count(*) from billing_billingrun where company_id = %(company)s and state = 'review'),
       (select count(*) from mediation_suspenserecord where company_id = %(company)s and status = 'open'),
       (select count(*) from dunning_dunningepisode where company_id = %(company)s and state = 'open')
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits for a person: runs to approve, usage records to mend, customers who are late."""

    runs: int
    suspense: int
    late: int


def waiting() -> Waiting:
    """Return how much waits for a person in the company in scope."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"company": current_company_id()})
        return Waiting(*cursor.fetchone())


@dataclass(frozen=True, slots=True)
class Standing:
    """How a customer stands, in the customer's currency: what is open, was paid, and has settled no invoice yet."""

    open: Money
    paid: Money
    credit: Money


def standing_of(customer: Customer) -> Standing:
    """Return how a customer stands, by one statement."""
    open_now = InvoiceBalance.objects.filter(customer=OuterRef("pk"), state="open", currency=OuterRef("currency"))
    received = Payment.objects.filter(customer=OuterRef("pk"), state="received", currency=OuterRef("currency"))
    sums = Customer.objects.filter(pk=customer.pk).values_list(
        _summed(open_now, "open_amount"),
        _summed(received.exclude(method=CREDIT_NOTE), "amount"),
        _summed(received, "unallocated"),
    )
    return Standing(*(Money.of(total or 0, customer.currency) for total in sums.get()))


def _summed(rows: QuerySet[Any], column: str) -> Subquery:
    return Subquery(rows.order_by().values("customer").annotate(total=Sum(column)).values("total"))


@dataclass(frozen=True, slots=True)
class MonthMoved:
    """How recurring revenue moved in one month: won, changed and lost (which is below zero), and where it ended.

    Each figure is rounded on its own.
    """

    month: Period
    new: Money
    changed: Money
    lost: Money
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Recurring lines of the same price that run over the same days, and what they make a month, together.

    Args:
        starts_on: the first day.
        ends_on: the first day on which they no longer run; None without end.
        is_new: the first versions of their lines; later ones are changes.
        goes_on: a later version follows, so their end is a change and no loss.
        monthly: exact, in `code`.
    """

    starts_on: date
    ends_on: date | None
    is_new: bool
    goes_on: bool
    code: str
    monthly: Fraction

    def runs_on(self, day: date) -> bool:
        """Return whether the lines run on a day."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


def monthly_value(version: OrderLineVersion) -> Money | None:
    """Return what a version of a recurring line makes a month, rounded; None for a line that does not recur."""
    if version.line.kind != "recurring":
        return None
    code = version.price.currency if version.price else version.line.order.customer.currency
    own = version.own_price or {}
    price = (version.price.model, version.price.parameters) if version.price else (own["model"], own["parameters"])
    cycle = CadenceUnit(version.line.cadence_unit), version.line.cadence_count
    return _money(_monthly(price, version.quantity, code, cycle), code)


def movement(*, today: date, months: int) -> Mapping[str, list[MonthMoved]]:
    """Return how recurring revenue moved in each of the last months, the current one last, by currency.

    The current month counts up to today, included. Prices are those that the order lines have.
    """
    first = today.replace(day=1)
    calendar = [Period(A_MONTH.nth(first, n), A_MONTH.nth(first, n + 1)) for n in range(1 - months, 1)]
    spans = [*calendar[:-1], Period(first, today + timedelta(days=1))]
    by_code: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in stretches():
        by_code[stretch.code].append(stretch)
    return {code: [_moved(span, found, code) for span in spans] for code, found in sorted(by_code.items())}


def stretches() -> list[Stretch]:
    """Return the recurring lines of all orders, counted together where nothing tells them apart: one statement."""
    later = OrderLineVersion.objects.filter(line=OuterRef("line"), version__gt=OuterRef("version"))
    found = OrderLineVersion.objects.filter(line__kind="recurring", line__order__status__in=LIVE)
    rows = (
        found.annotate(is_new=Q(version=1), goes_on=Exists(later))
        .order_by()
        .values(
            "starts_on",
            "ends_on",
            "is_new",
            "goes_on",
            "quantity",
            "own_price",
            "price__model",
            "price__parameters",
            "line__cadence_unit",
            "line__cadence_count",
            "line__order__customer__currency",
        )
    )
    return [_stretch(row) for row in rows.annotate(count=Count("id"))]


def _stretch(row: Mapping[str, Any]) -> Stretch:
    own, code = row["own_price"], row["line__order__customer__currency"]
    price = (own["model"], own["parameters"]) if own else (row["price__model"], row["price__parameters"])
    cycle = CadenceUnit(row["line__cadence_unit"]), row["line__cadence_count"]
    return Stretch(
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        is_new=row["is_new"],
        goes_on=row["goes_on"],
        code=code,
        monthly=_monthly(price, row["quantity"], code, cycle) * row["count"],
    )


def _monthly(
    price: tuple[str, Mapping[str, Any]], quantity: Decimal, code: str, cycle: tuple[CadenceUnit, int]
) -> Fraction:
    """Return exactly what a price makes a month for a quantity, a cycle being so many units long."""
    unit, count = cycle
    return Fraction(price_model(*price, code).price(quantity).amount) * CYCLES_A_MONTH[unit] / count


def _moved(span: Period, found: Sequence[Stretch], code: str) -> MonthMoved:
    """Return how the revenue of one currency moved within a span of days."""
    begun = [stretch for stretch in found if stretch.starts_on in span and stretch.ends_on != stretch.starts_on]
    ended = [stretch for stretch in found if stretch.ends_on and stretch.ends_on in span]
    ended = [stretch for stretch in ended if stretch.ends_on != stretch.starts_on]
    new = _sum(stretch.monthly for stretch in begun if stretch.is_new)
    changed = _sum(s.monthly for s in begun if not s.is_new) - _sum(s.monthly for s in ended if s.goes_on)
    lost = -_sum(stretch.monthly for stretch in ended if not stretch.goes_on)
    total = _sum(stretch.monthly for stretch in found if stretch.runs_on(span.last_day))
    return MonthMoved(span, _money(new, code), _money(changed, code), _money(lost, code), _money(total, code))


def _sum(figures: Iterable[Fraction]) -> Fraction:
    return sum(figures, Fraction(0))


def _money(amount: Fraction, code: str) -> Money:
    unit = currency(code)
    return Money(to_places(amount, unit.digits), unit)
