"""An invoice as it is printed: plain data with every figure settled, and how its language writes figures and dates."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

SECONDS = "s"
_DAY = timedelta(days=1)
_DASH = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹"}


class DocumentDoesNotAddUpError(ValueError):
    """Raised for a document whose net and tax do not make its total."""

    def __init__(self, number: str, *, net: Decimal, tax: Decimal, total: Decimal) -> None:
        """Name the document and its figures."""
        super().__init__(f"{number} says {net} net and {tax} tax, but {total} in total: bill it again, never print it.")


class InexactFigureError(TypeError):
    """Raised for a figure that is not an exact, finite decimal."""

    def __init__(self, figure: object) -> None:
        """Name the figure."""
        super().__init__(f"{figure!r} is no exact figure: give a finite Decimal.")


class DocumentKind(StrEnum):
    """What the document is: a claim, or less of an earlier one."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The seller or the buyer, as they were on the day of issue; `bank` is where to pay, in the seller's words."""

    name: str
    address: tuple[str, ...] = ()
    vat_id: str = ""
    registration: str = ""
    email: str = ""
    bank: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One line of the document.

    Args:
        description: what was sold; user text, never markup.
        amount: in the document's currency, rounded as it was issued.
        quantity: how many of `unit`; None where the line has none.
        unit_price: of one `unit`, with up to 12 decimals; None where no single price made the amount.
        period_start: first day of the service period, inclusive.
        period_end: the day after its last one, exclusive.
    """

    description: str
    amount: Decimal
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    period_start: date | None = None
    period_end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTax:
    """The tax of one category and rate.

    Args:
        category: the code of EN 16931 (UNTDID 5305).
        name: what the page calls it; empty for the code.
        reason: the sentence that the law asks for where nothing is charged.
    """

    category: str
    name: str = ""
    percent: Decimal
    base: Decimal
    amount: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """All that a page says about one issued invoice or credit note.

    Args:
        currency: ISO 4217 code of every amount.
        currency_digits: decimals of its minor unit (ISO 4217): EUR 2, JPY 0, KWD 3.
        language: the customer's language, such as `nl` or `nl-BE`; an unknown one is written in English.
        paid: what payments and credit have settled of the total already.
        corrects: the number of the earlier invoice that a credit note takes from (EN 16931, BT-25).
    """

    number: str
    issued_on: date
    due_on: date
    currency: str
    currency_digits: int
    seller: Party
    buyer: Party
    customer_number: str
    lines: tuple[DocumentLine, ...]
    net: Decimal
    tax: Decimal
    total: Decimal
    taxes: tuple[DocumentTax, ...] = ()
    kind: DocumentKind = DocumentKind.INVOICE
    paid: Decimal = Decimal(0)
    buyer_reference: str = ""
    corrects: str = ""
    payment_terms: str = ""
    notes: tuple[str, ...] = ()
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse figures that disagree."""
        if self.net + self.tax != self.total:
            raise DocumentDoesNotAddUpError(self.number, net=self.net, tax=self.tax, total=self.total)

    @property
    def amount_due(self) -> Decimal:
        """Return what is still to be paid."""
        return self.total - self.paid


@dataclass(frozen=True, slots=True)
class Writing:
    """How a language writes figures and dates; `day` takes the day, the month's name and the year."""

    months: tuple[str, ...]
    point: str = "."
    group: str = ","
    money: str = "{symbol}{figure}"
    percent: str = "{figure}%"
    day: str = "{day} {month} {year}"

    def figure(self, value: Decimal, *, digits: int = 0) -> str:
        """Write a figure with thousands marked: at least `digits` decimals, and no digit that it has is dropped.

        Raises:
            InexactFigureError: the value is a float, infinite or not a number.
        """
        if not isinstance(value, Decimal) or not value.is_finite():
            raise InexactFigureError(value)
        whole, _, part = f"{value.copy_abs():,f}".partition(".")
        part = part.rstrip("0").ljust(digits, "0")
        sign = _MINUS if value < 0 else ""
        return sign + whole.replace(",", self.group) + (self.point + part if part else "")

    def amount(self, value: Decimal, *, currency: str, digits: int) -> str:
        """Write an amount with its currency, the minus sign in front of both."""
        figure = self.figure(value, digits=digits)
        sign = figure[: figure.startswith(_MINUS)]
        symbol = _SYMBOLS.get(currency, f"{currency}{'' if _NO_BREAK in self.money else _NO_BREAK}")
        return sign + self.money.format(symbol=symbol, figure=figure.removeprefix(_MINUS))

    def rate(self, value: Decimal) -> str:
        """Write a percentage."""
        return self.percent.format(figure=self.figure(value))

    def date_text(self, value: date) -> str:
        """Write a business date in full."""
        return self.day.format(day=value.day, month=self.months[value.month - 1], year=value.year)

    def period(self, start: date | None, end: date | None) -> str:
        """Write a half-open service period by its first and its last day."""
        if start is None or end is None:
            return ""
        last = end - _DAY
        return self.date_text(start) if last <= start else f"{self.date_text(start)} {_DASH} {self.date_text(last)}"


