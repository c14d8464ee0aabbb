"""The head of every page: the test clock of a sandbox, and the search over everything."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.timezone import localtime

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.errors import Refusal
from billhook.customers import permissions as customers_permissions
from billhook.customers import queries as customers
from billhook.foundation.draining import JobsFailedError, JobsStuckError
from billhook.foundation.operations import advance_clock
from billhook.foundation.permissions import MOVE_CLOCK
from billhook.foundation.queries import next_due_at
from billhook.interfaces.console.access import Visit, action, came_from, page
from billhook.interfaces.console.templatetags.console import moment
from billhook.interfaces.console.views.listing import asked
from billhook.invoicing import permissions as invoicing_permissions
from billhook.invoicing import queries as invoicing
from billhook.payments import permissions as payments_permissions
from billhook.payments import queries as payments

A_MONTH = Cadence(CadenceUnit.MONTH)


class UnknownStepError(Refusal):
    """Raised when the clock is to be moved by something that is no step."""

    def __init__(self, step: str) -> None:
        super().__init__(f"The clock moves by a day, a month, or to the next event, not by {step or 'nothing'}.")


class NothingDueError(Refusal):
    """Raised when the clock is to be moved to the next event and there is none."""

    def __init__(self) -> None:
        super().__init__("Nothing falls due within a year: move the clock by a day or a month.")


@action(MOVE_CLOCK)
def advance(visit: Visit) -> HttpResponse:
    """Move a sandbox's clock on; everything that falls due on the way happens, in order."""
    to = moved(visit, visit.request.POST.get("step", "")).astimezone(UTC)
    try:
        ran = advance_clock(company=visit.company, to=to, actor=visit.actor)
    except (JobsFailedError, JobsStuckError) as trouble:
        messages.error(visit.request, str(trouble))
        return HttpResponseRedirect(came_from(visit))
    happened = {0: "nothing fell due", 1: "1 thing happened"}.get(ran, f"{ran} things happened")
    visit.tell(f"It is {moment(localtime(to))} now; {happened} on the way.")
    return HttpResponseRedirect(came_from(visit))


def moved(visit: Visit, step: str) -> datetime:
    """Return where a step leads: days and months keep the company's local time of day.

    Raises:
        UnknownStepError: it is no step.
        NothingDueError: there is no next event.
    """
    local = visit.at.astimezone(ZoneInfo(visit.company.zone))
    if step == "day":
        return local + timedelta(days=1)
    if step == "month":
        return datetime.combine(A_MONTH.nth(local.date(), 1), local.timetz())
    if step != "event":
        raise UnknownStepError(step)
    due = next_due_at(visit.company)
    if due is None:
        raise NothingDueError
    return due


@page(customers_permissions.VIEW)
def search(visit: Visit) -> HttpResponse:
    """Lead to the customer or invoice of that very number, else to the list that has something like it."""
    text = asked(visit.request)
    if text and visit.may(invoicing_permissions.VIEW) and invoicing.exists(text):
        return HttpResponseRedirect(visit.url("invoice", text))
    if text and customers.matching(text).filter(number=text).exists():
        return HttpResponseRedirect(visit.url("customer", text))
    return HttpResponseRedirect(f"{visit.url(_list_with(visit, text))}?{urlencode({'q': text})}")


def _list_with(visit: Visit, text: str) -> str:
    """Return the name of the first list that has something like a text; the customers where none has."""
    lists = (
        ("customers", customers_permissions.VIEW, customers.matching(text)),
        ("invoices", invoicing_permissions.VIEW, invoicing.matching(text=text, on=visit.today)),
        ("payments", payments_permissions.VIEW, payments.matching(text=text)),
    )
    return next((name for name, needed, found in lists if visit.may(needed) and found.exists()), "customers")
