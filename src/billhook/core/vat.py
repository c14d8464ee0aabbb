"""Value added tax of the European Union: which treatment a sale has, by the places and kinds of seller and customer."""

import re
from dataclasses import dataclass
from enum import StrEnum

from billhook.core.errors import Refusal

# Member states (Council Directive 2006/112/EC, article 5); EL is how VAT ids write Greece.
MEMBERS = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)

# Territories that lie outside the VAT territory or have rates of their own (articles 6, 104, 105, 120), by the
# postal codes of their state.
_TERRITORIES = (
    ("AT", "jungholz", r"6691"),
    ("AT", "mittelberg", r"699[123]"),
    ("DE", "busingen", r"78266"),
    ("DE", "heligoland", r"27498"),
    ("ES", "canary islands", r"3[58]\d{3}"),
    ("ES", "ceuta", r"51\d{3}"),
    ("ES", "melilla", r"52\d{3}"),
    ("FR", "corsica", r"20\d{3}"),
    ("FR", "guadeloupe", r"971\d{2}"),
    ("FR", "martinique", r"972\d{2}"),
    ("FR", "guyane", r"973\d{2}"),
    ("FR", "reunion", r"974\d{2}"),
    ("FR", "mayotte", r"976\d{2}"),
    ("GR", "mount athos", r"63086"),
    ("IT", "campione", r"22061"),
    ("IT", "livigno", r"23041"),
    ("PT", "azores", r"9[5-9]\d{2}(-\d{3})?"),
    ("PT", "madeira", r"9[0-4]\d{2}(-\d{3})?"),
)


class VatError(Refusal):
    """A seller outside the Union, to whom these rules do not apply."""


class Scheme(StrEnum):
    """How a sale is taxed."""

    STANDARD = "standard"
    """At the rates of a member state."""
    TERRITORY = "territory"
    """At the rates of a special territory."""
    REVERSE_CHARGE = "reverse charge"
    """By the customer (article 196)."""
    OUTSIDE = "outside"
    """Not: the customer is outside the Union (articles 44, 59)."""


class CustomerKind(StrEnum):
    """Who the customer is; a business has a VAT id that was checked."""

    BUSINESS = "B2B"
    CONSUMER = "B2C"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """A country by ISO 3166, with the postal code where it is known."""

    country: str
    postal_code: str = ""

    @property
    def territory(self) -> str:
        """Return the special territory in which it lies, or nothing."""
        code = self.postal_code.strip()
        found = (name for state, name, codes in _TERRITORIES if state == self.country and re.fullmatch(codes, code))
        return next(found, "")


@dataclass(frozen=True, slots=True)
class VatTreatment:
    """How a sale is taxed, and by whose rates."""

    scheme: Scheme
    country: str = ""
    territory: str = ""


def treatment(seller: str, customer: Place, kind: CustomerKind) -> VatTreatment:
    """Return how a sale of services is taxed.

    A business in another member state accounts for the tax itself. A consumer in the seller's own state pays its
    standard rates; everyone else in the Union those of the place, special territories included.

    Args:
        seller: the country of the seller, a member state.
        customer: where the customer is; without country, where the seller is.
        kind: who the customer is.

    Raises:
        VatError: the seller is in no member state.
    """
    if seller not in MEMBERS:
        raise VatError(f"{seller!r} is no member state; tax the sale by the rules of that country.")
    country = customer.country or seller
    if country not in MEMBERS:
        return VatTreatment(Scheme.OUTSIDE)
    if kind is CustomerKind.BUSINESS and country != seller:
        return VatTreatment(Scheme.REVERSE_CHARGE)
    if customer.territory and not (kind is CustomerKind.CONSUMER and country == seller):
        return VatTreatment(Scheme.TERRITORY, country, customer.territory)
    return VatTreatment(Scheme.STANDARD, country)
