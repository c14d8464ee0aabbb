"""Customers, what they ordered and what they were billed."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from billhook.core.exact import plain
from billhook.customers import queries
from billhook.customers.queries import CustomerRow
from billhook.interfaces.api.keyholders import holder_of
from billhook.interfaces.api.pages import Asked, Paging, cut
from billhook.interfaces.api.values import Amount, Answer, CompanyCode, Number, amount_of, number_in
from billhook.interfaces.price_words import in_words
from billhook.invoicing import queries as invoices
from billhook.invoicing.queries import InvoiceRow
from billhook.orders import queries as orders
from billhook.orders.queries import AgreedVersion

router = Router(tags=["Customers"])


class Filtered(Paging):
    """Which customers are asked for."""

    text: str = Field(default="", max_length=200, description="A part of the number, the name or the e-mail address.")
    status: str = Field(default="", pattern="^(active|suspended|closed|)$", description="Empty for all.")


class Customer(Answer):
    """Who is billed."""

    number: str
    name: str
    email: str
    status: str
    account_type: str
    currency: str
    language: str
    zone: str
    address: str
    country: str
    vat_id: str
    next_invoice_on: date
    since: datetime


class Instrument(Answer):
    """A card or account: what people may see of it, never its token."""

    method: str
    label: str


class OneCustomer(Customer):
    """A customer with cards and accounts in the order in which they are tried, and what is open."""

    instruments: list[Instrument]
    open: list[Amount]


class Customers(Answer):
    """A page of customers."""

    items: list[Customer]
    next: str | None


class OrderLine(Answer):
    """What one line of an order is today, or will be first; from `starts_on` up to, not including, `ends_on`."""

    product: str
    description: str
    kind: str
    timing: str
    quantity: str
    price: str = Field(description="In words; empty where the line has a price of its own.")
    starts_on: date
    ends_on: date | None


class Order(Answer):
    """What a customer agreed to, from `starts_on` up to, not including, `ends_on`."""

    number: str
    plan: str | None
    status: str
    starts_on: date
    ends_on: date | None
    lines: list[OrderLine]


class Orders(Answer):
    """A page of orders."""

    items: list[Order]
    next: str | None


class Invoice(Answer):
    """An issued claim and how it stands."""

    number: str
    kind: str
    issued_on: date
    due_on: date
    state: str
    net: Amount
    tax: Amount
    total: Amount
    open: Amount


class Invoices(Answer):
    """A page of invoices."""

    items: list[Invoice]
    next: str | None


@router.get("/customers", response=Customers, url_name="customers", operation_id="list_customers")
def list_customers(request: HttpRequest, company: CompanyCode, asked: Annotated[Filtered, Query(...)]) -> Customers:
    """List customers in the order in which they were added."""
    del request, company
    rows, following = cut(queries.matching(asked.text, status=asked.status), asked)
    return Customers(items=[Customer(**_customer(row)) for row in rows], next=following)


@router.get("/customers/{number}", response=OneCustomer, url_name="customer", operation_id="get_customer")
def get_customer(request: HttpRequest, company: CompanyCode, number: Number) -> OneCustomer:
    """Return one customer."""
    del request, company
    row = queries.by_number(number_in(number))
    instruments = [Instrument(method=one.method, label=one.label) for one in queries.instruments(row)]
    owed = [amount_of(sum_, code) for code, sum_ in sorted(invoices.open_amounts(row).items())]
    return OneCustomer(**_customer(row), instruments=instruments, open=owed)


@router.get("/customers/{number}/orders", response=Orders, url_name="orders", operation_id="list_orders")
def list_orders(request: HttpRequest, company: CompanyCode, number: Number, asked: Asked) -> Orders:
    """List a customer's orders in the order in which they were placed."""
    del company
    row = queries.by_number(number_in(number))
    rows, following = cut(orders.matching().filter(customer=row), asked)
    lines: dict[int, list[AgreedVersion]] = defaultdict(list)
    for version in orders.current_versions([row], on=holder_of(request).today).filter(line__order__in=rows):
        lines[version.line.order_id].append(version)
    items = [
        Order(
            number=order.number,
            plan=order.plan.code if order.plan else None,
            status=order.status,
            starts_on=order.starts_on,
            ends_on=order.ends_on,
            lines=[_line(version) for version in lines[order.pk]],
        )
        for order in rows
    ]
    return Orders(items=items, next=following)


@router.get("/customers/{number}/invoices", response=Invoices, url_name="invoices", operation_id="list_invoices")
def list_invoices(request: HttpRequest, company: CompanyCode, number: Number, asked: Asked) -> Invoices:
    """List a customer's invoices in the order in which they were issued."""
    del request, company
    rows, following = cut(invoices.of_customer(queries.by_number(number_in(number))), asked)
    return Invoices(items=[_invoice(row) for row in rows], next=following)


def _customer(row: CustomerRow) -> Mapping[str, Any]:
    own = ("number", "name", "email", "status", "currency", "language", "zone", "address", "country", "vat_id")
    return {
        **{name: getattr(row, name) for name in own},
        "account_type": row.account_type.code,
        "next_invoice_on": row.next_invoice_on,
        "since": row.since,
    }


def _line(version: AgreedVersion) -> OrderLine:
    line = version.line
    return OrderLine(
        product=line.product.code,
        description=line.description,
        kind=line.kind,
        timing=line.timing,
        quantity=plain(version.quantity),
        price=in_words(version.price, line.product.unit) if version.price else "",
        starts_on=version.starts_on,
        ends_on=version.ends_on,
    )


def _invoice(row: InvoiceRow) -> Invoice:
    def in_currency(value: Decimal) -> Amount:
        return amount_of(value, row.currency)

    return Invoice(
        number=row.number,
        kind=row.kind,
        issued_on=row.issued_on,
        due_on=row.due_on,
        state=row.balance.state,
        net=in_currency(row.net),
        tax=in_currency(row.tax),
        total=in_currency(row.total),
        open=in_currency(row.balance.open_amount),
    )
