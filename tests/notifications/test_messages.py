"""Messages: written once for each cause, refused or delayed without stopping anything else, sent once in the end."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.billing.playing import MARCH, approve, at, bill_date, happened, pass_time, preview
from tests.builders import CLERK
from tests.dunning.late import owe, pay, status, steps_taken

from billhook.customers.models import Customer, PaymentInstrument
from billhook.customers.queries import by_number
from billhook.dunning.operations.policy import NewStep, Remind, Suspend, set_steps
from billhook.foundation.draining import JobsFailedError, drain
from billhook.foundation.events import SYSTEM
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.hooks.models import PluginInstance
from billhook.invoicing.models import InvoiceFile
from billhook.notifications.events import MessageSent
from billhook.notifications.hooks import ChannelUnavailableError
from billhook.notifications.models import Message
from billhook.notifications.operations.send import send_message
from billhook.notifications.operations.write import Notice, write_message
from billhook.notifications.templates import TEMPLATES, UnknownTemplateError, word
from billhook.payments.models import Payment
from billhook.plugins.channel_mailbox.plugin import MailboxChannel

NOW = at(3, 1)


def mailbox(folder: Path) -> list[EmailMessage]:
    """Return the messages that arrived."""
    files = sorted((folder / "outside" / "mailbox").rglob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def messages(company: Company) -> list[tuple[str, str]]:
    """Return template and state of each message in the order in which they were written."""
    with company_scope(company):
        return list(Message.objects.order_by("id").values_list("template", "state"))


def change(company: Company, **fields: str) -> None:
    """Change the customer behind the back of every check."""
    with company_scope(company):
        Customer.objects.update(**fields)


def test_an_invoice_and_its_payment_are_each_told_once(company: Company, tmp_path: Path) -> None:
    bill_date(company, MARCH)
    assert messages(company) == [("invoice", "sent"), ("payment_received", "sent")]
    arrived = {mail["Subject"]: mail for mail in mailbox(tmp_path)}
    invoice = arrived["Invoice INV-2026-00001 from Kestrel Networks"]
    assert invoice["To"] == "Harbour Bakery <accounts-1001@harbour.example>"
    (attached,) = invoice.iter_attachments()
    with company_scope(company):
        stored = tmp_path / "home" / InvoiceFile.objects.get().path
    assert attached.get_content() == stored.read_bytes()
    assert "20.00 EUR for invoice INV-2026-00001" in arrived["Thank you for your payment"].get_content()


def test_the_same_cause_writes_and_sends_once(company: Company, tmp_path: Path) -> None:
    notice = Notice(key="restored/1001/x", template="restored", values={})
    for _ in range(3):
        with company_scope(company):
            write_message(customer=by_number("1001"), notice=notice, actor=CLERK, at=NOW)
        drain()
        send_message(company=company, key=notice.key, actor=SYSTEM, at=NOW)
    assert messages(company) == [("restored", "sent")]
    assert len(mailbox(tmp_path)) == 1
    assert len(happened(company, MessageSent)) == 1


@pytest.mark.parametrize("name", ["Harbour\r\nBcc: all@evil.example", "Harbour\nBakery", "Harbour\x0b"])
def test_a_name_that_would_forge_a_header_is_refused_and_stops_nothing_else(
    company: Company, tmp_path: Path, name: str
) -> None:
    change(company, name=name)
    bill_date(company, MARCH)
    assert messages(company) == [("invoice", "failed"), ("payment_received", "failed")]
    with company_scope(company):
        assert {found.delivery for found in Message.objects.all()} == {
            "The recipient's name holds a line break or control character: take it out."
        }
        assert Payment.objects.get().state == "received"
    assert mailbox(tmp_path) == []


def test_an_address_that_is_none_is_refused_with_a_reason(company: Company) -> None:
    change(company, email="not an address")
    bill_date(company, MARCH)
    assert messages(company) == [("invoice", "failed"), ("payment_received", "failed")]


def test_a_customer_without_address_is_written_nothing(company: Company) -> None:
    change(company, email="")
    bill_date(company, MARCH)
    assert messages(company) == []


def test_a_company_without_channel_writes_nothing(company: Company) -> None:
    with company_scope(company):
        PluginInstance.objects.filter(hook="notifications.channel").update(enabled=False)
    bill_date(company, MARCH)
    assert messages(company) == []


@pytest.mark.parametrize("trouble", [ChannelUnavailableError("the disk is full"), OSError("no route"), KeyError()])
def test_a_message_waits_for_its_channel_stops_nothing_else_and_is_sent_once(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(MailboxChannel, "send", failing(trouble))
        run = preview(company, MARCH)
        for _ in range(2):
            with pytest.raises(JobsFailedError):
                approve(company, run) if run.state == "review" else drain()
            with company_scope(company):
                run.refresh_from_db()
    assert messages(company) == [("invoice", "waiting"), ("payment_received", "waiting")]
    with company_scope(company):
        assert Payment.objects.get().state == "received"
    drain()
    drain()
    assert messages(company) == [("invoice", "sent"), ("payment_received", "sent")]
    assert len(mailbox(tmp_path)) == 2
    assert len(happened(company, MessageSent)) == 2


def failing(trouble: Exception) -> object:
    """Return a channel's `send` that fails."""

    def send(*_: object) -> None:
        raise trouble

    return send


