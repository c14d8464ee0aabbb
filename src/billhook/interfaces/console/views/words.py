"""How the console says what the books hold: states as pills, prices and events in words."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.template.defaultfilters import date as format_date

from billhook.catalog.queries import PriceRow
from billhook.core.errors import Refusal
from billhook.core.money import Money, currency
from billhook.core.period import Period
from billhook.foundation.queries import Happening
from billhook.interfaces.console.access import Visit
from billhook.interfaces.console.components import Pill, TimelineEntry, Tone
from billhook.interfaces.console.templatetags.console import show

CUSTOMER = {
    "active": Pill("Active", Tone.GOOD),
    "suspended": Pill("Suspended", Tone.BAD),
    "closed": Pill("Closed"),
}
ORDER = {
    "pending": Pill("Pending", Tone.INFO),
    "active": Pill("Active", Tone.GOOD),
    "suspended": Pill("Suspended", Tone.BAD),
    "ended": Pill("Ended"),
    "cancelled": Pill("Cancelled"),
}
RUN = {
    "draft": Pill("Draft"),
    "computing": Pill("Computing", Tone.INFO),
    "review": Pill("Awaiting approval", Tone.WARN),
    "approved": Pill("Approved", Tone.INFO),
    "committing": Pill("Issuing", Tone.INFO),
    "done": Pill("Done", Tone.GOOD),
    "rejected": Pill("Rejected", Tone.BAD),
    "cancelled": Pill("Cancelled"),
}
DRAFT = {
    "ready": Pill("Ready", Tone.GOOD),
    "empty": Pill("Nothing due"),
    "failed": Pill("Failed", Tone.BAD),
    "held": Pill("Held", Tone.WARN),
    "changed": Pill("Changed since review", Tone.WARN),
    "issued": Pill("Issued", Tone.GOOD),
}
PAYMENT = {
    "collecting": Pill("Collecting", Tone.INFO),
    "received": Pill("Received", Tone.GOOD),
    "given_up": Pill("Failed", Tone.BAD),
    "cancelled": Pill("Cancelled"),
}
ATTEMPT = {
    "created": Pill("Under way", Tone.INFO),
    "submitted": Pill("Under way", Tone.INFO),
    "pending": Pill("Pending", Tone.INFO),
    "unknown": Pill("Outcome unknown", Tone.WARN),
    "succeeded": Pill("Succeeded", Tone.GOOD),
    "declined": Pill("Declined", Tone.BAD),
    "failed": Pill("Failed", Tone.BAD),
}
MESSAGE = {
    "waiting": Pill("Waiting", Tone.INFO),
    "sent": Pill("Sent", Tone.GOOD),
    "failed": Pill("Failed", Tone.BAD),
}
BATCH = {
    "loading": Pill("Loading", Tone.INFO),
    "loaded": Pill("In balance", Tone.GOOD),
    "quarantined": Pill("Quarantined", Tone.WARN),
    "failed": Pill("Failed", Tone.BAD),
    "undone": Pill("Undone"),
    "discarded": Pill("Discarded"),
}
MARKS = (
    ("invoice.", "file-text", Tone.INFO),
    ("payment.received", "banknote", Tone.GOOD),
    ("payment.declined", "credit-card", Tone.BAD),
    ("payment.collection_stopped", "credit-card", Tone.BAD),
    ("payment.", "credit-card", Tone.NEUTRAL),
    ("dunning.ended", "circle-check", Tone.GOOD),
    ("dunning.", "triangle-alert", Tone.WARN),
    ("customer.suspended", "circle-pause", Tone.BAD),
    ("order.suspended", "circle-pause", Tone.BAD),
    ("customer.restored", "circle-play", Tone.GOOD),
    ("order.resumed", "circle-play", Tone.GOOD),
    ("order.", "repeat", Tone.NEUTRAL),
    ("customer.", "user", Tone.NEUTRAL),
    ("message.failed", "mail", Tone.BAD),
    ("message.", "mail", Tone.NEUTRAL),
    ("usage.", "activity", Tone.NEUTRAL),
)


def pill(pills: Mapping[str, Pill], state: str) -> Pill:
    """Return the pill of a state, also of one that has none of its own."""
    return pills.get(state) or Pill(words(state))


def words(code: str) -> str:
    """Return a code such as `given_up` as words."""
    return code.replace("_", " ").capitalize()


def invoice_pill(state: str, due_on: date, today: date) -> Pill:
    """Return how an invoice stands."""
    if state == "settled":
        return Pill("Paid", Tone.GOOD)
    return Pill("Overdue", Tone.BAD) if due_on < today else Pill("Open", Tone.INFO)


def initials(name: str) -> str:
    """Return the first letters of the first two words of a name."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def money(amount: Decimal, code: str) -> Money:
    """Return an amount of the books in its currency."""
    return Money(amount, currency(code))


