"""A plugin is found by its entry point, fits its hook, and works for the companies that activated it."""

import inspect
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import get_type_hints

import pytest
from django.db import IntegrityError, transaction
from pydantic import BaseModel, ValidationError
from tests.builders import CLERK, OPENING, make_company

from billhook.catalog.hooks import PRICE_MODEL
from billhook.core.errors import Refusal
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import OutsideScopeError, company_scope
from billhook.hooks import contract, registry
from billhook.hooks.models import PluginInstance
from billhook.hooks.operations import activate
from billhook.hooks.queries import NothingFillsHookError, by_code, filled, first, plugin_checks
from billhook.hooks.registry import GROUP, UnknownPluginError, find, hooks, installed, plugins_for
from billhook.invoicing.hooks import RENDERER
from billhook.orders.hooks import PROVISIONING, ProvisioningRequest

POINTS = sorted(entry_points(group=GROUP))
PLUGINS = installed()


@pytest.fixture
def company(db):
    company = make_company()
    with company_scope(company):
        yield company


def log(code, position=1, file=Path("network.log")):
    return activate(
        hook=PROVISIONING,
        plugin="log",
        code=code,
        parameters={"file": str(file)},
        actor=CLERK,
        at=OPENING,
        position=position,
    )


def methods(protocol):
    return {name: method for name, method in vars(protocol).items() if inspect.isfunction(method) and name[0] != "_"}


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_every_entry_point_loads_a_plugin_of_a_declared_hook(point: EntryPoint):
    plugin = point.load()
    assert plugin in PLUGINS
    assert plugin.hook in {hook.name for hook in hooks()}
    assert plugin.code
    assert plugin.title
    assert inspect.getdoc(plugin)


def test_hook_and_code_tell_plugins_apart():
    assert len({(plugin.hook, plugin.code) for plugin in PLUGINS}) == len(PLUGINS) == len(POINTS)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: f"{plugin.hook}-{plugin.code}")
def test_every_plugin_has_what_its_hook_asks_for(plugin):
    (hook,) = [hook for hook in hooks() if hook.name == plugin.hook]
    asked = methods(hook.protocol)
    assert asked
    for name, method in asked.items():
        assert inspect.getdoc(method)
        given = inspect.signature(getattr(plugin, name)).parameters
        wanted = inspect.signature(method).parameters
        assert list(given) == list(wanted)
        assert [parameter.kind for parameter in given.values()] == [parameter.kind for parameter in wanted.values()]
    for name in set(get_type_hints(hook.protocol)) - set(asked):
        assert hasattr(plugin, name)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: f"{plugin.hook}-{plugin.code}")
def test_every_plugin_says_what_may_be_set(plugin):
    assert issubclass(plugin.Parameters, contract.Parameters)
    assert issubclass(plugin.Parameters, BaseModel)
    assert plugin.Parameters.__doc__
    assert plugin.Parameters.__doc__ != contract.Parameters.__doc__
    assert plugin.Parameters.model_json_schema()["additionalProperties"] is False
    assert list(inspect.signature(plugin).parameters) == ["parameters"]


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook.name)
def test_every_hook_says_what_it_is_and_is_filled(hook):
    assert hook.sentence.endswith(".")
    assert hook.name.count(".") == 1
    assert inspect.getdoc(hook.protocol)
    assert plugins_for(hook.name)
    assert isinstance(hook.call, contract.Call)


def test_an_unknown_plugin_is_named_with_those_that_there_are():
    with pytest.raises(
        UnknownPluginError, match=r"No installed plugin gold fills the hook catalog\.price_model .*flat"
    ):
        find(PRICE_MODEL.name, "gold")
    with pytest.raises(UnknownPluginError, match="installed: none"):
        find("tests.nothing", "flat")
    assert issubclass(UnknownPluginError, Refusal)


def test_a_plugin_counts_for_its_own_hook_alone():
    with pytest.raises(UnknownPluginError):
        find(RENDERER.name, "flat")


