"""jBilling: credits, cancellation fees, discounts and taxes of orders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracles.adapters.jbilling_cycles import JBILLING, USD
from tests.oracles.adapters.jbilling_invoices import MONTHLY, TODAY, billed, order_line, short
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import day, figure, money

from billhook.core.agreement import AgreedLine, ChargeKind, Cycle
from billhook.core.billed import BilledPart, credits_for
from billhook.core.cadence import Cadence, CadenceUnit, anchor_on
from billhook.core.cancellation import (
    CancellationFee,
    FlatFee,
    PercentOfRest,
    PerRestingPeriod,
    RestCount,
    Term,
    cancellation_fee,
    whole_periods,
)
from billhook.core.coupon import Coupon
from billhook.core.discount import Discount
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.price.per_unit import PerUnit
from billhook.core.tax import FixedPer, TaxPolicy, TaxRule


@adapter("proration.doc", files=JBILLING)
def proration_doc(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the first bill of a monthly order up to the customer's billing day."""
    start, end = day(given["start"]), day(given["first_bill_to"])
    anchor = anchor_on(int(given["cycle_day"]), start=start, cadence=MONTHLY)
    price = Flat(currency=USD, amount=figure(given["monthly"]))
    draft = billed(
        [order_line(cadence=MONTHLY, price=price, active_from=start)],
        Cycle(cadence=MONTHLY, anchor=anchor, next_bill=end),
        start,
    )
    return {"amount": draft.total.amount if draft else None}


