"""Mail through a real SMTP server on loopback."""

import email
import email.policy
from email.header import decode_header, make_header

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from headrace.engine.node import ConnectionInfo
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.mail import greet_mail, send_mail
from tests.far_side import nobody_listens
from tests.servers import free_port

LOOPBACK = AddressGuard(["127.0.0.1"])


class Box:
    """Takes mail; refuses `nobody@…`, and says `later` when asked to."""

    def __init__(self):
        self.letters = []
        self.answer = "250 2.0.0 queued as 42"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.letters.append(envelope)
        return self.answer


@pytest.fixture
def box():
    handler = Box()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        authenticator=lambda *given: AuthResult(
            success=given[4].password == b"right", handled=False
        ),
    )
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


def account(port, security="none", **secrets):
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "security": security,
        "from": "orders@example.com",
        "from_name": "订单中心",
    }
    return ConnectionInfo("mail", "smtp", settings, secrets)


def test_a_chinese_letter_arrives_whole_with_the_servers_receipt(box):
    receipt = send_mail(
        account(box.port),
        ["ann@example.com"],
        "退款 200.01 元待审批",
        "请尽快处理。\n第二行",
        guard=LOOPBACK,
        key="step-1",
        now_ms=1_767_945_600_000,
    )

    assert receipt.ok
    assert receipt.answer == "250 2.0.0 queued as 42"
    letter = email.message_from_bytes(box.letters[0].content, policy=email.policy.default)
    assert letter["Subject"] == "退款 200.01 元待审批"
    assert str(make_header(decode_header(letter["From"]))) == "订单中心 <orders@example.com>"
    assert letter["Message-ID"] == "<step-1@example.com>"
    assert letter["Date"].startswith("Fri, 09 Jan 2026 08:00:00")
    assert letter.get_content().split() == ["请尽快处理。", "第二行"]


def test_a_title_cannot_smuggle_headers(box):
    send_mail(
        account(box.port), ["a@example.com"], "x\r\nBcc: evil@example.com", "", guard=LOOPBACK
    )

    letter = email.message_from_bytes(box.letters[0].content, policy=email.policy.default)
    assert letter["Bcc"] is None
    assert box.letters[0].rcpt_tos == ["a@example.com"]


@pytest.mark.parametrize("to", [[], ["nonsense"], ["a@b.c\r\nRCPT TO:<x@y.z>"], ["a@b.c, x@y.z"]])
def test_what_is_no_address_is_refused_before_anything_is_sent(box, to):
    receipt = send_mail(account(box.port), to, "t", "x", guard=LOOPBACK)

    assert (receipt.ok, receipt.retryable, box.letters) == (False, False, [])


def test_a_refused_recipient_is_a_refusal_with_the_servers_words(box):
    receipt = send_mail(account(box.port), ["nobody@example.com"], "t", "x", guard=LOOPBACK)

    assert (receipt.ok, receipt.retryable) == (False, False)
    assert "550 5.1.1 no such user" in receipt.answer


def test_sent_to_some_is_told_and_not_repeated(box):
    to = ["ann@example.com", "nobody@example.com"]

    receipt = send_mail(account(box.port), to, "t", "x", guard=LOOPBACK)

    assert (receipt.ok, receipt.retryable, len(box.letters)) == (False, False, 1)
    assert "Sent to some" in receipt.answer


def test_a_server_that_says_later_is_tried_again(box):
    box.answer = "451 4.3.0 try later"

    receipt = send_mail(account(box.port), ["a@example.com"], "t", "x", guard=LOOPBACK)

    assert (receipt.ok, receipt.retryable, receipt.answer) == (False, True, "451 4.3.0 try later")


def test_a_server_that_is_away_is_tried_again():
    receipt = send_mail(account(nobody_listens()), ["a@example.com"], "t", "x", guard=LOOPBACK)

    assert (receipt.ok, receipt.retryable) == (False, True)


def test_a_private_mail_server_must_be_allowed(box):
    receipt = send_mail(account(box.port), ["a@example.com"], "t", "x")

    assert (receipt.ok, receipt.retryable) == (False, False)
    assert "127.0.0.1" in receipt.answer


def test_a_wrong_password_is_told_at_the_trial(box):
    wrong = greet_mail(account(box.port, username="u", password="wrong"), LOOPBACK)
    right = greet_mail(account(box.port, username="u", password="right"), LOOPBACK)

    assert (wrong.ok, right.ok) == (False, True)
    assert "535" in wrong.answer
    assert "wrong" not in wrong.answer.split()


def test_encryption_that_was_asked_for_is_never_left_out(box):
    receipt = send_mail(account(box.port, "starttls"), ["a@example.com"], "t", "x", guard=LOOPBACK)

    assert (receipt.ok, box.letters) == (False, [])
