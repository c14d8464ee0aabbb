"""Money: an exact amount in one currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
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
    """A currency by its ISO 4217 code; `digits` are the decimals of its minor unit."""

    code: str
    digits: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a code that is not in ISO 4217."""
        if self.code not in _DIGITS:
            raise UnknownCurrencyError(f"{self.code!r} is no ISO 4217 currency; give a code such as 'EUR'.")
        object.__setattr__(self, "digits", _DIGITS[self.code])

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
        if type(self.amount) is not Decimal or not self.amount.is_finite():
            exact.require(self.amount, "amount")
        if type(self.currency) is not Currency:
            raise UnknownCurrencyError(f"{self.amount} names no currency; give one such as 'EUR'.")

    @classmethod
    def of(cls, amount: Decimal | int | str, code: Currency | str) -> Self:
        """Return an amount, written with at least the currency's decimals."""
        unit = currency(str(code))
        return cls(Decimal(exact.plain(exact.number(amount, "amount"), unit.digits)), unit)

    @classmethod
    def zero(cls, code: Currency | str) -> Self:
        """Return nothing, in a currency."""
        return cls(_nothing(str(code)), currency(str(code)))

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
        if self.currency is not other.currency and self.currency != other.currency:
            raise MixedCurrenciesError(
                f"{self} and {other} are two currencies; sum each currency on its own, or convert one at a dated rate."
            )
        return other.amount


@cache
def _nothing(code: str) -> Decimal:
    return Decimal(exact.plain(exact.ZERO, currency(code).digits))


def sum_money(amounts: Iterable[Money], unit: Currency) -> Money:
    """Return the exact sum of amounts in one currency, zero for none.

    Raises:
        MixedCurrenciesError: an amount is in another currency.
    """
    result = _nothing(unit.code)
    for amount in amounts:
        if amount.currency is not unit:
            Money.zero(unit)._same(amount)
        result = exact.add(result, amount.amount)
    return Money(result, unit)


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
    if all(type(part) is Decimal for part in parts):
        counts = _of_decimals([part for part in parts if isinstance(part, Decimal)], unit.digits, mode)
    else:
        counts = _of_fractions([Fraction(part) for part in parts], unit.digits, mode)
    return tuple(_of_steps(count, unit) for count in counts)


def _of_decimals(parts: Sequence[Decimal], digits: int, mode: Rounding) -> list[int]:
    whole = int(to_places(exact.total(parts), digits, mode).scaleb(digits, context=exact.EXACT))
    steps = [exact.EXACT.scaleb(part.copy_negate() if whole < 0 else part, digits) for part in parts]
    floors = [int(step.to_integral_value(ROUND_FLOOR)) for step in steps]
    rests = [exact.EXACT.subtract(step, Decimal(floor)) for step, floor in zip(steps, floors, strict=True)]
    return _largest_remainder(floors, rests, whole)


def _of_fractions(parts: Sequence[Fraction], digits: int, mode: Rounding) -> list[int]:
    whole = int(to_places(sum(parts, Fraction(0)) * 10**digits, 0, mode))
    steps = [(-part if whole < 0 else part) * 10**digits for part in parts]
    floors = [step // 1 for step in steps]
    return _largest_remainder(floors, [step - floor for step, floor in zip(steps, floors, strict=True)], whole)


def _largest_remainder(floors: list[int], rests: Sequence[Decimal] | Sequence[Fraction], whole: int) -> list[int]:
    """Return whole steps that sum to a whole: each its own, and one more for the largest rests, earlier first."""
    by_rest = sorted(range(len(floors)), key=rests.__getitem__, reverse=True)
    more = abs(whole) - sum(floors)
    for index in by_rest[:more]:
        floors[index] += 1
    return [-count for count in floors] if whole < 0 else floors


def _of_steps(count: int, unit: Currency) -> Money:
    return Money(Decimal(count).scaleb(-unit.digits, context=exact.EXACT), unit)
