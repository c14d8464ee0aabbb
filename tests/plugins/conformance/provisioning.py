"""What every plugin of the hook `orders.provisioning` is held to: inherit, and give `network` and `done`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billhook.orders.hooks import (
    Outcome,
    Provisioning,
    ProvisioningRequest,
    ProvisioningResult,
    RequestedAsset,
    RequestedLine,
    Verb,
)

Done = Callable[[], int]

ACTIVATE = ProvisioningRequest(
    key="kestrel/switch/O-000001/activate/2026-03-01T07:00:00+00:00",
    verb=Verb.ACTIVATE,
    order="O-000001",
    customer="1001",
    at=datetime(2026, 3, 1, 7, tzinfo=UTC),
    lines=(RequestedLine(line="O-000001/1", product="voice-line", quantity=Decimal(1)),),
    assets=(RequestedAsset(type="did", identifier="31201234500", line="O-000001/1"),),
)


def a_request(verb: Verb, at: datetime = ACTIVATE.at) -> ProvisioningRequest:
    """Return a word of one verb about the order."""
    features = ("voicemail",) if verb in (Verb.ADD_FEATURE, Verb.REMOVE_FEATURE) else ()
    key = f"kestrel/switch/O-000001/{verb}/{at.isoformat()}"
    return replace(ACTIVATE, key=key, verb=verb, at=at, features=features)


def read(answer: ProvisioningResult | str) -> ProvisioningResult:
    """Return an answer in full; a text means that it is done."""
    return ProvisioningResult(outcome=Outcome.DONE, message=answer) if isinstance(answer, str) else answer


class ProvisioningConformance:
    """The promises of `Provisioning`; `done` counts what the network has carried out."""

    @pytest.fixture
    def network(self) -> Provisioning:
        raise NotImplementedError

    @pytest.fixture
    def done(self) -> Done:
        raise NotImplementedError

    @pytest.mark.parametrize("verb", list(Verb))
    def test_every_verb_is_answered_by_a_short_sentence(self, network: Provisioning, verb: Verb) -> None:
        result = read(network.carry_out(a_request(verb)))
        assert result.outcome in Outcome
        assert 0 < len(result.message) <= 300
        assert "\n" not in result.message
        assert len(result.reference) <= 120

    @pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.QUERY])
    def test_the_same_key_is_done_once_and_answered_alike(self, network: Provisioning, done: Done, verb: Verb) -> None:
        first = read(network.carry_out(a_request(verb)))
        after = done()
        assert read(network.carry_out(a_request(verb))) == first
        assert done() == after

    def test_the_same_key_at_once_is_done_once(self, network: Provisioning, done: Done) -> None:
        before = done()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(network.carry_out, [ACTIVATE] * 8))
        assert done() == before + 1

    def test_another_key_is_done_too(self, network: Provisioning, done: Done) -> None:
        before = done()
        network.carry_out(a_request(Verb.SUSPEND))
        network.carry_out(a_request(Verb.SUSPEND, at=datetime(2026, 4, 1, 7, tzinfo=UTC)))
        assert done() == before + 2

    def test_a_query_changes_nothing(self, network: Provisioning, done: Done) -> None:
        network.carry_out(ACTIVATE)
        before = done()
        network.carry_out(replace(ACTIVATE, verb=Verb.QUERY))
        network.carry_out(a_request(Verb.QUERY))
        assert done() == before

    def test_a_word_without_lines_and_assets_is_answered(self, network: Provisioning) -> None:
        assert read(network.carry_out(replace(ACTIVATE, lines=(), assets=()))).message
