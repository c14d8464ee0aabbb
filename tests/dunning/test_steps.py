"""Dunning: each step once, at its midnight where the customer lives, and over as soon as nothing is overdue."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.billing.playing import APRIL, MARCH, at, bill_date, pass_time
from tests.builders import CLERK
from tests.dunning.late import episodes, network, owe, pay, status, steps_taken

from billhook.customers.models import Customer
from billhook.customers.queries import by_number
from billhook.dunning.models import DunningEpisode
from billhook.dunning.operations.policy import NewStep, Remind, RetryPayment, set_steps
from billhook.dunning.operations.step import open_episode, take_step
from billhook.foundation.draining import drain, move_clock
from billhook.foundation.jobs import tick
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.notifications.models import Message
from billhook.orders.models import Order
from billhook.payments.models import Payment

AMSTERDAM_MIDNIGHTS = {
    1: datetime(2026, 3, 15, 23, tzinfo=UTC),
    7: datetime(2026, 3, 21, 23, tzinfo=UTC),
    14: datetime(2026, 3, 28, 23, tzinfo=UTC),
    15: datetime(2026, 3, 29, 22, tzinfo=UTC),
}


def remind_on(company: Company, *days: int) -> None:
    """Set up one reminder for each number of days."""
    steps = [NewStep(name=f"Day {day}", days=day, actions=(Remind(template="reminder"),)) for day in days]
    with company_scope(company):
        set_steps(steps=steps, actor=CLERK, at=at(3, 1))


def move_to(company: Company, zone: str) -> None:
    """Let the customer live in another zone."""
    with company_scope(company):
        Customer.objects.update(zone=zone)


def test_steps_are_taken_at_midnight_where_the_customer_lives_before_and_after_summer_time(company: Company) -> None:
    remind_on(company, 1, 7, 14, 15)
    owe(company)
    pass_time(company, at(5, 1))
    assert steps_taken(company) == list(enumerate(AMSTERDAM_MIDNIGHTS.values(), start=1))


def test_nothing_happens_before_the_first_instant_of_the_day_after_the_due_date(company: Company) -> None:
    owe(company)
    pass_time(company, AMSTERDAM_MIDNIGHTS[1] - timedelta(seconds=1))
    assert (episodes(company), steps_taken(company)) == ([], [])
    pass_time(company, AMSTERDAM_MIDNIGHTS[1])
    assert steps_taken(company) == [(1, AMSTERDAM_MIDNIGHTS[1])]


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 4, 23, 10, tzinfo=UTC)),
        ("Pacific/Pago_Pago", datetime(2026, 4, 24, 11, tzinfo=UTC)),
    ],
    ids=["a night without midnight", "the earliest day", "the latest day"],
)
def test_a_day_begins_with_its_first_instant(company: Company, zone: str, instant: datetime) -> None:
    remind_on(company, 40)
    move_to(company, zone)
    owe(company)
    pass_time(company, at(5, 5))
    assert steps_taken(company) == [(1, instant)]


def test_after_a_standstill_every_step_is_taken_in_order_and_once(company: Company) -> None:
    owe(company)
    later = at(5, 14)
    move_clock(company, later)
    tick(company, later)
    drain()
    tick(company, later)
    assert steps_taken(company) == [(1, later), (2, later), (3, later)]
    assert (episodes(company), status(company)) == ([("INV-2026-00001", "open", 3)], "suspended")


def test_a_step_that_is_called_twice_is_taken_once(company: Company) -> None:
    owe(company)
    pass_time(company, AMSTERDAM_MIDNIGHTS[1])
    with company_scope(company):
        for _ in range(2):
            take_step(episode=DunningEpisode.objects.get(), actor=CLERK, at=AMSTERDAM_MIDNIGHTS[1])
            assert open_episode(customer=by_number("1001"), actor=CLERK, at=AMSTERDAM_MIDNIGHTS[1]) is None
    assert [position for position, _ in steps_taken(company)] == [1]


def test_paying_in_the_middle_ends_the_episode_and_no_step_follows(company: Company, tmp_path: Path) -> None:
    owe(company)
    pass_time(company, at(3, 25))
    assert [position for position, _ in steps_taken(company)] == [1, 2]
    pay(company, "20.00", when=at(3, 25))
    pass_time(company, at(5, 20))
    assert episodes(company) == [("INV-2026-00001", "ended", 2)]
    assert (status(company), network(tmp_path)) == ("active", ["activate"])


def test_paying_in_part_ends_nothing(company: Company) -> None:
    owe(company)
    pass_time(company, at(3, 25))
    pay(company, "19.99", when=at(3, 25))
    pass_time(company, at(5, 20))
    assert [position for position, _ in steps_taken(company)] == [1, 2, 3]


def test_paying_after_the_suspension_restores_the_service_and_tells_the_network(
    company: Company, tmp_path: Path
) -> None:
    owe(company)
    pass_time(company, at(4, 10))
    assert (status(company), network(tmp_path)) == ("suspended", ["activate", "suspend"])
    pay(company, "20.00", when=at(4, 10))
    drain()
    assert (status(company), network(tmp_path)) == ("active", ["activate", "suspend", "resume"])
    with company_scope(company):
        assert Order.objects.get(plan__isnull=False).status == "active"
        assert Message.objects.filter(template="restored").count() == 1


@pytest.fixture
def owing_twice(company: Company) -> Company:
    """Return a company whose customer owes March and April, is suspended for March and overdue with both."""
    owe(company, MARCH, APRIL)
    pass_time(company, at(4, 20))
    assert (episodes(company), status(company)) == ([("INV-2026-00001", "open", 3)], "suspended")
    return company


def test_a_second_overdue_invoice_opens_its_own_episode_at_step_one_when_the_first_is_paid(
    owing_twice: Company,
) -> None:
    pay(owing_twice, "20.00", when=at(4, 20))
    pass_time(owing_twice, at(4, 20, 13))
    assert episodes(owing_twice) == [("INV-2026-00001", "ended", 3), ("INV-2026-00002", "open", 1)]
    assert status(owing_twice) == "suspended"
    pay(owing_twice, "20.00", when=at(4, 21))
    assert status(owing_twice) == "active"


def test_paying_everything_at_once_restores_the_customer(owing_twice: Company, tmp_path: Path) -> None:
    pay(owing_twice, "40.00", when=at(4, 20))
    drain()
    assert status(owing_twice) == "active"
    assert network(tmp_path)[-1] == "resume"
    pass_time(owing_twice, at(6, 1))
    assert episodes(owing_twice) == [("INV-2026-00001", "ended", 3)]


def test_a_younger_invoice_that_is_paid_first_leaves_the_episode_of_the_older(owing_twice: Company) -> None:
    pay(owing_twice, "20.00", when=at(4, 20), invoice="INV-2026-00002")
    assert episodes(owing_twice) == [("INV-2026-00001", "open", 3)]
    assert status(owing_twice) == "suspended"
    pay(owing_twice, "20.00", when=at(4, 20))
    assert status(owing_twice) == "active"


def test_without_steps_nothing_ever_happens(company: Company) -> None:
    remind_on(company)
    owe(company)
    pass_time(company, at(6, 20))
    assert (episodes(company), steps_taken(company), status(company)) == ([], [], "active")


def test_steps_that_are_taken_away_stop_an_open_episode(company: Company) -> None:
    owe(company)
    pass_time(company, AMSTERDAM_MIDNIGHTS[1])
    remind_on(company)
    pass_time(company, at(6, 20))
    assert len(steps_taken(company)) == 1


def test_a_step_can_charge_the_card_again(company: Company) -> None:
    with company_scope(company):
        step = NewStep(name="Once more", days=3, actions=(RetryPayment(),))
        set_steps(steps=[step], actor=CLERK, at=at(3, 1))
        by_number("1001").instruments.update(token="tok_stolen")
    bill_date(company, MARCH)
    with company_scope(company):
        by_number("1001").instruments.update(token="tok_visa")
    pass_time(company, at(3, 20))
    with company_scope(company):
        assert list(Payment.objects.order_by("id").values_list("number", "state")) == [
            ("P-INV-2026-00001", "given_up"),
            ("P-INV-2026-00001-2", "received"),
        ]
    assert episodes(company) == [("INV-2026-00001", "ended", 1)]
