"""Calls of platforms, spoilt in every way we could think of, at both doors: the flow's webhook and the source of orders.

Whatever comes: no 5xx, nothing of our insides, no forgery believed, memory bounded. 40 a connector and door in the short mode;
`make fuzz` (HEADRACE_FUZZ=10000) sends 10,000. A failure names its seed: HEADRACE_FUZZ_SEED repeats it.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import resource
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import pytest

from headrace.engine.connector import Incoming
from tests import platforms
from tests.http.conftest import Api, Browser
from tests.http.test_platform_calls import CALLERS, published

ROUNDS = int(os.environ.get("HEADRACE_FUZZ", "40"))
SEED = int(os.environ.get("HEADRACE_FUZZ_SEED", "20260109"))
MEMORY_MAX_KB = 300_000
"""So much more than before may the process hold after a run."""
SOURCES = ["doudian", "shopify", "wechat_shop", "woocommerce"]
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
INSIDES = (b"Traceback", b'File "/', b"sqlalchemy", b"headrace.engine", b"example-app-secret")


@dataclass(frozen=True)
class Sent:
    """What goes to the door."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    kind: str


# --- ways to spoil it --------------------------------------------------------------------------------


def flipped(dice: random.Random, sent: Sent) -> Sent:
    body = bytearray(sent.body)
    for _ in range(dice.choice((1, 1, 2, 8))):
        if body:
            body[dice.randrange(len(body))] = dice.randrange(256)
    return replace(sent, body=bytes(body))


def cut(dice: random.Random, sent: Sent) -> Sent:
    return replace(sent, body=sent.body[: dice.randrange(len(sent.body) + 1)])


def grown(dice: random.Random, sent: Sent) -> Sent:
    at = dice.randrange(len(sent.body) + 1)
    more = dice.choice(
        (b"\0", b"\xff\xfe", b" ", b"\r\n\r\n", "加急".encode("gb18030"), b"A" * dice.choice((1, 100, 5_000)))
    )  # fmt: skip
    return replace(sent, body=sent.body[:at] + more + sent.body[at:])


def other_body(dice: random.Random, sent: Sent) -> Sent:
    deep = dice.choice((30, 70, 5_000, 100_000))
    return replace(
        sent,
        body=dice.choice(
            (
                b"", b"null", b"[]", b"{}", b'""', b"[" * deep, b'{"a":' * deep + b"1" + b"}" * deep,
                b'{"id":1e999999999}', b'{"id":' + b"9" * 6_000 + b"}", b'{"a":NaN}', b'{"a":"\\ud800"}',
                b'[{"tag":"101","msg_id":{},"data":"{"}]', b"id=1&" * dice.choice((1, 3_000)),
                sent.body.decode("utf-8", "replace").encode("utf-16"), gzip.compress(sent.body),
                b"\x00" * dice.choice((1, 10_000)), os.urandom(0) + dice.randbytes(dice.choice((10, 3_000))),
            )
        ),
    )  # fmt: skip


def huge(dice: random.Random, sent: Sent) -> Sent:
    size = dice.choice((999_999, 1_000_001, 2_500_000))
    return replace(sent, body=b'{"a":"' + b"x" * size + b'"}')


def twice(_: random.Random, sent: Sent) -> Sent:
    return replace(sent, body=sent.body + sent.body)


def header_changed(dice: random.Random, sent: Sent) -> Sent:
    if not sent.headers:
        return replace(sent, headers={"X-Anything": "1"})
    name = dice.choice(sorted(sent.headers))
    value = sent.headers[name]
    others = (
        "", value[:-1], value.upper(), value.lower(), value + "=", " " + value, value[::-1], "é" * 20, "0" * 9_000,
        base64.b64encode(dice.randbytes(32)).decode(), "null", "1970-01-01", "-1", "9" * 40,
    )  # fmt: skip
    return replace(sent, headers={**sent.headers, name: dice.choice(others)})


def header_gone(dice: random.Random, sent: Sent) -> Sent:
    left = dict(sent.headers)
    if left:
        del left[dice.choice(sorted(left))]
    return replace(sent, headers=left)


def query_changed(dice: random.Random, sent: Sent) -> Sent:
    values = ("", "0", "a" * 3_000, "\0", "é加", "%00", "' OR 1=1 --", "../../etc/passwd")
    name = dice.choice([*sorted(sent.query), "msg_signature", "sign", "token", "x"])
    return replace(sent, query={**sent.query, name: dice.choice(values)})


def kind_changed(dice: random.Random, sent: Sent) -> Sent:
    kinds = (
        FORM, JSON, "text/xml", "multipart/form-data; boundary=x", "", "application/json; charset=utf-16",
        "application/json;" + "a" * 3_000, "é",
    )  # fmt: skip
    return replace(sent, kind=dice.choice(kinds))


