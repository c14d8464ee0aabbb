"""The harness: gives each case to the adapter of its area and compares the core's answer field by field.

An adapter is a function of what a case is given, registered by area:

    @adapter("proration.*", files=("killbill",))
    def proration(given: Facts, case: Case) -> Mapping[str, object]: ...

It never sees an expected value, only the names of the fields that are asked for. Facts remember what was read of them:
what an adapter leaves unread makes the case unreadable, not passed.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from tests.oracles.comparing import differences

HERE = Path(__file__).parent
PRODUCTS = {"JB": "jbilling", "KB": "killbill", "LG": "lago", "RT": "rating", "ST": "standards"}


class Unreadable(Exception):  # noqa: N818, the word of the report
    """What a case is given is not understood."""


class Facts(Mapping[str, Any]):
    """What a case is given; remembers which of it was read, also inside of lists and of facts."""

    def __init__(self, facts: Mapping[str, Any], path: str = "") -> None:
        self._path = path
        self._facts = {name: _tracked(value, f"{path}{name}.") for name, value in facts.items()}
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        """Return a fact.

        Raises:
            Unreadable: it is not given.
        """
        if name not in self._facts:
            raise Unreadable(f"{self._path}{name} is not given")
        self._read.add(name)
        return self._facts[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a fact, or the default where it is not given."""
        return self[name] if name in self._facts else default

    def __contains__(self, name: object) -> bool:
        """Return whether a fact is given; asking is not reading."""
        return name in self._facts

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the facts."""
        return iter(self._facts)

    def __len__(self) -> int:
        """Return how many facts there are."""
        return len(self._facts)

    def skip(self, *names: str) -> None:
        """Read facts that have no bearing on the answer, with all that is in them."""
        for name in names:
            if name in self._facts:
                self._read.add(name)
                _plain(self._facts[name])

    def plain(self) -> dict[str, Any]:
        """Return all facts as they stand, and count all of them as read."""
        self._read.update(self._facts)
        return {name: _plain(value) for name, value in self._facts.items()}

    def unread(self) -> list[str]:
        """Return the paths of what was never read."""
        left = [f"{self._path}{name}" for name in self._facts if name not in self._read]
        for name in self._read:
            left.extend(_unread(self._facts[name]))
        return left


def _tracked(value: Any, path: str) -> Any:
    if isinstance(value, Mapping):
        return Facts(value, path)
    return [_tracked(item, path) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Facts):
        return value.plain()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _unread(value: Any) -> list[str]:
    if isinstance(value, Facts):
        return value.unread()
    return [path for item in value for path in _unread(item)] if isinstance(value, list) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as its adapter sees it: `asked` are the names of the expected fields, never their values.

    `questions` are facts that stand among what is expected, such as the dates of the runs whose outcome is asked for;
    a rule of the exceptions file names them.
    """

    id: str
    area: str
    product: str
    asked: frozenset[str]
    questions: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    machine: Mapping[str, Any] | None = None
    note: str = ""


