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
    sentence: ClassVar[str] = "Version {version} of the price of {product} is valid from {valid_from}."
    subject_field: ClassVar[str] = "product"

    product: str
    version: int
    valid_from: date


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
    sentence: ClassVar[str] = "{rates} rates were imported into the rate card {code}."
    subject_field: ClassVar[str] = "code"

    code: str
    rates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateSet(Event):
    """A tax of the company was set."""

    name: ClassVar[str] = "tax_rate.set"
    sentence: ClassVar[str] = "{tax_name} of {percent} % applies to {tax_category} from {valid_from}."
    subject_field: ClassVar[str] = "code"

    code: str
    tax_name: str
    tax_category: str
    percent: str
    valid_from: date
