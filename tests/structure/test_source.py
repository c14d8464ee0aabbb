"""How the source is written, where a linter does not look."""

import ast
import re
import sys

import pytest
from tests.structure.sources import PACKAGE, ROOT, docstrings, functions, imports, place, python_files, tree

LONGEST_FILE, LONGEST_FUNCTION = 400, 60
SOURCE, TESTS = python_files(PACKAGE), python_files(ROOT / "tests", ROOT / "tools")
CORE = python_files(PACKAGE / "core")
CLOCK = PACKAGE / "foundation" / "clock.py"
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "now"),
          ("timezone", "localdate"), ("time", "time"), ("time", "time_ns"), ("time", "localtime")}  # fmt: skip

TAG = re.compile(
    r"</?(a|b|br|button|code|div|em|form|h[1-6]|i|input|li|ol|p|pre|span|strong|svg|table|td|th|tr|ul)\b[^>]*>"
)


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CORE, ids=named)
def test_core_knows_the_standard_library_alone(path):
    for node in ast.walk(tree(path)):
        for module in imports(node):
            known = module.partition(".")[0] in sys.stdlib_module_names or module.startswith("billhook.core")
            assert known, f"{place(path, node)} imports {module}"
            assert module.partition(".")[0] not in {"random", "time", "secrets", "uuid", "os", "locale"}, place(
                path, node
            )


def is_float(node):
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"


@pytest.mark.parametrize("path", CORE, ids=named)
def test_core_makes_no_float(path):
    assert not [place(path, node) for node in ast.walk(tree(path)) if is_float(node)]


def asked_clocks(path):
    for node in ast.walk(tree(path)):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) in CLOCKS
        ):
            yield place(path, node)


def test_nobody_but_the_clock_asks_what_time_it_is():
    assert not [found for path in SOURCE if path != CLOCK for found in asked_clocks(path)]
    assert list(asked_clocks(CLOCK))


def test_no_file_is_too_long():
    lengths = {named(path): len(path.read_text().splitlines()) for path in SOURCE + TESTS}
    assert {path for path, length in lengths.items() if length > LONGEST_FILE} == set()


def test_no_function_is_too_long():
    lengths = {
        f"{place(path, function)} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in SOURCE + TESTS
        for function in functions(path)
    }
    assert not {function: length for function, length in lengths.items() if length > LONGEST_FUNCTION}
    assert sorted(lengths.values())[len(lengths) // 2] <= 10


def test_imports_stand_at_the_top_or_say_why_not():
    inside = [
        (path, node) for path in SOURCE for function in functions(path) for node in ast.walk(function) if imports(node)
    ]
    assert not [place(path, node) for path, node in inside if not has_reason(path, node.lineno)]


def has_reason(path, line):
    return re.search(r"# noqa: PLC0415\S* *- \w", path.read_text().splitlines()[line - 1])


def test_no_html_stands_in_python():
    found = []
    for path in SOURCE:
        module = tree(path)
        skipped = docstrings(module)
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
                found += [f"{place(path, node)} {match[0]}" for match in [TAG.search(node.value)] if match]
    assert not found


def test_nothing_is_imported_with_a_star_and_nothing_is_called_utils():
    for path in SOURCE:
        assert path.stem not in {"utils", "helpers", "misc", "common"}, named(path)
        stars = [
            node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        ]
        assert not stars, named(path)


def test_no_model_saves_in_its_own_way():
    for path in SOURCE:
        if "models" in path.parts[-2:] or path.stem == "models":
            assert not [function.name for function in functions(path) if function.name in {"save", "delete"}], named(
                path
            )
