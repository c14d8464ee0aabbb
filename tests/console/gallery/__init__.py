"""Sample pages of the console: every template, filled without a database."""

from typing import Any

from tests.console.gallery import billing, operations, sales
from tests.console.gallery.story import shell

PAGES = {
    "overview": ("Overview", sales.overview),
    "customers": ("Customers", sales.customers),
    "customer": ("Customers", sales.customer),
    "invoices": ("Invoices", billing.invoices),
    "invoice": ("Invoices", billing.invoice),
    "invoice_why": ("Invoices", billing.invoice_why),
    "runs": ("Billing runs", billing.runs),
    "run": ("Billing runs", billing.run),
    "mediation": ("Mediation", operations.mediation),
    "batch": ("Mediation", operations.batch),
    "collections": ("Collections", operations.collections),
    "payments": ("Payments", operations.payments),
    "audit": ("Audit log", operations.audit),
    "signin": ("", operations.signin),
    "error": ("", operations.error),
}


def context_of(name: str) -> dict[str, Any]:
    """Return the whole context of one sample page."""
    current, fill = PAGES[name]
    return {"shell": shell(current), **fill()}
