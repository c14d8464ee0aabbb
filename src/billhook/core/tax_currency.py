"""Tax in the seller's currency: shown besides the tax of an invoice in another one (BT-6, BT-111)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from billhook.core.contract_steps import Converted
from billhook.core.derivation import Derivation, Fee, Rounded, run
from billhook.core.exchange import ExchangeTable
from billhook.core.money import Currency, Money, round_together, sum_money
from billhook.core.rounding import Rounding, to_places
from billhook.core.tax import TaxLine


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingTax:
    """The tax of an invoice in the currency of the seller's books.

    Args:
        derivation: how the total came about, at the rate of a day.
        by_line: of each tax line in order; they sum to the total.
    """

    derivation: Derivation
    by_line: tuple[Money, ...]

    @property
    def currency(self) -> Currency:
        """Return the currency in which tax is accounted for (BT-6)."""
        return self.derivation.result.currency

    @property
    def total(self) -> Money:
        """Return the tax of the invoice in that currency (BT-111)."""
        return self.derivation.result


def accounting_tax(
    taxes: Sequence[TaxLine], currency: Currency, *, seller: Currency, table: ExchangeTable, on: date
) -> AccountingTax | None:
    """Return the tax of an invoice in the seller's currency, rounded once; None where the invoice is in it.

    Args:
        taxes: of the invoice.
        currency: of the invoice.
        seller: the currency of its books.
        table: dated exchange rates.
        on: whose rate holds, such as the day on which tax becomes due.

    Raises:
        ExchangeError: there is no rate for the day.
    """
    if currency == seller:
        return None
    rate = table.rate(seller, on) / table.rate(currency, on)
    total = sum_money((line.amount for line in taxes), currency)
    steps = (
        Fee(name="the tax", amount=total.amount),
        Converted(source=currency.code, target=seller.code, rate=rate, on=on),
        Rounded(places=seller.digits, mode=Rounding.HALF_UP),
    )
    converted = Money(to_places(run(steps), seller.digits), seller)
    shares = round_together([Fraction(line.amount.amount) * rate for line in taxes], seller) if taxes else ()
    return AccountingTax(derivation=Derivation(steps, converted), by_line=shares)
