"""Customers: the list, and one page with everything about one of them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.http import HttpResponse

from billhook.core.money import currency, sum_money
from billhook.core.rounding import to_places
from billhook.customers import permissions, queries
from billhook.customers.queries import CustomerRow
from billhook.interfaces.console import charts
from billhook.interfaces.console.access import Visit, page
from billhook.interfaces.console.charts import Chart
from billhook.interfaces.console.components import (
    Cell,
    Column,
    Crumb,
    Empty,
    Fact,
    PageHead,
    Row,
    Table,
    Tone,
)
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.invoices import invoice_table
from billhook.interfaces.console.views.listing import END, Sorting, asked, chips, columns, paged, search
from billhook.interfaces.console.views.payments import payment_table, record_action, record_dialog
from billhook.interfaces.console.views.shell import render
from billhook.interfaces.console.views.timeline import timeline_of
from billhook.invoicing import permissions as invoicing_permissions
from billhook.invoicing import queries as invoicing
from billhook.mediation import permissions as mediation_permissions
from billhook.mediation.queries import usage_by_day
from billhook.orders import permissions as orders_permissions
from billhook.orders import queries as orders
from billhook.orders.queries import AgreedVersion
from billhook.payments import permissions as payments_permissions
from billhook.payments import queries as payments
from billhook.reports.queries import monthly_value, standing_of

STATUSES = {"": "All", "active": "Active", "suspended": "Suspended", "closed": "Closed"}
SORTS = {"name": "sort_name", "number": "number", "bill": "next_invoice_on"}
SHOWN = 5
USAGE_DAYS = 62
MINUTE = Decimal(60)


@page(permissions.VIEW)
def customers(visit: Visit) -> HttpResponse:
    """List the customers."""
    request, sorting = visit.request, Sorting(visit.request, SORTS, "name")
    found = queries.matching(asked(request), status=asked(request, "status"))
    rows, pager = paged(request, sorting.apply(found))
    headings = columns(
        sorting.column("Customer", "name"),
        sorting.column("Number", "number"),
        "Status",
        "Plan",
        sorting.column("Next bill", "bill"),
        Column("Balance", END),
    )
    empty = Empty("No customer found", "Search for another name or number, or show all.", "users")
    return render(
        visit,
        "customers",
        "Customers",
        PageHead("Customers"),
        search=search(request, "Name, number or e-mail", "status", "sort"),
        chips=chips(request, "status", STATUSES, queries.status_counts()),
        table=Table("Customers", headings, _rows(visit, rows), empty, pager=pager),
    )


def _rows(visit: Visit, found: list[CustomerRow]) -> tuple[Row, ...]:
    """Return the customers of one page, each with its plans and what is open."""
    plans: dict[int, list[str]] = {}
    for version in orders.current_versions(found, on=visit.today):
        order = version.line.order
        named = plans.setdefault(order.customer_id, [])
        if order.plan and order.plan.name not in named:
            named.append(order.plan.name)
    owed = invoicing.open_by_customer(found)
    return tuple(
        Row(
            (
                Cell(one.name, visit.url("customer", one.number), initials=words.initials(one.name)),
                Cell(one.number),
                Cell(pill=words.pill(words.CUSTOMER, one.status)),
                Cell(", ".join(plans.get(one.pk, ()))),
                Cell(one.next_invoice_on),
                Cell(words.sums(owed.get(one.pk, {})), strong=one.pk in owed),
            )
        )
        for one in found
    )


@page(permissions.VIEW)
def customer(visit: Visit, number: str) -> HttpResponse:
    """Show about one customer everything that the role allows."""
    one = queries.by_number(number)
    versions = list(orders.current_versions([one], on=visit.today)) if visit.may(orders_permissions.VIEW) else None
    timeline = timeline_of(visit, one.number)
    return render(
        visit,
        "customer",
        "Customers",
        _head(visit, one),
        facts=_facts(visit, one, versions),
        orders=None if versions is None else _orders(versions),
        usage=_usage(visit, one) if visit.may(mediation_permissions.VIEW) else None,
        invoices=_invoices(visit, one) if visit.may(invoicing_permissions.VIEW) else None,
        invoices_url=f"{visit.url('invoices')}?q={one.number}",
        payments=_payments(visit, one) if visit.may(payments_permissions.VIEW) else None,
        payments_url=f"{visit.url('payments')}?q={one.number}",
        timeline=timeline.entries,
        timeline_chips=timeline.chips,
        more_url=timeline.earlier,
    )


def _invoices(visit: Visit, one: CustomerRow) -> Table:
    return invoice_table(visit, list(invoicing.of_customer(one)[:SHOWN]), named=False)


def _payments(visit: Visit, one: CustomerRow) -> Table:
    return payment_table(visit, list(payments.of_customer(one)[:SHOWN]), named=False)


def _head(visit: Visit, one: CustomerRow) -> PageHead:
    since = one.since.date()
    return PageHead(
        one.name,
        note=words.listed([one.number, one.email, one.country, f"since {words.day(since)}"]),
        crumbs=(Crumb("Customers", visit.url("customers")), Crumb(one.number)),
        pill=words.pill(words.CUSTOMER, one.status),
        initials=words.initials(one.name),
        actions=record_action(visit),
        dialogs=record_dialog(visit, one),
    )


def _facts(visit: Visit, one: CustomerRow, versions: Sequence[AgreedVersion] | None) -> tuple[Fact, ...]:
    """Return the header strip: what is open, what recurs, what was paid, what is left over, when the next bill is.

    Each figure stands where the role may see what it is made of.
    """
    standing, address = standing_of(one), f"{visit.url('invoices')}?q={one.number}&status=open"
    owed = Fact("Balance due", standing.open, Tone.BAD if standing.open else Tone.NEUTRAL, address)
    values = [value for version in versions or () if (value := monthly_value(version)) is not None]
    paid = (Fact("Lifetime paid", standing.paid), Fact("Credit", standing.credit or "none"))
    return (
        *((owed,) if visit.may(invoicing_permissions.VIEW) else ()),
        *(() if versions is None else (Fact("MRR", sum_money(values, currency(one.currency))),)),
        *(paid if visit.may(payments_permissions.VIEW) else ()),
        Fact("Next bill", one.next_invoice_on),
    )


def _orders(versions: Sequence[AgreedVersion]) -> Table:
    rows = tuple(_order_row(version) for version in versions)
    headings = columns("Product", "Price", ("Quantity", END), "Status", ("Per month", END))
    return Table("Orders", headings, rows, Empty("Nothing ordered yet", icon="repeat"))


def _order_row(version: AgreedVersion) -> Row:
    line = version.line
    order, code = line.order, line.order.customer.currency
    plan = order.plan.name if order.plan else ""
    return Row(
        (
            Cell(line.description, sub=words.listed([order.number, plan, f"from {words.day(version.starts_on)}"])),
            Cell(price_words(version, code)),
            Cell(None if line.kind == "usage" else version.quantity),
            Cell(pill=words.pill(words.ORDER, order.status)),
            Cell(monthly_value(version)),
        )
    )


def price_words(version: AgreedVersion, code: str) -> str:
    """Return the price of a version of an order line in words."""
    if version.price is None:
        own = version.own_price or {}
        return words.price(own.get("model", ""), own.get("parameters", {}), code)
    return words.price_row(version.price)


def _usage(visit: Visit, one: CustomerRow) -> Chart | None:
    """Return the minutes a day of the last two months; None without usage."""
    end = visit.today + timedelta(days=1)
    start = end - timedelta(days=USAGE_DAYS)
    used = {day: (seconds, amount) for day, seconds, amount in usage_by_day(one.number, start=start, end=end)}
    if not used:
        return None
    first = min(used)
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    minutes = [_minutes(used.get(day, (0, Decimal(0)))[0]) for day in days]
    return charts.area(
        "minutes a day", [f"{day:%-d %b}" for day in days], minutes, table=_usage_table(used, one.currency)
    )


def _minutes(seconds: int) -> Decimal:
    return to_places(Decimal(seconds) / MINUTE, 2)


def _usage_table(used: Mapping[date, tuple[int, Decimal]], code: str) -> Table:
    rows = tuple(
        Row((Cell(day), Cell(_minutes(seconds)), Cell(words.money(amount, code))))
        for day, (seconds, amount) in sorted(used.items())
    )
    return Table("Minutes a day", columns("Day", ("Minutes", END), ("Amount", END)), rows)
