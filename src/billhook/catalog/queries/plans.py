"""Reads of plans: the version that is ordered on a day, and its parts as the core knows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billhook.catalog.models import Plan, PlanAllowance, PlanContent, PlanItem, PlanPhase, PlanTerm
from billhook.catalog.queries.prices import price_model
from billhook.catalog.queries.products import NotSoldError
from billhook.core import exact, money
from billhook.core.agreement import Timing
from billhook.core.allowance import Allowance, Counts, PartialCycle, RollOver
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.cancellation import CancellationFee, DecliningFee, FlatFee, PercentOfRest, PerRestingPeriod
from billhook.core.contract import Contract, Notice, Renewal
from billhook.core.errors import Refusal
from billhook.core.phases import Phase
from billhook.core.price import PriceModel
from billhook.core.price.chain import Chain, Multiplier

Part = TypeVar("Part", PlanItem, PlanContent)


class UnknownPlanError(Refusal):
    """Raised when no plan has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no plan {code}: create it, or order another.")


class PlanNotYetError(Refusal):
    """Raised when no version of a plan has begun on a day."""

    def __init__(self, code: str, on: date) -> None:
        """Name the plan and the day."""
        super().__init__(f"The plan {code} is not sold on {on} yet: order it from a later day, or another.")


def plan_by_code(code: str, *, on: date) -> Plan:
    """Return the version of a plan that is ordered on a day: the newest that has begun.

    Raises:
        UnknownPlanError: there is none of that code.
        PlanNotYetError: none has begun.
        NotSoldError: the plan is a draft or retired.
    """
    plan = (
        Plan.objects.filter(Q(valid_from=None) | Q(valid_from__lte=on), code=code)
        .order_by(F("valid_from").desc(nulls_last=True))
        .first()
    )
    if plan is None:
        if Plan.objects.filter(code=code).exists():
            raise PlanNotYetError(code, on)
        raise UnknownPlanError(code)
    if plan.status != "active":
        raise NotSoldError("plan", code, plan.status)
    return plan


def plans() -> QuerySet[Plan]:
    """Return the newest version of each plan by code, with its items."""
    newer = Plan.objects.filter(code=OuterRef("code"), version__gt=OuterRef("version"))
    return Plan.objects.filter(~Exists(newer)).prefetch_related("items__product").order_by("code")


def versions_of(code: str) -> QuerySet[Plan]:
    """Return the versions of a plan, newest first."""
    return Plan.objects.filter(code=code).order_by("-version")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedItem:
    """A product that an order of a plan brings, through the plan itself or one that it contains.

    `plan` is the version in which it stands; `quantity` is multiplied by those of the plans around it.
    """

    plan: Plan
    item: PlanItem
    quantity: Decimal


def ordered_items(plan: Plan) -> tuple[OrderedItem, ...]:
    """Return what an order of a plan brings: its own items, then those of the plans in it, in their order.

    One statement a level of the bundle.
    """
    found: list[OrderedItem] = []
    level: list[tuple[Plan, int]] = [(plan, 1)]
    while level:
        ids = [inner.pk for inner, _ in level]
        items = _by_plan(PlanItem.objects.filter(plan__in=ids).select_related("product"))
        contents = _by_plan(PlanContent.objects.filter(plan__in=ids).select_related("contained"))
        below: list[tuple[Plan, int]] = []
        for inner, times in level:
            own = items.get(inner.pk, [])
            found += [
                OrderedItem(plan=inner, item=item, quantity=exact.multiply(item.quantity, Decimal(times)))
                for item in own
            ]
            below += [(content.contained, content.quantity * times) for content in contents.get(inner.pk, [])]
        level = below
    return tuple(found)


def _by_plan(rows: Iterable[Part]) -> dict[int, list[Part]]:
    by_plan: dict[int, list[Part]] = {}
    for row in rows:
        by_plan.setdefault(row.plan_id, []).append(row)
    return by_plan


