from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.conformance.channel import MESSAGE, Arrived, ChannelConformance

from billhook.notifications.hooks import Address, Attachment, Channel, ChannelUnavailableError, MessageRefusedError
from billhook.plugins.channel_mailbox.message import message_id, to_bytes
from billhook.plugins.channel_mailbox.plugin import MailboxChannel, MailboxParameters, file_name


@pytest.fixture
def mailbox(tmp_path):
    return MailboxChannel(MailboxParameters(folder=tmp_path / "mail"))


class TestConformance(ChannelConformance):
    @pytest.fixture
    def channel(self, tmp_path: Path) -> Channel:
        return MailboxChannel(MailboxParameters(folder=tmp_path / "mail"))

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Arrived:
        return lambda: len(list(tmp_path.glob("mail/*")))


def test_the_file_is_the_message(mailbox, tmp_path):
    delivery = mailbox.send(MESSAGE)
    (path,) = (tmp_path / "mail").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert not mail.defects
    assert mail["From"] == "Kestrel Networks <billing@kestrel.example>"
    assert mail["To"] == "Harbour Bakery <office@harbour.example>"
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Date"].datetime == MESSAGE.at
    assert mail["Message-ID"] == delivery.reference
    assert mail.get_body(("plain",)).get_content() == MESSAGE.text.replace("\n", "\r\n")
    assert mail.get_body(("html",)).get_content().strip() == MESSAGE.html
    (pdf,) = mail.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == ("KN-2026-0011.pdf", "application/pdf")
    assert pdf.get_content() == MESSAGE.attachments[0].content
    assert path.name in delivery.detail


def test_lines_end_as_the_norm_says_and_stay_short(mailbox, tmp_path):
    mailbox.send(replace(MESSAGE, text="word " * 500))
    content = next((tmp_path / "mail").iterdir()).read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_equal_messages_are_equal_bytes():
    assert to_bytes(MESSAGE) == to_bytes(replace(MESSAGE))
    assert to_bytes(MESSAGE) != to_bytes(replace(MESSAGE, key="other"))


def test_the_first_file_stays(mailbox, tmp_path):
    mailbox.send(MESSAGE)
    mailbox.send(replace(MESSAGE, text="written again after a kill"))
    (path,) = (tmp_path / "mail").iterdir()
    assert path.read_bytes() == to_bytes(MESSAGE)


def test_a_failed_write_leaves_nothing(mailbox, tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ChannelUnavailableError, match="No space left on device"):
        mailbox.send(MESSAGE)
    assert list((tmp_path / "mail").iterdir()) == []


def test_an_unwritable_mailbox_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ChannelUnavailableError, match="correct its folder"):
        MailboxChannel(MailboxParameters(folder=tmp_path / "file")).send(MESSAGE)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@harbour.example",
        "a b@harbour.example",
        "a@b, c@d",
        "ü@harbour.example",
    ],
)
def test_no_address_is_refused_by_name(address):
    with pytest.raises(MessageRefusedError, match="correct the recipient"):
        to_bytes(replace(MESSAGE, recipient=Address(address)))


def test_no_media_type_is_refused_by_name():
    with pytest.raises(MessageRefusedError, match=r"a\.pdf"):
        to_bytes(replace(MESSAGE, attachments=(Attachment("a.pdf", "pdf", b""),)))


def test_the_date_keeps_its_instant():
    at = datetime(2026, 4, 20, 8, 0, tzinfo=timezone(timedelta(hours=2)))
    mail = message_from_bytes(to_bytes(replace(MESSAGE, at=at)), policy=default)
    assert mail["Date"].datetime.astimezone(UTC) == MESSAGE.at


KEYS = st.text(min_size=1, max_size=80).filter(lambda key: key.isprintable())


@given(KEYS, KEYS)
def test_file_and_message_id_are_the_keys_alone(one, other):
    first, second = replace(MESSAGE, key=one), replace(MESSAGE, key=other, subject="Other")
    assert (file_name(one) == file_name(other)) == (one == other) == (message_id(first) == message_id(second))
    assert file_name(one).isascii()
    assert "/" not in file_name(one)
    assert len(file_name(one)) < 120


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=120))
def test_any_one_line_subject_survives(subject):
    mail = message_from_bytes(to_bytes(replace(MESSAGE, subject=subject)), policy=default)
    assert mail["Subject"].split() == subject.split()
