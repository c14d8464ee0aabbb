"""Lists in pages: in the order in which rows were added, so that a row added meanwhile comes last and none twice."""

import base64
import binascii
from typing import Annotated, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query
from pydantic import BaseModel, ConfigDict, Field

from billhook.core.errors import Refusal

MOST_ROWS, USUAL_ROWS = 200, 50
LARGEST = 2**63 - 1
M = TypeVar("M", bound=Model)


class BadCursorError(Refusal):
    """Raised when a cursor is not one that this API gave."""

    def __init__(self) -> None:
        super().__init__("The cursor is none of this list: take it from `next` of the page before, or leave it out.")


class Paging(BaseModel):
    """Which page of a list is asked for."""

    model_config = ConfigDict(frozen=True)

    limit: int = Field(default=USUAL_ROWS, ge=1, le=MOST_ROWS, description="How many rows at most.")
    cursor: str = Field(default="", max_length=64, description="`next` of the page before; empty for the first page.")


Asked = Annotated[Paging, Query(...)]


def cut(found: QuerySet[M], paging: Paging) -> tuple[list[M], str | None]:
    """Return one page of rows, and the cursor of the next; None at the end.

    Raises:
        BadCursorError: the cursor is none.
    """
    rows = list(found.order_by("pk").filter(pk__gt=_after(paging.cursor))[: paging.limit + 1])
    page = rows[: paging.limit]
    return page, (_cursor(page[-1].pk) if len(rows) > len(page) else None)


def _cursor(last: int) -> str:
    return base64.urlsafe_b64encode(f"after {last}".encode()).decode()


def _after(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, last = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition(" ")
    except (binascii.Error, ValueError) as trouble:
        raise BadCursorError from trouble
    if word != "after" or not (last.isascii() and last.isdigit()) or int(last) > LARGEST:
        raise BadCursorError
    return int(last)
