"""What the installation says of itself is true: views, permissions, migrations, plugins, locks."""

import ast
import re
import tomllib
from importlib.metadata import entry_points

import pytest
from django.apps import apps
from django.core.management import call_command
from django.urls import URLPattern, get_resolver
from tests.structure.sources import PACKAGE, ROOT, module_name, python_files, tree

from billhook.foundation.permissions import Permission, all_permissions
from billhook.foundation.shelf import RoomConfig

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]
# Permissions that no view asks for yet: what waits for them.
WAITING = {
    "catalog.change": "products and prices are set up by program",
    "customers.account_types": "account types are set up by program",
    "customers.anonymise": "no page asks for it yet",
    "customers.assign_type": "no page asks for it yet",
    "customers.close": "no page asks for it yet",
    "customers.contacts": "no page asks for it yet",
    "customers.cycle": "no page asks for it yet",
    "customers.instruments": "cards come with a sign-up",
    "customers.merge": "no page asks for it yet",
    "customers.notes": "no page asks for it yet",
    "customers.suspend": "collections suspend and restore by themselves",
    "customers.tax": "no page asks for it yet",
    "customers.tree": "no page asks for it yet",
    "dunning.change": "steps are set up by program",
    "foundation.administer": "people and roles are set up by program",
    "hooks.change": "plugins are activated by program",
    "hooks.view": "plugins are activated by program",
    "invoicing.send": "invoices go out by themselves",
    "ledger.view": "the ledger is read by command",
    "orders.assets": "assets are kept by program",
    "orders.change": "orders are placed by program",
    "orders.provision": "networks are looked after by program",
}


def views(patterns, prefix=""):
    for pattern in patterns:
        address = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield address, pattern.callback
        else:
            yield from views(pattern.url_patterns, address)


def test_every_view_says_its_permission():
    found = dict(views(get_resolver().url_patterns))
    assert found
    silent = [
        address for address, view in found.items() if not isinstance(getattr(view, "permission", None), Permission)
    ]
    assert not silent


def declared():
    """Return each permission's code by the name under which it is imported."""
    for path in python_files(PACKAGE):
        if path.stem == "permissions":
            for node in tree(path).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                    (target,), (code, *_) = node.targets, node.value.args
                    yield f"{module_name(path)}.{target.id}", code.value


def references(path):
    """Yield the full names of what a module takes from modules named `permissions`."""
    modules, module = {}, tree(path)
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if node.module.endswith(".permissions"):
                    yield f"{node.module}.{alias.name}"
                if alias.name == "permissions":
                    modules[alias.asname or alias.name] = f"{node.module}.permissions"
        if isinstance(node, ast.Import):
            modules |= {
                alias.asname or alias.name: alias.name for alias in node.names if alias.name.endswith(".permissions")
            }
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules:
            yield f"{modules[ast.unparse(node.value)]}.{node.attr}"


def test_every_permission_is_asked_for_somewhere():
    codes = dict(declared())
    assert set(codes.values()) == {permission.code for permission in all_permissions()}
    used = {name for path in python_files(PACKAGE) if path.stem != "permissions" for name in references(path)}
    assert {code for name, code in codes.items() if name not in used} <= set(WAITING)


@pytest.mark.parametrize("permission", all_permissions(), ids=lambda permission: permission.code)
def test_a_permission_reads_as_a_phrase(permission):
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", permission.code)
    assert permission.sentence
    assert permission.sentence[0].islower()
    assert not permission.sentence.endswith(".")


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_plugin_folder_comes_in_by_the_same_door():
    written = PROJECT["project"]["entry-points"]["billhook.plugins"]
    folders = {path.name for path in (PACKAGE / "plugins").iterdir() if (path / "plugin.py").is_file()}
    assert {value.split(".")[2] for value in written.values()} == folders
    assert {point.name: point.value for point in entry_points(group="billhook.plugins")} == written


def test_every_room_of_plugins_is_held_apart():
    (contract,) = [one for one in PROJECT["tool"]["importlinter"]["contracts"] if one["type"] == "independence"]
    folders = {path.name for path in (PACKAGE / "plugins").iterdir() if (path / "plugin.py").is_file()}
    assert set(contract["modules"]) == {f"billhook.plugins.{folder}" for folder in folders}


def locked(path):
    return {
        re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)==", path.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_versions_and_hashes_and_no_place(path):
    text = path.read_text()
    assert "://" not in text
    assert "--index" not in text
    for entry in re.split(r"(?m)^(?=\w)", text):
        assert not entry or entry.count("--hash=sha256:") >= 1, entry.splitlines()[0]


def names(requirements):
    return {re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", one)[0]).lower() for one in requirements}


def test_the_locks_hold_what_the_project_asks_for():
    project = PROJECT["project"]
    assert names(project["dependencies"]) <= locked(LOCKS[0])
    assert names(project["optional-dependencies"]["dev"]) <= locked(LOCKS[1])
    assert locked(LOCKS[0]) <= locked(LOCKS[1])


def test_every_room_loads_what_it_registers():
    rooms = [config for config in apps.get_app_configs() if config.name.startswith("billhook.")]
    plain = {config.label for config in rooms if not isinstance(config, RoomConfig)}
    assert plain == {"foundation", "console", "portal"}
