"""What a screen shows back with a decision: that this person was shown this task, at this seat, in this round, with this form.

A nonce is signed, so that nobody makes one; used once, so that a click that is sent twice is done once and answered alike both
times; and it says what it is for, so that a wish made on an old form or an earlier round is told from a fresh one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.engine import jsontext
from headrace.engine.errors import BadNonce
from headrace.engine.service.decisions import canonical, keys
from headrace.engine.service.workspace import Workspace

FORM_CHARS = 16
"""Of a hash: enough to tell two states of one form apart."""

NONCE_MAX = 600


@dataclass(frozen=True, slots=True)
class Nonce:
    """What a nonce was made for."""

    task: str
    seat: int
    round: int
    user: str
    form: str


def form_version(row: Any, form: Mapping[str, Any] | None) -> str:
    """Tells what a person is shown and asked to fill in from what was shown before: that of the form, else a hash of the data."""
    if form is not None:
        return str(form["version"])
    told = canonical({"show": row.show, "round": row.round, "version": row.version})
    return hashlib.sha256(told.encode()).hexdigest()[:FORM_CHARS]


def make(workspace: Workspace, nonce: Nonce) -> str:
    """A new one; each showing has its own."""
    told = [nonce.task, nonce.seat, nonce.round, nonce.user, nonce.form, secrets.token_hex(6)]
    return seal("nonce", told, keys(workspace))


def read(workspace: Workspace, text: str, row: Any, user_id: str) -> Nonce:
    """The nonce, if it is one of this workspace for this task and person; raises `BadNonce`."""
    told = unseal("nonce", text[:NONCE_MAX], keys(workspace))
    if told is None:
        raise BadNonce(expected=f"a nonce this workspace made for {row.id}", found="another text")
    nonce = Nonce(*told[:5])
    if nonce.task != row.id:
        raise BadNonce(expected=f"a nonce for {row.id}", found=f"one for {nonce.task}")
    if nonce.user != user_id:
        raise BadNonce(expected="a nonce for this person", found="one for somebody else")
    return nonce


def id_of(text: str) -> str:
    """What the database keeps of a nonce that was used."""
    return hashlib.sha256(text.encode()).hexdigest()


def request_of(action: str, args: Mapping[str, Any]) -> str:
    """What makes two wishes the same."""
    return hashlib.sha256(f"{action}\n{canonical(args)}".encode()).hexdigest()


# --- signed texts ----------------------------------------------------------------------------------


def seal(kind: str, told: Sequence[Any], secret_keys: Sequence[bytes]) -> str:
    """Content and signature as one text that fits into an address."""
    content = _base64(jsontext.dumps(list(told)).encode())
    return f"{content}.{_signature(kind, content, secret_keys[0])}"


def unseal(kind: str, text: str, secret_keys: Sequence[bytes]) -> list[Any] | None:
    """The content; None for a text that was not sealed here, as this kind."""
    content, _, signature = text.partition(".")
    good = any(
        hmac.compare_digest(_signature(kind, content, key).encode(), signature.encode())
        for key in secret_keys
    )
    if not good:
        return None
    padded = content + "=" * (-len(content) % 4)
    found: list[Any] = jsontext.loads(base64.urlsafe_b64decode(padded))
    return found


def _signature(kind: str, content: str, key: bytes) -> str:
    found = hmac.new(key, f"{kind}\n{content}".encode(), hashlib.sha256).digest()
    return _base64(found[:24])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
