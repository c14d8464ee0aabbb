"""The worked examples of the explanations come to what they say."""

import doctest
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs" / "explanation"
ALGORITHMS = ("proration", "tiers", "allowances", "tax-rounding", "changes", "ageing", "rating-increments")


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_every_example_comes_to_what_its_page_says(path):
    failed, _ = doctest.testfile(str(path), module_relative=False)
    assert not failed, "the difference is printed above"


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_has_a_page_with_an_example(name):
    examples = doctest.DocTestParser().get_examples((PAGES / f"{name}.md").read_text())
    assert any(example.want for example in examples)