def encoded(dice: random.Random, sent: Sent) -> Sent:
    claims = ("gzip", "deflate", "br", "identity", "x" * 200)
    return replace(sent, headers={**sent.headers, "Content-Encoding": dice.choice(claims)})


def value_changed(dice: random.Random, sent: Sent) -> Sent:
    """The body stays well-formed: only what it says is another thing."""
    odd: Any = dice.choice(
        (None, 0, -1, 10**30, 1.5, "", "x" * 500, [], {}, [[[]]], True, "\u202e", "'")
    )
    if sent.kind == FORM:
        rows = parse_qsl(sent.body.decode("utf-8", "replace"), keep_blank_values=True)
        if not rows:
            return sent
        at = dice.randrange(len(rows))
        rows[at] = (rows[at][0], str(odd))
        return replace(
            sent, body="&".join(f"{quote_plus(n)}={quote_plus(v)}" for n, v in rows).encode()
        )
    try:
        told = json.loads(sent.body)
    except (ValueError, RecursionError):
        return sent
    if not isinstance(told, dict | list):
        return sent
    whole, here = told, told
    for _ in range(6):
        keys = list(range(len(here))) if isinstance(here, list) else list(here)
        if not keys:
            break
        key = dice.choice(keys)
        if not isinstance(here[key], dict | list) or dice.random() < 0.3:
            here[key] = odd
            break
        here = here[key]
    return replace(sent, body=json.dumps(whole).encode())


WAYS = (
    flipped, flipped, cut, grown, other_body, twice, header_changed, header_changed, header_gone, query_changed, kind_changed,
    encoded, value_changed, value_changed,
)  # fmt: skip
HUGE_EVERY = 97


def spoilt(dice: random.Random, sent: Sent, number: int) -> Sent:
    if number % HUGE_EVERY == HUGE_EVERY - 1:
        return huge(dice, sent)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        sent = dice.choice(WAYS)(dice, sent)
    return sent


# --- what may be believed ----------------------------------------------------------------------------


def said(name: str, body: bytes) -> Any:
    """What the platform's signature vouches for, read by code of our own; forms and JSON may be written in several ways."""
    if name == "alipay":
        return sorted(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if name == "wechat_shop":
        try:
            return json.loads(body).get("Encrypt")
        except (ValueError, AttributeError, RecursionError):
            return None
    return body


def good(name: str) -> Sent:
    call: Incoming = platforms.call_of(name)
    kind = FORM if name == "alipay" else JSON
    return Sent(dict(call.headers), dict(call.query), call.body, kind)


def send(shop: Browser, door: str, sent: Sent) -> Any:
    query = "&".join(f"{quote_plus(n)}={quote_plus(v)}" for n, v in sent.query.items())
    return shop.call(
        "POST", f"{door}{f'?{query}' if query else ''}", sent.body, headers=dict(sent.headers), content_type=sent.kind
    )  # fmt: skip


def fuzz(shop: Browser, name: str, door: str) -> int:
    """Sends all; how many were believed."""
    base, believed = good(name), 0
    vouched = said(name, base.body)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(ROUNDS):
        sent = spoilt(random.Random(f"{SEED}/{name}/{number}"), base, number)
        reply = send(shop, door, sent)
        told = f"{name} at {door}, seed {SEED}, number {number}: {sent}"[:2_000]
        assert reply.status < 500, told
        assert not any(word in reply.data for word in INSIDES), told
        if reply.status < 300:
            believed += 1
            assert said(name, sent.body) == vouched, f"a forgery was believed: {told}"
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert grown_kb < MEMORY_MAX_KB
    return believed


# --- the doors ---------------------------------------------------------------------------------------


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", CALLERS)
def test_nothing_spoilt_breaks_the_door_of_a_flow_or_is_believed(api: Api, name: str) -> None:
    shop = published(api, name)

    believed = fuzz(shop, name, "/hooks/orders/webhook")

    started = api.browser("dora").get("/api/instances").json["items"]
    assert len(started) <= believed
    assert send(shop, "/hooks/orders/webhook", good(name)).status < 300  # the door still stands


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", SOURCES)
def test_nothing_spoilt_breaks_the_door_of_a_source_or_is_believed(api: Api, name: str) -> None:
    account = platforms.account(name)
    connection = {
        "key": "shop", "name": "Shop", "connector": name, "settings": dict(account.settings),
        "secrets": dict(account.secrets),
    }  # fmt: skip
    ada = api.browser("ada")
    assert ada.post("/api/connections", connection).status == 201
    ways = {"push": {"enabled": True}}
    source = {"key": "shop1", "connection": "shop", "channel": name, "shop": "Shop", "ways": ways}
    made = ada.post("/api/sources", source)
    assert made.status == 201, made.json
    api.clock.set(platforms.NOW_MS)

    fuzz(api.browser(), name, "/intake/shop1")

    assert send(api.browser(), "/intake/shop1", good(name)).status in (200, 202, 422)
