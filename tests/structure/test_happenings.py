"""Everything that can happen is asked for in one way, and says in one sentence what happened."""

import inspect
import pkgutil
import re
import string
from dataclasses import fields, is_dataclass
from importlib import import_module

import pytest

import billhook
from billhook.foundation.events import Event, event_types
from tests.structure.sources import PACKAGE, module_name, python_files

NOT_IMPORTED = {"billhook.__main__", "billhook.site.wsgi"}  # running them is their purpose
for found in pkgutil.walk_packages(billhook.__path__, "billhook."):
    if found.name not in NOT_IMPORTED and ".migrations" not in found.name:
        import_module(found.name)

EVENTS = sorted(
    (kind for kind in event_types().values() if kind.__module__.startswith("billhook.")), key=lambda kind: kind.name
)

# Functions of operations modules that are no happenings: what they are instead.
NO_HAPPENINGS: dict[str, str] = {}
# Happenings that say the time themselves.
OWN_TIME = {"billhook.foundation.operations.advance_clock": "its time is the one it moves to"}
# Happenings without actor or event.
NO_EVENT: dict[str, str] = {}


def operations():
    for path in python_files(PACKAGE):
        name = module_name(path)
        if ".operations" in name and path.stem != "__init__":
            for function_name, function in inspect.getmembers(import_module(name), inspect.isfunction):
                if inspect.unwrap(function).__module__ == name and not function_name.startswith("_"):
                    yield f"{name}.{function_name}", inspect.signature(function)


OPERATIONS = dict(operations())


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_asked_by_keyword_says_who_and_when(name):
    if name in NO_HAPPENINGS:
        return
    parameters = OPERATIONS[name].parameters
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    if name not in NO_EVENT:
        assert "actor" in parameters
        assert "at" in parameters or name in OWN_TIME


def test_every_exception_to_the_rule_exists():
    assert {*NO_HAPPENINGS, *NO_EVENT, *OWN_TIME} <= set(OPERATIONS)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_an_event_says_what_happened_in_its_own_words(kind):
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.name)
    known = {field.name for field in fields(kind)}
    named = {
        re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(kind.sentence) if name is not None
    }
    assert named <= known
    assert kind.subject_field in known
    assert kind.sentence.endswith(".")


def test_no_two_events_share_a_name():
    sources = [path.read_text() for path in python_files(PACKAGE)]
    names = re.findall(r'^    name: ClassVar\[str\] = "(\S+)"$', "\n".join(sources), re.MULTILINE)
    events = [name for name in names if name in event_types()]
    assert len(events) == len(set(events)) == len(EVENTS)
    assert len(EVENTS) > 40
    assert issubclass(EVENTS[0], Event)
