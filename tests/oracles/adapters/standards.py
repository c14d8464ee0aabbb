"""Norms and laws: totals of electronic invoices, currencies, tax rounding, calendars, network limits."""

import re
from calendar import isleap
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracles.comparing import AnyOrder, Series
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import cadence, day, figure, money

from billhook.core import calendar
from billhook.core.agreement import AgreedLine, Agreement, ChargeKind, Cycle
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.document import InvoiceDraft
from billhook.core.draft import bill
from billhook.core.money import Currency, Money, currency, sum_money
from billhook.core.network_limits import (
    NACHA_REINITIATION,
    NACHA_RETURN_LIMITS,
    Next,
    mastercard_advice,
    retryable,
)
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.rounding import Rounding, to_places
from billhook.core.suspension import suspend
from billhook.core.tax import Taxable, TaxPolicy, TaxRounding, TaxRule, assess
from billhook.core.vat_id import is_vat_id

STANDARDS = ("standards",)
DAY = date(2001, 1, 1)
EUR = currency("EUR")
MONTHLY = Cadence(CadenceUnit.MONTH)
SECONDS_AN_HOUR = 3600


@adapter("einvoice/totals", files=STANDARDS)
def totals(given: Facts, _: Case) -> Mapping[str, object]:
    """Return lines, taxes and totals of an electronic invoice (EN 16931, BR-CO-10 to BR-CO-17)."""
    given.skip("document", "type_code")
    unit = currency(given["currency"])
    rows = [(_line_amount(line), _category(line)) for line in given["lines"]]
    adjusted = [(_signed(item), _category(item)) for item in given["document_allowances_charges"]]
    draft = _draft([*rows, *adjusted], unit)
    nets = [line.amount for line in draft.lines[: len(rows)]]
    prepaid, rounding = figure(given["prepaid"] or "0"), figure(given["payable_rounding"] or "0")
    return {
        "line_nets": [net.amount for net in nets],
        "sum_of_lines": sum_money(nets, unit).amount,
        "total_excl_vat": draft.net.amount,
        "vat_breakdown": AnyOrder.of(
            {"category": tax.category, "percent": tax.percent, "tax": tax.amount.amount, "taxable": tax.base.amount}
            for tax in draft.taxes
        ),
        "vat_total": draft.tax.amount,
        "total_incl_vat": draft.total.amount,
        "amount_due": draft.total.amount - prepaid + rounding,
    }


def _line_amount(line: Facts) -> Decimal:
    """Return quantity times price per base quantity, with the allowances and charges of the line."""
    line.skip("unit")
    exactly = Fraction(figure(line["qty"])) * Fraction(figure(line["unit_price"]))
    exactly /= Fraction(figure(line.get("price_base_qty") or "1"))
    exactly += sum((Fraction(_signed(item)) for item in line.get("line_allowances_charges", ())), Fraction(0))
    return to_places(exactly, 12)


def _signed(item: Facts) -> Decimal:
    return figure(item["amount"]) if item["charge"] else -figure(item["amount"])


def _category(facts: Facts) -> tuple[str, Decimal]:
    return facts["vat_category"], figure(facts["vat_percent"]).normalize()


def _draft(rows: Sequence[tuple[Decimal, tuple[str, Decimal]]], unit: Currency) -> InvoiceDraft:
    rules = {
        TaxRule(tax_category=f"{code} {percent}", code="vat", name="VAT", percent=percent, category=code)
        for _amount, (code, percent) in rows
    }
    lines = tuple(
        AgreedLine(
            key=str(place),
            description=str(place),
            kind=ChargeKind.ONE_TIME,
            price=Flat(currency=unit, amount=amount),
            active_from=DAY,
            position=place,
            tax_category=f"{code} {percent}",
        )
        for place, (amount, (code, percent)) in enumerate(rows)
    )
    cycle = Cycle(cadence=MONTHLY, anchor=DAY, next_bill=DAY)
    policy = TaxPolicy(rules=tuple(rules))
    draft = bill(Agreement(customer="buyer", currency=unit, cycle=cycle, lines=lines, tax=policy), (), DAY)
    if draft is None:
        raise Unreadable("the invoice has no lines")
    return draft


