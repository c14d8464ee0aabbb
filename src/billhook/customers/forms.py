"""The forms of what a customer gives: country, zone, e-mail, amounts; a wrong one is refused before it is stored."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from billhook.core import exact
from billhook.core.calendar import CalendarError, day_start
from billhook.core.money import Currency, currency
from billhook.customers.models.account_type import DELIVERIES
from billhook.customers.refusals import MalformedError

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
LARGEST = Decimal(10) ** 16


def country(code: str) -> str:
    """Return a country's two letters in capitals, or an empty text.

    Raises:
        MalformedError: it is not of two letters.
    """
    capitals = code.strip().upper()
    if capitals and not re.fullmatch("[A-Z]{2}", capitals):
        raise MalformedError(f"{code!r} is no country: give its two letters, such as NL.")
    return capitals


def email(address: str) -> str:
    """Return an e-mail address, or an empty text.

    Raises:
        MalformedError: it is no address; it is not repeated.
    """
    given = address.strip()
    try:
        if given:
            validate_email(given)
    except ValidationError:
        raise MalformedError("The e-mail address is incomplete: give it such as accounts@bakery.example.") from None
    return given


def zone(name: str) -> str:
    """Return a time zone's name.

    Raises:
        MalformedError: there is no such zone.
    """
    try:
        day_start(date(2026, 1, 1), name)
    except (CalendarError, ValueError):
        raise MalformedError(f"There is no time zone {name!r}: give one such as Europe/Amsterdam.") from None
    return name


def language(code: str) -> str:
    """Return a language's code.

    Raises:
        MalformedError: it has not the form of one.
    """
    if not LANGUAGE.fullmatch(code):
        raise MalformedError(f"{code!r} is no language: give its code, such as en or nl-BE.")
    return code


def fits(text: str, what: str, length: int) -> str:
    """Return a text without spaces around it.

    Args:
        text: as given.
        what: what it is, for the message.
        length: how many characters there may be.

    Raises:
        MalformedError: it is longer, or holds a character that cannot be stored.
    """
    trimmed = text.strip()
    if len(trimmed) > length:
        raise MalformedError(f"The {what} has {len(trimmed)} characters: shorten it to {length}.")
    if "\0" in trimmed:
        raise MalformedError(f"The {what} holds a character that is none: type it anew.")
    return trimmed


def filled(text: str, what: str, length: int) -> str:
    """Return a text that may not be empty, without spaces around it.

    Raises:
        MalformedError: it is empty or too long.
    """
    trimmed = fits(text, what, length)
    if not trimmed:
        raise MalformedError(f"The {what} is empty: fill it in.")
    return trimmed


def one_of(value: str, what: str, allowed: Collection[str]) -> str:
    """Return a value that is one of a few.

    Raises:
        MalformedError: it is not.
    """
    if value not in allowed:
        raise MalformedError(f"{value!r} is no {what}: choose one of {', '.join(allowed)}.")
    return value


def delivery(code: str) -> str:
    """Return the way in which invoices are sent.

    Raises:
        MalformedError: there is no such way.
    """
    return one_of(code, "way of delivery", DELIVERIES)


def some_of(values: Iterable[str], what: str, allowed: Collection[str]) -> list[str]:
    """Return values that are each one of a few, each once, in the order of what is allowed.

    Raises:
        MalformedError: one is not.
    """
    given = {one_of(value, what, allowed) for value in values}
    return [value for value in allowed if value in given]


def amount(value: Decimal, what: str, unit: Currency, *, least: Decimal = exact.ZERO) -> Decimal:
    """Return an amount of a currency.

    Args:
        value: an exact decimal.
        what: what it is, for the message.
        unit: its currency; no more decimals than its minor unit has are taken.
        least: the smallest amount, inclusive.

    Raises:
        NotExactError: it is a float, or not finite.
        MalformedError: it is too small or too large, or finer than the currency.
    """
    exact.require(value, what)
    if not least <= value < LARGEST:
        raise MalformedError(f"The {what} is {value} {unit}: give an amount from {least} up to, not including, 10^16.")
    if len(exact.plain(value).partition(".")[2]) > unit.digits:
        raise MalformedError(f"The {what} is {value} {unit}: give no more than {unit.digits} decimals.")
    return value


OF_CUSTOMER: Mapping[str, Callable[[str], str]] = {
    "name": lambda text: filled(text, "name", 200),
    "email": email,
    "country": country,
    "zone": zone,
    "language": language,
    "delivery": delivery,
    "trading_name": lambda text: fits(text, "trading name", 200),
    "registration": lambda text: fits(text, "registration", 64),
    "registration_scheme": lambda text: fits(text, "registration scheme", 20),
    "external_key": lambda text: fits(text, "external key", 120),
    "buyer_reference": lambda text: fits(text, "buyer reference", 100),
}
"""The form of each text of a customer, by its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoRecharge:
    """When and how a prepaid balance is topped up by itself, in the customer's currency.

    Args:
        threshold: below this balance it happens.
        amount: so much each time.
        monthly_cap: no more than this in a calendar month.
    """

    threshold: Decimal
    amount: Decimal
    monthly_cap: Decimal

    def check(self, code: str) -> None:
        """Refuse amounts that are not of a currency, or a cap below one recharge.

        Raises:
            MalformedError: an amount is wrong.
        """
        unit = currency(code)
        amount(self.threshold, "recharge threshold", unit)
        amount(self.amount, "recharge amount", unit, least=Decimal(1).scaleb(-unit.digits))
        amount(self.monthly_cap, "monthly cap", unit)
        if self.monthly_cap < self.amount:
            raise MalformedError(
                f"The monthly cap {self.monthly_cap} is below one recharge of {self.amount}: raise it."
            )


def recharge_columns(settings: AutoRecharge | None, code: str) -> dict[str, Decimal | None]:
    """Return the three columns of an auto-recharge in a currency; without settings they are empty.

    Raises:
        MalformedError: an amount is wrong.
    """
    if settings is None:
        return dict.fromkeys(("recharge_threshold", "recharge_amount", "recharge_monthly_cap"))
    settings.check(code)
    return {
        "recharge_threshold": settings.threshold,
        "recharge_amount": settings.amount,
        "recharge_monthly_cap": settings.monthly_cap,
    }
