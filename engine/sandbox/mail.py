"""A mailbox: takes every letter, keeps the last ones, sends none on."""

from __future__ import annotations

import logging
from asyncio import Transport
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from headrace.engine.sandbox.calls import Account
from headrace.engine.sandbox.troubles import Switches

NAME = "mail"
TROUBLES = ("busy", "lost")
"""busy: `451 later`; lost: the letter is kept, and the connection ends without an answer."""
LETTER_MAX = 5_000_000

Tell = Callable[[str, bytes, str], None]
"""(what, the letter, what was answered)"""


class Mailbox:
    """What aiosmtpd asks when a letter comes."""

    def __init__(self, switches: Switches, tell: Tell) -> None:
        self._switches = switches
        self._tell = tell

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One letter."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        letter = message_from_bytes(content, policy=policy.default)
        what = f"{letter['subject']} → {', '.join(envelope.rcpt_tos)}"
        if self._switches.take(NAME, "busy"):
            self._tell(what, _text(letter), "451 later")
            return "451 4.3.0 later"
        self._tell(what, _text(letter), "250 kept")
        if self._switches.take(NAME, "lost") and isinstance(server.transport, Transport):
            server.transport.abort()
        return "250 kept"


def _text(letter: EmailMessage) -> bytes:
    body = letter.get_body(("plain", "html"))
    return body.get_content().encode() if body is not None else b""


def listen(box: Mailbox, host: str, port: int) -> Controller:
    """A server that runs until its `stop`."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's, a line a step
    server = Controller(box, hostname=host, port=port, data_size_limit=LETTER_MAX)
    server.start()
    return server


def account(host: str, port: int) -> Account:
    """What a connection to it needs."""
    settings = {
        "host": host,
        "port": port,
        "security": "none",
        "from": "headrace@sandbox.example",
        "from_name": "Headrace",
    }
    return Account("smtp", settings)
