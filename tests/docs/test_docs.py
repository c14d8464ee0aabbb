"""What the documentation says exists, and what exists is in it."""

import importlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer.main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
PACKAGE = ROOT / "src" / "billhook"

LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")
DOTTED = re.compile(r"\bbillhook(?:\.\w+)+")
FILE = re.compile(r"`([\w./-]+/[\w.-]+\.\w+|[\w./-]+/)`")
CODE = re.compile(r"```.*?```", re.DOTALL)
HEADING = re.compile(r"^### `billhook ([a-z ]+)`$", re.MULTILINE)
REQUIREMENT = re.compile(r"[\w-]+")
SECTION = re.compile(r"^### `billhook ([a-z ]+)`\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"(?:^|`)make ([a-z][a-z0-9-]*)", re.MULTILINE)

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def prose(path):
    """Return a page without its code blocks."""
    return CODE.sub("", path.read_text())


@page
def test_links_lead_somewhere(path):
    for target in LINK.findall(prose(path)):
        if "://" in target:
            continue
        found = (path.parent / target.partition("#")[0]).resolve()
        assert found.exists(), target


def resolves(dotted):
    """Return whether a dotted name is a module of the package or something that stands in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


@page
def test_named_modules_and_names_exist(path):
    text = path.read_text().replace("billhook.plugins`", "").replace('"billhook.plugins"', "")
    missing = {name for name in DOTTED.findall(text) if not name.endswith(".example") and not resolves(name)}
    assert not missing


@page
def test_named_files_exist(path):
    missing = [
        name
        for name in FILE.findall(prose(path))
        if not any((base / name).exists() for base in (ROOT, PACKAGE, path.parent)) and "/var/" not in name
    ]
    assert not missing


def test_a_name_that_does_not_exist_would_be_noticed():
    assert resolves("billhook.core.draft.bill")
    assert not resolves("billhook.core.draft.no_such_thing")
    assert not resolves("billhook.no_such_room.models")


def test_the_reference_is_what_the_code_says():
    command = [sys.executable, str(ROOT / "tools" / "make_reference.py"), "--check"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readmes_commands_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(MAKE.findall("\n".join(path.read_text() for path in PAGES)))
    assert {"demo", "test"} <= set(MAKE.findall((ROOT / "README.md").read_text()))
    assert named <= targets


def commands(group, path=()):
    """Yield the words of every command of the command line."""
    for name, command in group.commands.items():
        words = (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, words)
        else:
            yield " ".join(words), command


def test_the_command_reference_lists_exactly_the_commands_there_are():
    found = dict(commands(typer.main.get_command(importlib.import_module("billhook.site.commands").app)))
    assert sorted(HEADING.findall((ROOT / "docs/reference/cli.md").read_text())) == sorted(found)


def test_the_command_reference_names_every_option():
    page_of = dict(SECTION.findall((ROOT / "docs/reference/cli.md").read_text()))
    group = typer.main.get_command(importlib.import_module("billhook.site.commands").app)
    for words, command in commands(group):
        for parameter in command.params:
            option = max(parameter.opts, key=len)
            if option.startswith("--") and option not in ("--help", "--company"):
                assert option in page_of[words], f"billhook {words} {option}"


def project():
    """Return what pyproject.toml says of the project."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def direct_dependencies():
    """Return the names of every direct dependency, optional groups included."""
    declared = project()
    lines = [
        *declared["dependencies"],
        *(line for group in declared["optional-dependencies"].values() for line in group),
    ]
    return {REQUIREMENT.match(line)[0] for line in lines}


def rows_of_dependencies():
    """Return the licence that the page gives for each package."""
    text = (ROOT / "docs/decisions/dependencies.md").read_text()
    rows = re.findall(r"^\| ([\w-]+)(?: \([^)]*\))? \| ([^|]+) \|", text, re.MULTILINE)
    return {name: licence for name, licence in rows if name != "package"}


def test_every_direct_dependency_has_its_line():
    assert set(rows_of_dependencies()) == direct_dependencies()


def declared_licence(name):
    """Return everything that an installed package says of its licence, plainly written."""
    found = importlib.metadata.metadata(name)
    classifiers = [it for it in found.get_all("Classifier") or [] if it.startswith("License")]
    said = [found.get("License-Expression") or "", (found.get("License") or "")[:80], *classifiers]
    files = [file for file in importlib.metadata.files(name) or [] if "LICENSE" in file.name.upper()]
    texts = [file.locate().read_text(errors="replace")[:400] for file in files[:1]] if not any(said) else []
    return plain(" ".join([*said, *texts]))


def plain(text):
    """Return text in lower case without what licences write differently."""
    return re.sub(r"[^a-z0-9]|software|license|licence", "", text.lower())


@pytest.mark.parametrize("name", sorted(rows_of_dependencies()))
def test_licences_are_the_declared_ones(name):
    families = {"BSD-3-Clause": "bsd", "BSD-2-Clause": "bsd2clause", "Apache-2.0": "apache"}
    for licence in rows_of_dependencies()[name].split(" or "):
        assert plain(families.get(licence, licence)) in declared_licence(name)


def test_every_plugin_folder_has_a_readme_and_the_hooks_page_names_it():
    page_of_hooks = (ROOT / "docs/reference/hooks.md").read_text()
    for point in project()["entry-points"]["billhook.plugins"].values():
        module, _, name = point.partition(":")
        assert f"`{module}.{name}`" in page_of_hooks
        assert (PACKAGE / "plugins" / module.split(".")[2] / "README.md").is_file()


def example(page_name, opening):
    """Return the first Python block of a how-to that begins with some text."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/how-to" / page_name).read_text(), re.DOTALL)
    return next(block for block in blocks if block.startswith(opening))


def test_the_example_plugin_prices_as_its_page_says(tmp_path, monkeypatch):
    (tmp_path / "minimum_price_example.py").write_text(example("write-a-plugin.md", '"""Units at a price'))
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("minimum_price_example")
    core = importlib.import_module("billhook.core.derivation")
    euro = importlib.import_module("billhook.core.money").currency("EUR")
    plugin = module.MinimumPrice
    price = plugin(plugin.Parameters(unit_price="0.05", minimum="2.00")).build(euro)
    for quantity, amount in (("10", "2.00"), ("40", "2.00"), ("100", "5.00")):
        priced = price.price(module.Decimal(quantity))
        assert priced.amount == module.Decimal(amount)
        assert core.run(priced.steps) == priced.amount
    with pytest.raises(module.MinimumBelowZeroError, match="give zero or more"):
        plugin(plugin.Parameters(unit_price="1", minimum="-1")).build(euro)


def test_the_first_company_can_be_set_up_as_the_page_says(own_database, tmp_path):
    script = tmp_path / "first_company.py"
    script.write_text(example("run-in-production.md", "import django"))
    done = subprocess.run(
        [sys.executable, str(script)], env=own_database, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"/sign-in/[\w-]+/\n", done.stdout)
    verify = [sys.executable, "-m", "billhook", "verify", "--company", "acme"]
    assert subprocess.run(verify, env=own_database, cwd=ROOT, capture_output=True, check=False).returncode == 0
