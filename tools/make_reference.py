"""Writes events.md, hooks.md and openapi.json of docs/reference from the installed code; `--check` only compares.

Exit code 0: written, or up to date. Exit code 1: `--check` found a page that is not what the code says.
"""

import ast
import inspect
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billhook.site.settings")
os.environ.setdefault("DATABASE_URL", "postgresql://localhost/unused")
os.environ.setdefault("BILLHOOK_SECRET_KEY", "unused")
django.setup()

from pydantic.fields import FieldInfo  # noqa: E402 - the settings come first

import billhook.site.commands  # noqa: E402, F401 - loads what every command and worker loads
from billhook.foundation.events import Event, event_types, reactions_to  # noqa: E402
from billhook.hooks import registry  # noqa: E402
from billhook.hooks.contract import Hook, Plugin  # noqa: E402
from billhook.interfaces.api.document import document  # noqa: E402

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTICE = "<!-- Written by tools/make_reference.py from the code; change the code, not this page. -->"
STOREYS = (
    "foundation", "hooks", "customers", "catalog", "ledger", "orders", "mediation", "invoicing", "payments",
    "dunning", "billing", "reports", "notifications", "plugins",
)  # fmt: skip

EVENTS = """# Events

Everything that happens is one row in the table `foundation_event`, written by `billhook.foundation.events.emit` in the
transaction of the happening and never changed. Each event also carries company, customer (empty where it concerns
none), actor, request id and the company's time. Reactions run *in transaction* beside the happening, *after* its
commit as a job in one transaction, or *alone* as a job that opens its own.
"""

HOOKS = """# Hooks

A hook is a decision that differs between businesses. A plugin fills it; a row of `billhook.hooks.models` says which
plugin fills it for which company, in which order and with which parameters. Each Protocol below is the whole contract:
its docstring binds the plugin's author. How to write one: [a plugin](../how-to/write-a-plugin.md).
"""


def room_of(kind: type) -> str:
    """Return the room in which a class stands."""
    return kind.__module__.split(".")[1]


def plain(annotation: object) -> str:
    """Return a type as it is read aloud: without modules, alternatives joined by `or`."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text).replace(" | ", " or ")


def first_line(thing: object) -> str:
    """Return the first sentence of a docstring."""
    return (inspect.getdoc(thing) or "").splitlines()[0]


def event_page() -> str:
    """Return the page of all events, room by room in the order of the storeys."""
    by_room: dict[str, list[type[Event]]] = {}
    for _, kind in sorted(event_types().items()):
        by_room.setdefault(room_of(kind), []).append(kind)
    parts = [NOTICE, EVENTS]
    for room in sorted(by_room, key=STOREYS.index):
        parts.append(f"## {room.capitalize()}\n")
        parts.extend(event_section(kind) for kind in by_room[room])
    return "\n".join(parts)


def event_section(kind: type[Event]) -> str:
    """Return what there is to say about one event."""
    hints = get_type_hints(kind)
    own = [f"`{field.name}` {plain(hints[field.name])}" for field in fields(kind) if field.name != "customer"]
    lines = [
        f"### `{kind.name}`\n",
        f"{first_line(kind)} `{kind.__module__}.{kind.__name__}`\n",
        f"- Says: {kind.sentence}",
        f"- Subject: `{kind.subject_field}`",
        f"- Fields: {', '.join(own) or 'none of its own'}",
    ]
    lines += [f"- Reaction, {it.when}: `{it.key.replace(':', '.')}`" for it in reactions_to(kind.name)]
    return "\n".join(lines) + "\n"


def hook_page() -> str:
    """Return the page of all hooks with the installed plugins that fill them."""
    return "\n".join([NOTICE, HOOKS, *(hook_section(hook) for hook in registry.hooks())])


def hook_section(hook: Hook[Any]) -> str:
    """Return what there is to say about one hook."""
    protocol: Any = hook.protocol
    parts = [
        f"## `{hook.name}`\n",
        f"{hook.sentence} Asked for: {hook.call}.\n",
        f"Protocol: `{protocol.__module__}.{protocol.__name__}`, beside its requests, answers and refusals.\n",
        f"{inspect.getdoc(protocol)}\n",
        f"```python\n{members(protocol)}\n```\n",
    ]
    filling = [plugin for plugin in registry.plugins_for(hook.name) if plugin.__module__.startswith("billhook.")]
    return "\n".join(parts + [plugin_section(plugin) for plugin in filling])


def members(protocol: type) -> str:
    """Return the source of a Protocol's members, its own docstring left out."""
    source = textwrap.dedent(inspect.getsource(protocol))
    tree = ast.parse(source).body[0]
    if not isinstance(tree, ast.ClassDef):
        raise TypeError(protocol)
    return textwrap.dedent("\n".join(source.splitlines()[tree.body[1].lineno - 1 :])).strip()


def plugin_section(plugin: type[Plugin]) -> str:
    """Return what there is to say about one plugin: its class and its parameters."""
    where = f"`{plugin.__module__}.{plugin.__name__}`"
    lines = [f"### `{plugin.code}` · {plugin.title}\n", f"{first_line(plugin)} {where}\n"]
    rows = [parameter_row(name, field) for name, field in plugin.Parameters.model_fields.items()]
    if not rows:
        return "\n".join([*lines, "No parameters.\n"])
    return "\n".join([*lines, "| parameter | type | default | |", "|---|---|---|---|", *rows]) + "\n"


def parameter_row(name: str, field: FieldInfo) -> str:
    """Return one row of a plugin's table of parameters."""
    usual = plain(str(field.get_default(call_default_factory=True)))
    default = "required" if field.is_required() else f"`{usual}`" if usual else "empty"
    return f"| `{name}` | {plain(field.annotation)} | {default} | {field.description or ''} |"


def pages() -> Iterator[tuple[Path, str]]:
    """Return each page's file and what it has to say."""
    yield REFERENCE / "events.md", event_page()
    yield REFERENCE / "hooks.md", hook_page()
    yield REFERENCE / "openapi.json", json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the pages, or compare them, and return the exit code."""
    stale = [(path, text) for path, text in pages() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path, _ in stale:
            print(f"docs/reference/{path.name} is stale: run .venv/bin/python tools/make_reference.py.")
        return int(bool(stale))
    for path, text in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{len(stale)} pages were written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
