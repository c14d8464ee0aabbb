"""The whole catalog of a company as one frozen value: what a file says of it, and what two companies compare."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, models

from billhook.catalog.models import (
    CombinationRule,
    Coupon,
    Discount,
    ExchangeRate,
    Plan,
    PlanAllowance,
    PlanCommitment,
    PlanContent,
    PlanItem,
    PlanPhase,
    PlanTerm,
    Price,
    Product,
    ProductCategory,
    TaxRate,
    TaxTreatment,
)
from billhook.core import exact
from billhook.foundation.scope import current_company_id

Row = Mapping[str, Any]
"""One thing as names and JSON values: decimals as text without needless zeros, dates in ISO 8601."""

Rows = tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A catalog, sorted and without primary keys.

    Args:
        prices: in force and future versions of each price.
        plans: every version in force or future, with all its parts.
        rate_cards: by code, with the number of their rates and a hash of them all.
    """

    categories: Rows
    products: Rows
    prices: Rows
    plans: Rows
    rules: Rows
    discounts: Rows
    coupons: Rows
    tax_rates: Rows
    tax_treatments: Rows
    exchange_rates: Rows
    rate_cards: Rows

    def as_data(self) -> dict[str, list[dict[str, Any]]]:
        """Return it as JSON has it."""
        return {name: [dict(row) for row in rows] for name, rows in asdict(self).items()}


def snapshot(*, on: date) -> Snapshot:
    """Return the catalog of the company in scope, in a fixed number of statements.

    Args:
        on: the day from which prices, plans and dated rates count; what ended or was superseded before is left out.
    """
    return Snapshot(
        categories=_rows(
            ProductCategory, ["code", "name", "parent__code", "tax_category", "revenue_account"], ["code"]
        ),
        products=_rows(Product, _PRODUCT, ["code"]),
        prices=_superseding(_rows(Price, _PRICE, _PRICE_KEY), _PRICE_KEY[:-1], on),
        plans=_plans(on),
        rules=_rows(CombinationRule, ["subject", "rule", "other", "quantity"], ["subject", "rule", "other"]),
        discounts=_open(_rows(Discount, _DISCOUNT, ["position", "code"]), on),
        coupons=_open(_rows(Coupon, _COUPON, ["code"]), on),
        tax_rates=_open(_rows(TaxRate, _TAX, _TAX_KEY), on),
        tax_treatments=_rows(TaxTreatment, _TREATMENT, ["position"]),
        exchange_rates=_superseding(_rows(ExchangeRate, _EXCHANGE, _EXCHANGE_KEY), _EXCHANGE_KEY[:-1], on),
        rate_cards=_rate_cards(),
    )


_PRODUCT = [
    "code",
    "name",
    "kind",
    "status",
    "category__code",
    "description",
    "unit",
    "tax_category",
    "revenue_account",
    "custom",
]
_PRICE_KEY = ["product__code", "currency", "customer", "account_type", "plan", "valid_from"]
_PRICE = [
    *_PRICE_KEY,
    "version",
    "shared_with_children",
    "model",
    "parameters",
    "rate_card__code",
    "record_decimals",
    "minimum",
    "maximum",
    "existing_from",
]
_PLAN = ["code", "version", "name", "description", "status", "valid_from"]
_DISCOUNT = [
    "code",
    "name",
    "percent",
    "amount",
    "currency",
    "products",
    "categories",
    "periods",
    "position",
    "keep_rest",
    "valid_from",
    "valid_until",
]
_COUPON = ["code", "discount__code", "most", "most_per_customer", "account_types", "valid_until"]
_TAX_KEY = ["country", "region", "tax_category", "code", "valid_from"]
_TAX = [*_TAX_KEY, "valid_until", "name", "kind", "category", "percent", "fixed", "per", "compound", "reason"]
_TREATMENT = [
    "position",
    "code",
    "name",
    "countries",
    "except_countries",
    "business",
    "vat_checked",
    "exemption",
    "outcome",
    "category",
    "reason",
]
_EXCHANGE_KEY = ["from_currency", "to_currency", "valid_from"]
_EXCHANGE = [*_EXCHANGE_KEY, "rate", "source"]
_PARTS: Mapping[str, tuple[type[models.Model], list[str], list[str]]] = {
    "items": (
        PlanItem,
        ["product__code", "timing", "quantity", "cadence_unit", "cadence_count", "proration"],
        ["position"],
    ),
    "contents": (PlanContent, ["contained__code", "contained__version", "quantity"], ["position"]),
    "allowances": (
        PlanAllowance,
        [
            "code",
            "name",
            "products",
            "counts",
            "amount",
            "currency",
            "increment",
            "priority",
            "shared",
            "partial",
            "roll_over_cycles",
            "roll_over_cap",
        ],
        ["priority", "code"],
    ),
    "phases": (
        PlanPhase,
        ["name", "kind", "length_unit", "length_count", "price_factor", "prices"],
        ["position"],
    ),
    "term": (
        PlanTerm,
        [
            "unit",
            "count",
            "notice_unit",
            "notice_count",
            "renewal",
            "fee_kind",
            "fee_currency",
            "fee",
            "fee_step",
        ],
        [],
    ),
    "commitments": (
        PlanCommitment,
        ["currency", "amount", "unit", "count", "description", "tax_category"],
        ["currency"],
    ),
}


