"""What all lists share: filters and sorting in the address, pages of fifty, counts on chips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode

from billhook.interfaces.console.components import Align, Chip, Column, Pager, Search

M = TypeVar("M", bound=Model)

PER_PAGE = 50
END = Align.END


def asked(request: HttpRequest, name: str = "q") -> str:
    """Return what stands in the address under a name, without space around it."""
    return request.GET.get(name, "").strip()


def whole(text: str) -> int | None:
    """Return a text as a whole number that a key may be, None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 (a bigint)


def link(request: HttpRequest, **changes: str) -> str:
    """Return the address of the same list with some filters changed, on its first page; empty ones are left out."""
    query = {name: asked(request, name) for name in request.GET if name != "page"} | changes
    kept = {name: value for name, value in query.items() if value}
    return f"{request.path}?{urlencode(kept)}"


def search(request: HttpRequest, label: str, *kept: str) -> Search:
    """Return the search of a list; the named filters stay while searching."""
    filters = tuple((name, value) for name in kept if (value := asked(request, name)))
    return Search(request.path, label, asked(request), filters)


def chips(
    request: HttpRequest, name: str, labels: Mapping[str, str], counts: Mapping[str, int] | None = None
) -> tuple[Chip, ...]:
    """Return a filter as chips, the first one for all.

    Args:
        request: whose address holds the filter.
        name: of the filter in the address.
        labels: by value; the value of the chip for all is empty.
        counts: by value; that of the chip for all is under `all`.
    """
    current = asked(request, name)
    return tuple(
        Chip(
            label,
            link(request, **{name: value}),
            None if counts is None else counts.get(value or "all"),
            current=value == current,
        )
        for value, label in labels.items()
    )


def paged(request: HttpRequest, rows: QuerySet[M], *, per_page: int = PER_PAGE) -> tuple[list[M], Pager]:
    """Return the rows of the page that is asked for, and where it lies; an impossible page is the nearest one."""
    found = Paginator(rows, per_page).get_page(request.GET.get("page"))
    summary = f"{found.start_index():,} to {found.end_index():,} of {found.paginator.count:,}"
    return list(found), Pager(
        summary,
        link(request, page=str(found.previous_page_number())) if found.has_previous() else "",
        link(request, page=str(found.next_page_number())) if found.has_next() else "",
    )


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which columns a list may be sorted: the name in the address and the database's fields."""

    request: HttpRequest
    fields: Mapping[str, str]
    default: str

    @property
    def current(self) -> str:
        """Return by what the list is sorted now; a minus in front means downwards."""
        wanted = asked(self.request, "sort")
        return wanted if wanted.removeprefix("-") in self.fields else self.default

    def apply(self, rows: QuerySet[M]) -> QuerySet[M]:
        """Return the rows in the order that is asked for, the same ones always in the same order."""
        minus = "-" if self.current.startswith("-") else ""
        return rows.order_by(f"{minus}{self.fields[self.current.removeprefix('-')]}", f"{minus}id")

    def column(self, heading: str, name: str, align: Align = Align.START) -> Column:
        """Return the heading of a column that sorts by a name, the other way round where it does already."""
        sorts = {name: "ascending", f"-{name}": "descending"}
        turned = f"-{name}" if self.current == name else name
        return Column(heading, align, link(self.request, sort=turned), sorts.get(self.current, ""))


def columns(*headings: str | tuple[str, Align] | Column) -> tuple[Column, ...]:
    """Return columns by their headings; a pair says where the cells stand."""
    made: Sequence[Any] = [
        heading if isinstance(heading, Column) else Column(heading) if isinstance(heading, str) else Column(*heading)
        for heading in headings
    ]
    return tuple(made)
