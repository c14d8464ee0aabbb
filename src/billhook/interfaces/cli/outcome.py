"""How a command ends: stable exit codes, one clear sentence on standard error.

0 done · 1 unexpected · 2 the words of the command are wrong · 3 refused, nothing changed · 4 the surroundings
(database, disk, port, font) need something · 5 a check found faults.
"""

from rich.console import Console
from rich.markup import escape

UNEXPECTED, USAGE, REFUSED, WORLD, FAULTS = 1, 2, 3, 4, 5

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


class Failure(Exception):  # noqa: N818 - it is the end of a command, not only an error
    """Ends a command with a sentence and an exit code."""

    def __init__(self, sentence: str, *, code: int = REFUSED) -> None:
        super().__init__(sentence)
        self.code = code


def say_failure(sentence: str, *, code: int) -> int:
    """Print the sentence on standard error and return the code."""
    err.print(f"[bold red]✗[/] {escape(printable(sentence))}")
    return code


def printable(text: str) -> str:
    """Return a text that any terminal takes: bytes of a file's name or a word that are no text become escapes."""
    return text.encode(errors="backslashreplace").decode()
