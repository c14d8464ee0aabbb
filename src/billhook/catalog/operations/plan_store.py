"""A plan version's parts are written, one statement a table."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from billhook.catalog.models import (
    Plan,
    PlanAllowance,
    PlanCommitment,
    PlanContent,
    PlanItem,
    PlanPhase,
    PlanTerm,
)
from billhook.catalog.operations.plan_parts import NewAllowance, NewPhase, NewPlanItem, NewTerm, PlanParts
from billhook.catalog.queries.prices import checked_parameters
from billhook.catalog.queries.products import products_by_code
from billhook.core.cancellation import CancellationFee, DecliningFee, PercentOfRest


def store_parts(plan: Plan, items: tuple[NewPlanItem, ...], parts: PlanParts, contained: Mapping[str, Plan]) -> None:
    """Write what a plan version is made of.

    Raises:
        UnknownProductError: an item, allowance or price of a phase names no product.
        Refusal: the price of a phase makes none.
    """
    known = products_by_code([*_named_products(parts), *(item.product for item in items)])
    PlanItem.objects.bulk_create(
        PlanItem(
            plan=plan,
            position=position,
            product=known[item.product],
            timing=item.timing,
            quantity=item.quantity,
            cadence_unit=item.cadence.unit.value,
            cadence_count=item.cadence.count,
            proration=item.proration,
        )
        for position, item in enumerate(items, start=1)
    )
    PlanContent.objects.bulk_create(
        PlanContent(plan=plan, position=position, contained=contained[content.plan], quantity=content.quantity)
        for position, content in enumerate(parts.contents, start=1)
    )
    PlanAllowance.objects.bulk_create(_allowance(plan, allowance) for allowance in parts.allowances)
    PlanPhase.objects.bulk_create(_phase(plan, place, phase) for place, phase in enumerate(parts.phases, start=1))
    PlanCommitment.objects.bulk_create(
        PlanCommitment(
            plan=plan,
            currency=commitment.amount.currency.code,
            amount=commitment.amount.amount,
            unit=commitment.cadence.unit.value,
            count=commitment.cadence.count,
            description=commitment.description,
            tax_category=commitment.tax_category,
        )
        for commitment in parts.commitments
    )
    if parts.term is not None:
        _store_term(plan, parts.term)


def _named_products(parts: PlanParts) -> Iterable[str]:
    for allowance in parts.allowances:
        yield from allowance.products
    for phase in parts.phases:
        yield from (price.product for price in phase.prices)


def _allowance(plan: Plan, new: NewAllowance) -> PlanAllowance:
    return PlanAllowance(
        plan=plan,
        code=new.code,
        name=new.name,
        products=sorted(new.products),
        counts=new.counts.value,
        amount=new.amount,
        currency=new.currency,
        increment=new.increment,
        priority=new.priority,
        shared=new.shared,
        partial=new.partial.value,
        roll_over_cycles=new.roll_over.cycles if new.roll_over else 0,
        roll_over_cap=new.roll_over.cap if new.roll_over else None,
    )


def _phase(plan: Plan, position: int, new: NewPhase) -> PlanPhase:
    prices = [
        {
            "product": price.product,
            "currency": price.currency,
            "model": price.model,
            "parameters": checked_parameters(price.model, price.parameters, price.currency),
        }
        for price in sorted(new.prices, key=lambda price: (price.product, price.currency))
    ]
    return PlanPhase(
        plan=plan,
        position=position,
        name=new.name,
        kind=new.kind,
        length_unit=new.length.unit.value if new.length else "",
        length_count=new.length.count if new.length else None,
        price_factor=new.price_factor,
        prices=prices,
    )


def _store_term(plan: Plan, new: NewTerm) -> None:
    currency, fee, step = _figures(new.fee)
    PlanTerm.objects.create(
        plan=plan,
        unit=new.length.unit.value,
        count=new.length.count,
        notice_unit=new.notice.unit.value if new.notice else "",
        notice_count=new.notice.count if new.notice else None,
        renewal=new.renewal.value,
        fee_kind=new.fee.tag if new.fee else "",
        fee_currency=currency,
        fee=fee,
        fee_step=step,
    )


def _figures(fee: CancellationFee | None) -> tuple[str, Decimal | None, Decimal | None]:
    """Return a fee's currency, its figure and its step."""
    if fee is None:
        return "", None, None
    if isinstance(fee, PercentOfRest):
        return "", fee.percent, None
    return fee.amount.currency.code, fee.amount.amount, fee.step if isinstance(fee, DecliningFee) else None
