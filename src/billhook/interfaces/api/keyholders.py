"""Who asks: a program that shows a key, the company it is for, and what its role allows."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from billhook.foundation import attempts, clock, keys
from billhook.foundation.attempts import Limit
from billhook.foundation.events import Actor
from billhook.foundation.models import ApiKey, Company
from billhook.foundation.permissions import NotAllowedError, Permission
from billhook.interfaces.api.problems import problem
from billhook.interfaces.callers import address_of

FAILURES = Limit(what="api key", most=20, within=timedelta(minutes=5))
SCHEME = "bearer"
NO_KEY = "Send a working API key of this company as Authorization: Bearer bh_…; billhook key create makes one."
TOO_MANY = "Too many requests from your address came without a working key: wait five minutes."


@dataclass(frozen=True, slots=True)
class Keyholder:
    """A program at work in the one company of its key."""

    key: ApiKey

    @property
    def company(self) -> Company:
        """Return the company of the key."""
        return self.key.company

    @property
    def actor(self) -> Actor:
        """Return who answers for what is done: the key by name and prefix."""
        return Actor(kind="api", name=str(self.key))

    @property
    def at(self) -> datetime:
        """Return the company's time."""
        return clock.company_now(self.company)

    @property
    def today(self) -> date:
        """Return the company's local date."""
        return clock.company_today(self.company)

    def lacks(self, permissions: tuple[Permission, ...]) -> Permission | None:
        """Return the first of some permissions that the key's role does not hold."""
        held = frozenset(self.key.role.permissions)
        return next((one for one in permissions if one.code not in held), None)


def holder_of(request: HttpRequest) -> Keyholder:
    """Return who asks, once the door has let them in."""
    asking: Any = request
    holder: Keyholder = asking.holder
    return holder


def arrive(request: HttpRequest, company: str, permissions: tuple[Permission, ...]) -> Keyholder | HttpResponse:
    """Return who asks, or the answer where the request ends at the door; failures are counted by address.

    Another company is answered like a company that does not exist.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    key = keys.owner_of(text.strip()) if scheme.lower() == SCHEME else None
    if key is None or key.company.code != company:
        if not attempts.passes(FAILURES, address_of(request), at=clock.now()):
            return _wait()
        return _unknown_company(company) if key else _no_key()
    holder = Keyholder(key)
    missing = holder.lacks(permissions)
    return holder if missing is None else problem(403, "not_allowed", str(NotAllowedError(missing)))


def _no_key() -> HttpResponse:
    answer = problem(401, "no_key", NO_KEY)
    answer["WWW-Authenticate"] = 'Bearer realm="billhook"'
    return answer


def _unknown_company(code: str) -> HttpResponse:
    return problem(404, "unknown_company", f"Your key opens no company {code}: use the code of its own company.")


def _wait() -> HttpResponse:
    answer = problem(429, "too_many_failures", TOO_MANY)
    answer["Retry-After"] = str(int(FAILURES.within.total_seconds()))
    return answer
