"""Routing: currency, method and other facts, ranks, weights, and gateways that are down."""

from collections import Counter

import pytest

from billhook.core.routing import CURRENCY, METHOD, Requirement, Route, RoutingError, candidates, choose


def only(fact: str, *values: str) -> tuple[Requirement, ...]:
    """Return the requirement that a fact is one of some values."""
    return (Requirement(fact, frozenset(values)),)


ROUTES = (
    Route(gateway="cards", requires=only(METHOD, "card")),
    Route(gateway="pounds", requires=(*only(METHOD, "card"), *only(CURRENCY, "GBP")), rank=-1),
    Route(gateway="debit", requires=only(METHOD, "debit")),
    Route(gateway="spare", rank=1),
)


@pytest.mark.parametrize(
    ("facts", "order"),
    [
        ({METHOD: "card", CURRENCY: "EUR"}, ("cards", "spare")),
        ({METHOD: "card", CURRENCY: "GBP"}, ("pounds", "cards", "spare")),
        ({METHOD: "debit", CURRENCY: "GBP"}, ("debit", "spare")),
        ({CURRENCY: "EUR"}, ("spare",)),
    ],
)
def test_gateways_that_take_a_payment_are_tried_by_rank(facts: dict[str, str], order: tuple[str, ...]) -> None:
    assert {candidates(ROUTES, facts, reference=f"P-{number}") for number in range(20)} == {order}


def test_the_first_that_is_up_is_chosen() -> None:
    facts = {METHOD: "card", CURRENCY: "GBP"}
    assert choose(ROUTES, facts, reference="P-1") == "pounds"
    assert choose(ROUTES, facts, reference="P-1", down={"pounds"}) == "cards"
    assert choose(ROUTES, facts, reference="P-1", down={"pounds", "cards"}) == "spare"


def test_a_gateway_on_two_routes_is_tried_once() -> None:
    routes = (Route(gateway="one"), Route(gateway="one", rank=1))
    assert candidates(routes, {}, reference="P-1") == ("one",)


def test_payments_are_shared_by_weight_and_each_is_always_led_the_same_way() -> None:
    routes = (Route(gateway="large", weight=3), Route(gateway="small"))
    found = [candidates(routes, {}, reference=f"P-{number}") for number in range(4000)]
    assert found == [candidates(routes, {}, reference=f"P-{number}") for number in range(4000)]
    assert all(sorted(order) == ["large", "small"] for order in found)
    assert 2850 < Counter(order[0] for order in found)["large"] < 3150


def test_a_payment_that_no_gateway_takes_is_refused() -> None:
    with pytest.raises(RoutingError, match=r"^No gateway takes a payment of currency EUR, method cash; add a route"):
        choose(ROUTES[:3], {METHOD: "cash", CURRENCY: "EUR"}, reference="P-1")
    with pytest.raises(RoutingError, match=r"^No gateway takes a payment of no facts; add a route"):
        choose((), {}, reference="P-1")


def test_a_payment_whose_gateways_are_down_is_refused_until_later() -> None:
    with pytest.raises(RoutingError, match=r"^cards, spare take a payment of method card, but are down; try again"):
        choose(ROUTES, {METHOD: "card"}, reference="P-1", down={"cards", "spare"})


def test_routes_that_lead_nowhere_are_refused() -> None:
    with pytest.raises(RoutingError, match=r"^A route leads to no gateway; name one\.$"):
        Route(gateway="")
    with pytest.raises(RoutingError, match=r"^cards has a weight of 0; give at least 1, or remove the route\.$"):
        Route(gateway="cards", weight=0)
    with pytest.raises(RoutingError, match=r"^No payment has one of no values of currency; name values, or leave"):
        Requirement(CURRENCY, frozenset())
