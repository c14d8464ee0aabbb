"""What a console page is made of: frozen values that a view fills and the templates draw.

A view never formats: it hands over texts, whole numbers, exact decimals, dates, instants and money, and the
templates show each in one way (see the ``show`` filter).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from billhook.core.money import Money

if TYPE_CHECKING:
    from billhook.interfaces.console.charts import Spark


class Tone(StrEnum):
    """What a colour says; the words beside it always say the same."""

    NEUTRAL = "neutral"
    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class Align(StrEnum):
    """Where a column's cells stand; numbers stand at the end, in figures of one width."""

    START = "start"
    END = "end"


class Hue(StrEnum):
    """The colour of a series in a chart; it only tells series apart, the words beside it say what they are."""

    INDIGO = "indigo"
    PERIWINKLE = "periwinkle"
    CYAN = "cyan"
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    CRIMSON = "crimson"
    INK = "ink"


class Weight(StrEnum):
    """How much a button asks to be pressed."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    DANGER = "danger"


class FieldKind(StrEnum):
    """How a person fills a field of a form."""

    TEXT = "text"
    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105 (the name of an input type, not a secret)
    DATE = "date"
    DECIMAL = "decimal"
    FILE = "file"
    TEXTAREA = "textarea"
    SELECT = "select"
    CHECKBOX = "checkbox"
    HIDDEN = "hidden"


class StepState(StrEnum):
    """How far one step of a billing run is."""

    DONE = "done"
    CURRENT = "current"
    WAITING = "waiting"
    FAILED = "failed"


Value = str | int | Decimal | date | datetime | Money | None


@dataclass(frozen=True, slots=True)
class Pill:
    """A state in one or two words, with its colour."""

    text: str
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way from the top to this page."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice of a filter, with the number of rows behind it; ``count`` None hides the number."""

    label: str
    href: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure of the overview: what it is, how much, what it compares with and how it moved."""

    label: str
    value: Value
    note: str = ""
    tone: Tone = Tone.NEUTRAL
    spark: Spark | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value, in a header strip or in a short list."""

    label: str
    value: Value
    tone: Tone = Tone.NEUTRAL
    href: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened: what, the details, when and by whom."""

    icon: str
    title: str
    at: datetime
    detail: str = ""
    actor: str = ""
    tone: Tone = Tone.NEUTRAL
    href: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a short list beside the main content."""

    title: str
    href: str = ""
    sub: Value = ""
    value: Value = ""
    pill: Pill | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence above the content that asks for attention, with a link to where it is settled."""

    text: str
    tone: Tone = Tone.INFO
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; ``value`` is what stands in it, written as the server reads it back."""

    name: str
    label: str = ""
    kind: FieldKind = FieldKind.TEXT
    value: str = ""
    help: str = ""
    error: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = True
    autocomplete: str = "off"


@dataclass(frozen=True, slots=True)
class Button:
    """One way to send a form; ``action`` sends it elsewhere than the form's own address."""

    label: str
    icon: str = ""
    weight: Weight = Weight.PRIMARY
    name: str = ""
    value: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form that posts to ``action``; its ``id`` is unique on the page."""

    id: str
    action: str
    buttons: tuple[Button, ...]
    fields: tuple[Field, ...] = ()
    note: str = ""
    error: str = ""
    multipart: bool = False


@dataclass(frozen=True, slots=True)
class Dialog:
    """A form that opens over the page when the button that names its ``id`` is pressed."""

    id: str
    title: str
    form: Form


@dataclass(frozen=True, slots=True)
class Action:
    """A button in a page's head: a link (``href``), a post without fields (``post``) or a dialog's opener."""

    label: str
    icon: str = ""
    href: str = ""
    post: str = ""
    dialog: str = ""
    weight: Weight = Weight.SECONDARY


@dataclass(frozen=True, slots=True)
class PageHead:
    """The head of a page: the way to it, its title, its state and what can be done from here."""

    title: str
    note: str = ""
    note_href: str = ""
    crumbs: tuple[Crumb, ...] = ()
    actions: tuple[Action, ...] = ()
    pill: Pill | None = None
    initials: str = ""
    notices: tuple[Notice, ...] = ()
    dialogs: tuple[Dialog, ...] = ()


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where there is nothing: why, and what to do about it."""

    title: str
    text: str = ""
    icon: str = "inbox"
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; ``href`` sorts by it, ``sort`` says how it is sorted now (an ``aria-sort`` word)."""

    heading: str
    align: Align = Align.START
    href: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a value, with what may stand around it.

    ``signed`` writes a plus before a gain; ``verbatim`` sets raw text in letters of one width.
    """

    value: Value = ""
    href: str = ""
    sub: str = ""
    pill: Pill | None = None
    tone: Tone = Tone.NEUTRAL
    strong: bool = False
    signed: bool = False
    verbatim: bool = False
    initials: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; ``key`` is what its checkbox sends in a table with ``select``."""

    cells: tuple[Cell, ...]
    key: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Where we are in a long list, in words, and the addresses of the pages beside it (empty at an end)."""

    summary: str
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The console's one table.

    Args:
        caption: says what the rows are; read aloud always, seen only with ``captioned``.
        foot: sums; a table never sums over currencies, so there is one row a currency.
        select: the name under which the checkboxes send their rows' keys; empty for no checkboxes.
        form: the id of the form that the checkboxes belong to.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: Empty = field(default_factory=lambda: Empty("Nothing here yet"))
    foot: tuple[Row, ...] = ()
    pager: Pager | None = None
    captioned: bool = False
    select: str = ""
    form: str = ""

    @property
    def lines(self) -> tuple[tuple[Row, tuple[tuple[Column, Cell], ...]], ...]:
        """Return each row with its cells, each beside its column."""
        return tuple((row, self._paired(row)) for row in self.rows)

    @property
    def foot_lines(self) -> tuple[tuple[tuple[Column, Cell], ...], ...]:
        """Return each foot row's cells, each beside its column."""
        return tuple(self._paired(row) for row in self.foot)

    def _paired(self, row: Row) -> tuple[tuple[Column, Cell], ...]:
        return tuple(zip(self.columns, row.cells, strict=True))


@dataclass(frozen=True, slots=True)
class Search:
    """The search field above a list; ``kept`` are the filters that stay while searching."""

    action: str
    label: str
    value: str = ""
    kept: tuple[tuple[str, str], ...] = ()
