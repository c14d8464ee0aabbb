"""Every case passes, or is excepted with a reason; the harness itself does not let a wrong answer through."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.oracles.comparing import AnyOrder, differences, same
from tests.oracles.harness import HERE, Facts, Unreadable, Verdict, holds, judge, read_folder, rules

SAMPLES = read_folder(HERE)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.case.id}-{sample.case.area}")
def test_case(sample):
    outcome = judge(sample)
    assert outcome.verdict in {Verdict.PASSED, Verdict.EXCEPTED}, outcome.why


def test_every_exception_is_needed_and_has_a_reason():
    for rule in [*rules("exception"), *rules("ignored"), *rules("question")]:
        assert len(rule["reason"].split()) > 3
        assert any(holds(rule, sample) for sample in SAMPLES), f"nothing is about {rule}"
    excused = [(sample, found.why) for sample in SAMPLES if (found := judge(sample)).verdict is Verdict.EXCEPTED]
    for rule in rules("exception"):
        assert any(holds(rule, sample) and why == rule["reason"] for sample, why in excused), f"nothing needs {rule}"
    excepted = {name for rule in rules("exception") for name in rule.get("ids", ())}
    passing = [item.case.id for item in SAMPLES if item.case.id in excepted and judge(item).verdict is Verdict.PASSED]
    assert passing == []


def test_no_exception_is_about_a_case_that_passes_unless_it_says_what_differs():
    """What an exception is about deviates: where some of it agrees, the pattern names the deviation."""
    passed = [sample for sample in SAMPLES if judge(sample).verdict is Verdict.PASSED]
    too_wide = [rule for rule in rules("exception") if "why" not in rule and any(holds(rule, item) for item in passed)]
    assert too_wide == []


def test_an_exception_covers_only_the_deviation_that_it_names():
    rule = next(rule for rule in rules("exception") if rule.get("why", "").startswith("days: PeriodError"))
    refused = next(sample for sample in SAMPLES if holds(rule, sample) and judge(sample).verdict is Verdict.EXCEPTED)
    wrong = replace(refused, given={"start": "2009-01-01", "end": "2009-02-01"})
    assert judge(wrong).verdict is Verdict.FAILED


def test_what_is_left_unread_is_not_passed():
    facts = Facts({"a": 1, "b": [{"c": 2, "d": 3}]})
    assert facts["a"] == 1
    assert facts["b"][0]["c"] == 2
    assert facts.unread() == ["b.d"]
    with pytest.raises(Unreadable, match="e is not given"):
        facts["e"]


def test_figures_are_compared_exactly_and_fractions_at_the_decimals_given():
    assert same("25.00", Decimal(25))
    assert not same("25.00", Decimal("25.004"))
    assert same("0.038356164", Fraction(14, 365))
    assert not same("0.038356165", Fraction(14, 365))
    assert same(["b", "a"], AnyOrder.of(["a", "b"]))
    assert not same(["b", "b"], AnyOrder.of(["a", "b"]))
    assert not same(None, 0)
    assert differences({"cost": Decimal("0.30006")}, {"cost": Decimal("0.3")}, Decimal("0.3")) == []
    assert differences({"cost": Decimal("0.30006")}, {}, None) == ["cost: no answer"]
