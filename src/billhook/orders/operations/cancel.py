"""An order is cancelled: at once, on a day, or at the end of its period or term."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from billhook.catalog.queries import product_by_code
from billhook.core import states
from billhook.core.changes import ChangePolicy
from billhook.core.derivation import Derivation, sentence
from billhook.foundation.events import Actor, emit
from billhook.orders.changing import OVER, Asked, ask, ending_steps, in_event, lock_running, record, standing_lines
from billhook.orders.contracts import contract_of, fee_for
from billhook.orders.events import OrderCancelled, OrderEnded
from billhook.orders.identifiers import end_identifiers
from billhook.orders.lines import Told, rebuild
from billhook.orders.models import Order, OrderChange, OrderLine, OrderLineVersion
from billhook.orders.new_lines import next_position
from billhook.orders.queries import local_day
from billhook.orders.refusals import DependsOnError


@transaction.atomic
def cancel_order(
    *,
    order: Order,
    reason: str,
    actor: Actor,
    at: datetime,
    on: date | None = None,
    policy: ChangePolicy | None = None,
    end_of_term: bool = False,
    waive_fee: bool = False,
) -> OrderChange:
    """Cancel an order; what was billed beyond its last day is given back as the policy says.

    Args:
        order: not over yet.
        reason: for the timeline.
        actor: who cancels it.
        at: when notice is received.
        on: the first day without service, which may lie in the past; None for what the policy says.
        policy: of this cancellation; None for the company's.
        end_of_term: to the day on which the contract may end after notice now, instead of `on`.
        waive_fee: whether the contract's fee for leaving early is not charged.

    Raises:
        OrderIsOverError: the order has ended or was cancelled.
        OutsideOrderError, ContradictingChangeError: the day lies before its start, or after its end.
        DependsOnError: another order needs this one longer.
    """
    lock_running(order)
    notified = _end_of_contract(order, local_day(at, order.customer)) if end_of_term else None
    asked = ask(order, on=notified or on, policy=policy, at=at)
    check_dependants(order, asked.day)
    fee = None if waive_fee or notified else fee_for(order, asked.versions, asked.day)
    change = record_end(order, "cancel", asked, actor=actor, at=at)
    rebuild(order, change=change)
    if fee is not None:
        _add_fee(order, change, fee)
    emit(OrderCancelled(**in_event(order, change), reason=reason), actor=actor, at=at)
    end_order(order=order, change=change, actor=actor, at=at)
    return change


def _end_of_contract(order: Order, today: date) -> date | None:
    """Return the day on which the contract may end after notice on a day; None without one."""
    contract = contract_of(order)
    return contract.ends_on(today) if contract else None


def record_end(order: Order, kind: str, asked: Asked, *, actor: Actor, at: datetime, **parameters: Any) -> OrderChange:
    """Store a change that ends a locked order, end what its identifiers mean, and keep what is needed to undo it."""
    return record(
        order,
        kind,
        on=asked.day,
        steps=steps_to_end(order, asked),
        policy=asked.policy,
        actor=actor,
        at=at,
        ended_before=order.ends_on.isoformat() if order.ends_on else None,
        status_before=order.status,
        identifiers=end_identifiers(order, asked.day),
        **parameters,
    )


def end_order(*, order: Order, change: OrderChange, actor: Actor, at: datetime) -> None:
    """Let a locked order end on the day of its cancellation, which may be reached."""
    order.ends_on = change.effective_on
    if change.state == "in_force":
        states.check(states.ORDER, order.status, "cancelled")
        order.status = "cancelled"
        ended = OrderEnded(customer=order.customer.number, order=order.number, on=change.effective_on)
        emit(ended, actor=actor, at=at)
    order.save(update_fields=["ends_on", "status"])


def check_dependants(order: Order, day: date) -> None:
    """Let an order end where none that needs it runs longer.

    Raises:
        DependsOnError: one does.
    """
    for other in Order.objects.filter(depends_on=order).exclude(status__in=OVER).order_by("number"):
        if other.ends_on is None or other.ends_on > day:
            raise DependsOnError(other.number, order.number)


def steps_to_end(order: Order, asked: Asked) -> list[Told]:
    """Return the steps that end all lines of an order, those that rest and those that begin later among them."""
    steps: list[Told] = []
    for line in standing_lines(order):
        versions = [version for version in asked.versions if version.line_id == line.pk]
        steps += ending_steps(line, versions, asked.day, asked.policy.how)
    return steps


def _add_fee(order: Order, change: OrderChange, fee: Derivation) -> None:
    """Charge the fee for leaving early once, on the day of the cancellation."""
    product = product_by_code(order.contract["fee"]["product"])
    line = OrderLine.objects.create(
        order=order,
        position=next_position(order),
        product=product,
        description=f"{product.name}: {sentence(fee)}"[:200],
        kind="one_time",
        timing="in_arrears",
        proration="none",
        added_by=change,
    )
    own_price = {"model": "flat", "parameters": {"amount": format(fee.result.amount, "f")}}
    OrderLineVersion.objects.create(line=line, version=1, starts_on=change.effective_on, own_price=own_price)
