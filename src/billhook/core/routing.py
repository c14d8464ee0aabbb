"""Routing: which gateway takes a payment, by its currency, its method and other facts, by weight, and what is up."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from billhook.core.errors import Refusal

CURRENCY, METHOD = "currency", "method"


class RoutingError(Refusal):
    """A route without gateway or weight, or a payment that no gateway takes."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A fact of a payment, such as `currency`, and the values of it that a gateway takes."""

    fact: str
    values: frozenset[str]

    def __post_init__(self) -> None:
        """Refuse a requirement that no payment meets."""
        if not self.values:
            raise RoutingError(f"No payment has one of no values of {self.fact}; name values, or leave it out.")

    def holds(self, facts: Mapping[str, str]) -> bool:
        """Return whether a payment meets it; one that lacks the fact does not."""
        return facts.get(self.fact) in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A gateway and the payments that it takes.

    Args:
        gateway: code of the plugin instance.
        requires: all of them must hold; none named, it takes every payment.
        rank: the lowest is tried first.
        weight: its share of the payments among the routes of its rank.
    """

    gateway: str
    requires: tuple[Requirement, ...] = ()
    rank: int = 0
    weight: int = 1

    def __post_init__(self) -> None:
        """Refuse a route without gateway, and a weight below 1."""
        if not self.gateway:
            raise RoutingError("A route leads to no gateway; name one.")
        if self.weight < 1:
            raise RoutingError(f"{self.gateway} has a weight of {self.weight}; give at least 1, or remove the route.")

    def takes(self, facts: Mapping[str, str]) -> bool:
        """Return whether the gateway takes a payment."""
        return all(required.holds(facts) for required in self.requires)


def candidates(routes: Sequence[Route], facts: Mapping[str, str], *, reference: str) -> tuple[str, ...]:
    """Return the gateways that take a payment in the order in which they are tried, each once.

    Within a rank the order is drawn by weight from the reference, so that the same payment is always led the same way.

    Args:
        routes: of the company.
        facts: of the payment, such as its currency and method.
        reference: of the payment.
    """
    fitting = [route for route in routes if route.takes(facts)]
    found: list[str] = []
    for rank in sorted({route.rank for route in fitting}):
        found += _drawn([route for route in fitting if route.rank == rank], _point(reference))
    return tuple(dict.fromkeys(found))


def choose(
    routes: Sequence[Route], facts: Mapping[str, str], *, reference: str, down: Collection[str] = frozenset()
) -> str:
    """Return the first gateway that takes a payment and is up.

    Args:
        routes: of the company.
        facts: of the payment, such as its currency and method.
        reference: of the payment.
        down: gateways that answer nothing now.

    Raises:
        RoutingError: no gateway takes the payment, or all that do are down.
    """
    found = candidates(routes, facts, reference=reference)
    up = [gateway for gateway in found if gateway not in down]
    if up:
        return up[0]
    named = ", ".join(f"{fact} {value}" for fact, value in sorted(facts.items())) or "no facts"
    if found:
        raise RoutingError(f"{', '.join(found)} take a payment of {named}, but are down; try again later.")
    raise RoutingError(f"No gateway takes a payment of {named}; add a route for it, or one without requirements.")


def _drawn(routes: list[Route], point: int) -> list[str]:
    """Return gateways in the order in which a point falls on their weights, each taken away once it is drawn."""
    order: list[str] = []
    while routes:
        left = point % sum(route.weight for route in routes)
        for place, route in enumerate(routes):
            if left < route.weight:
                order.append(routes.pop(place).gateway)
                break
            left -= route.weight
    return order


def _point(reference: str) -> int:
    return int.from_bytes(hashlib.sha256(reference.encode()).digest())
