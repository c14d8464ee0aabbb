"""Constraints of the database as refusals that people can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from billhook.core.errors import Refusal


@contextmanager
def refusing(**refusals: Refusal) -> Iterator[None]:
    """Turn the refusal of a constraint into a named one, so that the loser of a race reads the same sentence.

    Raises:
        Refusal: of the constraint that was broken, named by its keyword.
        django.db.IntegrityError: another one was.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as trouble:
        name = getattr(getattr(trouble.__cause__, "diag", None), "constraint_name", None) or ""
        if name in refusals:
            raise refusals[name] from trouble
        raise
