"""Gap-free document numbers: a block is taken from a locked row in the transaction that uses it."""

from dataclasses import dataclass

from django.db import connection

from billhook.foundation.models.records import NumberSeries
from billhook.foundation.scope import current_company_id


@dataclass(frozen=True, slots=True)
class Block:
    """A run of consecutive numbers, `first` to `first + count - 1`, of one series."""

    pattern: str
    first: int
    count: int

    def text(self, ordinal: int, *, year: int) -> str:
        """Return the document number at an ordinal of the block, counted from 0.

        Raises:
            IndexError: the ordinal lies outside the block.
        """
        if not 0 <= ordinal < self.count:
            message = f"This block holds {self.count} numbers; there is none at ordinal {ordinal}."
            raise IndexError(message)
        return self.pattern.format(year=year, number=self.first + ordinal)


def take_block(code: str, *, count: int, pattern: str) -> Block:
    """Take `count` consecutive numbers; the row stays locked until the transaction ends, so none is ever lost.

    Args:
        code: the series, created with `pattern` when the company has none of that code.
        count: how many numbers, at least 1.
        pattern: a format string over `year` and `number`, used only to create the series.
    """
    NumberSeries.objects.get_or_create(code=code, defaults={"pattern": pattern})
    with connection.cursor() as cursor:
        cursor.execute(
            "update foundation_numberseries set next_number = next_number + %s"
            " where company_id = %s and code = %s returning pattern, next_number - %s",
            [count, current_company_id(), code, count],
        )
        row = cursor.fetchone()
    return Block(pattern=row[0], first=row[1], count=count)


def take_number(code: str, *, year: int, pattern: str) -> str:
    """Take one document number."""
    return take_block(code, count=1, pattern=pattern).text(0, year=year)
