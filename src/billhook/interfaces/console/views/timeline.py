"""What happened to one customer, as far as somebody's role lets them know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from billhook.billing import permissions as billing
from billhook.customers import permissions as customers
from billhook.dunning import permissions as dunning
from billhook.foundation.events import event_types
from billhook.foundation.permissions import VIEW_AUDIT, Permission
from billhook.foundation.queries import Asked, history
from billhook.interfaces.console.access import Visit
from billhook.interfaces.console.components import Chip, TimelineEntry
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import asked, chips, link, whole
from billhook.invoicing import permissions as invoicing
from billhook.mediation import permissions as mediation
from billhook.notifications import permissions as notifications
from billhook.orders import permissions as orders
from billhook.payments import permissions as payments

FILTERS = {"": "All", "invoices": "Invoices", "failures": "Failures"}
EVENTS: Mapping[str, Sequence[str]] = {
    "": (),
    "invoices": ("invoice.",),
    "failures": (
        "payment.declined",
        "payment.uncertain",
        "payment.collection_stopped",
        "dunning.",
        "customer.suspended",
        "order.suspended",
        "message.failed",
    ),
}
NEEDED: Mapping[str, Permission] = {
    "customer.suspended": dunning.VIEW,
    "customer.restored": dunning.VIEW,
    "customer.instrument_added": payments.VIEW,
    "customer.signed_up": orders.VIEW,
    "customer.": customers.VIEW,
    "order.suspended": dunning.VIEW,
    "order.resumed": dunning.VIEW,
    "order.": orders.VIEW,
    "invoice.": invoicing.VIEW,
    "payment.": payments.VIEW,
    "dunning.": dunning.VIEW,
    "message.": notifications.VIEW,
    "usage.": mediation.VIEW,
    "run.": billing.VIEW,
    "": VIEW_AUDIT,
}
"""What one has to be allowed to read of an event, by the beginning of its name: the first one that fits counts.

An event stands where its sentence belongs: why a customer was suspended names the invoice that is late.
"""
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, newest first, how it can be narrowed, and where earlier things stand."""

    entries: Sequence[TimelineEntry]
    chips: Sequence[Chip]
    earlier: str


def timeline_of(visit: Visit, customer: str) -> Timeline:
    """Return what happened to a customer, narrowed by what the address asks for."""
    names, below = readable(visit, EVENTS.get(asked(visit.request, "show"), ())), whole(asked(visit.request, "below"))
    found = [] if names is None else history(Asked(customer=customer, names=names, below=below), limit=SHOWN)
    narrowed = [replace(chip, href=f"{chip.href}#timeline") for chip in chips(visit.request, "show", FILTERS)]
    earlier = link(visit.request, below=str(found[-1].id)) + "#timeline" if len(found) == SHOWN else ""
    return Timeline([words.entry(visit, happening) for happening in found], narrowed, earlier)


def readable(visit: Visit, wanted: Sequence[str]) -> Sequence[str] | None:
    """Return which events of those wanted may be read, by the beginnings of their names; None for none at all.

    Who may read everything also reads the events of plugins that are gone.
    """
    if all(visit.may(permission) for permission in NEEDED.values()):
        return wanted
    known = [name for name in sorted(event_types()) if name.startswith(tuple(wanted) or "")]
    return [name for name in known if visit.may(needed_for(name))] or None


def needed_for(name: str) -> Permission:
    """Return what one has to be allowed to read an event of this name."""
    return next(permission for beginning, permission in NEEDED.items() if name.startswith(beginning))
