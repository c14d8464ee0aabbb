"""A network is called outside any transaction, and a process that dies after its work repeats it under the same key."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle, islice

from django.db import connection
from tests.builders import CLERK, OPENING, make_catalog, make_company, sign_up_customer
from tests.orders.networks import Scripted, connect, install
from tests.processes import run_python, start_python

from billhook.foundation.draining import drain
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.orders.models import ProvisioningTask
from billhook.orders.operations.suspend import resume_order, suspend_order

DRAIN = """
from tests.orders.networks import install
from billhook.foundation.draining import drain
install()
drain()
"""


def opened():
    company = make_company()
    with company_scope(company):
        make_catalog()
    return company


def test_a_process_that_dies_after_the_work_tells_again_under_the_same_key_and_it_is_done_once(
    committed, monkeypatch, tmp_path
):
    install(monkeypatch)
    company = opened()
    with company_scope(company):
        connect("mortal", folder=str(tmp_path))
        sign_up_customer("1001")
    killed = start_python({**committed, "NETWORK_KILLS": "1"}, DRAIN)
    killed.communicate(timeout=120)
    assert killed.returncode == 9
    with company_scope(company):
        assert ProvisioningTask.objects.get().status == "sent"
        assert not EventRecord.objects.filter(name="order.network_told").exists()
    run_python(committed, DRAIN)
    calls, work = ((tmp_path / name).read_text().splitlines() for name in ("calls", "work"))
    assert calls == work * 2
    assert len(work) == 1
    with company_scope(company):
        task = ProvisioningTask.objects.get()
        assert (task.status, task.attempts, task.key) == ("done", 1, work[0])
        assert EventRecord.objects.filter(name="order.network_told").count() == 1


def test_no_transaction_is_open_while_the_network_works(committed, monkeypatch):
    install(monkeypatch)
    company = opened()
    with company_scope(company):
        connect()
        sign_up_customer("1001")
    drain()
    assert Scripted.in_transaction == [False]


def test_a_network_hears_the_words_of_an_order_in_order_while_they_are_stored(committed, monkeypatch):
    install(monkeypatch)
    company = opened()
    with company_scope(company):
        connect()
        order = sign_up_customer("1001").order

    def change():
        try:
            for second in range(21):
                act = resume_order if second % 2 else suspend_order
                with company_scope(company):
                    act(order=order, reason="back and forth", actor=CLERK, at=OPENING + timedelta(seconds=second))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        while not changing.done():
            drain()
    changing.result()
    drain()
    told = [request.verb for request in Scripted.heard]
    assert told == ["activate", *islice(cycle(["suspend", "resume"]), len(told) - 1)]
    assert told[-1] == "suspend"
    assert len({request.key for request in Scripted.heard}) == len(told)
    with company_scope(company):
        assert set(ProvisioningTask.objects.values_list("status", flat=True)) <= {"done", "superseded"}
        assert ProvisioningTask.objects.filter(status="done").count() == len(told)
        assert ProvisioningTask.objects.count() == 22
