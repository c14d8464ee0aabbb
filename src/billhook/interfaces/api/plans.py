"""Plans, and the prices that are in force today."""

from datetime import date

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from billhook.catalog import queries
from billhook.catalog.queries import PriceRow
from billhook.core.exact import plain
from billhook.interfaces.api.keyholders import holder_of
from billhook.interfaces.api.pages import Asked, cut
from billhook.interfaces.api.values import Answer, CompanyCode, Figured, figures
from billhook.interfaces.price_words import in_words

router = Router(tags=["Plans"])


class Price(Answer):
    """A version of a price: a model and its parameters."""

    version: int
    currency: str
    model: str
    parameters: list[Figured]
    words: str
    valid_from: date


class PlanItem(Answer):
    """A product of a plan: how many, when it is billed, how often, and its prices in force, one a currency."""

    product: str
    name: str
    kind: str
    unit: str
    quantity: str
    timing: str = Field(description="in_advance or in_arrears.")
    cadence_unit: str
    cadence_count: int
    prices: list[Price]


class Plan(Answer):
    """What can be ordered as one."""

    code: str
    name: str
    items: list[PlanItem]


class Plans(Answer):
    """A page of plans."""

    items: list[Plan]
    next: str | None


@router.get("/plans", response=Plans, url_name="plans", operation_id="list_plans")
def list_plans(request: HttpRequest, company: CompanyCode, asked: Asked) -> Plans:
    """List the plans with the prices that are in force today, in the order in which they were added."""
    del company
    rows, following = cut(queries.plans(), asked)
    products = {item.product for plan in rows for item in plan.items.all()}
    prices = queries.current_prices(products, on=holder_of(request).today)
    plans = [
        Plan(
            code=plan.code,
            name=plan.name,
            items=[
                PlanItem(
                    product=item.product.code,
                    name=item.product.name,
                    kind=item.product.kind,
                    unit=item.product.unit,
                    quantity=plain(item.quantity),
                    timing=item.timing,
                    cadence_unit=item.cadence_unit,
                    cadence_count=item.cadence_count,
                    prices=[_price(price, item.product.unit) for price in prices.get(item.product.pk, [])],
                )
                for item in plan.items.all()
            ],
        )
        for plan in rows
    ]
    return Plans(items=plans, next=following)


def _price(price: PriceRow, unit: str) -> Price:
    return Price(
        version=price.version,
        currency=price.currency,
        model=price.model,
        parameters=figures(price.parameters),
        words=in_words(price, unit),
        valid_from=price.valid_from,
    )