def sums(amounts: Mapping[str, Decimal]) -> str:
    """Return amounts side by side, each in its own currency; a dash where there are none."""
    return " · ".join(show(money(amount, code)) for code, amount in sorted(amounts.items())) or "—"


def day(value: date) -> str:
    """Return a date in words."""
    return format_date(value, "j M Y")


def span(start: date | None, end: date | None) -> str:
    """Return a service period in words, both ends included; `end` itself is not part of it."""
    if start is None or end is None or end <= start:
        return ""
    last = Period(start, end).last_day
    return day(start) if start == last else f"{day(start)} to {day(last)}"


def price_row(row: PriceRow) -> str:
    """Return a price of the catalog in words: its rate card, or its model and figures."""
    if row.rate_card is not None:
        return f"rate card {row.rate_card.name}"
    return price(row.model, row.parameters, row.currency)


def price(model: str, parameters: Mapping[str, Any], code: str) -> str:
    """Return a price in words: its model and its figures."""
    figures = [f"{words(name).lower()} {_figure(value, code)}" for name, value in parameters.items()]
    if model == "flat" and "amount" in parameters:
        return _figure(parameters["amount"], code)
    return f"{words(model)}: {', '.join(figures)}" if figures else words(model)


def _figure(value: Any, code: str) -> str:
    """Return a parameter as people read it: an amount in its currency, anything else as it is."""
    if isinstance(value, str):
        try:
            return show(Money.of(value, code))
        except (Refusal, InvalidOperation):
            return value
    if isinstance(value, list):
        return f"{len(value)} tiers" if len(value) != 1 else "1 tier"
    return str(value)


def entry(visit: Visit, happening: Happening) -> TimelineEntry:
    """Return one happening for the timeline of its customer, with a link where it leads away from that page."""
    icon, tone = mark(happening.name)
    href = address(visit, happening)
    return TimelineEntry(
        icon=icon,
        title=happening.sentence,
        at=happening.at,
        actor=happening.actor,
        tone=tone,
        href="" if href == visit.request.path else href,
    )


def mark(name: str) -> tuple[str, Tone]:
    """Return the icon and the tone of an event."""
    found = ((icon, tone) for beginning, icon, tone in MARKS if name.startswith(beginning))
    return next(found, ("circle", Tone.NEUTRAL))


def address(visit: Visit, happening: Happening) -> str:
    """Return where to look at what an event is about, empty where there is no page."""
    kind, data = happening.name.partition(".")[0], happening.data
    if kind in {"invoice", "payment", "dunning"}:
        number = happening.subject if kind == "invoice" else data.get("invoice")
        return visit.url("invoice", number) if number else ""
    if kind == "run":
        return visit.url("run", happening.subject)
    if kind == "usage":
        return visit.url("batch", happening.subject)
    return visit.url("customer", happening.customer) if happening.customer else ""


def listed(parts: Iterable[str]) -> str:
    """Return texts side by side, the empty ones left out."""
    return " · ".join(part for part in parts if part)
