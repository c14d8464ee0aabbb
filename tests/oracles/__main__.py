"""The report: `python -m tests.oracles FOLDER` tries the cases of a folder and counts them by area."""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.oracles.harness import HERE, Outcome, Verdict, judge, read_folder


def main() -> int:
    """Print the counts per area and in all; return 1 where a case failed or was not understood."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracles", description="Try the core on cases with answers.")
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="holds *.json files of cases")
    parser.add_argument("--why", action="store_true", help="also say of each case that did not pass, why")
    parser.add_argument("--only", default="", help="only the cases whose id or area contains this")
    arguments = parser.parse_args()
    samples = [item for item in read_folder(arguments.folder) if arguments.only in f"{item.case.id} {item.case.area}"]
    outcomes = [judge(sample) for sample in samples]
    for line in report(outcomes, why=arguments.why):
        print(line)  # noqa: T201, the report is what was asked for
    return int(any(item.verdict in {Verdict.FAILED, Verdict.UNREADABLE} for item in outcomes))


def report(outcomes: Iterable[Outcome], *, why: bool) -> list[str]:
    """Return the lines of the report, one an area, then the sum."""
    by_area: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_area[f"{outcome.case.product} {outcome.case.area}"].append(outcome)
    lines = []
    for area, found in sorted(by_area.items()):
        lines.append(f"{area}: {_counts(found)}")
        lines += [f"    {item.case.id} {item.verdict}: {item.why}" for item in found if why and item.why]
    everything = [item for found in by_area.values() for item in found]
    return [*lines, f"all: {_counts(everything)}"]


def _counts(outcomes: Iterable[Outcome]) -> str:
    counts = Counter(item.verdict for item in outcomes)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)


if __name__ == "__main__":
    sys.exit(main())
