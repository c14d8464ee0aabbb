"""Breaks money, rounding, proration, tax and price modules in every small way, and counts what the tests notice.

mutmut makes the mutants and runs the tests of the core on each, in a copy under `build/mutants`. A mutant is killed
where a test fails on it; one that runs out of time is not counted as killed. Fewer than 90 % killed is a failure.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutants"
CORE = Path("src/billhook/core")
MODULES = ("exact", "money", "rounding", "proration", "tax", "tax_rules", "taxing", "price/*")
LEAST = 90
VERDICTS = {0: "survived", 1: "killed", 3: "killed", 5: "no test", 33: "no test", None: "untried"}
VERDICTS |= dict.fromkeys((24, -24, 36, 152, 255), "timed out")
KINDS = ("killed", "survived", "no test", "timed out", "unclear", "untried")

MUTATED = "\n".join(f"  {CORE}/{module}.py" for module in MODULES)
SETTINGS = f"""[mutmut]
source_paths = src
only_mutate =
{MUTATED}
pytest_add_cli_args_test_selection = tests/core

[tool:pytest]
addopts = --import-mode=importlib -p no:cacheprovider
"""

# No deadline and the same examples each time, so that a mutant dies of a wrong answer and of nothing else.
CONFTEST = """from hypothesis import HealthCheck, settings

settings.register_profile(
    "mutants", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("mutants")
"""


def main() -> int:
    """Make a copy, try every mutant, print what survived and the counts; return 1 where too many did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=1, help="mutants tried at the same time")
    parser.add_argument("--report", action="store_true", help="only print the counts of the last run")
    arguments = parser.parse_args()
    if not arguments.report:
        prepare()
        run("run", "--max-children", str(arguments.children))
    return report()


def prepare() -> None:
    """Copy the core and its tests to a fresh folder, with settings of their own."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / CORE, WORK / CORE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / CORE.parent / "__init__.py", WORK / CORE.parent)
    shutil.copytree(ROOT / "tests" / "core", WORK / "tests" / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (WORK / "tests" / "conftest.py").write_text(CONFTEST)
    (WORK / "setup.cfg").write_text(SETTINGS)


def run(*words: str) -> None:
    """Run mutmut in the copy, at low priority; stop where it fails."""
    command = [Path(sys.executable).with_name("mutmut"), *words]
    subprocess.run(command, cwd=WORK, check=True, preexec_fn=lambda: os.nice(10))


def verdicts() -> Iterator[tuple[str, str, str]]:
    """Yield module, mutant and verdict of every mutant."""
    results = WORK / "mutants" / CORE
    for path in sorted(results.rglob("*.meta")):
        module = str(path.relative_to(results)).removesuffix(".py.meta")
        for name, code in json.loads(path.read_text())["exit_code_by_key"].items():
            yield module, name, VERDICTS.get(code, "unclear")


def report() -> int:
    """Print the mutants that were not killed, then the counts by module and in all."""
    counts: dict[str, Counter[str]] = {}
    for module, name, verdict in verdicts():
        counts.setdefault(module, Counter())[verdict] += 1
        if verdict != "killed":
            print(f"{verdict}: {name}")
    for module, counted in sorted(counts.items()):
        print(line(module, counted))
    whole = sum(counts.values(), Counter[str]())
    print(line("all", whole))
    return int(whole["killed"] * 100 < LEAST * whole.total() or not whole)


def line(name: str, counted: Counter[str]) -> str:
    """Return the counts of a module in words."""
    percent = 100 * counted["killed"] / max(counted.total(), 1)
    kinds = ", ".join(f"{counted[kind]} {kind}" for kind in KINDS if counted[kind])
    return f"{name:28} {percent:5.1f} % of {counted.total():4}: {kinds}"


if __name__ == "__main__":
    sys.exit(main())