def _rows(model: type[models.Model], names: list[str], order: list[str]) -> Rows:
    """Return the rows of a table with the named columns; one statement."""
    rows = model._default_manager.filter(company_id=current_company_id()).order_by(*order).values_list(*names)
    return tuple(dict(zip(map(_short, names), map(_plain, row), strict=True)) for row in rows)


def _short(name: str) -> str:
    """Return the name of a column; the code of another thing is named by the thing."""
    return name.removesuffix("__code")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return exact.plain(value)
    return value.isoformat() if isinstance(value, date) else value


def _superseding(rows: Rows, key: list[str], on: date) -> Rows:
    """Return the rows that are in force on a day or later: of each key the newest that has begun, and all after it."""
    names = [_short(name) for name in key]
    newest: dict[tuple[Any, ...], str] = {}
    for row in rows:
        begins = row["valid_from"] or ""
        if begins <= on.isoformat():
            key_of = tuple(row[name] for name in names)
            newest[key_of] = max(newest.get(key_of, ""), begins)
    return tuple(row for row in rows if (row["valid_from"] or "") >= newest.get(tuple(row[name] for name in names), ""))


def _open(rows: Rows, on: date) -> Rows:
    """Return the rows that have not ended by a day."""
    return tuple(row for row in rows if row["valid_until"] is None or row["valid_until"] > on.isoformat())


def _plans(on: date) -> Rows:
    """Return the plans with their parts; one statement a table."""
    parts = {name: _by_plan(*part) for name, part in _PARTS.items()}
    plans = _superseding(_rows(Plan, _PLAN, ["code", "version"]), ["code"], on)
    found = []
    for plan in plans:
        key = (plan["code"], plan["version"])
        whole = {name: by_plan.get(key, []) for name, by_plan in parts.items()}
        found.append({**plan, **whole, "term": next(iter(whole["term"]), None)})
    return tuple(found)


def _by_plan(model: type[models.Model], names: list[str], order: list[str]) -> Mapping[tuple[str, int], list[Row]]:
    by_plan: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in _rows(model, ["plan__code", "plan__version", *names], order):
        rest = dict(row)
        by_plan[rest.pop("plan"), rest.pop("plan__version")].append(rest)
    return by_plan


_CARDS = """
select card.code, card.name, card.currency, count(rate.id),
    string_agg(
        md5(concat_ws('|', rate.prefix, rate.destination, trim_scale(rate.price_per_minute),
            trim_scale(rate.connection_fee), rate.first_increment, rate.next_increment, rate.minimum_seconds,
            rate.valid_from, coalesce(rate.valid_until::text, '-'))),
        '' order by rate.prefix, rate.valid_from)
from catalog_ratecard card left join catalog_rate rate on rate.card_id = card.id
where card.company_id = %s
group by card.id order by card.code
"""


def _rate_cards() -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, [current_company_id()])
        return tuple(_cards(cursor.fetchall()))


def _cards(rows: Iterable[tuple[Any, ...]]) -> Iterable[Row]:
    for code, name, currency, count, hashes in rows:
        digest = hashlib.sha256((hashes or "").encode()).hexdigest()
        yield {"code": code, "name": name, "currency": currency, "rates": count, "sha256": digest}
