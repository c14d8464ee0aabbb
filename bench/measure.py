"""How a figure is taken: the best of several runs, beside a floor, with the peak of memory and a hash of the result."""

import hashlib
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

RUNS = 5
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of `build/bench.json`.

    Args:
        name: what was measured.
        value: in `unit`.
        unit: such as `drafts/s`.
        floor: the bare work, in the same unit.
        ratio: the time of ours to the time of the floor.
        peak_mib: the most memory that this process has held.
        seed: of the input.
        result_hash: SHA-256 of the result, so that two runs can be told to have done the same.
    """

    name: str
    value: float
    unit: str
    floor: float
    ratio: float
    peak_mib: float
    seed: int
    result_hash: str

    def as_json(self) -> dict[str, object]:
        """Return the line as JSON takes it."""
        return asdict(self)


def best_seconds(work: Callable[[], object], *, times: int = 1, runs: int = RUNS) -> float:
    """Return the shortest time of several runs, after one that does not count, in which work is done `times` times.

    What it returns is dropped at once, as whoever stores it drops it.
    """
    work()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        for _ in range(times):
            work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def figure(
    name: str, *, unit: str, count: int, seconds: float, floor_seconds: float, seed: int, result: bytes
) -> Figure:
    """Return a figure from how many things were done in how many seconds."""
    return Figure(
        name=name,
        value=round(count / seconds, 1),
        unit=unit,
        floor=round(count / floor_seconds, 1),
        ratio=round(seconds / floor_seconds, 2),
        peak_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB, 1),
        seed=seed,
        result_hash=hashlib.sha256(result).hexdigest(),
    )
