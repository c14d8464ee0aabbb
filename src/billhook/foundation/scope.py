"""The scope in which one company's rows can be read and written, and the manager that raises outside it.

The database holds the promise (row-level security reads `app.company` and `app.readable`); this module sets the
two settings for a transaction and makes a forgotten scope an error instead of an empty page.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models, transaction

from billhook.foundation.models.companies import Company

MAINTENANCE = "maintenance"


class OutsideScopeError(RuntimeError):
    """Raised when a company-owned table is touched outside `company_scope`."""

    def __init__(self, what: str) -> None:
        """Name the table that was touched."""
        super().__init__(f"{what} belongs to a company: read and write it inside company_scope(company).")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which company is written, which companies are read, and through which database alias."""

    company_id: int | None
    readable: tuple[int, ...]
    alias: str = DEFAULT_DB_ALIAS


NOWHERE = Scope(company_id=None, readable=())

_scope: ContextVar[Scope | None] = ContextVar("billhook_scope", default=None)


def _tell_database(scope: Scope) -> None:
    """Set the two settings that the row-level policies read, for this transaction only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.company', %s, true), set_config('app.readable', %s, true)",
            [str(scope.company_id or ""), "{" + ",".join(map(str, scope.readable)) + "}"],
        )


@contextmanager
def company_scope(company: Company | int, *, tree: bool = False) -> Iterator[None]:
    """Open one transaction in which the rows of `company` are visible and writable.

    Args:
        company: the company, or its primary key.
        tree: read the companies below it as well; writes stay in the one company.
    """
    company_id = company if isinstance(company, int) else company.pk
    readable = Company.tree_ids(company_id) if tree else (company_id,)
    before, scope = _scope.get(), Scope(company_id=company_id, readable=readable)
    inside_another = connection.in_atomic_block
    with transaction.atomic():
        if before != scope:
            _tell_database(scope)
        token = _scope.set(scope)
        try:
            yield
        finally:
            _scope.reset(token)
        # The settings end with the outermost transaction; inside another one they have to be taken back.
        if inside_another and before != scope:
            _tell_database(before or NOWHERE)


@contextmanager
def all_companies() -> Iterator[None]:
    """Read the rows of every company as the maintenance role: for verification, backup and data migrations."""
    token = _scope.set(Scope(company_id=None, readable=(), alias=MAINTENANCE))
    try:
        yield
    finally:
        _scope.reset(token)


def current_company_id() -> int:
    """Return the primary key of the company in scope.

    Raises:
        OutsideScopeError: no company is in scope.
    """
    scope = _scope.get()
    if scope is None or scope.company_id is None:
        raise OutsideScopeError("This row")
    return scope.company_id


def current_company() -> Company:
    """Return the company in scope, read afresh (its clock may have moved)."""
    return Company.objects.get(pk=current_company_id())


M = TypeVar("M", bound=models.Model)


class ScopedManager(models.Manager[M]):
    """A manager that refuses to answer outside a scope, so that a missing scope never looks like missing data."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Return the rows that the scope lets through.

        Raises:
            OutsideScopeError: no scope is open.
        """
        scope = _scope.get()
        if scope is None:
            raise OutsideScopeError(self.model._meta.verbose_name_plural.__str__().capitalize())
        queryset = super().get_queryset()
        return queryset.using(scope.alias) if scope.alias != DEFAULT_DB_ALIAS else queryset


@dataclass(frozen=True, slots=True)
class Book:
    """How a table enters the digest of the books: by which columns its rows are told apart, and what is left out."""

    key: tuple[str, ...]
    without: tuple[str, ...] = ()


class ScopedModel(models.Model):
    """A table whose rows belong to one company; `guards` gives it its policies, and its triggers where append-only."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, default=current_company_id, related_name="+", editable=False
    )

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    book: ClassVar[Book | None] = None
    append_only: ClassVar[bool] = False

    class Meta:
        """No table of its own."""

        abstract = True


def scoped_models() -> list[type[ScopedModel]]:
    """Return every concrete company-owned model, in the order of its table's name."""
    found: list[Any] = []
    pending = ScopedModel.__subclasses__()
    while pending:
        model = pending.pop()
        pending.extend(model.__subclasses__())
        if not model._meta.abstract:
            found.append(model)
    return sorted(found, key=lambda model: model._meta.db_table)