Adapter = Callable[[Facts, Case], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class _Registered:
    pattern: str
    products: tuple[str, ...]
    function: Adapter

    def takes(self, case: Case) -> bool:
        return (not self.products or case.product in self.products) and fnmatchcase(case.area, self.pattern)

    @property
    def rank(self) -> tuple[bool, int]:
        """Return how special the pattern is; an exact one comes first."""
        return "*" in self.pattern, -len(self.pattern)


_ADAPTERS: list[_Registered] = []


def adapter(*areas: str, files: Sequence[str] = ()) -> Callable[[Adapter], Adapter]:
    """Register a function for areas, by pattern, of the cases of some products (all where none is named)."""

    def register(function: Adapter) -> Adapter:
        _ADAPTERS.extend(_Registered(area, tuple(files), function) for area in areas)
        return function

    return register


class Verdict(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    EXCEPTED = "excepted"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and what became of it, and why."""

    case: Case
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A case with what it is given and what is expected of it."""

    case: Case
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    exact_value: Decimal | None = None


def read_folder(folder: Path) -> list[Sample]:
    """Return the cases of every file of a folder."""
    return [_sample(row) for path in sorted(folder.glob("*.json")) for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text(), parse_float=Decimal)
    return rows


def _sample(row: dict[str, Any]) -> Sample:
    expect = {name: value for name, value in row["expect"].items() if name != "note"}
    case = Case(
        id=row["id"],
        area=row["area"],
        product=PRODUCTS.get(row["id"][:2], ""),
        asked=frozenset(expect),
        machine=row.get("machine"),
        note=row.get("note", ""),
    )
    exact = row.get("exact_value")
    sample = Sample(case, row["given"], expect, None if exact is None else Decimal(exact))
    return replace(sample, case=replace(case, questions=_questions(sample)))


def _questions(sample: Sample) -> dict[str, Sequence[Any]]:
    asked = [rule["path"] for rule in rules("question") if holds(rule, sample)]
    return {path: _at(sample.expect, path.split(".")) for path in asked}


def _at(value: Any, path: Sequence[str]) -> list[Any]:
    """Return every value at a path, which leads through lists."""
    if isinstance(value, list):
        return [found for item in value for found in _at(item, path)]
    if not path:
        return [value]
    return _at(value[path[0]], path[1:]) if isinstance(value, Mapping) and path[0] in value else []


def judge(sample: Sample) -> Outcome:
    """Return what becomes of a case: what fails or is not understood may be excepted, with a reason."""
    why = ""
    try:
        why = _fails(sample)
        verdict = Verdict.FAILED if why else Verdict.PASSED
    except Unreadable as error:
        why, verdict = str(error), Verdict.UNREADABLE
    if verdict is Verdict.PASSED:
        return Outcome(sample.case, verdict)
    reason = _excepted(sample, why)
    return Outcome(sample.case, Verdict.EXCEPTED, reason) if reason else Outcome(sample.case, verdict, why)


def _fails(sample: Sample) -> str:
    """Return where the answer differs from what is expected, or nothing."""
    answer = _answer(sample)
    expect: Any = sample.expect
    for rule in rules("ignored"):
        if holds(rule, sample):
            expect = _without(expect, rule["path"].split("."), rule)
    return "; ".join(differences(expect, answer, sample.exact_value))


def _answer(sample: Sample) -> Mapping[str, object]:
    """Return the answer of the most special adapter that understands a case."""
    found = sorted((item for item in adapters() if item.takes(sample.case)), key=lambda item: item.rank)
    problems = [] if found else ["no adapter takes the area"]
    for item in found:
        facts = Facts(_translated(sample))
        try:
            answer = item.function(facts, sample.case)
        except Unreadable as error:
            problems.append(str(error))
            continue
        except Exception as error:  # noqa: BLE001, an answer that breaks is a failed case, not the end of the report
            return {"": f"{type(error).__name__}: {error}"}
        if not facts.unread():
            return answer
        problems.append(f"not understood: {', '.join(facts.unread())}")
    raise Unreadable(" | ".join(problems))


@cache
def adapters() -> list[_Registered]:
    """Return every registered adapter."""
    for module in iter_modules([str(HERE / "adapters")]):
        import_module(f"tests.oracles.adapters.{module.name}")
    return _ADAPTERS


@cache
def translations() -> Mapping[str, Mapping[str, Any]]:
    """Return, by id, the facts of cases that are given in prose, written as fields by hand."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted((HERE / "translations").glob("*.toml")):
        found |= tomllib.loads(path.read_text(), parse_float=Decimal)
    return found


def _translated(sample: Sample) -> Mapping[str, Any]:
    return translations().get(sample.case.id, sample.given)


@cache
def rules(kind: str) -> list[dict[str, Any]]:
    """Return the rules of one kind (`exception`, `ignored`) of the exceptions file."""
    paths = sorted(HERE.glob("exceptions.toml"))
    return [rule for path in paths for rule in tomllib.loads(path.read_text(), parse_float=Decimal).get(kind, [])]


def _excepted(sample: Sample, why: str) -> str:
    """Return the reason of the first exception about a case that fails in the way that the exception names."""
    found = (rule for rule in rules("exception") if holds(rule, sample) and fnmatchcase(why, rule.get("why", "*")))
    return next((rule["reason"] for rule in found), "")


def _without(value: Any, path: Sequence[str], rule: Mapping[str, Any]) -> Any:
    """Return what is expected without what a rule ignores at the end of its path, where its `where` holds."""
    if isinstance(value, list):
        return [_without(item, path, rule) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(path) > 1:
        return {name: _without(part, path[1:], rule) if name == path[0] else part for name, part in value.items()}
    if not _has(value, rule.get("where", {})):
        return value
    return {name: part for name, part in value.items() if not fnmatchcase(name, path[0])}


def holds(rule: Mapping[str, Any], sample: Sample) -> bool:
    """Return whether a rule is about a case: by its ids, or by a pattern of its area and of what it is given."""
    if "ids" in rule:
        return sample.case.id in rule["ids"]
    return (
        fnmatchcase(sample.case.area, rule["area"])
        and fnmatchcase(sample.case.product, rule.get("product", "*"))
        and _has(sample.given, rule.get("given", {}))
        and _has(sample.expect, rule.get("expect", {}))
    )


def _has(facts: Mapping[str, Any], patterns: Mapping[str, str]) -> bool:
    """Return whether each named fact reads as its pattern says."""
    return all(name in facts and fnmatchcase(_text(facts[name]), pattern) for name, pattern in patterns.items())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
