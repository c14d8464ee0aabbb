"""What the sign-up page shows of a plan and of a first bill, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from billhook.core.derivation import sentence
from billhook.core.draft import InvoiceDraft
from billhook.interfaces.console.components import Value
from billhook.interfaces.console.templatetags.console import number
from billhook.interfaces.console.views import words
from billhook.interfaces.price_words import how_often, in_words

WHEN = {
    "recurring": {"in_advance": "{often}, paid at its beginning", "in_arrears": "{often}, paid at its end"},
    "usage": {"in_advance": "by use, billed {often}", "in_arrears": "by use, billed {often}"},
    "one_time": {"in_advance": "once", "in_arrears": "once"},
}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One product of a plan: what it is, what it costs and when."""

    name: str
    price: str
    when: str


@dataclass(frozen=True, slots=True)
class BillRow:
    """One line of a bill: what, for which days, how much, and why."""

    description: str
    period: str
    amount: Value
    why: str


@dataclass(frozen=True, slots=True)
class FirstBill:
    """A bill as it will be issued; `sums` are net and taxes, none without tax."""

    on: date
    rows: tuple[BillRow, ...]
    sums: tuple[tuple[str, Value], ...]
    total: Value


def plan_lines(items: Any, prices: Mapping[int, Any], code: str) -> tuple[PlanLine, ...]:
    """Return the products of a plan with their prices in one currency.

    Args:
        items: of the plan, each with its product.
        prices: those in force, by the product's primary key.
        code: the currency of whoever signs up (ISO 4217).
    """
    return tuple(
        _plan_line(item, [one for one in prices.get(item.product_id, ()) if one.currency == code]) for item in items
    )


def _plan_line(item: Any, prices: list[Any]) -> PlanLine:
    often = how_often(item.cadence_unit, item.cadence_count)
    when = WHEN.get(item.product.kind, {}).get(item.timing, "")
    price = in_words(prices[0], item.product.unit) if prices else "no price in this currency"
    return PlanLine(item.product.name, price, when.format(often=often))


def first_bill(draft: InvoiceDraft | None) -> FirstBill | None:
    """Return a draft in words; None where nothing is due."""
    if draft is None:
        return None
    rows = tuple(
        BillRow(
            line.description, words.span(line.period.start, line.period.end), line.amount, sentence(line.derivation)
        )
        for line in draft.lines
    )
    taxes = tuple((f"{tax.name} {number(tax.percent)} %", tax.amount) for tax in draft.taxes if tax.amount)
    sums: tuple[tuple[str, Value], ...] = (("Net", draft.net), *taxes) if taxes else ()
    return FirstBill(draft.bill_date, rows, sums, draft.due)
