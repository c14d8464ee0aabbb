"""The catalog's tables: products, prices, plans, rules, rate cards, discounts, taxes and exchange rates."""

from billhook.catalog.models.discounts import Coupon, CouponUse, Discount
from billhook.catalog.models.exchange import ExchangeRate
from billhook.catalog.models.plan_terms import PlanCommitment, PlanPhase, PlanTerm
from billhook.catalog.models.plans import Plan, PlanAllowance, PlanContent, PlanItem
from billhook.catalog.models.prices import Price
from billhook.catalog.models.products import Product, ProductCategory
from billhook.catalog.models.rates import Rate, RateCard
from billhook.catalog.models.rules import CombinationRule
from billhook.catalog.models.taxes import TaxRate, TaxTreatment

__all__ = [
    "CombinationRule",
    "Coupon",
    "CouponUse",
    "Discount",
    "ExchangeRate",
    "Plan",
    "PlanAllowance",
    "PlanCommitment",
    "PlanContent",
    "PlanItem",
    "PlanPhase",
    "PlanTerm",
    "Price",
    "Product",
    "ProductCategory",
    "Rate",
    "RateCard",
    "TaxRate",
    "TaxTreatment",
]
