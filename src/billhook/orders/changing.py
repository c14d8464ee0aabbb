"""What all changes of orders share: the locked order, the first day of a change, its record and its refusals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from billhook.core.changes import PRORATED, ChangePolicy, How, Settle, When, effective_on
from billhook.core.period import Period
from billhook.core.schedule import service_period
from billhook.core.suspension import SuspensionBilling
from billhook.foundation.events import Actor
from billhook.orders.lines import Told, rebuild, told_step
from billhook.orders.models import ChangeRules, Order, OrderChange, OrderLine, OrderLineVersion
from billhook.orders.queries import agreed_line, cycle_of, local_day
from billhook.orders.refusals import (
    ContradictingChangeError,
    NoSuchLineError,
    NothingChangesError,
    OrderIsOverError,
    OutsideOrderError,
)
from billhook.orders.timeline import Do

OVER = ("ended", "cancelled")
BILLED_BY_DAY = ("recurring",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A company's rules for changes, and what suspended days cost where a suspension does not say."""

    policy: ChangePolicy = PRORATED
    suspension: SuspensionBilling = SuspensionBilling.CREDIT


def rules() -> Rules:
    """Return the rules of the company in scope; those of the core where it has set none."""
    row = ChangeRules.objects.first()
    if row is None:
        return Rules()
    policy = ChangePolicy(when=When(row.when), how=How(row.how), settle=Settle(row.settle), day_counts=row.day_counts)
    return Rules(policy=policy, suspension=SuspensionBilling(row.suspension))


def policy_of(asked: ChangePolicy | None, on: date | None) -> ChangePolicy:
    """Return the policy of a change: what was asked for, else the company's; a given day is the day."""
    policy = asked or rules().policy
    return policy if on is None else replace(policy, when=When.DATE)


def lock(order: Order) -> None:
    """Read where an order stands, and let nobody else change it before this transaction ends."""
    order.refresh_from_db(from_queryset=Order.objects.select_for_update(of=("self",)))


def lock_running(order: Order) -> None:
    """Lock an order that is to be changed.

    Raises:
        OrderIsOverError: it has ended or was cancelled.
    """
    lock(order)
    if order.status in OVER:
        raise OrderIsOverError(order.number, order.status)


def standing_lines(order: Order) -> QuerySet[OrderLine]:
    """Return the lines of an order by position, without those whose addition was undone."""
    return OrderLine.objects.filter(order=order).exclude(added_by__state="undone").order_by("position")


def line_at(order: Order, position: int) -> OrderLine:
    """Return a line of an order.

    Raises:
        NoSuchLineError: it has none there.
    """
    line = standing_lines(order).filter(position=position).select_related("product").first()
    if line is None:
        raise NoSuchLineError(order.number, position)
    return line


def live_versions(order: Order) -> list[OrderLineVersion]:
    """Return the versions of an order's lines that have days, by line and first day."""
    found = OrderLineVersion.objects.filter(line__order=order).select_related(
        "line__order__customer", "line__product", "price"
    )
    rows = [row for row in found if row.ends_on is None or row.ends_on > row.starts_on]
    return sorted(rows, key=lambda row: (row.line.position, row.starts_on))


def covering(versions: Iterable[OrderLineVersion], day: date) -> OrderLineVersion | None:
    """Return the version that is in force on a day."""
    return next((row for row in versions if row.starts_on <= day and (row.ends_on is None or day < row.ends_on)), None)


def billed_period(version: OrderLineVersion | None, day: date) -> Period | None:
    """Return the period of a recurring version that contains a day and is billed; None where none is."""
    if version is None or version.line.kind not in BILLED_BY_DAY:
        return None
    if version.billed_through is None or version.billed_through <= day:
        return None
    line = agreed_line(version)
    return service_period(line, cycle_of(version.line.order.customer), day)


