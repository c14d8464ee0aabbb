"""Document numbers have no gaps and no twins, whoever takes them, fails or dies."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from django.db import connection, connections
from tests.builders import make_company
from tests.processes import start_python

from billhook.foundation.models import NumberSeries
from billhook.foundation.scope import OutsideScopeError, company_scope
from billhook.foundation.sequences import Block, take_block, take_number

PATTERN = "INV-{year}-{number:05d}"
WORKERS, ROUNDS = 20, 6

TAKE_AND_WAIT = """
import sys, time
from billhook.foundation.scope import company_scope
from billhook.foundation.sequences import take_block
with company_scope(int(sys.argv[1])):
    print(take_block("invoice", count=7, pattern="{number}").first, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def scoped(db) -> Iterator[None]:
    with company_scope(make_company()):
        yield


class RolledBackError(Exception):
    """Raised to undo what a worker took."""


@pytest.mark.usefixtures("scoped")
def test_blocks_follow_each_other():
    assert take_block("invoice", count=3, pattern=PATTERN) == Block(pattern=PATTERN, first=1, count=3)
    block = take_block("invoice", count=2, pattern="ignored once the series is there")
    assert [block.text(ordinal, year=2026) for ordinal in (0, 1)] == ["INV-2026-00004", "INV-2026-00005"]
    assert take_number("invoice", year=2027, pattern=PATTERN) == "INV-2027-00006"
    assert take_number("order", year=2026, pattern="O-{number}") == "O-1"


@pytest.mark.parametrize("ordinal", [-1, 3])
def test_there_is_no_number_outside_a_block(ordinal):
    with pytest.raises(IndexError, match=f"none at ordinal {ordinal}"):
        Block(pattern=PATTERN, first=5, count=3).text(ordinal, year=2026)


@pytest.mark.usefixtures("db")
def test_each_company_counts_for_itself():
    for code in ("kestrel", "merlin"):
        with company_scope(make_company(code)):
            assert take_number("invoice", year=2026, pattern="{number}") == "1"


@pytest.mark.usefixtures("scoped")
def test_a_number_taken_back_is_given_again():
    with pytest.raises(RolledBackError), undone():
        assert take_block("invoice", count=5, pattern=PATTERN).first == 1
    assert take_block("invoice", count=1, pattern=PATTERN).first == 1


@contextmanager
def undone() -> Iterator[None]:
    with company_scope(NumberSeries(code="", pattern="").company_id):
        yield
        raise RolledBackError


def test_no_number_is_taken_outside_a_scope():
    with pytest.raises(OutsideScopeError):
        take_block("invoice", count=1, pattern=PATTERN)


def take(company_id: int, *, count: int, fails: bool) -> range:
    """Take a block in a transaction that commits or fails."""
    with company_scope(company_id):
        block = take_block("invoice", count=count, pattern=PATTERN)
        if fails:
            raise RolledBackError
    return range(block.first, block.first + block.count)


def work(company_id: int, seed: int, taken: list[int]) -> None:
    """Take blocks of chance length, of which a third is rolled back, and note the numbers that stayed."""
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    for _ in range(ROUNDS):
        with suppress(RolledBackError):
            taken += take(company_id, count=chance.randint(1, 4), fails=chance.random() < 1 / 3)
    connection.close()


@pytest.mark.usefixtures("committed")
def test_twenty_at_once_leave_no_gap_and_no_twin():
    company, taken = make_company(), list[int]()
    workers = [threading.Thread(target=work, args=(company.pk, seed, taken)) for seed in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) > WORKERS * ROUNDS / 2
    assert sorted(taken) == list(range(1, len(taken) + 1))
    with company_scope(company):
        assert NumberSeries.objects.get().next_number == len(taken) + 1


def test_a_worker_killed_with_numbers_in_hand_leaves_no_gap(committed):
    company = make_company()
    connections["default"].close()
    process = start_python(committed, TAKE_AND_WAIT, str(company.pk))
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    process.kill()
    process.communicate()
    with company_scope(company):
        assert take_block("invoice", count=1, pattern="{number}").first == 1
