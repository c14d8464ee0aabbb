"""Lines that are ordered: what is given for one, and how it becomes a line with its first versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from billhook.catalog.models import Price, Product
from billhook.catalog.queries import OrderedItem, price_model, product_by_code, require_sold
from billhook.core.agreement import Alignment, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.errors import Refusal
from billhook.core.phases import WITHOUT_END, Phase, place
from billhook.core.proration import Basis
from billhook.orders.models import Order, OrderChange, OrderLine, OrderLineVersion
from billhook.orders.prices import price_for
from billhook.orders.refusals import QuantityError

MONTHLY = Cadence(CadenceUnit.MONTH)
HUNDRED = Decimal(100)


class LineTermsError(Refusal):
    """Raised when what is given for a line contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrice:
    """A price of a line's own: a price model and its parameters, in the customer's currency."""

    model: str
    parameters: Mapping[str, Any]

    def checked(self, currency: str) -> dict[str, Any]:
        """Return it as it is stored, built once so that a wrong one is refused."""
        price_model(self.model, self.parameters, currency)
        return {"model": self.model, "parameters": dict(self.parameters)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhase:
    """A stretch of a line, such as a trial: how long it lasts, None for good, and its price; None where it is free."""

    name: str
    length: Cadence | None = None
    price: OwnPrice | None = None
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """One product that is ordered.

    Args:
        product: its code.
        quantity: how many, 0 or more.
        price: of its own; None for the published one that is in force on the line's first day.
        timing: when a period is billed; usage always in arrears.
        cadence: how often it recurs.
        alignment: to what its periods are aligned.
        proration: how a partial period is charged.
        description: what the invoice says; the product's name unless given.
        discount_percent: taken off every amount of the line, from 0 to 100; none on usage that is rated by a card.
        phases: one after the other from the line's first day; a phase without price takes that of the line.
        identifiers: the account codes or numbers whose usage belongs to the line.
    """

    product: str
    quantity: Decimal = Decimal(1)
    price: OwnPrice | None = None
    timing: Timing = Timing.IN_ADVANCE
    cadence: Cadence = MONTHLY
    alignment: Alignment = Alignment.CUSTOMER
    proration: Basis = Basis.DAYS
    description: str = ""
    discount_percent: Decimal = Decimal(0)
    phases: tuple[NewPhase, ...] = ()
    identifiers: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a quantity below zero, a discount out of range, and an alignment that orders do not have."""
        if self.quantity < 0:
            raise QuantityError(f"A line of {self.product}")
        if not 0 <= self.discount_percent <= HUNDRED:
            raise LineTermsError(f"A discount of {self.discount_percent} % is none: give 0 to 100.")
        if self.alignment is Alignment.PLAN:
            raise LineTermsError(f"A line of {self.product} alone has no plan: align it to the customer, or by itself.")


def next_position(order: Order) -> int:
    """Return the position of the next line of an order."""
    last = OrderLine.objects.filter(order=order).order_by("position").last()
    return last.position + 1 if last else 1


def add_new_line(
    order: Order, new: NewLine, on: date, *, until: date | None = None, added_by: OrderChange | None = None
) -> OrderLine:
    """Add a line to an order from a day on, up to, not including, another.

    Raises:
        UnknownProductError: there is no such product.
        NoPriceError: it has no price in the customer's currency on that day.
        LineTermsError: the product cannot be ordered like this.
    """
    product = product_by_code(new.product)
    require_sold([product])
    timing = new.timing if product.kind in {"recurring", "one_time"} else Timing.IN_ARREARS
    if product.kind == "usage" and new.discount_percent:
        raise LineTermsError(f"{product.name} is rated record by record: put the discount into its rate card.")
    line = OrderLine.objects.create(
        order=order,
        position=next_position(order),
        product=product,
        description=new.description or product.name,
        kind=product.kind,
        timing=timing.value,
        cadence_unit=new.cadence.unit.value,
        cadence_count=new.cadence.count,
        alignment=new.alignment.value,
        proration=new.proration.value,
        discount_percent=new.discount_percent,
        anchor=on if added_by and new.alignment is Alignment.OWN else None,
        added_by=added_by,
    )
    _add_versions(line, new, on, until)
    return line


def _add_versions(line: OrderLine, new: NewLine, on: date, until: date | None) -> None:
    """Add the versions that are agreed with a line itself: one, or one for each phase that costs something."""
    code = line.order.customer.currency
    phases = new.phases or (NewPhase(name=""),)
    placed = place([Phase(name=phase.name, length=phase.length) for phase in phases], on)
    number = 0
    for phase, stretch in zip(phases, placed, strict=True):
        ends = [day for day in (until, stretch.period.end) if day is not None and day != WITHOUT_END]
        end = min(ends, default=None)
        if phase.free or (end is not None and end <= stretch.period.start):
            continue
        number += 1
        price = phase.price or new.price
        published = None if price else price_for(line.product.code, line.order.customer, on)
        own = price.checked(code) if price else None
        add_version(line, number, on=stretch.period.start, until=end, quantity=new.quantity, price=published, own=own)


def add_version(
    line: OrderLine,
    number: int,
    *,
    on: date,
    until: date | None,
    quantity: Decimal,
    price: Price | None,
    own: dict[str, Any] | None = None,
) -> OrderLineVersion:
    """Add a version that is agreed with a line itself."""
    return OrderLineVersion.objects.create(
        line=line,
        version=number,
        quantity=quantity,
        price=price,
        own_price=own,
        starts_on=on,
        ends_on=until,
        agreed_until=until,
    )


def add_plan_line(
    order: Order,
    ordered: OrderedItem,
    price: Price,
    on: date,
    *,
    until: date | None = None,
    added_by: OrderChange | None = None,
    anchor: date | None = None,
) -> OrderLine:
    """Add a line of a plan with a published price from a day on, up to, not including, another."""
    item = ordered.item
    product: Product = item.product
    line = OrderLine.objects.create(
        order=order,
        position=next_position(order),
        product=product,
        description=product.name,
        kind=product.kind,
        timing=item.timing,
        cadence_unit=item.cadence_unit,
        cadence_count=item.cadence_count,
        proration=item.proration,
        anchor=anchor,
        added_by=added_by,
    )
    add_version(line, 1, on=on, until=until, quantity=ordered.quantity, price=price)
    return line
