"""Lago: coupons that are used again and again, and what an invoice comes to with them."""

from collections.abc import Mapping

from tests.oracles.adapters.lago_money import DAY, fee
from tests.oracles.adapters.lago_periods import LAGO, billed
from tests.oracles.harness import Case, Facts, adapter
from tests.oracles.reading import cents, figure, in_cents

from billhook.core.discount import Discount
from billhook.core.money import Money
from billhook.core.tax import TaxPolicy, TaxRule


@adapter("credit_note.reusable_coupon", files=LAGO)
def reusable_coupon(given: Facts, _: Case) -> Mapping[str, object]:
    """Return what an invoice comes to whose coupons are spread over its fees before tax."""
    fees = [cents(amount) for amount in given["fees_cents"]]
    rule = TaxRule(tax_category="standard", code="tax", name="tax", percent=figure(given["tax_percent"]))
    coupons = tuple(
        Discount(key=str(place), description="coupon", amount=cents(amount))
        for place, amount in enumerate(given["coupons_cents"])
    )
    lines = [fee(place, amount, tax_category="standard") for place, amount in enumerate(fees)]
    draft = billed(*lines, on=DAY, tax=TaxPolicy(rules=(rule,)), discounts=coupons)
    if draft is None:
        return {}
    gross = sum(fees, Money.zero(draft.currency))
    return {
        "fees_total": in_cents(gross),
        "coupons": in_cents(gross - draft.net),
        "tax": in_cents(draft.tax),
        "total": in_cents(draft.total),
    }