def test_activating_stores_what_was_validated_and_says_so(company):
    row = log("switch")
    assert (row.hook, row.plugin, row.parameters, row.enabled) == (
        "orders.provisioning",
        "log",
        {"file": "network.log"},
        True,
    )
    record = EventRecord.objects.get(name="plugin.activated")
    assert (record.subject, record.actor_name) == ("switch", "Clerk")


@pytest.mark.parametrize("parameters", [{}, {"file": "x", "colour": "red"}, {"file": 7}])
def test_parameters_that_do_not_fit_are_refused_and_leave_nothing(company, parameters):
    with pytest.raises(ValidationError):
        activate(hook=PROVISIONING, plugin="log", code="switch", parameters=parameters, actor=CLERK, at=OPENING)
    assert not PluginInstance.objects.exists()
    assert not EventRecord.objects.filter(name="plugin.activated").exists()


def test_an_unknown_plugin_is_not_activated(company):
    with pytest.raises(UnknownPluginError, match="gold"):
        activate(hook=PROVISIONING, plugin="gold", code="x", parameters={}, actor=CLERK, at=OPENING)


def test_a_code_is_one_instance(company):
    log("switch")
    with pytest.raises(IntegrityError, match="plugin_instance_once"), transaction.atomic():
        log("switch")


def test_instances_are_asked_in_the_order_of_their_position(company, tmp_path):
    log("third", 3)
    log("first", 1, tmp_path / "first.log")
    log("second", 2)
    PluginInstance.objects.create(
        hook=PROVISIONING.name, plugin="log", code="off", parameters={"file": "x"}, enabled=False
    )
    assert [code for code, _ in filled(PROVISIONING)] == ["first", "second", "third"]
    code, plugin = first(PROVISIONING)
    assert code == "first"
    request = ProvisioningRequest(key="k", verb="activate", order="O-1", customer="1001", at=OPENING)
    assert plugin.carry_out(request) == plugin.carry_out(request)
    assert (tmp_path / "first.log").read_text() == "k activate O-1 1001\n"


def test_instances_of_equal_position_are_asked_as_they_came(company):
    log("b")
    log("a")
    assert [code for code, _ in filled(PROVISIONING)] == ["b", "a"]


def test_a_hook_that_nobody_fills_says_so(company):
    assert filled(PROVISIONING) == []
    with pytest.raises(NothingFillsHookError, match=r"orders\.provisioning: activate one"):
        first(PROVISIONING)
    with pytest.raises(NothingFillsHookError, match="switch"):
        by_code(PROVISIONING, "switch")


def test_what_a_disabled_instance_began_it_can_finish(company):
    log("switch")
    PluginInstance.objects.update(enabled=False)
    with pytest.raises(NothingFillsHookError):
        first(PROVISIONING)
    assert by_code(PROVISIONING, "switch").carry_out


def test_another_companys_plugins_are_not_asked(company):
    log("switch")
    with company_scope(make_company("merlin")):
        assert filled(PROVISIONING) == []
    assert [code for code, _ in filled(PROVISIONING)] == ["switch"]


def test_nothing_is_asked_outside_a_scope():
    with pytest.raises(OutsideScopeError):
        filled(PROVISIONING)


def test_an_instance_whose_plugin_is_gone_is_named(company, monkeypatch):
    log("switch")
    monkeypatch.setattr(registry, "installed", tuple)
    with pytest.raises(UnknownPluginError, match="log"):
        filled(PROVISIONING)


def test_the_doctor_asks_active_plugins_and_names_one_that_cannot_be_made(company):
    log("switch")
    assert all(check.ok for check in plugin_checks())
    PluginInstance.objects.update(parameters={"colour": "red"})
    (check,) = plugin_checks()
    assert (check.name, check.ok) == ("Plugin switch", False)
    PluginInstance.objects.update(enabled=False)
    assert plugin_checks() == []
