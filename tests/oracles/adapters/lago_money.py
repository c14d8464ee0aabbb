"""Lago: commitments, coupons, taxes, credit notes, spending thresholds and wallets."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracles.adapters.lago_periods import EUR, LAGO, anchor_of, billed
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import cadence, cents, day, figure, in_cents

from billhook.core.agreement import AgreedLine, ChargeKind
from billhook.core.cadence import Cadence
from billhook.core.commitment import Commitment, CountedFee, true_up
from billhook.core.coupon import Coupon
from billhook.core.credit import Demand, Grant, draw
from billhook.core.credit_note import Invoiced, credit_note
from billhook.core.discount import Discount
from billhook.core.document import InvoiceDraft
from billhook.core.money import Money, round_together
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.proration import Basis, prorate
from billhook.core.rounding import to_places
from billhook.core.spending import Thresholds, progressive
from billhook.core.tax import Taxable, TaxPolicy, TaxRounding, TaxRule, assess
from billhook.core.tax_rules import chosen
from billhook.core.vat import CustomerKind, Place, Scheme, treatment

DAY = date(2001, 1, 1)


def fee(place: int, amount: Money, **changes: Any) -> AgreedLine:
    """Return a fee that is charged once."""
    return AgreedLine(
        key=str(place),
        description=str(place),
        kind=ChargeKind.ONE_TIME,
        price=Flat(currency=EUR, amount=amount.amount),
        active_from=DAY,
        position=place,
        **changes,
    )


@adapter("commitment.minimum", files=LAGO)
def commitment(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the true-up of one period: commitment and plan are prorated, fees count before coupons."""
    start, found = day(given["start"]), cadence(given["interval"])
    anchor = anchor_of(found, given["billing_time"], start)
    number = int(re.match(r"\d+", str(given["period_number"]))[0])  # type: ignore[index]
    if "true-up of period 1" in str(given["period_number"]):
        number = 1
    given.skip("plan_term", "coupon_cents")
    whole, period = _nth(found, anchor, start, number)
    plan = cents(given["plan_cents"])
    part = prorate(period, cycle=whole, basis=Basis.DAYS)
    plan_fee = Money(to_places(Fraction(plan.amount) * part.fraction, EUR.digits), EUR)
    usage = given["usage_cents_in_first_period"] if number == 1 else given["recurring_cents_later_periods"]
    given.skip("usage_cents_in_first_period", "recurring_cents_later_periods")
    committed = Commitment(
        key="commitment",
        description="commitment",
        amount=cents(given["commitment_cents"]),
        cadence=found,
        anchor=anchor,
        active_from=start,
        trued_up_through=period.start,
        counted=(CountedFee(period=period, amount=plan_fee + cents(usage)),),
    )
    ((ended, share),) = committed.due(period.end)
    derivation = true_up(committed.amount, share, committed.counted[0].amount if ended == period else Money.zero(EUR))
    return {"true_up_cents": in_cents(derivation.result)}


def _nth(found: Cadence, anchor: date, start: date, number: int) -> tuple[Period, Period]:
    """Return the n-th whole period from the one that contains a start, and its days from the start on."""
    whole = found.containing(anchor, start)
    for _step in range(1, number):
        whole = found.containing(anchor, whole.end)
    return whole, whole.clip(start, None) or whole


def _coupon(given: Facts) -> Coupon:
    runs = {"once": 1, "forever": None}[given.get("frequency", "once")]
    if "percentage" in given:
        return Coupon(key="coupon", description="coupon", percent=figure(given["percentage"]), runs=runs)
    return Coupon(key="coupon", description="coupon", amount=cents(given["fixed_cents"]), runs=runs)


