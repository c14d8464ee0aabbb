"""The OpenAPI document: what the endpoints declare, and what the door adds to every one of them."""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse

from billhook.foundation.answers import LASTS
from billhook.interfaces.api.door import LONGEST_KEY
from billhook.interfaces.api.problems import MEDIA_TYPE, Problem
from billhook.interfaces.api.service import api, changing
from billhook.interfaces.console.access import public

PROBLEMS = {
    "400": "The body or the idempotency key cannot be read.",
    "401": "No working key.",
    "403": "The key's role does not allow this.",
    "404": "There is no such thing in this company.",
    "409": "Somebody has it already, or did the same at the same time.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "Refused; `detail` says why, `errors` names the fields.",
    "429": "Too many requests without a working key.",
    "503": "The books are busy; ask again.",
}
OF_BODIES = ("413", "415")
REFERENCE = "#/components/schemas/"
KEY_SAYS = (
    f"Any text of 1 to {LONGEST_KEY} visible characters, such as a random UUID. The same request under the same key is "
    f"answered alike for {int(LASTS.total_seconds()) // 3600} hours and done once."
)


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    described: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="api/v1"))
    problem = Problem.model_json_schema(ref_template=REFERENCE + "{model}")
    schemas = described["components"]["schemas"]
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for methods in described["paths"].values():
        for method, operation in methods.items():
            _complete(method, operation)
    return described


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add the problems that every endpoint may answer with, and the idempotency key to what is posted."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{REFERENCE}Problem"}}}
    for status, says in PROBLEMS.items():
        if method == "post" or status not in OF_BODIES:
            operation["responses"][status] = {"description": says, "content": content}
    if method == "post":
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": operation["operationId"] in changing(),
                "description": KEY_SAYS,
                "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
            }
        )


@public
def show(request: HttpRequest) -> HttpResponse:
    """Answer anybody with the OpenAPI document."""
    del request
    return HttpResponse(_written(), content_type="application/json; charset=utf-8")


@cache
def _written() -> str:
    """Return the document as it is sent; it is the same as long as the process runs."""
    return json.dumps(document(), ensure_ascii=False)
