"""The door of pushes, and what people can do about what came in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

SECRET = "a-long-secret"


@pytest.fixture
def shop(api):
    """A shop that pushes, signed."""
    ada = api.browser("ada")
    account = {
        "key": "hook", "name": "Hook", "connector": "webhook", "settings": {"platform": "other", "encoding": "base64"},
        "secrets": {"secret": SECRET},
    }  # fmt: skip
    assert ada.post("/api/connections", account).status == 201
    source = {
        "key": "north", "title": {"en": "North"}, "connection": "hook", "channel": "own", "shop": "north",
        "ways": {"push": {"enabled": True}},
    }  # fmt: skip
    assert ada.post("/api/sources", source).status == 201
    return ada


def order(id_, status="paid", **more):
    return {"platform_order_id": id_, "status_code": status, "total": "99.00", "items": []} | more


def push(api, value, secret=SECRET, key="north", raw=None):
    body = raw if raw is not None else json.dumps(value).encode()
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    reply = api.browser().call("POST", f"/intake/{key}", body, headers={"X-Signature": digest})
    api.workspace.writer.call(
        lambda _: None
    )  # what is refused is noted without making the caller wait
    return reply


def test_a_signed_push_is_taken_once_and_numbered(api, shop):
    first = push(api, order("A-1"))
    again = push(api, order("A-1"))

    assert (first.status, again.status) == (202, 202)
    assert first.json["items"][0]["outcome"] == "created"
    assert again.json["items"][0]["outcome"] == "same"
    assert first.json["items"][0]["number"] == again.json["items"][0]["number"]
    assert first.json["items"][0]["number"].startswith("OW")
    assert shop.get("/api/tables/orders/count").json["count"] == 1


def test_a_forged_push_changes_nothing_and_is_noted(api, shop):
    reply = push(api, order("A-1"), secret="another")

    assert (reply.status, reply.code) == (401, "signature_wrong")
    assert shop.get("/api/tables/orders/count").json["count"] == 0
    (noted,) = shop.get("/api/inflows").json["items"]
    assert (noted["verdict"], noted["status"]) == ("refused", 401)
    whole = shop.get(f"/api/inflows/{noted['id']}").json
    assert whole["headers"]["x-signature"] == "•••"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b"null"])
def test_what_is_no_order_is_told_and_noted(api, shop, body):
    reply = push(api, None, raw=body)

    assert reply.status == 422
    assert [one["verdict"] for one in shop.get("/api/inflows").json["items"]] == ["wrong"]


def test_a_source_that_is_off_or_takes_no_pushes_is_not_there(api, shop):
    assert push(api, order("A-1"), key="south").status == 404
    shop.call("PUT", "/api/sources/north", {"revision": 1, "ways": {"push": {"enabled": False}}})
    assert push(api, order("A-1")).status == 404


def test_an_unknown_status_is_learned_and_all_that_wait_for_it_come_in(api, shop):
    for number in range(3):
        push(api, order(f"A-{number}", "WAITS"))
    waiting = shop.get("/api/order-exceptions?source=north").json["items"]
    assert [one["code"] for one in waiting] == ["WAITS"] * 3

    wrong = shop.post(f"/api/order-exceptions/{waiting[0]['id']}/learn", {"state": "nonsense"})
    assert wrong.status == 422
    told = shop.post(f"/api/order-exceptions/{waiting[0]['id']}/learn", {"state": "held"})
    assert told.json == {"taken": 3, "failed": 0, "more": False}
    assert shop.get("/api/order-exceptions").json["items"] == []
    assert shop.get("/api/tables/orders/count").json["count"] == 3


def test_a_state_held_back_can_be_accepted(api, shop):
    push(api, order("A-1", "shipped", updated_at="2026-01-09T08:00:00Z"))
    push(api, order("A-1", "paid", updated_at="2026-01-09T09:00:00Z"))
    (held,) = shop.get("/api/order-exceptions").json["items"]
    assert held["kind"] == "went_back"

    assert shop.post(f"/api/order-exceptions/{held['id']}/accept", {}).json["status"] == "done"
    record = shop.get("/api/tables/orders/by-key/own:north:A-1").json
    assert record["value"]["state"] == "paid"


def test_an_exception_can_be_left_with_a_reason_and_retried(api, shop):
    push(api, order("A-1", "WAITS"))
    (one,) = shop.get("/api/order-exceptions").json["items"]
    still = shop.post(f"/api/order-exceptions/{one['id']}/retry", {})
    assert (still.json["status"], still.json["outcome"]["outcome"]) == ("open", "exception")
    gone = shop.post(f"/api/order-exceptions/{one['id']}/dismiss", {"note": "a test of theirs"})
    assert gone.json["status"] == "dismissed"
    assert shop.post(f"/api/order-exceptions/{one['id']}/retry", {}).status == 409


def test_a_request_is_replayed_without_any_effect(api, shop):
    push(api, order("A-1"))
    push(api, order("A-1"))
    first = shop.get("/api/inflows").json["items"][-1]
    assert len(shop.get(f"/api/inflows?digest={first['digest']}").json["items"]) == 2

    replayed = shop.post(f"/api/inflows/{first['id']}/replay", {}).json
    assert (replayed["test"], replayed["items"][0]["outcome"]) == (True, "same")
    assert shop.get("/api/tables/orders/count").json["count"] == 1
    assert len(shop.get("/api/messages").json["items"]) == 2


def test_a_map_is_tried_on_a_sample_before_it_is_saved(api, shop):
    push(api, order("A-1", buyer_words="加急"))
    asked = {"fields": {"note": "buyer_words"}}
    seen = shop.post("/api/sources/north/preview", asked).json

    assert seen["values"]["note"] == "加急"
    assert seen["state"] == "paid"
    assert {"path": "buyer_words", "value": "加急"} in seen["places"]
    assert seen["unmapped"] == []


def test_orders_are_put_in_as_a_file_would(shop):
    reply = shop.post("/api/sources/north/orders", {"items": [order("A-1"), order("A-2"), {}]})

    assert [one["outcome"] for one in reply.json["items"]] == ["created", "created", "exception"]


def test_who_may_read_may_not_change(api, shop):
    reader = api.program("records:read")

    assert reader.get("/api/sources").status == 200
    assert reader.post("/api/sources/north/poll", {}).status == 403
    assert reader.post("/api/sources/north/orders", {"items": []}).status == 403
    assert reader.call("PUT", "/api/sources/north", {"revision": 1, "enabled": False}).status == 403
