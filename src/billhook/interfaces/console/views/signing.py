"""The way in and out: by e-mail and password, by a link that works once, and where one arrives."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from billhook.core.errors import Refusal
from billhook.foundation import clock
from billhook.foundation.models import Person
from billhook.foundation.operations import BadLinkError, use_sign_in_link
from billhook.foundation.permissions import allowed
from billhook.foundation.queries import companies_of
from billhook.interfaces.console.access import public
from billhook.interfaces.console.components import Button, Field, FieldKind, Form
from billhook.interfaces.console.views.shell import first_place

BACKEND = "django.contrib.auth.backends.ModelBackend"
MISMATCH = "E-mail and password do not match."


class TooManyFailuresError(Refusal):
    """Raised when a sign-in is tried too often for one e-mail address."""

    def __init__(self) -> None:
        super().__init__("Too many attempts with this e-mail address: wait fifteen minutes, or ask for a sign-in link.")


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed sign-ins of late, by e-mail address; each process of the server counts its own."""

    most: int = 5
    within: timedelta = timedelta(minutes=15)
    seen: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def check(self, email: str, at: datetime) -> None:
        """Let an attempt pass.

        Raises:
            TooManyFailuresError: as many as are allowed have failed already.
        """
        self.forget(at)
        if len(self.seen.get(email, ())) >= self.most:
            raise TooManyFailuresError

    def add(self, email: str, at: datetime) -> None:
        """Count a failure."""
        self.seen[email].append(at)

    def forget(self, at: datetime) -> None:
        """Drop what no longer counts."""
        for email, times in list(self.seen.items()):
            recent = [time for time in times if time > at - self.within]
            self.seen[email] = recent
            if not recent:
                del self.seen[email]


FAILURES = Failures()


@public
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the first company that somebody may see, or to the way in."""
    person = request.user
    if not isinstance(person, Person):
        return HttpResponseRedirect(reverse("console:sign-in"))
    companies = companies_of(person)
    if not companies:
        raise Http404("You have no role in any company: ask an administrator for one.")
    place = first_place(allowed(person, companies[0]))
    return HttpResponseRedirect(reverse(f"console:{place}", args=[companies[0].code]))


@public
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the way in, and let somebody in who knows their password."""
    if request.method in {"GET", "HEAD"}:
        return _form(request, request.GET)
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    email, at = request.POST.get("email", "").strip().lower(), clock.now()
    try:
        FAILURES.check(email, at)
    except TooManyFailuresError as refusal:
        return _form(request, request.POST, form_error=str(refusal), status=429)
    person = authenticate(request, username=email, password=request.POST.get("password", ""))
    if person is None:
        FAILURES.add(email, at)
        return _form(request, request.POST, password_error=MISMATCH, status=400)
    login(request, person)
    return HttpResponseRedirect(_next(request, request.POST))


@public
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Let somebody in whose link has not been used; a look without a visit, such as a HEAD, leaves it unused."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    try:
        person = use_sign_in_link(token=token)
    except BadLinkError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("console:sign-in"))
    login(request, person, backend=BACKEND)
    return HttpResponseRedirect(reverse("console:home"))


@public
def sign_out(request: HttpRequest) -> HttpResponse:
    """Let somebody out."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    logout(request)
    return HttpResponseRedirect(reverse("console:sign-in"))


def _next(request: HttpRequest, given: Mapping[str, str]) -> str:
    """Return the page of this site that somebody was on their way to."""
    wanted = given.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("console:home")


def _form(
    request: HttpRequest, given: Mapping[str, str], *, form_error: str = "", password_error: str = "", status: int = 200
) -> HttpResponse:
    fields = (
        Field("email", "E-mail", FieldKind.EMAIL, given.get("email", ""), autocomplete="username"),
        Field("password", "Password", FieldKind.PASSWORD, autocomplete="current-password", error=password_error),
        Field("next", kind=FieldKind.HIDDEN, value=_next(request, given)),
    )
    form = Form("sign-in", reverse("console:sign-in"), (Button("Sign in"),), fields, error=form_error)
    return render(request, "console/signin.html", {"form": form}, status=status)
