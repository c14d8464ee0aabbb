"""The definition of Asterisk's `Master.csv` in the order in which `cdr_csv.c` writes its fields."""

from dataclasses import dataclass
from typing import Any

from billhook.mediation.formats import FormatDefinition

_ALWAYS = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
)
_NEW = ("peeraccount", "linkedid", "sequence")

DEFINITION: dict[str, Any] = {
    "name": "asterisk-csv",
    "layouts": [
        _ALWAYS,
        (*_ALWAYS, "uniqueid"),
        (*_ALWAYS, "uniqueid", "userfield"),
        (*_ALWAYS, "uniqueid", "userfield", *_NEW),
    ],
    "identifiers": ["accountcode", "src"],
    "a_number": "src",
    "b_number": "dst",
    "started": "start",
    "seconds": "billsec",
    # Not `sequence`: in an unterminated last line it can be cut short and still look whole.
    "key": [
        *("accountcode", "src", "dst", "channel", "dstchannel", "start", "end"),
        *("duration", "billsec", "disposition", "uniqueid"),
    ],
    "answered": {"name": "unanswered", "column": "disposition", "values": ["ANSWERED"]},
    "omit": [{"name": "ama_omit", "column": "amaflags", "values": ["OMIT"]}],
    "timestamp": "%Y-%m-%d %H:%M:%S",
}


@dataclass(frozen=True, slots=True)
class AsteriskMaster:
    """What a source of `Master.csv` files must be told, because the file does not say it.

    Args:
        usegmtime: the switch's `usegmtime=yes`: times are UTC.
        zone: the switch's local zone; None leaves it to the source. `usegmtime` wins over it.
    """

    usegmtime: bool = False
    zone: str | None = None

    def definition(self) -> FormatDefinition:
        """Return the format; a line has 16, 17, 18 or 21 columns, told apart by their number."""
        return FormatDefinition.parse({**DEFINITION, "zone": "UTC" if self.usegmtime else self.zone})
