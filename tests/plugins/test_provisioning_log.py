"""The log of what the network would be told keeps the hook's promises."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.plugins.conformance.provisioning import ACTIVATE, ProvisioningConformance, a_request

from billhook.orders.hooks import Verb
from billhook.plugins.provisioning_log.plugin import LogParameters, LogProvisioning


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where the log lies, in a folder that is not there yet."""
    return tmp_path / "network" / "told.log"


@pytest.fixture
def plugin(log: Path) -> LogProvisioning:
    """Return the plugin on that log."""
    return LogProvisioning(LogParameters(file=log))


class TestConformance(ProvisioningConformance):
    @pytest.fixture
    def network(self, plugin: LogProvisioning) -> LogProvisioning:
        return plugin

    @pytest.fixture
    def done(self, log: Path):
        return lambda: len(log.read_text().splitlines()) if log.exists() else 0


def test_a_line_holds_what_is_asked_and_what_it_is_about(plugin: LogProvisioning, log: Path) -> None:
    plugin.carry_out(ACTIVATE)
    plugin.carry_out(a_request(Verb.ADD_FEATURE))
    assert log.read_text() == (
        f"{ACTIVATE.key} activate O-000001 1001 31201234500\n"
        f"{a_request(Verb.ADD_FEATURE).key} add_feature O-000001 1001 31201234500 voicemail\n"
    )


def test_a_query_counts_the_lines_of_its_order(plugin: LogProvisioning) -> None:
    plugin.carry_out(ACTIVATE)
    plugin.carry_out(a_request(Verb.SUSPEND))
    plugin.carry_out(replace(ACTIVATE, key="another", order="O-0000011"))
    assert plugin.carry_out(a_request(Verb.QUERY)) == "2 lines of it in told.log"