def test_an_attachment_that_is_not_there_holds_up_its_message_alone(company: Company, tmp_path: Path) -> None:
    with company_scope(company):
        notice = Notice(key="invoice/x", template="restored", values={}, attachments=("documents/none.pdf",))
        write_message(customer=by_number("1001"), notice=notice, actor=CLERK, at=NOW)
        good = Notice(key="restored/x", template="restored", values={})
        write_message(customer=by_number("1001"), notice=good, actor=CLERK, at=NOW)
    with pytest.raises(JobsFailedError):
        drain()
    assert messages(company) == [("restored", "waiting"), ("restored", "sent")]
    assert len(mailbox(tmp_path)) == 1


def test_a_company_with_a_long_name_can_still_write(company: Company) -> None:
    Company.objects.update(name="K" * 200)
    bill_date(company, MARCH)
    assert messages(company) == [("invoice", "sent"), ("payment_received", "sent")]


def test_a_step_with_a_template_that_does_not_exist_is_taken_all_the_same(company: Company) -> None:
    with company_scope(company):
        step = NewStep(name="Suspension", days=1, actions=(Remind(template="shout"), Suspend()))
        set_steps(steps=[step], actor=CLERK, at=NOW)
    owe(company)
    with pytest.raises(JobsFailedError):
        pass_time(company, at(3, 20))
    assert status(company) == "suspended"
    assert len(steps_taken(company)) == 1


def test_a_channel_whose_plugin_is_gone_stops_no_payment(company: Company) -> None:
    owe(company)
    with company_scope(company):
        PluginInstance.objects.filter(hook="notifications.channel").update(plugin="pigeon")
    pay(company, "20.00", when=at(3, 2))
    with pytest.raises(JobsFailedError):
        drain()
    with company_scope(company):
        assert Payment.objects.get().state == "received"


def test_dunning_and_declines_are_told_with_what_is_owed(company: Company, tmp_path: Path) -> None:
    with company_scope(company):
        PaymentInstrument.objects.update(token="tok_limit_1.00")
    bill_date(company, MARCH, when=NOW)
    pass_time(company, at(4, 5))
    told = [template for template, state in messages(company) if state == "sent"]
    assert told == [
        *("invoice", "payment_declined", "payment_declined", "payment_declined"),
        *("reminder", "final_notice", "suspended"),
    ]
    texts = {mail["Subject"]: mail.get_body().get_content() for mail in mailbox(tmp_path)}
    assert "20.00 EUR is open" in texts["Reminder: invoice INV-2026-00001 is overdue"]
    assert any("We will not try again" in text for text in texts.values())


def test_a_template_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(UnknownTemplateError, match="no message template shout; choose one of final_notice"):
        word("shout", {})


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_what_is_filled_in_is_never_read_as_a_template_again(code: str) -> None:
    names = ("name", "company", "invoice", "total", "due_on", "amount", "method", "instrument", "code", "next_attempt")
    subject, text = word(code, {**dict.fromkeys((*names, "days", "overdue"), "$company ${name}"), "company": "Kestrel"})
    assert "$company ${name}" in text
    assert "$" not in subject.replace("$company ${name}", "")
