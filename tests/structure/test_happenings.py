"""Everything that can happen is asked for in one way, and says in one sentence what happened."""

import ast
import inspect
import pkgutil
import re
import string
from dataclasses import fields, is_dataclass
from importlib import import_module

import pytest
from tests.structure.sources import PACKAGE, module_name, python_files, tree

import billhook
from billhook.foundation.events import Event, event_types

NOT_IMPORTED = {"billhook.__main__", "billhook.site.wsgi"}  # running them is their purpose
for found in pkgutil.walk_packages(billhook.__path__, "billhook."):
    if found.name not in NOT_IMPORTED and ".migrations" not in found.name:
        import_module(found.name)

EVENTS = sorted(
    (kind for kind in event_types().values() if kind.__module__.startswith("billhook.")), key=lambda kind: kind.name
)

# Happenings that say the time, or who did it, in their own way; or that have no event to write.
OWN_WAY = {
    "billhook.billing.operations.commit.commit_run": "its time is that of the approval",
    "billhook.foundation.operations.advance_clock": "its time is the one it moves to",
    "billhook.foundation.operations.define_role": "roles belong to the installation, which has no books",
    "billhook.foundation.operations.use_sign_in_link": "the link says who, and links live on the machine's time",
}
# What the outside may ask of operations though it is no happening of a company.
NO_HAPPENING = {
    "billhook.customers.operations.account_type": "it only looks whether there is one",
    "billhook.billing.operations.commit.commit_run": "it goes on with what an approval began",
    "billhook.billing.operations.start.compute_run": "it goes on with what a start began",
    "billhook.foundation.operations.make_sign_in_link": "a link is worthless until it is used",
    "billhook.orders.operations.sign_up.preview_sign_up": "it leaves nothing behind",
}


def operations():
    """Yield every public function of every operations module by its full name."""
    for path in python_files(PACKAGE):
        name = module_name(path)
        if ".operations" in name and path.stem != "__init__":
            for function_name, function in inspect.getmembers(import_module(name), inspect.isfunction):
                if inspect.unwrap(function).__module__ == name and not function_name.startswith("_"):
                    yield f"{name}.{function_name}", function


def happens(function):
    """Return whether a function is a happening: a transaction, or told by an event; else it is a step of one."""
    emits = re.search(r"\bemit(_many)?\(", inspect.getsource(function)) is not None
    return emits or hasattr(function, "__wrapped__")


OPERATIONS = dict(operations())
HAPPENINGS = [name for name, function in OPERATIONS.items() if happens(function)]


@pytest.mark.parametrize("name", HAPPENINGS)
def test_an_operation_is_asked_by_keyword_says_who_and_when(name):
    parameters = inspect.signature(OPERATIONS[name]).parameters
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert {"actor", "at"} <= set(parameters) or name in OWN_WAY


def test_the_outside_asks_for_happenings_alone():
    asked = set()
    for path in python_files(PACKAGE / "interfaces", PACKAGE / "site", PACKAGE / "plugins"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and ".operations" in node.module:
                asked |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert asked & set(HAPPENINGS)
    assert (asked & set(OPERATIONS)) - set(HAPPENINGS) <= set(NO_HAPPENING)


def test_every_exception_to_the_rule_is_needed():
    assert set(OWN_WAY) <= set(OPERATIONS)
    assert set(NO_HAPPENING) <= set(OPERATIONS) - set(HAPPENINGS)
    assert not [name for name in OWN_WAY if {"actor", "at"} <= set(inspect.signature(OPERATIONS[name]).parameters)]


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
