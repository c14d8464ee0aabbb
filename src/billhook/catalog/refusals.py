"""What several operations of the catalog refuse, and the lock under which they decide together."""

import re
from decimal import Decimal

from django.db import connection

from billhook.core import exact
from billhook.core.errors import Refusal
from billhook.foundation.scope import current_company_id

MOST_DECIMALS = 12
_CODE = re.compile(r"[A-Za-z0-9_-]+")


class CodeTakenError(Refusal):
    """Raised when something of its kind has a code already."""

    def __init__(self, what: str, code: str) -> None:
        """Name what it is and its code."""
        super().__init__(f"There is a {what} {code} already: choose another code, or change that one.")


class CodeError(Refusal):
    """Raised when a code is empty or has signs that a code may not have."""

    def __init__(self, what: str, code: str) -> None:
        """Name what was to have it, and the code."""
        super().__init__(f"{code!r} is no code for a {what}: use letters, digits, hyphens and underscores.")


class UnknownOptionError(Refusal):
    """Raised when an option has none of the values that it may have."""

    def __init__(self, what: str, value: str, known: tuple[str, ...]) -> None:
        """Name the option, its value and what it may be."""
        super().__init__(f"{value!r} is no {what}: choose one of {', '.join(known)}.")


class TooFineError(Refusal):
    """Raised when something has more decimals than are kept."""

    def __init__(self, what: str, most: int = MOST_DECIMALS) -> None:
        """Name it, with its figure."""
        super().__init__(f"{what} has more than {most} decimals, which is all that is kept: round it first.")


class DatesOutOfOrderError(Refusal):
    """Raised when something would end before it begins."""

    def __init__(self, what: str) -> None:
        """Name what it is."""
        super().__init__(f"The {what} ends on or before its first day: give a later end, or none.")


def require_code(what: str, code: str) -> str:
    """Return a code.

    Raises:
        CodeError: it has signs that a code may not have.
    """
    if not _CODE.fullmatch(code):
        raise CodeError(what, code)
    return code


def require_option(what: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a value that an option does not have.

    Raises:
        UnknownOptionError: it is none of those known.
    """
    if value not in known:
        raise UnknownOptionError(what, value, known)


def require_decimals(figure: Decimal, what: str, most: int = MOST_DECIMALS) -> Decimal:
    """Return a figure.

    Raises:
        NotExactError: it is a float or not finite.
        TooFineError: it has more decimals than are kept.
    """
    text = exact.plain(exact.require(figure, what))
    if len(text.partition(".")[2]) > most:
        raise TooFineError(f"The {what} {text}", most)
    return figure


def lock_catalog() -> None:
    """Let nobody else change, until the transaction ends, what depends on other rows: trees, rules, dated taxes."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('billhook.catalog'), %s)", [current_company_id()])
