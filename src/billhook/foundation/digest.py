"""The measure of "the same books": one SHA-256 over every book table and lake file, in natural-key order.

Surrogate ids, recording times and whatever a model leaves out of its `book` do not count, so two installations that
went through the same happenings, whatever crashed in between, have equal digests.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from billhook.foundation.models.companies import Company
from billhook.foundation.scope import ScopedModel, company_scope, scoped_models

type_of_lines = Callable[[Company], Iterable[bytes]]
_extra: dict[str, type_of_lines] = {}


def add_to_digest(name: str, lines: type_of_lines) -> None:
    """Add something that is not a table, such as the files of the usage lake: named lines in a fixed order."""
    _extra[name] = lines


def _plain(value: object) -> object:
    """Return a value in the one form that it has in the digest."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, memoryview | bytes):
        return hashlib.sha256(value).hexdigest()
    return value


def natural_key(model: type[models.Model], prefix: str = "") -> list[str]:
    """Return the look-up paths of a row's natural key, following foreign keys to their own."""
    book = getattr(model, "book", None)
    if book is None:
        unique = next(field.name for field in model._meta.fields if field.unique and not field.primary_key)
        return [f"{prefix}{unique}"]
    return [path for name in book.key for path in _paths(model, name, prefix)]


def _paths(model: type[models.Model], name: str, prefix: str = "") -> list[str]:
    field = model._meta.get_field(name)
    if isinstance(field, models.ForeignKey):
        return natural_key(field.related_model, f"{prefix}{name}__")
    return [f"{prefix}{name}"]


def book_columns(model: type[ScopedModel]) -> list[str]:
    """Return the look-up paths of everything in a row that counts."""
    left_out = {"id", "company", *(model.book.without if model.book else ())}
    names = [field.name for field in model._meta.fields if field.name not in left_out]
    return [path for name in names for path in _paths(model, name)]


def table_lines(model: type[ScopedModel]) -> Iterator[bytes]:
    """Return the rows of one book table as canonical lines, sorted."""
    rows = model.objects.values_list(*book_columns(model)).iterator(chunk_size=5000)
    lines = (json.dumps([_plain(value) for value in row], sort_keys=True, default=str).encode() for row in rows)
    return iter(sorted(lines))


def digest_parts(company: Company) -> dict[str, str]:
    """Return the digest of each book table and each extra part of a company's books, by name."""
    parts = {}
    with company_scope(company):
        for model in scoped_models():
            if model.book is not None:
                parts[model._meta.db_table] = _hash(table_lines(model))
        for name, lines in sorted(_extra.items()):
            parts[name] = _hash(lines(company))
    return parts


def digest(company: Company) -> str:
    """Return the digest of a company's books as 64 hexadecimal digits."""
    return _hash(f"{name} {value}".encode() for name, value in sorted(digest_parts(company).items()))


def _hash(lines: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line)
        total.update(b"\n")
    return total.hexdigest()


def rows_of(model: type[ScopedModel]) -> list[dict[str, Any]]:
    """Return the rows of one book table as dictionaries, for comparing two books by eye."""
    return list(model.objects.values(*book_columns(model)).order_by(*natural_key(model)))
