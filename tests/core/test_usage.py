"""Usage: events refuse what they cannot be, and sums follow from them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.core.agreements import FIRST, agreement, day, event, usage, usage_line

from billhook.core.agreement import AgreementError, BilledUsage
from billhook.core.draft import bill, inputs_fingerprint
from billhook.core.exact import NotExactError
from billhook.core.period import Period
from billhook.core.usage import UsageCharge, UsageError

D = Decimal
TENTH = Period.day(day("03-10"))


def used(*events: Any, **changes: Any) -> UsageCharge:
    return UsageCharge(line="U", period=TENTH, events=events, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": datetime(2026, 3, 10)}, "names no time zone"),  # noqa: DTZ001
        ({"quantity": "-1"}, "quantity of -1, below zero"),
        ({"fee": D(-1)}, "fee of -1, below zero"),
        ({"unit_price": D(-1)}, "unit price of -1, below zero"),
        ({"increment": D(0)}, "give one above 0"),
        ({"fee": D(2), "amount": D(1)}, "fee of 2 above its amount of 1"),
        ({"fee": D(2)}, "fee of 2 above its amount of 0"),
    ],
)
def test_an_event_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        event("a", **({"quantity": "1"} | changes))


@pytest.mark.parametrize("name", ["amount", "fee", "unit_price", "increment"])
def test_an_event_holds_no_float(name: str) -> None:
    with pytest.raises(NotExactError):
        event("a", "1", **{name: 0.5})
    with pytest.raises(NotExactError):
        event("a", "1", properties={name: 0.5})


def test_quantity_and_records_follow_from_the_events() -> None:
    found = used(event("b", "2", amount=D(3)), event("a", "1", amount=D("0.5")))
    assert (found.quantity, found.records, found.rated) == (3, 2, D("3.5"))
    assert [item.key for item in found.events] == ["a", "b"]
    assert used(event("a", "1")).rated is None
    told = used(event("a", "1", amount=D(3)), quantity=D(1), records=1, amount=D(3))
    assert told.rated == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": D(9)}, "the quantity of .* is 9, but that of its events is 1"),
        ({"amount": D(9)}, "the amount of .* is 9, but that of its events is 5"),
        ({"records": 9}, "the number of records of .* is 9, but that of its events is 1"),
    ],
)
def test_sums_that_contradict_the_events_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        used(event("a", "1", amount=D(5)), **changes)


def test_usage_has_a_quantity_or_events_and_each_event_once() -> None:
    with pytest.raises(UsageError, match="has no quantity"):
        used()
    with pytest.raises(UsageError, match="passed twice"):
        used(event("a", "1"), event("a", "2"))
    with pytest.raises(UsageError, match="the event a is passed twice"):
        bill(agreement(usage_line()), [used(event("a", "1")), used(event("a", "1"))], day("04-01"))
    with pytest.raises(UsageError, match="lies outside of"):
        bill(agreement(usage_line()), [usage(None, on="03-11", quantity=D(1), events=(event("a", "1"),))], day("04-01"))


def test_the_fingerprint_sees_each_event_but_not_their_order() -> None:
    agreed, one, other = agreement(usage_line()), event("a", "1"), event("b", "2")
    prints = [
        inputs_fingerprint(agreed, [used(*events)], FIRST)
        for events in ((one, other), (other, one), (one, event("b", "2", amount=D(1))))
    ]
    assert prints[0] == prints[1] != prints[2]


def test_billed_usage_holds_no_float() -> None:
    with pytest.raises(NotExactError):
        BilledUsage(period=TENTH, quantity=0.5)  # type: ignore[arg-type]
    with pytest.raises(AgreementError, match="covered -1"):
        BilledUsage(period=TENTH, quantity=D(3), covered=D(-1))
