"""The API, put together: its endpoints, how each is asked, and the document that describes it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer

from billhook.catalog import permissions as catalog
from billhook.core.errors import Refusal
from billhook.customers import permissions as customers_may
from billhook.interfaces.api import customers, plans, sign_ups
from billhook.interfaces.api.door import Door, Route
from billhook.interfaces.api.keyholders import holder_of
from billhook.interfaces.api.problems import FieldProblem, problem, refused
from billhook.invoicing import permissions as invoicing
from billhook.orders import permissions as orders

DESCRIPTION = """Billhook's books for programs. Each key opens one company, with the permissions of its role.
Amounts are texts beside their currency. Problems are RFC 9457, with a stable `code`."""

SIGNING_UP = (orders.CHANGE, customers_may.CHANGE)
ROUTES = {
    "customers": Route(method="GET", permissions=(customers_may.VIEW,)),
    "customer": Route(method="GET", permissions=(customers_may.VIEW,)),
    "orders": Route(method="GET", permissions=(orders.VIEW, customers_may.VIEW)),
    "invoices": Route(method="GET", permissions=(invoicing.VIEW, customers_may.VIEW)),
    "plans": Route(method="GET", permissions=(catalog.VIEW,)),
    "sign-up-preview": Route(method="POST", permissions=SIGNING_UP),
    "sign-ups": Route(method="POST", permissions=SIGNING_UP, changes=True),
}


class GivenBody(Parser):
    """Hands over the body that the door has read."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body."""
        asking: Any = request
        return asking.given


class Key(HttpBearer):
    """Tells the document that a key is needed; the door has looked at it already."""

    openapi_name = "key"

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return who asks."""
        del token
        return holder_of(request)


api = NinjaAPI(
    title="Billhook",
    version="1",
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    parser=GivenBody(),
    auth=Key(),
    urls_namespace="api",
)
for router in (sign_ups.router, customers.router, plans.router):
    api.add_router("/{slug:company}", router)


def say_refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    """Answer a refusal with its own sentence."""
    return refused(refusal, str(request.method))


def say_invalid(request: HttpRequest, trouble: Any) -> HttpResponse:
    """Answer with every field that is wrong."""
    del request
    errors = [
        FieldProblem(field=".".join(map(str, error["loc"][2:] or error["loc"][1:])), message=f"{error['msg']}.")
        for error in trouble.errors
    ]
    named = ", ".join(error.field for error in errors)
    return problem(422, "invalid_fields", f"Correct these fields and send the request again: {named}.", errors=errors)


api.add_exception_handler(Refusal, say_refused)
api.add_exception_handler(ValidationError, say_invalid)


def doors() -> list[tuple[str, Door, str]]:
    """Return each address below the root of the API, its door and its name."""
    patterns: list[Any] = api.urls[0]
    found = [(str(one.pattern), one.callback, str(one.name)) for one in patterns if one.name in ROUTES]
    return [(address, Door(ROUTES[name], view), name) for address, view, name in found]


def changing() -> set[str]:
    """Return the operations that change the books, and so need an idempotency key."""
    found = set()
    for bound in api._get_bound_routers():
        for view in bound.path_operations.values():
            found |= {str(one.operation_id) for one in view.operations if ROUTES[one.url_name].changes}
    return found
