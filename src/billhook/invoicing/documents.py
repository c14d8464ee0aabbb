"""The document of an issued invoice, made from what was stored when it was issued and from nothing newer."""

from decimal import Decimal

from billhook.core.money import currency
from billhook.invoicing.document import DocumentKind, DocumentLine, DocumentTax, InvoiceDocument, Party
from billhook.invoicing.models import Invoice

OUT_OF_SCOPE = "O"
"""The category of lines that no tax was set for; a printed page has nothing to say about it."""


def document_of(invoice: Invoice) -> InvoiceDocument:
    """Return an invoice as it is printed; what was paid since is not on it."""
    parties, lines = invoice.parties, invoice.lines.all()
    return InvoiceDocument(
        number=invoice.number,
        kind=DocumentKind(invoice.kind),
        corrects=", ".join(sorted({line.corrects for line in lines if line.corrects})),
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        currency=invoice.currency,
        currency_digits=currency(invoice.currency).digits,
        seller=_party(parties["seller"]),
        buyer=_party(parties["buyer"]),
        customer_number=parties["buyer"]["number"],
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        buyer_reference=parties["buyer"].get("reference", ""),
        language=parties["language"],
        lines=tuple(
            DocumentLine(
                description=line.description,
                amount=line.amount,
                quantity=line.quantity,
                unit=line.unit,
                unit_price=line.unit_price,
                period_start=line.period_start,
                period_end=line.period_end,
            )
            for line in lines
        ),
        taxes=tuple(
            DocumentTax(
                category=tax.category,
                name=tax.name,
                percent=tax.percent,
                base=tax.base,
                amount=tax.amount,
                reason=tax.reason,
            )
            for tax in invoice.taxes.all()
            if tax.category != OUT_OF_SCOPE or tax.amount
        ),
        paid=Decimal(0),
    )


def _party(stored: dict[str, str]) -> Party:
    return Party(
        name=stored["name"],
        address=tuple(line for line in stored["address"].splitlines() if line),
        vat_id=stored["vat_id"],
        registration=stored.get("registration", ""),
        email=stored["email"],
        bank=stored.get("payment_note", ""),
    )
