"""Send mail: one message, one receipt with what the server said."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from headrace.engine.connector import Receipt
from headrace.engine.errors import AddressRefused
from headrace.engine.node import ConnectionInfo, NotSent
from headrace.engine.work.address import AddressGuard

__all__ = ["Receipt", "greet_mail", "send_mail"]

TIMEOUT_S = 20.0
SUBJECT_MAX = 200
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9.-]+", re.ASCII)
_NOBODY = AddressGuard()


def send_mail(
    connection: ConnectionInfo,
    to: Sequence[str],
    title: str,
    text: str,
    *,
    guard: AddressGuard = _NOBODY,
    key: str | None = None,
    now_ms: int | None = None,
    html: str | None = None,
) -> Receipt:
    """Give the message to the connection's server; `html`: the same text, for those who read mail that way.

    `key`, the same on every attempt, becomes the Message-ID: a mailbox that got it twice can tell. Sent to some and refused for
    others is not ok and not retryable, as those who have it would get it again.
    """
    wrong = [address for address in to if not _ADDRESS.fullmatch(address) or not address.isascii()]
    if wrong or not to:
        return Receipt(False, f"Expected mail addresses, but found {', '.join(wrong) or 'none'}.")
    message = _message(connection, to, title, text, key, now_ms)
    if html is not None:
        message.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
    try:
        with _session(connection, guard) as server:
            return _hand_over(server, connection.settings["from"], to, message.as_bytes())
    except AddressRefused as trouble:
        return Receipt(False, trouble.message)
    except NotSent as trouble:
        return Receipt(False, str(trouble), retryable=True)
    except smtplib.SMTPResponseException as trouble:
        return Receipt(False, _said(trouble.smtp_code, trouble.smtp_error), trouble.smtp_code < 500)
    except smtplib.SMTPNotSupportedError as trouble:
        return Receipt(False, str(trouble))
    except (smtplib.SMTPException, OSError) as trouble:
        return Receipt(False, f"The mail server did not finish: {trouble}", retryable=True)


def greet_mail(connection: ConnectionInfo, guard: AddressGuard = _NOBODY) -> Receipt:
    """Connect, encrypt and sign in as a message would; send nothing."""
    try:
        with _session(connection, guard) as server:
            return Receipt(True, _said(*server.noop()))
    except AddressRefused as trouble:
        return Receipt(False, trouble.message)
    except smtplib.SMTPResponseException as trouble:
        return Receipt(False, _said(trouble.smtp_code, trouble.smtp_error))
    except (NotSent, smtplib.SMTPException, OSError) as trouble:
        return Receipt(False, str(trouble))


@contextmanager
def _session(connection: ConnectionInfo, guard: AddressGuard) -> Iterator[smtplib.SMTP]:
    settings, secrets = connection.settings, connection.secrets
    domain = settings["from"].rpartition("@")[2]
    kind = _TlsServer if settings["security"] == "ssl" else _Server
    with kind(guard, settings["host"], settings["port"], domain) as server:
        if settings["security"] == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if secrets.get("username"):
            server.login(secrets["username"], secrets.get("password", ""))
        yield server


class _Server(smtplib.SMTP):
    """Reaches its server through the guard."""

    def __init__(self, guard: AddressGuard, host: str, port: int, domain: str) -> None:
        self._guard = guard
        super().__init__(host, port, local_hostname=domain, timeout=TIMEOUT_S)
        self.ehlo()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._guard.connect(host, port, timeout)


class _TlsServer(_Server):
    """The same, encrypted from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _message(
    connection: ConnectionInfo,
    to: Sequence[str],
    title: str,
    text: str,
    key: str | None,
    now_ms: int | None,
) -> EmailMessage:
    settings = connection.settings
    message = EmailMessage(policy=SMTP)
    # Folded into one line: a line break in a header would start another header.
    message["Subject"] = " ".join(title.split())[:SUBJECT_MAX]
    message["From"] = Address(settings.get("from_name", ""), addr_spec=settings["from"])
    message["To"] = ", ".join(to)
    if key:
        message["Message-ID"] = f"<{key}@{settings['from'].rpartition('@')[2]}>"
    if now_ms is not None:
        message["Date"] = formatdate(now_ms / 1000)
    message.set_content(text, charset="utf-8", cte="base64")
    return message


def _hand_over(server: smtplib.SMTP, sender: str, to: Sequence[str], message: bytes) -> Receipt:
    """MAIL, RCPT, DATA by hand, because the answer to DATA names the message in the server's log."""
    code, answer = server.mail(sender)
    if code != 250:
        return Receipt(False, _said(code, answer), code < 500)
    refused: dict[str, tuple[int, bytes]] = {}
    for address in to:
        code, answer = server.rcpt(address)
        if code not in (250, 251):
            refused[address] = (code, answer)
    listed = "; ".join(f"{address}: {_said(*why)}" for address, why in refused.items())
    if len(refused) == len(to):
        return Receipt(False, listed, all(code < 500 for code, _ in refused.values()))
    code, answer = server.data(message)
    if code != 250:
        return Receipt(False, _said(code, answer), code < 500)
    if refused:
        return Receipt(False, f"Sent to some ({_said(code, answer)}), refused for {listed}")
    return Receipt(True, _said(code, answer))


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:500]