@adapter("currency/cldr-trap", files=STANDARDS)
def minor_units(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the decimals of currencies."""
    return {"iso4217_digits": {code: currency(code).digits for code in given["codes"]}}


@adapter("currency/rounding", files=STANDARDS)
def currency_rounding(given: Facts, _: Case) -> Mapping[str, object]:
    """Round amounts to the decimals of their currencies."""
    amounts = {code: money(given[code], code) for code in given}
    return {mode.value: {code: amount.rounded(mode).amount for code, amount in amounts.items()} for mode in Rounding}


@adapter("tax/rounding-mode-discriminator", files=STANDARDS)
def tax_rounding(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the tax of an amount, and what another rounding would make of it."""
    taxable, percent = money(given["taxable"], "EUR"), figure(given["percent"])
    return {
        "tax": _tax([taxable], percent, TaxRounding.RATE).amount,
        "wrong_if_half_even": (taxable * (percent / 100)).rounded(Rounding.HALF_EVEN).amount,
    }


def _tax(amounts: Sequence[Money], percent: Decimal, rounding: TaxRounding) -> Money:
    rule = TaxRule(tax_category="standard", code="tax", name="tax", percent=percent)
    taxables = [Taxable(amount, "standard", DAY) for amount in amounts]
    unit = amounts[0].currency
    taxed = assess(TaxPolicy(rules=(rule,), rounding=rounding), taxables, unit)
    return sum_money((line.amount for line in taxed.lines), unit)


@adapter("tax/us-rounding", files=STANDARDS)
def us_rounding(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the sales tax of items, rounded for each or for the invoice."""
    given.skip("law")
    items, percent = [money(amount) for amount in given["items"]], figure(given["rate_percent"])
    return {
        "invoice_basis": _tax(items, percent, TaxRounding.RATE).amount,
        "item_basis": _tax(items, percent, TaxRounding.LINE).amount,
    }


@adapter("tax/vat-id-checksum", files=STANDARDS)
def vat_ids(given: Facts, _: Case) -> Mapping[str, object]:
    """Return which VAT ids are right."""
    return {"valid": [is_vat_id(text) for text in given["ids"]]}


@adapter("dates/bill-cycle-day", files=STANDARDS)
def bill_cycle_day(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the bill dates after an anchor, and the one in the next leap February."""
    text, _space, name = given["anchor"].partition(" ")
    anchor, found = day(text), cadence(name)
    dates = [found.nth(anchor, n) for n in range(1, 100)]
    leap = next((on for on in dates if isleap(on.year) and on.month == 2), None)
    return {"bill_dates": Series.of(dates), "leap": leap}


@adapter("dates/day-length", files=STANDARDS)
def day_length(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how many hours days have."""
    lengths = [calendar.seconds(Period.day(day(on)), zone) for zone, on in given["days"]]
    return {"hours": [Fraction(seconds, SECONDS_AN_HOUR) for seconds in lengths]}


@adapter("dates/suspension", files=STANDARDS)
def suspension(given: Facts, _: Case) -> Mapping[str, object]:
    """Return which months of a year are billed around a suspension."""
    match = re.fullmatch(r"(\d+) years? from (\w+ \d+), (\w+)", given["sub"])
    days = re.fullmatch(r"(\w+ \d+) to (\w+ \d+)", given["suspended"])
    if match is None or days is None:
        raise Unreadable(f"{given['sub']!r} is no subscription")
    start, found = day(match[2]), cadence(match[3])
    end = Cadence(CadenceUnit.YEAR, int(match[1])).nth(start, 1)
    line = AgreedLine(
        key="sub",
        description="sub",
        kind=ChargeKind.RECURRING,
        cadence=found,
        price=Flat(currency=EUR, amount=Decimal(1)),
        active_from=start,
        active_until=end,
    )
    lines = suspend(line, Period(day(days[1]), day(days[2])))
    cycle = Cycle(cadence=found, anchor=start, next_bill=end)
    draft = bill(Agreement(customer="customer", currency=EUR, cycle=cycle, lines=lines), (), end)
    billed = {line.period.start for line in draft.lines} if draft else set()
    whole = [period.start for period in found.periods(start, start, end)]
    return {"billed_months": len(billed), "no_charge_for": [f"{on:%B}" for on in whole if on not in billed]}


@adapter("retries/mastercard-mac", files=STANDARDS)
def merchant_advice(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a merchant advice code says about the next attempt."""
    code = given["merchant_advice_code"]
    advice = mastercard_advice(code)
    wait = advice.wait or timedelta(0)
    hours = Fraction(int(wait.total_seconds()), SECONDS_AN_HOUR)
    words = {Next.NEVER: "never", Next.LATER: f"later ({hours} h default)", Next.AFTER_UPDATE: "after update"}
    return {
        "retry": words[advice.next],
        "retry_after_hours": hours,
        "retry_after_days": Fraction(int(wait.total_seconds()), 24 * SECONDS_AN_HOUR),
    }


@adapter("ach/reinitiation", files=STANDARDS)
def reinitiation(given: Facts, _: Case) -> Mapping[str, object]:
    """Return whether and how often returned debits may be presented again."""
    return {
        "retry_allowed": retryable(given["return_codes"]),
        "max_reinitiations": NACHA_REINITIATION.most,
        "window_days": NACHA_REINITIATION.window_days,
        "other_codes": "automatic retry" if retryable(["R02"]) else "no automatic retry",
    }


@adapter("ach/return-rates", files=STANDARDS)
def return_rates(given: Facts, _: Case) -> Mapping[str, object]:
    """Return which limits of returned debits are exceeded."""
    debits = int(given["debits_last_60_days"])
    returned = {name.partition("(")[0]: int(given[name]) for name in given if name != "debits_last_60_days"}
    alerts, fine = [], []
    for limit in NACHA_RETURN_LIMITS:
        if limit.name in returned:
            rate = to_places(limit.rate(returned[limit.name], debits), 2)
            over = limit.is_exceeded(returned[limit.name], debits)
            (alerts if over else fine).append(f"{limit.name} {rate}% {'>' if over else '<='} {limit.percent}%")
    return {"alerts": AnyOrder.of(alerts), "ok": AnyOrder.of(fine)}