def contained_codes(plan: Plan) -> frozenset[str]:
    """Return the codes of the plans that a plan contains, through however many others; one statement a level."""
    found: set[str] = set()
    level = [plan.pk]
    while level:
        rows = PlanContent.objects.filter(plan__in=level).values_list("contained", "contained__code")
        found |= {code for _, code in rows}
        level = [contained for contained, _ in rows]
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedAllowance:
    """What a plan includes in a whole cycle, what a part of one includes, and what lives on after it."""

    allowance: Allowance
    currency: str
    partial: PartialCycle
    roll_over: RollOver | None


def included(plan: Plan) -> tuple[IncludedAllowance, ...]:
    """Return the allowances of a plan version, by priority and code."""
    return tuple(_included(row) for row in PlanAllowance.objects.filter(plan=plan))


def _included(row: PlanAllowance) -> IncludedAllowance:
    allowance = Allowance(
        key=row.code,
        left=row.amount,
        counts=Counts(row.counts),
        priority=row.priority,
        shared=row.shared,
        increment=row.increment,
        products=frozenset(row.products),
    )
    rolls = RollOver(cycles=row.roll_over_cycles, cap=row.roll_over_cap) if row.roll_over_cycles else None
    return IncludedAllowance(
        allowance=allowance, currency=row.currency, partial=PartialCycle(row.partial), roll_over=rolls
    )


def phases_of(plan: Plan) -> tuple[PlanPhase, ...]:
    """Return the phases of a plan version, in order."""
    return tuple(PlanPhase.objects.filter(plan=plan))


def core_phases(phases: Sequence[PlanPhase], item: PlanItem, price: PriceModel) -> tuple[Phase, ...]:
    """Return the phases of a plan for one of its recurring products.

    Args:
        phases: of the plan version, in order.
        item: the product, with its cadence and timing.
        price: in force for it, which the phases change.
    """
    cadence = Cadence(CadenceUnit(item.cadence_unit), item.cadence_count)
    return tuple(
        Phase(
            name=phase.name,
            length=_cadence(phase.length_unit, phase.length_count),
            price=_price_in(phase, item.product.code, price),
            cadence=cadence,
            timing=Timing(item.timing),
        )
        for phase in phases
    )


def _price_in(phase: PlanPhase, product: str, price: PriceModel) -> PriceModel | None:
    for own in phase.prices:
        if (own["product"], own["currency"]) == (product, price.currency.code):
            return price_model(own["model"], own["parameters"], own["currency"])
    if phase.price_factor == exact.ONE:
        return price
    return Chain(first=price, links=(Multiplier(factor=phase.price_factor),)) if phase.price_factor else None


def _cadence(unit: str, count: int | None) -> Cadence | None:
    return Cadence(CadenceUnit(unit), count) if count is not None else None


def term_of(plan: Plan) -> PlanTerm | None:
    """Return the minimum term of a plan version, or None."""
    return PlanTerm.objects.filter(plan=plan).first()


def contract_of(term: PlanTerm, *, key: str, start: date) -> Contract:
    """Return the contract that an order of a plan makes from its first day."""
    return Contract(
        key=key,
        start=start,
        term=Cadence(CadenceUnit(term.unit), term.count),
        notice=Notice(length=_cadence(term.notice_unit, term.notice_count)),
        renewal=Renewal(term.renewal),
    )


def fee_of(term: PlanTerm) -> CancellationFee | None:
    """Return the fee for leaving before the end of a term, or None."""
    figure = term.fee
    if figure is None:
        return None
    if term.fee_kind == PercentOfRest.tag:
        return PercentOfRest(percent=figure)
    amount = money.Money.of(figure, term.fee_currency)
    if term.fee_kind == DecliningFee.tag:
        return DecliningFee(amount=amount, step=term.fee_step or exact.ZERO)
    return FlatFee(amount=amount) if term.fee_kind == FlatFee.tag else PerRestingPeriod(amount=amount)