@adapter("coupon.*", files=LAGO)
def coupon(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what a coupon takes off fees, and whether something is left of it."""
    found = _coupon(given)
    fees = [cents(amount) for amount in (given["fees_cents"] if "fees_cents" in given else [given["base_cents"]])]
    discount = found.discount()
    if discount is None:
        return {}
    shares = round_together(discount.shares([Fraction(amount.amount) for amount in fees]), EUR)
    taken = sum((share.amount for share in shares), Decimal(0))
    after = found.after(Money(taken, EUR))
    return {
        "credit_cents": taken * 100,
        "per_fee": [in_cents(share) for share in shares],
        "coupon_status": "terminated" if after.is_spent else "active",
    }


def _discounted(amounts: Sequence[Money], coupon_cents: Any) -> tuple[Money, ...]:
    discount = Discount(key="coupon", description="coupon", amount=cents(coupon_cents))
    return round_together(discount.shares([Fraction(amount.amount) for amount in amounts]), EUR)


@adapter("tax.coupon_before_tax", files=LAGO)
def coupon_before_tax(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the tax of each fee after a coupon that is spread over them."""
    fees = [cents(row[1]) for row in given["fees"]]
    shares = _discounted(fees, given["coupon_cents"])
    nets = [amount - share for amount, share in zip(fees, shares, strict=True)]
    taxes = [_tax(net, row[2]) for net, row in zip(nets, given["fees"], strict=True)]
    subtotal = sum((in_cents(net) for net in nets), Decimal(0))
    tax = sum((in_cents(amount) for amount in taxes), Decimal(0))
    return {
        "coupon_per_fee": [in_cents(share) for share in shares],
        "subtotal_ex_tax": subtotal,
        "tax_per_fee": [in_cents(amount) for amount in taxes],
        "tax_cents": tax,
        "total_cents": subtotal + tax,
    }


def _tax(net: Money, percent: Any) -> Money:
    rule = TaxRule(tax_category="standard", code="tax", name="tax", percent=figure(percent))
    policy = TaxPolicy(rules=(rule,), rounding=TaxRounding.LINE)
    return assess(policy, [Taxable(net, "standard", DAY)], EUR).lines[0].amount


@adapter("tax.aggregate*", files=LAGO)
def aggregate(given: Facts, _: Case) -> Mapping[str, object]:
    """Return base and tax of each rate of an invoice with a coupon, and its effective rate."""
    rows = given["fees"]
    rules = [
        TaxRule(tax_category=str(place), code=f"tax{percent}", name="tax", percent=figure(percent))
        for place, (_amount, percents) in enumerate(rows)
        for percent in percents
    ]
    options: dict[str, Any] = {}
    if "coupon_cents" in given:
        options["discounts"] = (Discount(key="c", description="c", amount=cents(given["coupon_cents"])),)
    lines = [fee(place, cents(amount), tax_category=str(place)) for place, (amount, _percents) in enumerate(rows)]
    draft = billed(*lines, on=DAY, tax=TaxPolicy(rules=tuple(rules)), **options)
    if draft is None:
        return {}
    return {
        "taxes_cents": in_cents(draft.tax),
        "per_tax": {str(tax.percent): {"base": in_cents(tax.base), "tax": in_cents(tax.amount)} for tax in draft.taxes},
        "effective_rate": _effective(draft),
    }


def _effective(draft: InvoiceDraft) -> Fraction:
    return Fraction(draft.tax.amount) / Fraction(draft.net.amount) * 100 if draft.net else Fraction(0)


@adapter("tax.precedence", files=LAGO)
def precedence(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the tax of a fee by the nearest level at which one is set."""
    levels = {
        "line": given.get("fee"),
        "product": given.get("add_on", given.get("charge", given.get("plan"))),
        "customer": given.get("customer"),
        "company": given["billing_entity_default"],
    }
    percent = chosen(**{name: str(rate) for name, rate in levels.items() if rate is not None})
    amount = next((given[name] for name in ("add_on_cents", "fee_cents", "plan_cents") if name in given), None)
    return {"tax_cents": in_cents(_tax(cents(amount), percent))}


@adapter("tax.eu_vat", files=LAGO)
def eu_vat(given: Facts, _: Case) -> Mapping[str, object]:
    """Return how a sale is taxed in the Union."""
    customer = given["customer"]
    kinds = {"B2B": CustomerKind.BUSINESS, "B2C": CustomerKind.CONSUMER, None: CustomerKind.UNKNOWN}
    if given["kind"] not in kinds:
        raise Unreadable(f"{given['kind']!r} is no kind of customer")
    where = Place(customer.get("country") or "", customer.get("zip") or "")
    found = treatment(given["seller"], where, kinds[given["kind"]])
    words = {
        Scheme.OUTSIDE: "exempt",
        Scheme.REVERSE_CHARGE: "reverse charge",
        Scheme.STANDARD: f"{found.country} standard",
        Scheme.TERRITORY: f"{found.country} exception {found.territory}",
    }
    return {"tax": words[found.scheme]}


@adapter("credit_note.rounding_balance", files=LAGO)
def rounding_balance(given: Facts, _: Case) -> Mapping[str, object]:
    """Return credit notes that round their tax by running total, so that they sum to the invoice."""
    items = [cents(amount) for amount in given["one_off_items_cents"]]
    net, tax = sum((item.amount for item in items), Decimal(0)), cents(given["invoice_tax"])
    given.skip("invoice_total")
    factor = 1 + figure(given["tax_percent"]) / 100
    credited_net = credited_tax = Money.zero(EUR)
    adjustment, notes = Decimal(0), []
    for item in items:
        invoiced = Invoiced(net=Money(net, EUR), tax=tax, credited_net=credited_net, credited_tax=credited_tax)
        note = credit_note(invoiced, item)
        precise = in_cents(item) * factor - adjustment
        adjustment = in_cents(note.total) - precise
        notes.append(
            {"tax": in_cents(note.tax), "total": in_cents(note.total), "precise": precise, "adjustment": adjustment}
        )
        credited_net, credited_tax = credited_net + note.net, credited_tax + note.tax
    names = ["first_note", "second_note", "third_note"]
    return dict(zip(names, notes, strict=False))


@adapter("progressive", files=LAGO)
def progressive_billing(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the invoices of reached thresholds, and the period's, which shows all fees less them."""
    given.skip("calendar")
    price, spent, sums = figure(given["unit_price"]), Decimal(0), []
    for _day, units in given["events"]:
        spent += price * figure(units)
        sums.append(Money.of(spent, EUR))
    at_once = progressive(sums, [cents(bound) for bound in given["thresholds_cents"]])
    credit = sum((in_cents(amount) for amount in at_once), Decimal(0))
    fees = spent * 100 + figure(given["plan_cents"])
    return {
        "progressive_invoices_cents": [in_cents(amount) for amount in at_once],
        "period_end": {"fees": fees, "progressive_credit": credit, "total": fees - credit},
    }


def _thresholds(given: Facts) -> Thresholds:
    fixed = tuple(Fraction(figure(bound)) for bound in given["thresholds"])
    recurring = Fraction(figure(given["recurring"])) if given.get("recurring") is not None else None
    return Thresholds(fixed=fixed, recurring=recurring)


@adapter("threshold.completion", files=LAGO)
def completion(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the thresholds up to the next one, and how far usage is within each."""
    found = _thresholds(given).completion(Fraction(figure(given["usage"])))
    return {"amounts": [bound for bound, _ in found], "ratios": [ratio for _, ratio in found]}


@adapter("alert", files=LAGO)
def alert(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the thresholds that usage has crossed."""
    before, now = Fraction(figure(given["previous"])), Fraction(figure(given["current"]))
    return {"crossed": list(_thresholds(given).crossed(before, now))}


@adapter("wallet.priority", files=LAGO)
def wallet_priority(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what is taken of wallets, in the order of their use."""
    names, grants = {}, []
    for place, wallet in enumerate(given["wallets"]):
        only = wallet.get("only")
        key = str(place)
        names[key] = f"p{wallet['p']}" + (f" {only}-only" if only else "")
        grants.append(
            Grant(
                key=key,
                left=cents(wallet["cents"]),
                granted_on=DAY,
                priority=int(wallet["p"]),
                products=(only,) if only else (),
            )
        )
    total = cents(given["invoice_cents"])
    drawn = draw(grants, [Demand(given["fee"], total)], DAY, cap=total)
    return {"order": [[names[item.key], in_cents(item.amount)] for item in drawn]}


@adapter("wallet.cap", files=LAGO)
def wallet_cap(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the bill of fees below a cent, and what prepaid credit pays of it: at most its total."""
    amounts = []
    for text in given["fees_precise_cents"]:
        figure_, _x, count = text.partition(" x")
        amounts += [Money.of(figure(figure_) / 100, EUR)] * int(count)
    rule = TaxRule(tax_category="standard", code="tax", name="tax", percent=figure(given["tax_percent"]))
    wallet = Grant(key="wallet", left=cents(given["wallet_cents"]), granted_on=DAY)
    lines = [fee(place, amount) for place, amount in enumerate(amounts)]
    draft = billed(*lines, on=DAY, tax=TaxPolicy(rules=(rule,)), grants=(wallet,))
    if draft is None:
        return {}
    paid = sum((in_cents(item.amount) for item in draft.prepaid), Decimal(0))
    return {
        "fees_cents": in_cents(draft.net),
        "taxes_cents": in_cents(draft.tax),
        "prepaid_applied_cents": paid,
        "total_cents": in_cents(draft.due),
        "wallet_after": in_cents(wallet.left) - paid,
    }