def day_of(policy: ChangePolicy, versions: Sequence[OrderLineVersion], *, today: date, on: date | None) -> date:
    """Return the first day on which a change is in force, by the first recurring line among some versions."""
    recurring = [row for row in versions if row.line.kind in BILLED_BY_DAY]
    first = [row for row in recurring if row.line_id == recurring[0].line_id] if recurring else []
    return effective_on(policy, today, billed=billed_period(covering(first, today), today), dated=on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a locked order: under which policy, of which versions, and from which day on."""

    policy: ChangePolicy
    versions: list[OrderLineVersion]
    day: date


def ask(
    order: Order, *, on: date | None, policy: ChangePolicy | None, at: datetime, line: OrderLine | None = None
) -> Asked:
    """Return what is asked of a locked order on a day, or where none is given on the day that the policy says.

    Where a line is named, it alone counts, and its versions alone are returned.

    Raises:
        OutsideOrderError, ContradictingChangeError: the day lies before the order's start, or after its end.
    """
    policy = policy_of(policy, on)
    versions = [version for version in live_versions(order) if line is None or version.line_id == line.pk]
    day = day_of(policy, versions, today=local_day(at, order.customer), on=on)
    check_day(order, day)
    return Asked(policy=policy, versions=versions, day=day)


def in_event(order: Order, change: OrderChange) -> dict[str, Any]:
    """Return what every event of a change says."""
    return {
        "customer": order.customer.number,
        "order": order.number,
        "change": change.number,
        "on": change.effective_on,
        "settle": change.policy["settle"],
    }


def check_day(order: Order, on: date) -> None:
    """Let a day pass on which an order may be changed.

    Raises:
        OutsideOrderError: it lies before the order's start, or after its end.
        ContradictingChangeError: a cancellation takes the order away before.
    """
    if on < order.starts_on:
        raise OutsideOrderError(f"Order {order.number}", on, starts_on=order.starts_on, ends_on=order.ends_on)
    if order.ends_on is None or on < order.ends_on:
        return
    ending = OrderChange.objects.filter(order=order, kind__in=["cancel", "move"]).exclude(state="undone").last()
    if ending is not None:
        raise ContradictingChangeError(order.number, ending.number, ending.kind, ending.effective_on)
    raise OutsideOrderError(f"Order {order.number}", on, starts_on=order.starts_on, ends_on=order.ends_on)


def open_suspension(order: Order) -> OrderChange | None:
    """Return the suspension of an order, begun or to come, that no change ends."""
    found = OrderChange.objects.filter(order=order, kind__in=["suspend", "resume"]).exclude(state="undone")
    last = found.order_by("number").last()
    return last if last is not None and last.kind == "suspend" else None


def check_agrees(order: Order, steps: Sequence[Told]) -> None:
    """Let steps pass that no open change contradicts: one that sets the same of the same line on the same day.

    Raises:
        ContradictingChangeError: one sets something else.
    """
    for change in OrderChange.objects.filter(order=order).exclude(state="undone"):
        for theirs in change.parameters.get("steps", ()):
            if any(_contradict(theirs, ours) for ours in steps) and not is_billed(change):
                raise ContradictingChangeError(order.number, change.number, change.kind, change.effective_on)


def _contradict(theirs: Told, ours: Told) -> bool:
    if (theirs["line"], theirs["on"], theirs["do"], ours["do"]) != (ours["line"], ours["on"], Do.SET, Do.SET):
        return False
    prices = {"price", "own_price"}
    quantity = "quantity" in theirs and "quantity" in ours and theirs["quantity"] != ours["quantity"]
    theirs_price, ours_price = ({key: step[key] for key in prices & step.keys()} for step in (theirs, ours))
    return quantity or bool(theirs_price and ours_price and theirs_price != ours_price)


def is_billed(change: OrderChange) -> bool:
    """Return whether a bill has charged what a change opened, or given back what it ended."""
    opened = OrderLineVersion.objects.filter(Q(change=change) | Q(line__added_by=change))
    if opened.filter(billed_through__isnull=False).exists():
        return True
    days: dict[int, date] = {}
    for step in change.parameters.get("steps", ()):
        on = date.fromisoformat(step["on"])
        days[step["line"]] = min(on, days.get(step["line"], on))
    given = OrderLineVersion.objects.filter(
        line__order=change.order, line__position__in=days, credited_from__isnull=False
    ).values_list("line__position", "credited_from")
    return any(credited is not None and credited >= days[position] for position, credited in given)


def ending_steps(line: OrderLine, versions: Sequence[OrderLineVersion], on: date, how: How) -> list[Told]:
    """Return the steps that end one line on a day, and give back what the policy says of what was billed.

    Args:
        line: which.
        versions: those that have days; none where it rests.
        on: the first day without it.
        how: what is given back.
    """
    start, end = _reach(versions, on, how)
    if line.kind == "recurring":
        return [told_step(line, start if how is How.FULL else end, Do.END)]
    begins = max((version.starts_on for version in versions), default=on)
    return [told_step(line, on, Do.END)] if line.kind == "usage" or begins >= on else []


def reaching_steps(versions: Sequence[OrderLineVersion], on: date, how: How) -> tuple[list[Told], date]:
    """Return the steps that give whole periods back before a change of one line, and the day on which it is billed."""
    line = versions[0].line
    start, end = _reach(versions, on, how)
    if how is How.FULL and start < on:
        return [told_step(line, start, Do.REST), told_step(line, on, Do.RUN)], on
    return [], end


def _reach(versions: Sequence[OrderLineVersion], on: date, how: How) -> tuple[date, date]:
    """Return the first day that a change of a line gives back, and the first that it charges differently."""
    if how is How.FULL:
        period = billed_period(covering(versions, on), on)
        return (period.start if period else on), on
    if how is How.NONE and versions and versions[0].line.kind in BILLED_BY_DAY:
        paid = max((row.billed_through for row in versions if row.billed_through), default=on)
        return max(on, paid), max(on, paid)
    return on, on


def record(
    order: Order,
    kind: str,
    *,
    on: date,
    steps: Sequence[Told],
    policy: ChangePolicy,
    actor: Actor,
    at: datetime,
    line: OrderLine | None = None,
    **parameters: Any,
) -> OrderChange:
    """Store a change of a locked order, which is in force at once where its day is reached where the customer lives."""
    reached = on <= local_day(at, order.customer)
    return OrderChange.objects.create(
        order=order,
        number=OrderChange.objects.filter(order=order).count() + 1,
        kind=kind,
        line=line,
        effective_on=on,
        policy={"how": policy.how.value, "settle": policy.settle.value},
        parameters={"steps": list(steps), **parameters},
        state="in_force" if reached else "scheduled",
        made_at=at,
        made_by=actor.name,
    )


def carry_out(order: Order, change: OrderChange, what: str) -> None:
    """Let the versions of the lines follow a change.

    Raises:
        NothingChangesError: everything was as the change wants it before.
    """
    if not rebuild(order, change=change):
        raise NothingChangesError(what, change.effective_on)
