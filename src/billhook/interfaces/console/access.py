"""The one door to the console's views: who is asking, for which company, and whether their role allows it.

A view is routed as a `Page` (shown), an `Action` (posted) or an `Open` view (no sign-in); each says its permission,
so that none can be reached without one.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

import structlog
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from pydantic import ValidationError

from billhook.billing.queries import UnknownRunError
from billhook.core.errors import Refusal
from billhook.customers.queries import UnknownCustomerError
from billhook.foundation import clock
from billhook.foundation.events import Actor
from billhook.foundation.models import Company, Person
from billhook.foundation.permissions import NotAllowedError, Permission, allowed
from billhook.foundation.queries import companies_of
from billhook.foundation.scope import company_scope
from billhook.invoicing.queries import UnknownInvoiceError
from billhook.mediation.refusals import NotInSuspenseError, UnknownBatchError

PUBLIC = Permission(code="public", sentence="see this without signing in")
UNKNOWN = (NotInSuspenseError, UnknownBatchError, UnknownCustomerError, UnknownInvoiceError, UnknownRunError)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at work in one company: the request, who asks, where, and what their role allows there."""

    request: HttpRequest
    person: Person
    company: Company
    companies: tuple[Company, ...]
    codes: frozenset[str]

    @property
    def actor(self) -> Actor:
        """Return who answers for what is done in this visit; an e-mail address is one person, a name may be several."""
        return Actor(kind="person", name=self.person.email)

    @property
    def at(self) -> datetime:
        """Return the company's time."""
        return clock.company_now(self.company)

    @property
    def today(self) -> date:
        """Return the company's local date."""
        return clock.company_today(self.company)

    def may(self, permission: Permission) -> bool:
        """Return whether the person's role allows something here."""
        return permission.code in self.codes

    def url(self, name: str, *arguments: object) -> str:
        """Return the address of a page of this company."""
        return reverse(f"console:{name}", args=[self.company.code, *arguments])

    def scope(self) -> AbstractContextManager[None]:
        """Open one transaction in which the company's rows can be read and written."""
        return company_scope(self.company)

    def tell(self, sentence: str) -> None:
        """Say on the next page what was done."""
        messages.success(self.request, sentence)


View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Page:
    """A view that shows something of a company, in its scope and its zone."""

    methods: ClassVar[tuple[str, ...]] = ("GET", "HEAD")

    permission: Permission
    view: View

    def __call__(self, request: HttpRequest, company: str, **arguments: object) -> HttpResponseBase:
        """Answer with the page, or say why it cannot be shown."""
        visit = arrive(self, request, company)
        if isinstance(visit, HttpResponse):
            return visit
        try:
            with visit.scope(), timezone.override(visit.company.zone):
                return self.view(visit, **arguments)
        except UNKNOWN as unknown:
            raise Http404(str(unknown)) from unknown
        except Refusal as refusal:
            return problem(request, 409, "This cannot be shown", str(refusal))


@dataclass(frozen=True)
class Action:
    """A view that does something in a company and leads on to a page; it opens the scope itself, if it needs one.

    What an operation refuses is said on the page that asked for it.
    """

    methods: ClassVar[tuple[str, ...]] = ("POST",)

    permission: Permission
    view: View

    def __call__(self, request: HttpRequest, company: str, **arguments: object) -> HttpResponseBase:
        """Do it and lead on, or say why it is refused."""
        visit = arrive(self, request, company)
        if isinstance(visit, HttpResponse):
            return visit
        try:
            with timezone.override(visit.company.zone):
                return self.view(visit, **arguments)
        except (Refusal, ValidationError) as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(came_from(visit))


@dataclass(frozen=True)
class Open:
    """A view that anybody may see."""

    permission: Permission
    view: View

    def __call__(self, request: HttpRequest, **arguments: object) -> HttpResponseBase:
        """Answer anybody."""
        return self.view(request, **arguments)


def page(permission: Permission) -> Callable[[View], Page]:
    """Put a view that shows something behind a permission."""
    return lambda view: Page(permission, view)


def action(permission: Permission) -> Callable[[View], Action]:
    """Put a view that does something behind a permission."""
    return lambda view: Action(permission, view)


def public(view: View) -> Open:
    """Let anybody see a view."""
    return Open(PUBLIC, view)


def arrive(routed: Page | Action, request: HttpRequest, code: str) -> Visit | HttpResponse:
    """Return the visit that a request begins, or the answer where it ends at the door.

    Raises:
        Http404: there is no such company, or none that the person may know of.
    """
    if request.method not in routed.methods:
        return HttpResponseNotAllowed(routed.methods)
    person = request.user
    if not isinstance(person, Person):
        return redirect_to_login(request.get_full_path())
    companies = tuple(companies_of(person))
    company = next((one for one in companies if one.code == code), None)
    if company is None:
        raise Http404(f"There is no company {code} that you may see.")
    visit = Visit(request, person, company, companies, allowed(person, company))
    structlog.contextvars.bind_contextvars(company=company.code, actor=person.email)
    if not visit.may(routed.permission):
        return problem(request, 403, "Your role does not allow this", str(NotAllowedError(routed.permission)))
    return visit


def came_from(visit: Visit) -> str:
    """Return the page of this site from which a form was sent, else the overview."""
    referer = visit.request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(referer, {visit.request.get_host()}, require_https=visit.request.is_secure())
    return referer if safe else visit.url("overview")


def problem(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    """Return a page that says why there is none, and what to do."""
    context = {"code": str(status), "title": title, "detail": detail, "home_url": reverse("console:home")}
    return render(request, "console/error.html", context, status=status)
