"""`make bench`: runs every measurement, prints the figures and writes `build/bench.json`."""

import json
import os
import platform
from pathlib import Path

from bench import drafting

OUTPUT = Path("build/bench.json")
MEASUREMENTS = (drafting.measure,)


def main() -> None:
    """Measure, print, write."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python} · {os.cpu_count()} cores · {platform.machine()}")
    figures = [figure for measure in MEASUREMENTS for figure in measure()]
    for figure in figures:
        print(
            f"{figure.name:24} {figure.value:>12,.1f} {figure.unit:10} floor {figure.floor:>12,.1f} "
            f"ratio {figure.ratio:>6} peak {figure.peak_mib:>7} MiB  {figure.result_hash[:12]}"
        )
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n")


if __name__ == "__main__":
    main()
