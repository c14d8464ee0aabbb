"""How the console writes numbers, money and dates, and draws icons."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django import template
from django.template.defaultfilters import date as format_date
from django.utils.timezone import is_aware, localtime

from billhook.core import exact
from billhook.core.money import Money, currency
from billhook.interfaces.console import icons

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from billhook.interfaces.console.components import Value

register = template.Library()

NOTHING = "—"
MINUS = "\N{MINUS SIGN}"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹", "KRW": "₩"}


@register.simple_tag
def icon(name: str, size: int = 18) -> SafeString:
    """Draw an icon of the Lucide set beside the words that say the same."""
    return icons.svg(str(name), size)


@register.filter
def money(amount: Decimal | None, code: str) -> str:
    """Write an exact amount with its currency: at least the currency's own digits, and no digit dropped.

    Args:
        amount: an exact decimal in major units; None is written as a dash.
        code: the currency (ISO 4217).

    Raises:
        NotExactError: the amount is a float or not finite.
        UnknownCurrencyError: ISO 4217 has no such currency.
    """
    if amount is None:
        return NOTHING
    exact.require(amount, "amount")
    symbol = _SYMBOLS.get(code, f"{code}{_NO_BREAK}")
    return f"{MINUS if amount < 0 else ''}{symbol}{_grouped(amount, currency(code).digits)}"


@register.filter
def number(value: Decimal | int | None) -> str:
    """Write a quantity with thousands marked and every digit that it has, without trailing zeros."""
    if value is None:
        return NOTHING
    figure = exact.number(value, "quantity")
    return f"{MINUS if figure < 0 else ''}{_grouped(figure, 0)}"


@register.filter
def count(value: int, nouns: str) -> str:
    """Write a count with its noun: ``{{ 3|count:"invoice,invoices" }}`` is "3 invoices"."""
    one, _, many = nouns.partition(",")
    return f"{number(value)} {one if value == 1 else many or one}"


@register.filter
def day(value: date | None) -> str:
    """Write a business date: "1 Apr 2026"."""
    return NOTHING if value is None else format_date(value, f"j{_NO_BREAK}M{_NO_BREAK}Y")


@register.filter
def moment(value: datetime | None) -> str:
    """Write an instant in the zone that is active for the page: "1 Apr 2026, 02:13"."""
    if value is None:
        return NOTHING
    local = localtime(value) if is_aware(value) else value
    return f"{day(local)}, {local:%H:%M}"


@register.filter
def show(value: Value) -> str:
    """Write a value of any kind that a component may carry."""
    match value:
        case None:
            return NOTHING
        case str():
            return value
        case Money():
            return money(value.amount, value.currency.code)
        case datetime():
            return moment(value)
        case date():
            return day(value)
        case _:
            return number(value)


@register.filter
def signed(value: Value) -> str:
    """Write a change: as ``show`` does, with a plus before a gain."""
    figure = value.amount if isinstance(value, Money) else value
    return f"+{show(value)}" if isinstance(figure, int | Decimal) and figure > 0 else show(value)


def _grouped(value: Decimal, digits: int) -> str:
    """Return the figure without its sign, thousands marked, trailing zeros cut back to ``digits`` decimals."""
    whole, _, part = f"{value.copy_abs():,f}".partition(".")
    part = part.rstrip("0").ljust(digits, "0")
    return f"{whole}.{part}" if part else whole
