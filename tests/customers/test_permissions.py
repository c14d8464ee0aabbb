"""Every happening of the room asks for a permission, and no permission allows nothing."""

import inspect
import pkgutil
from importlib import import_module

from billhook.customers import operations, permissions
from billhook.foundation.permissions import Permission, all_permissions


def happenings():
    """Return every operation that is a transaction of its own, by name."""
    for found in pkgutil.iter_modules(operations.__path__):
        module = import_module(f"{operations.__name__}.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if inspect.unwrap(function).__module__ == module.__name__ and hasattr(function, "__wrapped__"):
                yield name


def test_every_happening_asks_for_a_permission():
    found = list(happenings())
    assert sorted(found) == sorted(permissions.FOR)
    assert len(found) == 30


def test_every_permission_of_the_room_lets_something_happen():
    declared = {value for value in vars(permissions).values() if isinstance(value, Permission)}
    assert declared - {permissions.VIEW} == set(permissions.FOR.values())
    assert declared == {one for one in all_permissions() if one.code.startswith("customers.")}


def test_what_cannot_be_undone_has_a_permission_of_its_own():
    for name in ("merge_customers", "close_customer", "anonymise_customer"):
        assert [other for other, one in permissions.FOR.items() if one == permissions.FOR[name]] == [name]
