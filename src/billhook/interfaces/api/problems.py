"""Why a request was not done, as RFC 9457 writes it: a stable code, and the sentence that people read elsewhere."""

import json
import re
from collections.abc import Sequence
from http import HTTPStatus

from django.http import HttpResponse
from pydantic import BaseModel, ConfigDict, Field

from billhook.core.errors import Refusal
from billhook.foundation.events import request_id

MEDIA_TYPE = "application/problem+json"
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
CONFLICT = ("exists", "taken")
OF_BODIES = {"bad_json": 400, "bad_cursor": 400, "too_large": 413, "not_json": 415}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where it stands, such as `customer.name`.")
    message: str


class Problem(BaseModel):
    """Why a request was not done; nothing was changed."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="`urn:billhook:problem:` and the code.")
    title: str = Field(description="The status in words.")
    status: int
    code: str = Field(description="Stable: programs decide by it.")
    detail: str = Field(description="What is wrong and what to do, for people.")
    request_id: str = Field(description="Under which events and the log know this request.")
    errors: list[FieldProblem] = Field(default_factory=list, description="The fields that are wrong, if any.")


def problem(status: int, code: str, detail: str, *, errors: Sequence[FieldProblem] = ()) -> HttpResponse:
    """Return the answer that says why a request was not done."""
    told = Problem(
        type=f"urn:billhook:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=request_id(),
        errors=list(errors),
    )
    return HttpResponse(json.dumps(told.model_dump(), ensure_ascii=False), status=status, content_type=MEDIA_TYPE)


def code_of(refusal: Refusal) -> str:
    """Return the stable code of a refusal: its class name in words, such as `customer_exists`."""
    return WORDS.sub("_", type(refusal).__name__.removesuffix("Error")).lower()


def status_of(refusal: Refusal, method: str) -> int:
    """Return 404 for what a GET does not find, 409 for what somebody else has already, 422 for what books refuse."""
    code = code_of(refusal)
    if code in OF_BODIES:
        return OF_BODIES[code]
    if method == "GET" and code.startswith("unknown"):
        return 404
    return 409 if code.endswith(CONFLICT) else 422


def refused(refusal: Refusal, method: str) -> HttpResponse:
    """Return the answer to a refusal, with its own sentence."""
    return problem(status_of(refusal, method), code_of(refusal), str(refusal))
