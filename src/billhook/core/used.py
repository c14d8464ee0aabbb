"""What was used: the quantity and the price of usage in one service period, by sums or by events."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from billhook.core import exact
from billhook.core.agreement import BilledUsage
from billhook.core.covering import Coverage
from billhook.core.derivation import Less, Records, Step
from billhook.core.price import Priced, PriceModel, looks_at_events, needs_events, price_usage
from billhook.core.taking import Taking
from billhook.core.usage import UsageCharge, UsageError


class Used(NamedTuple):
    """Usage of a service period, or of one group of its events: how much, and what it costs exactly."""

    quantity: Decimal
    unit: str
    amount: Decimal
    steps: tuple[Step, ...]
    references: tuple[str, ...]
    group: tuple[str, ...] = ()


def used(taking: Taking, price: PriceModel | None, coverage: Coverage) -> Used:
    """Return the usage of a service period whose quantities are summed.

    Rated records cost their sum, events what their price says of them, a quantity its price on top of what was
    billed; allowances cover units of events first.

    Args:
        taking: at least one item.
        price: of the line in this period; None where the records are rated.
        coverage: of the events.

    Raises:
        UsageError: usage in two units, without amount or price, or as a sum where the price needs events.
    """
    units = {item.unit for item in taking.items}
    if len(units) > 1:
        raise UsageError(f"{taking.line.key} has usage in {' and '.join(sorted(units))}; convert it to one unit.")
    quantity = exact.total(item.quantity for item in taking.items)
    unit = units.pop() or taking.line.unit
    amount, steps = _amount(taking, price, coverage, quantity, unit)
    if coverage.found:
        steps = (*coverage.steps(taking.line, taking.events), *steps)
    return Used(quantity, unit, amount, steps, references_of(taking.items))


def references_of(items: Iterable[UsageCharge]) -> tuple[str, ...]:
    """Return the references to what some usage bills, each once."""
    return tuple(sorted({reference for item in items for reference in item.charges}))


def _amount(
    taking: Taking, price: PriceModel | None, coverage: Coverage, quantity: Decimal, unit: str
) -> tuple[Decimal, tuple[Step, ...]]:
    """Return what usage costs, and the steps that lead there."""
    line, items = taking.line, taking.items
    by_events = needs_events(price)
    rated = [item for item in items if item.rated is not None]
    if len(rated) == len(items) and not by_events:
        amount = _rated(taking, coverage)
        records = sum(item.records for item in items)
        return amount, (Records(records=records, quantity=quantity, unit=unit, amount=amount),)
    if price is None or (rated and not by_events):
        raise UsageError(f"{line.key} has usage of {taking.period} without amount; rate it, or give the line a price.")
    before = [billed for billed in line.billed_usage if billed.period == taking.period]
    if by_events or (looks_at_events(price) and _all_events(taking, before)):
        _require_events(taking, before)
        now = [part for event in taking.events if (part := coverage.charged(line, event)) is not None]
        earlier = [event for billed in before for event in billed.events]
        return on_top(price_usage(price, [*earlier, *now]), price_usage(price, earlier) if earlier else None)
    covered = exact.total(coverage.units(line, event) for event in taking.events) if coverage.found else exact.ZERO
    charged = exact.subtract(quantity, covered)
    billed = exact.total(item.charged for item in before)
    return on_top(price.price(exact.add(billed, charged)), price.price(billed) if billed else None)


def _rated(taking: Taking, coverage: Coverage) -> Decimal:
    """Return the exact sum of rated records, each event without what is covered of it."""
    sums = [item.amount for item in taking.items if item.amount is not None and not item.events]
    parts = (coverage.charged(taking.line, event) for item in taking.items for event in item.events)
    return exact.total([*sums, *(part.amount for part in parts if part is not None and part.amount is not None)])


def _all_events(taking: Taking, before: Iterable[BilledUsage]) -> bool:
    return all(item.events for item in taking.items) and all(billed.events for billed in before)


def _require_events(taking: Taking, before: Iterable[BilledUsage]) -> None:
    if not all(item.events for item in taking.items):
        raise UsageError(
            f"{taking.line.key} has usage of {taking.period} as a sum, but its price looks at events; pass the events."
        )
    if not all(billed.events or not billed.charged for billed in before):
        raise UsageError(
            f"{taking.line.key} has late usage of {taking.period}, whose price looks at the events billed before; "
            f"pass them with what was billed."
        )


def on_top(priced: Priced, before: Priced | None) -> tuple[Decimal, tuple[Step, ...]]:
    """Return a price less what was billed of it before."""
    if before is None:
        return priced.amount, priced.steps
    return exact.subtract(priced.amount, before.amount), (*priced.steps, Less(amount=before.amount))
