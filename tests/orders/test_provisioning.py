"""The network is told what becomes of an order: once, in order, and again until it is done or a person decides."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.builders import CLERK, OPENING, activate_plugins, make_catalog, make_company, sign_up_customer
from tests.orders.networks import Scripted, connect, install
from tests.orders.pools import did, make_pools, voice_line

from billhook.core.states import TransitionError
from billhook.foundation.draining import drain, run_until
from billhook.foundation.events import from_record
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.hooks.models import PluginInstance
from billhook.orders.hooks import Outcome, ProvisioningResult, ProvisioningResultError
from billhook.orders.models import Order, ProvisioningTask
from billhook.orders.operations.assets.assign import assign
from billhook.orders.operations.by_hand import give_up, mark_done, retry_now
from billhook.orders.operations.carry_out import AGAIN_AFTER, carry_out
from billhook.orders.operations.provision import NO_ANSWER_FOR, TooManyFeaturesError, UnknownVerbError, tell_network
from billhook.orders.operations.suspend import resume_order, suspend_order
from billhook.orders.provisioning_queries import failed_tasks, network_tasks, task_counts

BY = {"actor": CLERK, "at": OPENING}
MINUTE = timedelta(minutes=1)
LATER = OPENING + timedelta(days=14)
AGAIN = ProvisioningResult(outcome=Outcome.RETRY, message="the switch is busy")
NEVER = ProvisioningResult(outcome=Outcome.FAILED, message="no such port")
TAKEN_ON = ProvisioningResult(outcome=Outcome.PENDING, message="queued", reference="job-7")
DONE = ProvisioningResult(outcome=Outcome.DONE, message="port 3 is up")


@pytest.fixture(autouse=True)
def company(db, monkeypatch):
    install(monkeypatch)
    company = make_company()
    with company_scope(company):
        make_catalog()
        yield company


@pytest.fixture
def switch():
    connect()
    return Scripted


def sentences(name):
    return [from_record(record).describe() for record in EventRecord.objects.filter(name=name).order_by("id")]


def heard():
    return [request.verb for request in Scripted.heard]


def statuses():
    return list(ProvisioningTask.objects.order_by("id").values_list("verb", "status"))


def test_the_network_is_told_what_becomes_of_an_order(tmp_path):
    activate_plugins(tmp_path)
    order = sign_up_customer("1001").order
    drain()
    suspend_order(order=order, reason="late", actor=CLERK, at=LATER)
    drain()
    resume_order(order=order, reason="paid", actor=CLERK, at=LATER)
    drain()
    words = [line.split() for line in (tmp_path / "network.log").read_text().splitlines()]
    assert [line[1:] for line in words] == [[verb, "O-000001", "1001"] for verb in ("activate", "suspend", "resume")]
    assert words[0][0] == "kestrel/log/O-000001/activate/2026-03-01T07:00:00+00:00"
    assert {status for _, status in statuses()} == {"done"}
    assert sentences("order.network_told") == [
        f"The network was told to {verb} order O-000001: {verb} written to network.log."
        for verb in ("activate", "suspend", "resume")
    ]


def test_the_network_is_told_once(switch):
    order = sign_up_customer("1001").order
    drain()
    tell_network(order=order, verb="activate", **BY)
    drain()
    assert heard() == ["activate"]
    assert len(sentences("order.network_told")) == 1


def test_without_a_network_the_timeline_says_so():
    sign_up_customer("1001")
    assert drain() == 0
    assert sentences("order.network_told") == [
        "The network was told to activate order O-000001: no network is connected."
    ]
    assert statuses() == [("activate", "done")]


def test_what_is_asked_for_is_what_the_order_was_then(switch):
    make_pools()
    order = sign_up_customer("1001", identifiers=()).order
    assign(asset=did(), line=voice_line(), **BY)
    drain()
    tell_network(order=order, verb="add_feature", features=["voicemail"], **BY)
    drain()
    activated, changed, feature = switch.heard
    assert [(line.line, line.product, str(line.quantity)) for line in activated.lines] == [
        ("O-000001/1", "voice-line", "1"),
        ("O-000001/2", "calls", "1"),
    ]
    assert activated.assets == ()
    assert (changed.verb, changed.assets[0].identifier, changed.assets[0].line) == (
        "change",
        "31201234500",
        "O-000001/1",
    )
    assert (feature.verb, feature.features, feature.customer) == ("add_feature", ("voicemail",), "1001")


def test_two_features_at_one_instant_are_two_words(switch):
    order = sign_up_customer("1001").order
    for feature in ("voicemail", "fax", "fax"):
        tell_network(order=order, verb="add_feature", features=[feature], **BY)
    drain()
    assert [request.features for request in switch.heard] == [(), ("voicemail",), ("fax",)]


def test_a_verb_that_no_network_knows_is_refused(switch):
    order = sign_up_customer("1001").order
    with pytest.raises(UnknownVerbError, match="No network understands explode: say one of activate, suspend, resume"):
        tell_network(order=order, verb="explode", **BY)


def test_every_network_is_told_in_an_order_of_its_own(switch):
    connect(code="mail")
    order = sign_up_customer("1001").order
    switch.answers[:] = [AGAIN]
    drain()
    suspend_order(order=order, reason="late", actor=CLERK, at=OPENING)
    drain()
    told = [(request.key.split("/")[1], request.verb) for request in switch.heard]
    assert told == [("switch", "activate"), ("mail", "activate"), ("mail", "suspend")]


@pytest.mark.parametrize("answer", [AGAIN, RuntimeError("password swordfish"), 7])
def test_a_network_that_cannot_is_told_again_at_growing_intervals_and_then_a_person_is(company, switch, answer):
    switch.answers[:] = [answer] * 9
    sign_up_customer("1001")
    moment = OPENING
    drain()
    for tries, wait in enumerate(AGAIN_AFTER, start=1):
        run_until(company, moment + wait - timedelta(microseconds=1))
        assert len(switch.heard) == tries
        moment += wait
        assert ProvisioningTask.objects.get().next_at == moment
        run_until(company, moment)
    assert len(switch.heard) == 7
    task = ProvisioningTask.objects.get()
    assert (task.status, task.attempts, task.next_at) == ("failed", 7, None)
    assert len({request.key for request in switch.heard}) == 1
    run_until(company, LATER)
    assert len(switch.heard) == 7
    assert len(sentences("order.network_delayed")) == 6
    (failed,) = sentences("order.network_failed")
    assert failed.startswith("The network switch did not activate order O-000001 (")
    assert failed.endswith("): try again, give up, or mark it done.")
    assert "swordfish" not in failed
    assert [found.pk for found in failed_tasks()] == [task.pk]


def test_what_succeeds_at_the_second_attempt_is_done(company, switch):
    switch.answers[:] = [AGAIN, DONE]
    sign_up_customer("1001")
    run_until(company, OPENING + MINUTE)
    task = ProvisioningTask.objects.get()
    assert (task.status, task.attempts, task.message) == ("done", 2, "port 3 is up")


def test_a_later_word_waits_for_the_earlier_one(company, switch):
    switch.answers[:] = [AGAIN]
    order = sign_up_customer("1001").order
    suspend_order(order=order, reason="late", actor=CLERK, at=OPENING)
    drain()
    assert heard() == ["activate"]
    assert statuses() == [("activate", "waiting"), ("suspend", "waiting")]
    run_until(company, OPENING + MINUTE)
    assert heard() == ["activate", "activate", "suspend"]
    assert statuses() == [("activate", "done"), ("suspend", "done")]


def test_a_suspension_and_its_end_that_nobody_has_heard_of_cancel_out(company, switch):
    switch.answers[:] = [AGAIN]
    order = sign_up_customer("1001").order
    drain()
    suspend_order(order=order, reason="late", actor=CLERK, at=OPENING)
    resume_order(order=order, reason="paid", actor=CLERK, at=OPENING)
    suspend_order(order=order, reason="late again", actor=CLERK, at=OPENING + MINUTE / 2)
    run_until(company, LATER)
    assert heard() == ["activate", "activate", "suspend"]
    assert statuses() == [
        ("activate", "done"),
        ("suspend", "superseded"),
        ("resume", "superseded"),
        ("suspend", "done"),
    ]
    assert sentences("order.network_spared") == [
        "The network switch need not suspend and resume order O-000001: one undoes the other."
    ]


def test_a_suspension_that_was_tried_is_not_cancelled_out(company, switch):
    order = sign_up_customer("1001").order
    drain()
    switch.answers[:] = [AGAIN]
    suspend_order(order=order, reason="late", actor=CLERK, at=OPENING)
    drain()
    resume_order(order=order, reason="paid", actor=CLERK, at=OPENING)
    run_until(company, OPENING + MINUTE)
    assert heard() == ["activate", "suspend", "suspend", "resume"]


def test_what_is_pending_is_asked_about_until_it_is_done(company, switch):
    switch.answers[:] = [TAKEN_ON, TAKEN_ON, RuntimeError("gone"), DONE]
    sign_up_customer("1001")
    drain()
    assert statuses() == [("activate", "pending")]
    run_until(company, OPENING + 36 * MINUTE)
    asked = [(request.verb, request.reference) for request in switch.heard]
    assert asked == [("activate", ""), ("query", "job-7"), ("query", "job-7"), ("query", "job-7")]
    assert len({request.key for request in switch.heard}) == 1
    task = ProvisioningTask.objects.get()
    assert (task.status, task.attempts, task.polls, task.reference) == ("done", 1, 3, "job-7")


def test_what_stays_pending_fails_in_the_end(company, switch):
    switch.answers[:] = [TAKEN_ON] * 9
    sign_up_customer("1001")
    run_until(company, LATER)
    assert heard() == ["activate", *["query"] * 6]
    assert statuses() == [("activate", "failed")]


def test_what_turns_out_not_to_have_happened_is_told_again(company, switch):
    switch.answers[:] = [TAKEN_ON, AGAIN, DONE]
    sign_up_customer("1001")
    run_until(company, OPENING + 2 * MINUTE)
    assert [(request.verb, request.reference) for request in switch.heard] == [
        ("activate", ""),
        ("query", "job-7"),
        ("activate", ""),
    ]
    assert statuses() == [("activate", "done")]


def test_a_failure_for_good_waits_for_a_person_at_once(company, switch):
    switch.answers[:] = [NEVER]
    order = sign_up_customer("1001").order
    suspend_order(order=order, reason="late", actor=CLERK, at=OPENING)
    run_until(company, LATER)
    assert heard() == ["activate"]
    assert statuses() == [("activate", "failed"), ("suspend", "waiting")]
    assert task_counts() == {"failed": 1, "waiting": 1}


def failed(switch):
    switch.answers[:] = [NEVER]
    order = sign_up_customer("1001").order
    suspend_order(order=order, reason="late", actor=CLERK, at=OPENING)
    drain()
    return network_tasks(order).first()


def test_a_person_has_it_tried_again(switch):
    task = failed(switch)
    retry_now(task=task, actor=CLERK, at=LATER)
    drain()
    assert heard() == ["activate", "activate", "suspend"]
    assert statuses() == [("activate", "done"), ("suspend", "done")]
    assert switch.heard[0].key == switch.heard[1].key


def test_tried_by_hand_after_the_last_retry_it_fails_again_at_once(company, switch):
    switch.answers[:] = [AGAIN] * 8
    sign_up_customer("1001")
    run_until(company, LATER)
    retry_now(task=ProvisioningTask.objects.get(), actor=CLERK, at=LATER)
    drain()
    assert len(switch.heard) == 8
    assert statuses() == [("activate", "failed")]


@pytest.mark.parametrize(
    ("decide", "status", "sentence"),
    [
        (give_up, "given_up", "The network switch need no longer activate order O-000001: the port is gone."),
        (mark_done, "done", "To activate order O-000001 at the network switch was done by hand: the port is gone."),
    ],
)
def test_a_person_decides_and_the_next_word_has_its_turn(switch, decide, status, sentence):
    task = failed(switch)
    decide(task=task, reason="the port is gone", actor=CLERK, at=LATER)
    drain()
    assert heard() == ["activate", "suspend"]
    assert statuses() == [("activate", status), ("suspend", "done")]
    names = ("order.network_given_up", "order.network_done_by_hand")
    assert [told for name in names for told in sentences(name)] == [sentence]
    for again in (give_up, mark_done):
        with pytest.raises(TransitionError, match=f"The task of the network is {status}"):
            again(task=task, reason="x", actor=CLERK, at=LATER)
    with pytest.raises(TransitionError):
        retry_now(task=task, actor=CLERK, at=LATER)


def test_an_answer_that_comes_after_a_decision_changes_nothing(company, switch):
    switch.answers[:] = [TAKEN_ON]
    sign_up_customer("1001")
    drain()
    task = ProvisioningTask.objects.get()
    give_up(task=task, reason="enough", actor=CLERK, at=OPENING)
    carry_out(company=company, key=task.key, actor=CLERK, at=OPENING)
    run_until(company, LATER)
    assert heard() == ["activate"]
    assert statuses() == [("activate", "given_up")]


def test_a_job_that_runs_again_tells_nothing_twice(company, switch):
    switch.answers[:] = [AGAIN]
    sign_up_customer("1001")
    drain()
    carry_out(company=company, key=ProvisioningTask.objects.get().key, actor=CLERK, at=OPENING)
    assert heard() == ["activate"]
    assert NO_ANSWER_FOR not in AGAIN_AFTER


def test_a_word_whose_job_was_lost_is_told_after_all(company, switch):
    sign_up_customer("1001")
    ProvisioningTask.objects.update(status="sent", attempts=1, next_at=OPENING - MINUTE)
    drain()
    assert heard() == []
    run_until(company, OPENING)
    assert heard() == ["activate"]
    assert ProvisioningTask.objects.get().attempts == 1


def test_a_network_whose_settings_are_broken_keeps_nobody_from_ordering(company, switch):
    PluginInstance.objects.update(parameters={"colour": "red"})
    sign_up_customer("1001")
    drain()
    assert statuses() == [("activate", "waiting")]
    PluginInstance.objects.update(parameters={})
    run_until(company, OPENING + MINUTE)
    assert statuses() == [("activate", "done")]


def test_what_a_network_began_it_finishes_though_it_is_disabled(company, switch):
    switch.answers[:] = [TAKEN_ON]
    sign_up_customer("1001")
    drain()
    PluginInstance.objects.update(enabled=False)
    run_until(company, OPENING + MINUTE)
    assert statuses() == [("activate", "done")]


def test_an_order_that_is_pending_is_not_activated_yet(switch):
    order = sign_up_customer("1001").order
    ProvisioningTask.objects.all().delete()
    make_pools()
    Order.objects.update(status="pending")
    assign(asset=did(), line=voice_line(), **BY)
    assert not network_tasks(order).exists()


def test_more_features_than_a_key_holds_are_refused(switch):
    order = sign_up_customer("1001").order
    with pytest.raises(TooManyFeaturesError, match="these 20 features: tell the network of them one by one"):
        tell_network(order=order, verb="add_feature", features=["voicemail"] * 20, **BY)


def test_a_pending_answer_names_what_is_asked_about():
    with pytest.raises(ProvisioningResultError, match="A pending answer has no reference: give one"):
        ProvisioningResult(outcome=Outcome.PENDING, message="queued")
    with pytest.raises(ProvisioningResultError, match="of 121 characters cannot be kept: give at most 120"):
        ProvisioningResult(outcome=Outcome.PENDING, message="queued", reference="x" * 121)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"verb": "explode"}, "provisioning_verb"),
        ({"status": "lost", "next_at": None}, "provisioning_status"),
        ({"status": "done", "next_at": LATER}, "provisioning_next"),
    ],
)
def test_the_database_knows_what_a_task_can_be(switch, change, constraint):
    sign_up_customer("1001")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ProvisioningTask.objects.update(**change)
