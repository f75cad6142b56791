"""OAuth 2.0 for own connectors: what is asked for a token, and what the answer says. Who sends it is elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from headrace.engine.connector import ConnectionInfo, ParamWrong, Request
from headrace.engine.node import HttpAnswer

EARLY_MS = 60_000
"""A token is renewed so long before its end: the request that carries it takes a while too."""
LIFE_S = 3_600
"""How long a token is believed whose answer does not say."""
LIFE_MAX_S = 31_536_000
TOKEN_MAX = 8_000


def needs_token(auth: Mapping[str, Any], account: ConnectionInfo, now_ms: int) -> bool:
    """Is there none, or is it about to end?"""
    if auth["kind"] != "oauth2":
        return False
    ends = account.secrets.get("token_ends", "")
    if not account.secrets.get("access_token"):
        return auth["grant"] == "client" or bool(account.secrets.get("refresh_token"))
    return ends.isdigit() and int(ends) - EARLY_MS <= now_ms and can_renew(auth, account)


def can_renew(auth: Mapping[str, Any], account: ConnectionInfo) -> bool:
    """Can a new token be had without a person?"""
    if auth["kind"] != "oauth2":
        return False
    return auth["grant"] == "client" or bool(account.secrets.get("refresh_token"))


def asks_token(auth: Mapping[str, Any], account: ConnectionInfo, **more: str) -> Request:
    """The request for a token: by client credentials, by the refresh token, or by a code (`more`)."""
    if more:
        fields = {"grant_type": "authorization_code", **more}
    elif account.secrets.get("refresh_token"):
        fields = {"grant_type": "refresh_token", "refresh_token": account.secrets["refresh_token"]}
    else:
        fields = {"grant_type": "client_credentials"}
        if auth.get("scope"):
            fields["scope"] = auth["scope"]
    name, secret = (
        str(account.settings.get("client_id", "")),
        account.secrets.get("client_secret", ""),
    )
    if not name:
        raise ParamWrong("Expected the connection's client_id to be set, but it is empty.")
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if auth["client_in"] == "basic":
        pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields |= {"client_id": name} | ({"client_secret": secret} if secret else {})
    return Request("POST", auth["token_url"], headers, urlencode(fields).encode())


def told_token(answer: HttpAnswer, now_ms: int) -> dict[str, str]:
    """The secrets to keep. Raises `ParamWrong` when there is no token in it; what it says is never shown."""
    try:
        said = json.loads(answer.body) if len(answer.body) < 100_000 else None
    except (ValueError, RecursionError):
        said = None
    token = said.get("access_token") if isinstance(said, dict) else None
    if (
        not 200 <= answer.status < 300
        or not isinstance(token, str)
        or not 0 < len(token) <= TOKEN_MAX
    ):
        code = said.get("error") if isinstance(said, dict) else None
        word = code if isinstance(code, str) and len(code) < 60 else "no token in the answer"
        raise ParamWrong(f"Expected a token, but HTTP {answer.status}: {word}.")
    assert isinstance(said, dict)
    life = said.get("expires_in")
    if isinstance(life, str) and life.isascii() and life.isdigit() and len(life) < 12:
        life = int(life)
    if not isinstance(life, int | float) or isinstance(life, bool) or not 0 < life <= LIFE_MAX_S:
        life = LIFE_S
    kept = {"access_token": token, "token_ends": str(now_ms + int(life * 1_000))}
    refresh = said.get("refresh_token")
    if isinstance(refresh, str) and 0 < len(refresh) <= TOKEN_MAX:
        kept["refresh_token"] = refresh
    return kept


def asks_person(
    auth: Mapping[str, Any], account: ConnectionInfo, *, back: str, state: str, verifier: str
) -> str:
    """Where a person is sent to agree. PKCE: who steals the code cannot use it."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    fields = {
        "response_type": "code",
        "client_id": str(account.settings.get("client_id", "")),
        "redirect_uri": back,
        "state": state,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    if auth.get("scope"):
        fields["scope"] = auth["scope"]
    address: str = auth["authorize_url"]
    return address + ("&" if "?" in address else "?") + urlencode(fields, quote_via=quote)