def _months(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_AFTER = f"{{figure}}{_NO_BREAK}{{symbol}}"
_SPACED_PERCENT = f"{{figure}}{_NO_BREAK}%"
WRITING = {
    "en": Writing(_months("January February March April May June July August September October November December")),
    "nl": Writing(
        _months("januari februari maart april mei juni juli augustus september oktober november december"),
        point=",",
        group=".",
        money=f"{{symbol}}{_NO_BREAK}{{figure}}",
    ),
    "de": Writing(
        _months("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
        point=",",
        group=".",
        money=_AFTER,
        percent=_SPACED_PERCENT,
        day="{day}. {month} {year}",
    ),
    "fr": Writing(
        _months("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        point=",",
        group="\N{NARROW NO-BREAK SPACE}",
        money=_AFTER,
        percent=_SPACED_PERCENT,
    ),
    "es": Writing(
        _months("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
        point=",",
        group=".",
        money=_AFTER,
        percent=_SPACED_PERCENT,
        day="{day} de {month} de {year}",
    ),
}


def language_of(tag: str) -> str:
    """Return the written language of a tag such as `nl-BE`; English where Billhook does not write it."""
    primary = tag.lower().replace("_", "-").partition("-")[0]
    return primary if primary in WRITING else "en"


def printed(document: InvoiceDocument) -> dict[str, Any]:
    """Return what the page says: JSON-ready text, every figure and date written in the customer's language.

    `issued` is the date of issue in parts, for the file's own date; all else is ready to be set as it is.
    """
    language = language_of(document.language)
    writing = WRITING[language]
    issued = document.issued_on
    return {
        "kind": document.kind.value,
        "language": language,
        "number": document.number,
        "issued": {"year": issued.year, "month": issued.month, "day": issued.day},
        "issued_on": writing.date_text(issued),
        "due_on": writing.date_text(document.due_on),
        "seller": asdict(document.seller),
        "buyer": asdict(document.buyer),
        "customer_number": document.customer_number,
        "buyer_reference": document.buyer_reference,
        "corrects": document.corrects,
        "payment_terms": document.payment_terms,
        "notes": list(document.notes),
        "lines": [_line(document, writing, line) for line in document.lines],
        **_totals(document, writing),
    }


def _line(document: InvoiceDocument, writing: Writing, line: DocumentLine) -> dict[str, str]:
    digits = document.currency_digits
    return {
        "description": line.description,
        "period": writing.period(line.period_start, line.period_end),
        **_measure(writing, line),
        "unit_price": "" if line.unit_price is None else writing.figure(line.unit_price, digits=digits),
        "amount": _amount(document, writing, line.amount),
    }


def _measure(writing: Writing, line: DocumentLine) -> dict[str, str]:
    """Write a quantity with its unit; whole seconds are a length of time, 6000 s being 1:40:00."""
    if line.quantity is None:
        return {"quantity": "", "unit": ""}
    if line.unit == SECONDS and line.quantity == int(line.quantity) >= 0:
        minutes, seconds = divmod(int(line.quantity), 60)
        return {"quantity": f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}", "unit": ""}
    return {"quantity": writing.figure(line.quantity), "unit": line.unit}


def _totals(document: InvoiceDocument, writing: Writing) -> dict[str, Any]:
    return {
        "taxes": [
            {
                "name": tax.name or tax.category,
                "rate": writing.rate(tax.percent),
                "base": _amount(document, writing, tax.base),
                "amount": _amount(document, writing, tax.amount),
                "reason": tax.reason,
            }
            for tax in document.taxes
        ],
        "net": _amount(document, writing, document.net),
        "tax": _amount(document, writing, document.tax),
        "total": _amount(document, writing, document.total),
        "paid": _amount(document, writing, document.paid.copy_negate()) if document.paid else "",
        "amount_due": _amount(document, writing, document.amount_due),
    }


def _amount(document: InvoiceDocument, writing: Writing, value: Decimal) -> str:
    return writing.amount(value, currency=document.currency, digits=document.currency_digits)