@adapter("proration.credit", files=JBILLING)
def proration_credit(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the credit for a month that was billed in advance and is cancelled within."""
    cancelled = day(given["cancel_on"])
    month = MONTHLY.containing(day(f"{given['billed'][:3]} 1"), cancelled)
    part = BilledPart(period=month, amount=money(given["prepaid_monthly"]))
    credit = credits_for(part, [Period(month.start, cancelled)])[0]
    return {
        "credit_order": credit.amount.amount,
        "credit_since": short(credit.period.start),
        "credit_until": short(credit.period.end),
        "original_status": "finished" if part.period.end == credit.period.end else "active",
    }


@dataclass(frozen=True, slots=True)
class _Weeks:
    """A day that is written as weeks or days from today."""

    text: str

    @property
    def day(self) -> date:
        """Return the day."""
        match = re.fullmatch(r"today\+(\d+)([wd])", self.text)
        if match is None:
            raise Unreadable(f"{self.text!r} is no day")
        return TODAY + timedelta(**{"weeks" if match[2] == "w" else "days": int(match[1])})


@adapter("orders.cancel_fee", files=JBILLING)
def cancel_fee(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the fee for each whole period that remains, and each unit."""
    found = Cadence(CadenceUnit.DAY, int(given["days_in_period"]))
    rest = Period(_Weeks(given["new_until"]).day, _Weeks(given["old_until"]).day)
    quantity = figure(given["quantity"])
    term = Term(period=rest, cadence=found, price=money(given["fee_price"]), quantity=quantity)
    fee = cancellation_fee(PerRestingPeriod(amount=money(given["fee_price"])), term, rest.start)
    return {"fee_order": fee.result.amount, "fee_quantity": whole_periods(found, rest) * quantity}


@adapter("orders.cancel_fee_ce4", files=JBILLING)
def cancel_fee_ce4(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the fee, flat or of what remains of the least number of months; 30 days are a month."""
    start, until = day(given["active_since"]), day(given["active_until"])
    term = Term(
        period=Period(start, MONTHLY.nth(start, int(given["min_period_months"]))),
        cadence=MONTHLY,
        price=money(given["monthly"]),
        rest=RestCount.MONTHS_OF_30,
    )
    fee: CancellationFee = (
        PercentOfRest(percent=figure(given["percent"]))
        if given["fee_type"] == "PERCENTAGE"
        else FlatFee(amount=money(given["fee"]))
    )
    return {"fee": cancellation_fee(fee, term, until).result.amount}


@adapter("orders.percentage_line", files=JBILLING)
def percentage_line(given: Facts, _: Case) -> Mapping[str, object]:
    """Return a line that is a percentage below zero of the others."""
    percent = figure(given["percentage_item"])
    if percent >= 0:
        raise Unreadable("the percentage is not below zero")
    lines = [_once(place, amount) for place, amount in enumerate(given["lines"])]
    discount = Discount(key="percentage", description="percentage", percent=-percent)
    draft = billed(lines, Cycle(cadence=MONTHLY, anchor=TODAY, next_bill=TODAY), TODAY, discounts=(discount,))
    return {"line_amount": draft.lines[-1].amount.amount if draft else None}


def _once(place: int, amount: Any) -> AgreedLine:
    return order_line(
        key=str(place), kind=ChargeKind.ONE_TIME, price=Flat(currency=USD, amount=figure(amount)), active_from=TODAY
    )


@adapter("orders.current_order", files=JBILLING)
def current_order(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the line that is added to an empty order."""
    if given["current_order"]:
        raise Unreadable("the order has lines")
    added = given["add"]
    price, quantity = figure(added["price"]), figure(added["quantity"])
    amount = PerUnit(currency=USD, unit_price=price).price(quantity).amount
    return {"amount": amount, "price": price, "quantity": quantity}


@adapter("orders.future_active_since", files=JBILLING)
def future(given: Facts, _: Case) -> Mapping[str, object]:
    """Return whether a one-time order that starts later makes an invoice."""
    line = replace(_once(0, "1"), active_from=_Weeks(given["pre_paid_once_active_since"]).day)
    draft = billed([line], Cycle(cadence=MONTHLY, anchor=TODAY, next_bill=TODAY), TODAY)
    return {"invoice_created": given["createOrder"] and draft is not None}


def _taxed(amounts: list[Any], rule: TaxRule) -> Mapping[str, object]:
    lines = [_once(place, amount) for place, amount in enumerate(amounts)]
    cycle = Cycle(cadence=MONTHLY, anchor=TODAY, next_bill=TODAY)
    draft = billed(lines, cycle, TODAY, tax=TaxPolicy(rules=(rule,)))
    return {"tax_line": draft.tax.amount, "lines": len(draft.lines) + len(draft.taxes)} if draft else {}


@adapter("tax.flat", files=JBILLING)
def flat_tax(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the tax that is a sum for the invoice."""
    fixed = figure(given["flat_tax"])
    rule = TaxRule(
        tax_category="standard", code="flat", name="flat", percent=Decimal(0), fixed=fixed, per=FixedPer.INVOICE
    )
    return _taxed(given["lines"], rule)


@adapter("tax.country", "tax.doc", "tax.base", files=JBILLING)
def percent_tax(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the tax that is a percentage of what is new on the invoice, for customers of its country."""
    given.skip("carried_balance")
    applies = given.get("tax_country") == given.get("customer_country")
    amounts = given["lines"] if "lines" in given else [given["new_charges"]]
    percent = figure(given["percent"]) if applies else Decimal(0)
    return _taxed(amounts, TaxRule(tax_category="standard", code="tax", name="tax", percent=percent))


@adapter("discounts.amount", files=JBILLING)
def discount_amount(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the one-time discount of an order."""
    coupon = Coupon(key="discount", description="discount", amount=money(given["amount"]))
    found = coupon.discount()
    draft = billed(
        [_once(0, given["order_total"])],
        Cycle(cadence=MONTHLY, anchor=TODAY, next_bill=TODAY),
        TODAY,
        discounts=(found,) if found else (),
    )
    line = draft.lines[-1] if draft else None
    if line is None:
        return {}
    return {
        "discount_order_total": line.amount.amount,
        "item": line.product or None,
        "line_type": line.kind.value,
        "linked_orders": 1,
        "period": "one-time" if coupon.after(-line.amount).is_spent else "recurring",
    }
