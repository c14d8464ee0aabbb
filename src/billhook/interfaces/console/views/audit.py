"""What happened and what was said: the audit trail, and the messages to customers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.http import HttpResponse

from billhook.foundation.permissions import VIEW_AUDIT
from billhook.foundation.queries import Asked, Happening, audit_trail
from billhook.interfaces.console.access import Visit, page
from billhook.interfaces.console.components import Cell, Empty, PageHead, Pager, Row, Table
from billhook.interfaces.console.pages import AuditEntry, Change
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import asked, chips, columns, link, paged, search, whole
from billhook.interfaces.console.views.shell import render
from billhook.notifications import permissions, queries

SHOWN = 50
KINDS = {
    "": "All",
    "runs": "Billing runs",
    "invoices": "Invoices",
    "payments": "Payments",
    "collections": "Collections",
    "customers": "Customers and orders",
    "usage": "Usage",
    "settings": "Settings",
}
EVENTS: Mapping[str, Sequence[str]] = {
    "runs": ("run.",),
    "invoices": ("invoice.",),
    "payments": ("payment.",),
    "collections": ("dunning.", "customer.suspended", "customer.restored", "order.suspended", "order.resumed"),
    "customers": ("customer.", "order.", "account_type."),
    "usage": ("usage.", "usage_source."),
    "settings": (
        "company.",
        "member.",
        "clock.",
        "product.",
        "price.",
        "plan.",
        "rate_card.",
        "tax_rate.",
        "plugin",
        "dunning.set_up",
        "payment.retries",
    ),
}


@page(VIEW_AUDIT)
def audit(visit: Visit) -> HttpResponse:
    """Show everything that happened, newest first, with what each event's subject said before."""
    request = visit.request
    below = whole(asked(request, "below"))
    happenings = audit_trail(
        Asked(text=asked(request), names=EVENTS.get(asked(request, "kind"), ()), below=below), limit=SHOWN
    )
    earlier = link(request, below=str(happenings[-1].id)) if len(happenings) == SHOWN else ""
    summary = "Earlier events" if below else "The newest events"
    return render(
        visit,
        "audit",
        "Audit log",
        PageHead("Audit log", note="Nothing here can be changed"),
        search=search(request, "Event, customer number or person", "kind"),
        chips=[
            replace(chip, href=link(request, kind=value, below=""))
            for chip, value in zip(chips(request, "kind", KINDS), KINDS, strict=True)
        ],
        entries=[_entry(visit, happening) for happening in happenings],
        pager=Pager(summary, link(request, below="") if below else "", earlier),
    )


def _entry(visit: Visit, happening: Happening) -> AuditEntry:
    before, after = happening.before or {}, happening.data
    names = [name for name in after if after.get(name) != before.get(name) or not before]
    changes = tuple(Change(words.words(name), _text(before.get(name)), _text(after.get(name))) for name in names)
    return AuditEntry(
        at=happening.at,
        actor=happening.actor,
        name=happening.name,
        sentence=happening.sentence,
        href=words.address(visit, happening),
        changes=changes,
    )


def _text(value: object) -> str | None:
    return None if value in (None, "") else str(value)


@page(permissions.VIEW)
def messages(visit: Visit) -> HttpResponse:
    """List the messages that customers were sent."""
    request = visit.request
    rows, pager = paged(request, queries.messages_to(asked(request)))
    headings = columns("Written", "Customer", "Subject", "To", "Channel", "State")
    shown = tuple(
        Row(
            (
                Cell(message.written_at),
                Cell(message.customer, visit.url("customer", message.customer)) if message.customer else Cell(None),
                Cell(message.subject, sub=words.words(message.template)),
                Cell(message.recipient),
                Cell(message.channel),
                Cell(
                    pill=words.pill(words.MESSAGE, message.state),
                    sub=message.delivery if message.state == "failed" else "",
                ),
            )
        )
        for message in rows
    )
    empty = Empty("No message yet", "Customers hear of invoices, payments and reminders.", "mail")
    return render(
        visit,
        "list",
        "Messages",
        PageHead("Messages"),
        search=search(request, "Customer number"),
        table=Table("Messages", headings, shown, empty, pager=pager),
    )
