"""What happens to the catalog."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCreated(Event):
    """A product was added."""

    name: ClassVar[str] = "product.created"
    sentence: ClassVar[str] = "The product {code} was created."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePublished(Event):
    """A product got a new price version."""

    name: ClassVar[str] = "price.published"
    sentence: ClassVar[str] = "Version {version} of the price of {product}{for_whom} is valid from {valid_from}."
    subject_field: ClassVar[str] = "product"

    product: str
    version: int
    valid_from: date
    for_whom: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCreated(Event):
    """A plan was added."""

    name: ClassVar[str] = "plan.created"
    sentence: ClassVar[str] = "The plan {code} was created."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCardImported(Event):
    """A deck of rates was imported."""

    name: ClassVar[str] = "rate_card.imported"
    sentence: ClassVar[str] = (
        "{rates} rates were imported into the rate card {code}; {ended} ended and {withdrawn} were withdrawn."
    )
    subject_field: ClassVar[str] = "code"

    code: str
    rates: int
    ended: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateSet(Event):
    """A tax of the company was set."""

    name: ClassVar[str] = "tax_rate.set"
    sentence: ClassVar[str] = "{tax_name} of {charge} applies to {tax_category} from {valid_from}."
    subject_field: ClassVar[str] = "code"

    code: str
    tax_name: str
    tax_category: str
    percent: str
    charge: str
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged(Event):
    """A product was changed."""

    name: ClassVar[str] = "product.changed"
    sentence: ClassVar[str] = "The product {code} was changed: {changed}."
    subject_field: ClassVar[str] = "code"

    code: str
    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductActivated(Event):
    """A draft product is sold from now on."""

    name: ClassVar[str] = "product.activated"
    sentence: ClassVar[str] = "The product {code} is sold from now on."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRetired(Event):
    """A product is no longer sold."""

    name: ClassVar[str] = "product.retired"
    sentence: ClassVar[str] = "The product {code} is no longer sold; what is ordered is billed on."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCreated(Event):
    """A product category was added."""

    name: ClassVar[str] = "product_category.created"
    sentence: ClassVar[str] = "The product category {code} was created."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryChanged(Event):
    """A product category was changed or moved."""

    name: ClassVar[str] = "product_category.changed"
    sentence: ClassVar[str] = "The product category {code} was changed."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPublished(Event):
    """A plan got a new version."""

    name: ClassVar[str] = "plan.published"
    sentence: ClassVar[str] = "Version {version} of the plan {code} is ordered from {valid_from}."
    subject_field: ClassVar[str] = "code"

    code: str
    version: int
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanActivated(Event):
    """A draft plan is sold from now on."""

    name: ClassVar[str] = "plan.activated"
    sentence: ClassVar[str] = "The plan {code} is sold from now on."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRetired(Event):
    """A plan is no longer sold."""

    name: ClassVar[str] = "plan.retired"
    sentence: ClassVar[str] = "The plan {code} is no longer sold; what is ordered is billed on."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinationRuleAdded(Event):
    """A rule of what goes together was added."""

    name: ClassVar[str] = "combination_rule.added"
    sentence: ClassVar[str] = "A rule was added: {rule}."
    subject_field: ClassVar[str] = "subject_code"

    subject_code: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinationRuleRemoved(Event):
    """A rule of what goes together was removed."""

    name: ClassVar[str] = "combination_rule.removed"
    sentence: ClassVar[str] = "A rule was removed: {rule}."
    subject_field: ClassVar[str] = "subject_code"

    subject_code: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateEnded(Event):
    """A tax of the company was ended."""

    name: ClassVar[str] = "tax_rate.ended"
    sentence: ClassVar[str] = "{code} on {tax_category} ends before {on}."
    subject_field: ClassVar[str] = "code"

    code: str
    tax_category: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTreatmentDefined(Event):
    """A treatment of buyers was defined."""

    name: ClassVar[str] = "tax_treatment.defined"
    sentence: ClassVar[str] = "The tax treatment {code} was defined: {treatment}."
    subject_field: ClassVar[str] = "code"

    code: str
    treatment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTreatmentRemoved(Event):
    """A treatment of buyers was removed."""

    name: ClassVar[str] = "tax_treatment.removed"
    sentence: ClassVar[str] = "The tax treatment {code} was removed: {treatment}."
    subject_field: ClassVar[str] = "code"

    code: str
    treatment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountCreated(Event):
    """A discount was added."""

    name: ClassVar[str] = "discount.created"
    sentence: ClassVar[str] = "The discount {code} was created."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountEnded(Event):
    """A discount is given no longer."""

    name: ClassVar[str] = "discount.ended"
    sentence: ClassVar[str] = "The discount {code} is given no longer from {on}."
    subject_field: ClassVar[str] = "code"

    code: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponCreated(Event):
    """A coupon was added."""

    name: ClassVar[str] = "coupon.created"
    sentence: ClassVar[str] = "The coupon {code} gives the discount {discount}."
    subject_field: ClassVar[str] = "code"

    code: str
    discount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTaken(Event):
    """A customer took a coupon."""

    name: ClassVar[str] = "coupon.taken"
    sentence: ClassVar[str] = "{customer} took the coupon {code}, which was taken {taken} times."
    subject_field: ClassVar[str] = "code"

    code: str
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRateSet(Event):
    """An exchange rate was set."""

    name: ClassVar[str] = "exchange_rate.set"
    sentence: ClassVar[str] = "The exchange rate {pair} is {rate} from {valid_from}."
    subject_field: ClassVar[str] = "pair"

    pair: str
    rate: str
    valid_from: date
