"""Calls of platforms at the door: opened, answered in the words they want, and greeted before the first one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headrace.engine.registry import connectors
from tests import platforms
from tests.builder import flow
from tests.http.conftest import Api, Browser

CALLERS = ["alipay", "doudian", "shopify", "wechat_pay", "wechat_shop", "woocommerce"]


def published(api: Api, name: str, **more: str) -> Browser:
    account = platforms.account(name)
    connection = {
        "key": "shop", "name": "Shop", "connector": name, "settings": dict(account.settings),
        "secrets": dict(account.secrets),
    }  # fmt: skip
    made = api.browser("ada").post("/api/connections", connection)
    assert made.status == 201, made.json
    dora = api.browser("dora")
    settings = {
        "auth": "hmac",
        "connection": "shop",
        "values": [{"name": "seen", "value": "body"}],
        **more,
    }
    document = flow("orders", "webhook", **settings).then("done", "end").document()
    document["input"] = {"type": "object", "properties": {"seen": {}}}
    assert dora.post("/api/flows", {"document": document}).status == 201
    reply = dora.post("/api/flows/orders/publish")
    assert reply.status == 201, reply.json
    api.clock.set(platforms.NOW_MS)
    return api.browser()


def send(shop: Browser, name: str, body: bytes | None = None):  # type: ignore[no-untyped-def]
    call = platforms.call_of(name)
    query = "&".join(f"{key}={value}" for key, value in call.query.items())
    kind = "application/x-www-form-urlencoded" if name == "alipay" else "application/json"
    path = f"/hooks/orders/webhook{f'?{query}' if query else ''}"
    return shop.call(
        "POST",
        path,
        call.body if body is None else body,
        headers=dict(call.headers),
        content_type=kind,
    )


@pytest.mark.parametrize("name", CALLERS)
def test_a_call_is_known_opened_and_answered_as_the_platform_wants(api: Api, name: str) -> None:
    shop = published(api, name)

    reply = send(shop, name)

    wanted = connectors()[name].reply
    assert reply.status == (wanted.status if wanted else 202), reply.data.decode()
    assert wanted is None or reply.data.decode() == wanted.body
    [shown] = api.browser("dora").get("/api/instances").json["items"]
    detail = api.browser("dora").get(f"/api/instances/{shown['id']}").json
    account = platforms.account(name)
    unwrap = connectors()[name].unwrap
    if unwrap:
        assert detail["variables"]["seen"] == unwrap(account, platforms.call_of(name))


@pytest.mark.parametrize("name", CALLERS)
def test_a_changed_call_starts_nothing_and_is_not_told_success(api: Api, name: str) -> None:
    shop = published(api, name)

    body = platforms.call_of(name).body
    at = max(body.rfind(bytes([letter])) for letter in range(97, 123))  # the last small letter
    reply = send(shop, name, body[:at] + b"Z" + body[at + 1 :])

    assert reply.status in (400, 401)  # 400: it is not even JSON any more
    assert "success" not in reply.data.decode().lower()
    assert api.browser("dora").get("/api/instances").json["items"] == []


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [("alipay", 200, "fail"), ("wechat_pay", 409, "FAIL"), ("shopify", 409, "not_accepted")],
)
def test_a_call_that_does_not_fit_is_kept_and_refused_in_the_platforms_words(
    api: Api, name: str, status: int, words: str
) -> None:
    shop = published(api, name, accept="false")

    reply = send(shop, name)

    assert (reply.status, words in reply.data.decode()) == (status, True)
    assert "success" not in reply.data.decode().lower()
    assert len(api.browser("dora").get("/api/instances").json["items"]) == 1


def test_a_platform_that_asks_whether_we_are_there_hears_its_own_word(api: Api) -> None:
    shop = published(api, "wechat_shop")
    parts = {"timestamp": "1714036504", "nonce": "1514711492"}
    import hashlib

    text = "".join(sorted(["example-token", *parts.values()]))
    query = {
        **parts,
        "echostr": "4375120948345356249",
        "signature": hashlib.sha1(text.encode()).hexdigest(),
    }

    def ask(**changes: str):  # type: ignore[no-untyped-def]
        rows = "&".join(f"{key}={value}" for key, value in {**query, **changes}.items())
        return shop.get(f"/hooks/orders/webhook?{rows}")

    assert (ask().status, ask().data.decode()) == (200, "4375120948345356249")
    assert ask(nonce="1").status == 401
    assert shop.get("/hooks/orders/nothing").status == 404


def test_a_connection_of_a_platform_that_never_calls_is_refused_when_published(api: Api) -> None:
    account = replace(platforms.account("taobao"))
    connection = {
        "key": "shop", "name": "Shop", "connector": "taobao", "settings": dict(account.settings),
        "secrets": dict(account.secrets),
    }  # fmt: skip
    assert api.browser("ada").post("/api/connections", connection).status == 201
    dora = api.browser("dora")
    document = (
        flow("orders", "webhook", auth="hmac", connection="shop").then("done", "end").document()
    )
    document["input"] = {"type": "object", "properties": {}}
    assert dora.post("/api/flows", {"document": document}).status == 201

    reply = dora.post("/api/flows/orders/publish")

    assert reply.status == 422
    assert "connection_kind_wrong" in reply.data.decode()
