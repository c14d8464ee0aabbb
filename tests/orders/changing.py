"""One recurring line with a price of its own, changed and billed, as the tests of changes do again and again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.billing.playing import MARCH, bill_date, open_books
from tests.builders import CLERK, OPENING

from billhook.catalog.operations.products import create_product
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.customers.queries import by_number
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice, InvoiceLine
from billhook.orders.models import Order, OrderChange, OrderLineVersion
from billhook.orders.new_lines import NewLine, OwnPrice
from billhook.orders.operations.change_line import LineTerms, change_line
from billhook.orders.operations.place import OrderTerms, place_order

PER_SEAT = OwnPrice(model="per_unit", parameters={"unit_price": "20.00"})


def at(month: int, day: int) -> datetime:
    """Return noon of a day of 2026."""
    return datetime(2026, month, day, 12, tzinfo=UTC)


def seat_order(company: Company, number: str = "1001") -> Order:
    """Return a customer's order, whose fee of 20.00 is one for each seat from its first day on."""
    with company_scope(company):
        OrderLineVersion.objects.filter(line__order__customer__number=number, line__kind="recurring").update(
            price=None, own_price={"model": PER_SEAT.model, "parameters": PER_SEAT.parameters}
        )
        return Order.objects.get(customer__number=number)


def seats(
    order: Order, quantity: int | str, *, on: date | None, asked: datetime | None = None, **given: Any
) -> OrderChange:
    """Change the number of seats from a day on, asked for on that day."""
    return change_line(
        order=order,
        position=1,
        terms=LineTerms(quantity=Decimal(quantity)),
        on=on,
        actor=CLERK,
        at=asked or at((on or MARCH).month, (on or MARCH).day),
        **given,
    )


def billed(company: Company, on: date) -> list[tuple[str, str, str]]:
    """Bill a date and return the lines of its invoice: first day, amount, and what it corrects."""
    run = bill_date(company, on)
    with company_scope(company):
        lines = [line for invoice in Invoice.objects.filter(run=run.number) for line in invoice.lines.all()]
        return [(f"{line.period_start:%m-%d}", f"{line.amount:.2f}", line.corrects) for line in lines]


MONTH, QUARTER, YEAR = (Cadence(CadenceUnit.MONTH, count) for count in (1, 3, 12))


def day(number: int, month: int = 3) -> date:
    """Return a day of 2026, of March unless another month is named."""
    return date(2026, month, number)


def flat(amount: str) -> OwnPrice:
    """Return a price of a line's own of one amount."""
    return OwnPrice(model="flat", parameters={"amount": amount})


def open_life(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Return a company with the customer 1001, billed by seats, and 1002 without any order that runs."""
    company = open_books(folder, monkeypatch, customers=2)
    with company_scope(company):
        Order.objects.filter(customer__number="1002").update(ends_on=MARCH, status="ended")
        OrderLineVersion.objects.filter(line__order__customer__number="1002").update(ends_on=MARCH)
        create_product(code="router", name="Router", kind="one_time", actor=CLERK, at=OPENING)
        create_product(code="seat", name="Seat", kind="recurring", actor=CLERK, at=OPENING)
    seat_order(company)
    return company


def lines_of(company: Company, on: date, customer: str = "1001") -> list[tuple[str, str]]:
    """Bill a date and return first day and amount of each line of a customer's invoice."""
    bill_date(company, on)
    with company_scope(company):
        found = InvoiceLine.objects.filter(invoice__customer__number=customer, invoice__issued_on=on)
        return [(f"{line.period_start:%m-%d}", f"{line.amount:.2f}") for line in found.order_by("ordinal")]


def place(
    lines: Sequence[NewLine], *, on: date = MARCH, asked: datetime = OPENING, customer: str = "1002", **terms: Any
) -> Order:
    """Place an order for products."""
    return place_order(
        customer=by_number(customer), starts_on=on, lines=lines, terms=OrderTerms(**terms), actor=CLERK, at=asked
    )
