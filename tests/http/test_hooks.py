"""Webhooks: who calls is proven over the very bytes, and what is too large or no JSON is refused at the door."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from typing import Any

import pytest

from headrace.engine.http.hooks import HOOK_MAX_BYTES
from tests.builder import flow
from tests.http.conftest import Api, Browser

ORDER = {"order_no": "A1", "amount": 12.5}


def published(api: Api, **settings: Any) -> Browser:
    """A flow with a webhook, published; answers a caller from outside."""
    dora = api.browser("dora")
    start = {
        "auth": "none",
        "dedup_key": "body.order_no",
        "business_key": "body.order_no",
        **settings,
    }
    document = flow("orders", "webhook", **start).then("done", "end").document()
    document["input"] = {"type": "object", "properties": {}}
    assert dora.post("/api/flows", {"document": document}).status == 201
    assert dora.post("/api/flows/orders/publish").status == 201
    return api.browser()


def with_secret(api: Api, **settings: Any) -> None:
    connection = {
        "key": "shop", "name": "Shop", "connector": "webhook", "settings": {"platform": "other", **settings},
        "secrets": {"secret": "s3cret-long"},
    }  # fmt: skip
    reply = api.browser("ada").post("/api/connections", connection)
    assert reply.status == 201, reply.json


def test_a_call_starts_an_instance_once(api: Api) -> None:
    shop = published(api)

    first = shop.post("/hooks/orders/webhook", ORDER)
    again = shop.post("/hooks/orders/webhook", ORDER)

    assert first.status == 202
    [one] = first.json["instances"]
    assert one["duplicate"] is False
    assert again.json["instances"] == [{"id": one["id"], "duplicate": True}]
    [shown] = api.browser("dora").get("/api/instances").json["items"]
    assert shown["business_key"] == "A1"


def test_a_form_comes_in_as_its_fields(api: Api) -> None:
    shop = published(api)

    reply = shop.call(
        "POST",
        "/hooks/orders/webhook",
        b"order_no=F1&amount=3&x=",
        content_type="application/x-www-form-urlencoded",
    )

    assert reply.status == 202


def test_a_signed_call_is_proven_over_its_bytes(api: Api) -> None:
    with_secret(api)
    shop = published(api, auth="hmac", connection="shop")
    raw = json.dumps(ORDER, indent=3).encode()
    sign = hmac.new(b"s3cret-long", raw, hashlib.sha256).hexdigest()
    headers = {"X-Signature": sign}

    right = shop.call("POST", "/hooks/orders/webhook", raw, headers=headers)
    wrong = shop.call("POST", "/hooks/orders/webhook", raw + b" ", headers=headers)
    unsigned = shop.call("POST", "/hooks/orders/webhook", raw)

    assert (wrong.status, wrong.code) == (401, "signature_wrong")
    assert unsigned.status == 401
    assert right.status == 202


def test_a_token_proves_a_call_too(api: Api) -> None:
    with_secret(api)
    shop = published(api, auth="token", connection="shop")

    assert shop.post("/hooks/orders/webhook", ORDER).status == 401
    header = {"Authorization": "Bearer s3cret-long"}
    assert shop.post("/hooks/orders/webhook", ORDER, headers=header).status == 202


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"<xml/>", "application/xml", 415, "wrong_content_type"),
        (b"{}", "text/plain", 415, "wrong_content_type"),
        (b"{}", "", 415, "wrong_content_type"),
        (b"", "application/json", 400, "not_json"),
        (b"{", "application/json", 400, "not_json"),
        (b"[" * 10_000 + b"]" * 10_000, "application/json", 400, "too_deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/json", 400, "too_deep"),
        (b"[" * 65 + b"]" * 65, "application/json", 400, "too_deep"),
        (b'{"a": 1e999}', "application/json", 400, "not_json"),
        (b'"' + b"x" * HOOK_MAX_BYTES + b'"', "application/json", 413, "body_too_large"),
        (
            b"&".join(b"a%d=1" % i for i in range(2_000)),
            "application/x-www-form-urlencoded",
            400,
            "not_json",
        ),
        (b"a=%00", "application/x-www-form-urlencoded", 400, "not_json"),
        (b"a=\xff\xfe", "application/x-www-form-urlencoded", 400, "not_json"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_wrong_stops_at_the_door(
    api: Api, body: bytes, kind: str, status: int, code: str
) -> None:
    shop = published(api)

    reply = shop.call("POST", "/hooks/orders/webhook", body, content_type=kind)

    assert (reply.status, reply.code) == (status, code)


class Endless(io.RawIOBase):
    """A body without end, that counts how much of it was read."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.given += len(buffer)
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def test_a_body_that_says_50_mb_is_not_read_at_all(api: Api) -> None:
    shop = published(api)
    body = Endless()

    reply = shop.call(
        "POST", "/hooks/orders/webhook", content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "50000000", "wsgi.input": body},
    )  # fmt: skip

    assert (reply.status, reply.code) == (413, "body_too_large")
    assert body.given == 0


def test_a_body_without_a_length_is_read_only_as_far_as_the_limit(api: Api) -> None:
    shop = published(api)
    body = Endless()

    reply = shop.call(
        "POST", "/hooks/orders/webhook", content_type="application/json",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True},
    )  # fmt: skip

    assert (reply.status, reply.code) == (413, "body_too_large")
    assert body.given < HOOK_MAX_BYTES * 1.2


def test_a_flow_without_that_webhook_is_not_found(api: Api) -> None:
    shop = published(api)

    assert shop.post("/hooks/orders/done", ORDER).status == 404
    assert shop.post("/hooks/other/webhook", ORDER).status == 404


def test_one_wrong_order_of_many_starts_none(api: Api) -> None:
    shop = published(
        api, items="body.orders", dedup_key="item.order_no", business_key="item.order_no"
    )

    refused = shop.post("/hooks/orders/webhook", {"orders": [ORDER, {"amount": 1}]})
    taken = shop.post("/hooks/orders/webhook", {"orders": [ORDER, {"order_no": "A2"}]})

    assert refused.status == 422
    assert len(taken.json["instances"]) == 2
    assert len(api.browser("dora").get("/api/instances").json["items"]) == 2
