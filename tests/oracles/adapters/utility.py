"""Energy tariffs: demand, energy and metering lines, and blocks of consumption."""

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from tests.oracles.adapters.phrases import number
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.money import Money, currency, round_together, sum_money
from billhook.core.price.flat import Flat
from billhook.core.price.graduated import Graduated
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.tiers import Tier
from billhook.core.registers import Register

FILES = ("standards",)
EUR = currency("EUR")
MONTHS = Cadence(CadenceUnit.MONTH)
YEAR_OF_365_DAYS = date(2023, 1, 1)


@adapter("utility/demand-invoice", files=FILES)
def demand_invoice(given: Facts, case: Case) -> Mapping[str, object]:
    """Add energy at its price, the demand line, and the metering fee by day, each rounded once."""
    given.skip("demand")
    energy = re.fullmatch(r"([\d.]+) kWh @ ([\d.]+)", given["energy"])
    metering = re.fullmatch(r"([\d.]+) per (\d+) days x (\d+) days", given["metering_fee"])
    if not energy or not metering:
        raise Unreadable("the lines are written otherwise")
    energy_amount = PerUnit(currency=EUR, unit_price=number(energy[2])).price(number(energy[1])).amount
    fee = Flat(currency=EUR, amount=number(metering[1])).price(exact.ONE).amount
    energy_line = Money(energy_amount, EUR).rounded()
    (metering_line,) = round_together([Fraction(fee) * int(metering[3]) / int(metering[2])], EUR)
    net = sum_money([energy_line, Money.of(number(given["demand_line_net"]), EUR), metering_line], EUR)
    rates = {name: number(found[1]) for name in case.asked if (found := re.fullmatch(r"vat(\d+)", name))}
    taxes = {name: (net * rate * exact.number("0.01")).rounded() for name, rate in rates.items()}
    return {
        "energy_line": energy_line.amount,
        "metering_line": metering_line.amount,
        "excl": net.amount,
        "incl": sum_money([net, *taxes.values()], EUR).amount,
    } | {name: tax.amount for name, tax in taxes.items()}


@adapter("utility/inclining-block", files=FILES)
def blocks(given: Facts, _case: Case) -> Mapping[str, object]:
    """Price the energy of each month of a year of 365 days in blocks; the load is level."""
    load = re.fullmatch(r"([\d.]+) kW flat", given["load"])
    if not load:
        raise Unreadable(given["load"])
    price = Graduated(currency=EUR, tiers=tuple(_tier(text, amount) for text, amount in given["tiers"]))
    end = MONTHS.nth(YEAR_OF_365_DAYS, 12)
    register = Register(key="load", multiplier=number(load[1]))
    used = [
        register.between(exact.ZERO, exact.number(month.days * 24))
        for month in MONTHS.periods(YEAR_OF_365_DAYS, YEAR_OF_365_DAYS, end)
    ]
    return {"monthly_bills": [Money(price.price(energy).amount, EUR).rounded().amount for energy in used]}


def _tier(text: str, amount: object) -> Tier:
    """Read the bounds of a block, such as `0-500 kWh` or `>500`."""
    found = re.fullmatch(r"(?:[\d.]+-([\d.]+)|> ?[\d.]+)(?: kWh)?", text)
    if not found:
        raise Unreadable(text)
    return Tier(up_to=number(found[1]) if found[1] else None, unit_price=number(amount))
