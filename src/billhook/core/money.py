"""Money: an exact amount in one currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Self

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.core.rounding import Rounding, to_places

# ISO 4217 list one, codes with a minor unit, by the number of its decimals; never taken from CLDR, whose figures are
# those of shop tills. BGN stays for books from before 2026, HRK from before 2023.
_CODES_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
        "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
        "HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU "
        "MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
        "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST "
        "XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {code: digits for digits, codes in _CODES_BY_DIGITS.items() for code in codes.split()}


class UnknownCurrencyError(Refusal):
    """A code is not an ISO 4217 currency, or a price names none."""


class MixedCurrenciesError(Refusal):
    """Amounts of two currencies were to be added, compared or billed together."""


class CannotAllocateError(Refusal):
    """An amount was to be shared by parts that give no proportion."""


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency by its ISO 4217 code."""

    code: str

    def __post_init__(self) -> None:
        """Refuse a code that is not in ISO 4217."""
        if self.code not in _DIGITS:
            raise UnknownCurrencyError(f"{self.code!r} is no ISO 4217 currency; give a code such as 'EUR'.")

    @property
    def digits(self) -> int:
        """Return the decimals of its minor unit."""
        return _DIGITS[self.code]

    def __str__(self) -> str:
        """Return the code."""
        return self.code


@cache
def currency(code: str) -> Currency:
    """Return the currency of an ISO 4217 code, one object a code."""
    return Currency(code)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency; it has the currency's decimals only once it is rounded to them."""

    amount: Decimal
    currency: Currency

    def __post_init__(self) -> None:
        """Refuse a float, a figure that is not finite, and a missing currency."""
        exact.require(self.amount, "amount")
        if not isinstance(self.currency, Currency):
            raise UnknownCurrencyError(f"{self.amount} names no currency; give one such as 'EUR'.")

    @classmethod
    def of(cls, amount: Decimal | int | str, code: Currency | str) -> Self:
        """Return an amount, written with at least the currency's decimals."""
        unit = currency(str(code))
        return cls(Decimal(exact.plain(exact.number(amount, "amount"), unit.digits)), unit)

    @classmethod
    def zero(cls, code: Currency | str) -> Self:
        """Return nothing, in a currency."""
        return cls.of(0, code)

    def __add__(self, other: Self) -> Self:
        """Return the exact sum."""
        return type(self)(exact.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Self) -> Self:
        """Return the exact difference."""
        return type(self)(exact.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Self:
        """Return the opposite amount."""
        return type(self)(self.amount.copy_negate() if self.amount else self.amount, self.currency)

    def __abs__(self) -> Self:
        """Return the amount without its sign."""
        return type(self)(self.amount.copy_abs(), self.currency)

    def __mul__(self, factor: Decimal | int) -> Self:
        """Return the exact product."""
        return type(self)(exact.multiply(self.amount, exact.number(factor, "factor")), self.currency)

    def __bool__(self) -> bool:
        """Return whether it is anything but zero."""
        return bool(self.amount)

    def __lt__(self, other: Self) -> bool:
        """Return whether it is less."""
        return self.amount < self._same(other)

    def __le__(self, other: Self) -> bool:
        """Return whether it is at most as much."""
        return self.amount <= self._same(other)

    def __gt__(self, other: Self) -> bool:
        """Return whether it is more."""
        return self.amount > self._same(other)

    def __ge__(self, other: Self) -> bool:
        """Return whether it is at least as much."""
        return self.amount >= self._same(other)

    def __str__(self) -> str:
        """Return amount and code, such as `25.00 EUR`."""
        return f"{exact.plain(self.amount, self.currency.digits)} {self.currency.code}"

    def rounded(self, mode: Rounding = Rounding.HALF_UP) -> Self:
        """Return the amount rounded once to the currency's minor unit."""
        return type(self)(to_places(self.amount, self.currency.digits, mode), self.currency)

    def _same(self, other: Self) -> Decimal:
        if self.currency != other.currency:
            raise MixedCurrenciesError(
                f"{self} and {other} are two currencies; sum each currency on its own, or convert one at a dated rate."
            )
        return other.amount


def sum_money(amounts: Iterable[Money], unit: Currency) -> Money:
    """Return the exact sum of amounts in one currency, zero for none.

    Raises:
        MixedCurrenciesError: an amount is in another currency.
    """
    result = Money.zero(unit)
    for amount in amounts:
        result += amount
    return result


def allocate(amount: Money, weights: Sequence[Decimal | int | Fraction]) -> tuple[Money, ...]:
    """Share an amount in proportion to weights, to the minor unit, by largest remainder; earlier parts win a tie.

    Args:
        amount: in whole minor units.
        weights: none below zero, and not all zero.

    Raises:
        CannotAllocateError: the weights give no proportion, or the amount has a part of a minor unit.
    """
    shares = [Fraction(weight) for weight in weights]
    whole = sum(shares, Fraction(0))
    if whole <= 0 or min(shares) < 0:
        raise CannotAllocateError(f"{amount} cannot be shared by {weights}; give weights above zero.")
    if amount.rounded() != amount:
        raise CannotAllocateError(f"{amount} has a part of a minor unit; round it before sharing it.")
    return round_together([Fraction(amount.amount) * share / whole for share in shares], amount.currency)


def round_together(
    parts: Sequence[Decimal | Fraction], unit: Currency, mode: Rounding = Rounding.HALF_UP
) -> tuple[Money, ...]:
    """Round the sum of exact parts once and spread it over them by largest remainder; earlier parts win a tie.

    Args:
        parts: exact amounts, of either sign.
        unit: the currency whose minor unit is the step.
        mode: how their sum is rounded.
    """
    if len(parts) == 1:
        return (Money(to_places(parts[0], unit.digits, mode), unit),)
    steps = [Fraction(part) * 10**unit.digits for part in parts]
    whole = int(to_places(sum(steps, Fraction(0)), 0, mode))
    sign = -1 if whole < 0 else 1
    floors = [sign * step // 1 for step in steps]
    by_remainder = sorted(range(len(steps)), key=lambda index: floors[index] - sign * steps[index])
    for index in by_remainder[: sign * whole - sum(floors)]:
        floors[index] += 1
    return tuple(_of_steps(sign * count, unit) for count in floors)


def _of_steps(count: int, unit: Currency) -> Money:
    return Money(Decimal(count).scaleb(-unit.digits, context=exact.EXACT), unit)
