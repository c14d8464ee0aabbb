"""Invoices to render."""

from datetime import date
from decimal import Decimal
from typing import Any

from billhook.invoicing.document import DocumentKind, DocumentLine, DocumentTax, InvoiceDocument, Party

SELLER = Party(
    name="Kestrel Networks B.V.",
    address=("Herengracht 12", "1015 BK Amsterdam"),
    vat_id="NL8123.45.678.B01",
    registration="34123456",
    email="billing@kestrel.example",
    bank="IBAN NL91 ABNA 0417 1643 00",
)
BUYER = Party(name="Harbour Bakery", address=("Havenstraat 4", "1506 PG Zaandam"), email="office@harbour.example")
FEE = DocumentLine(
    description="Voice, monthly fee",
    quantity=Decimal("1.000000000000"),
    unit_price=Decimal("20.000000000000"),
    amount=Decimal("20.0000"),
    period_start=date(2026, 4, 1),
    period_end=date(2026, 5, 1),
)
CALLS = DocumentLine(
    description="Calls",
    quantity=Decimal(100),
    unit="min",
    unit_price=Decimal("0.05"),
    amount=Decimal("5.0000"),
    period_start=date(2026, 3, 1),
    period_end=date(2026, 4, 1),
)


def an_invoice(*lines: DocumentLine, percent: Decimal = Decimal(21), **changes: Any) -> InvoiceDocument:
    """Return the invoice of 1 April for these lines, the monthly fee and the calls unless given."""
    shown = lines or (FEE, CALLS)
    net = sum((line.amount for line in shown), Decimal(0))
    tax = net * percent / 100
    values: dict[str, Any] = {
        "number": "KN-2026-0011",
        "kind": DocumentKind.INVOICE,
        "issued_on": date(2026, 4, 1),
        "due_on": date(2026, 4, 15),
        "currency": "EUR",
        "currency_digits": 2,
        "seller": SELLER,
        "buyer": BUYER,
        "customer_number": "1001",
        "lines": shown,
        "net": net,
        "tax": tax,
        "total": net + tax,
        "taxes": (DocumentTax(category="VAT", percent=percent, base=net, amount=tax),),
        "payment_terms": "Due within 14 days.",
    }
    return InvoiceDocument(**{**values, **changes})


def described(description: str) -> DocumentLine:
    """Return a line of one euro with this description."""
    return DocumentLine(description=description, quantity=Decimal(1), unit_price=Decimal(1), amount=Decimal("1.00"))
