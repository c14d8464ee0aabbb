"""What requests and answers are made of; amounts are texts beside their currency, never numbers."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from ninja import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from billhook.core import exact
from billhook.core.money import Money
from billhook.interfaces.given import is_e_mail

DECIMAL = r"^-?\d+(\.\d+)?$"

CompanyCode = Annotated[str, Path(description="The code of the key's company.")]
Number = Annotated[str, Path(description="The number; a slash in it is written ~2F, a tilde ~7E.")]
Figure = Annotated[str, Field(pattern=DECIMAL, description="An exact decimal as text.")]


class Answer(BaseModel):
    """The base of what is answered."""

    model_config = ConfigDict(frozen=True)


class Request(BaseModel):
    """The base of what is asked: a name that is not known is refused, so that a typing error is not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Amount(Answer):
    """An exact amount in one currency."""

    amount: Figure
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")


class Period(Answer):
    """The days from `start` up to, not including, `end`."""

    start: date
    end: date


class Figured(Answer):
    """One figure or word of a price's parameters, such as `tiers.0.up_to`."""

    name: str
    value: str


def _e_mail(text: str) -> str:
    if text and not is_e_mail(text):
        message = "Write an e-mail address such as name@example.com"
        raise ValueError(message)
    return text


EMail = Annotated[str, StringConstraints(max_length=254), AfterValidator(_e_mail)]


def amount(value: Money) -> Amount:
    """Return money as the API writes it."""
    return Amount(amount=exact.plain(value.amount, value.currency.digits), currency=value.currency.code)


def amount_of(value: Decimal, code: str) -> Amount:
    """Return an amount of the books as the API writes it."""
    return amount(Money.of(value, code))


def figures(parameters: Mapping[str, Any]) -> list[Figured]:
    """Return parameters as names and texts; what lies within another stands behind a dot."""
    found: list[Figured] = []
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            found.extend(_below(name, value))
        elif isinstance(value, list):
            found.extend(_below(name, {str(place): part for place, part in enumerate(value)}))
        elif value is not None:
            found.append(Figured(name=name, value=str(value)))
    return found


def _below(name: str, value: Mapping[str, Any]) -> list[Figured]:
    return [Figured(name=f"{name}.{one.name}", value=one.value) for one in figures(value)]


def number_in(path: str) -> str:
    """Return the number that an address writes."""
    return path.replace("~2F", "/").replace("~7E", "~")
