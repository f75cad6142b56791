"""Operations, batches, retention and time travel over HTTP; every answer is compared with the description."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.service import batches
from tests.builder import flow
from tests.http.conftest import Api, Browser


@pytest.fixture
def oscar(api: Api) -> Browser:
    return api.browser("oscar")


@pytest.fixture
def started(api: Api) -> str:
    """An instance that waits for Ann."""
    document = (
        flow("asks")
        .then("note", "set_values", values={"n": "default(n, 0) + 1"})
        .then("ask", "approval", assignees=[{"kind": "role", "id": "cs_lead"}])
        .then("done", "end")
        .at("ask", "rejected")
        .to("done")
        .document()
    )
    document["input"] = {
        "type": "object",
        "properties": {"order_no": {"type": "string", "x-search": True}, "n": {"type": "integer"}},
    }
    dora = api.browser("dora")
    assert dora.post("/api/flows", {"document": document}).status == 201
    assert dora.post("/api/flows/asks/publish", {}).status in {200, 201}
    reply = dora.post("/api/flows/asks/instances", {"input": {"order_no": "A-1"}, "priority": 3})
    return str(reply.json["id"])


def work(api: Api) -> None:
    for _ in range(4):
        batches.work(api.workspace)
        api.clock.advance(s=1)


def test_suspend_and_resume(api: Api, oscar: Browser, started: str) -> None:
    at = f"/api/instances/{started}"

    assert oscar.post(f"{at}/suspend", {"reason": "r", "timers": "shift"}).json["status"] == "suspended"  # fmt: skip
    again = oscar.post(f"{at}/suspend")
    page = oscar.get(at).json
    ann = api.browser("ann")
    (task,) = ann.get("/api/tasks").json["items"]
    refused = ann.post(f"/api/tasks/{task['id']}/decide", {"decision": "approved"})
    resumed = oscar.post(f"{at}/resume")

    assert (again.status, again.json["error"]["params"]["current"]) == (409, {"status": "suspended"})  # fmt: skip
    assert (page["status"], page["suspended"]["timers"], page["priority"]) == ("suspended", "shift", 3)  # fmt: skip
    assert (refused.status, refused.code) == (409, "suspended")
    assert resumed.json["status"] == "waiting"
    assert ann.post(f"/api/tasks/{task['id']}/decide", {"decision": "approved"}).status == 200


def test_tokens_and_urgency(oscar: Browser, started: str) -> None:
    at = f"/api/instances/{started}"

    assert oscar.post(f"{at}/priority", {"priority": 9}).json["priority"] == 9
    assert oscar.post(f"{at}/priority", {"priority": 10}).status == 422
    assert oscar.post(f"{at}/inject", {"node": "ask", "reason": "r"}).status == 200
    wrong = oscar.post(f"{at}/inject", {"node": "nowhere"})
    moved = oscar.post(f"{at}/move", {"step": 3, "node": "done"})
    gone = oscar.post(f"{at}/move", {"step": 3, "node": "done"})
    back = oscar.post(f"{at}/rewind", {"step": 2, "variables": "then", "change": {"n": 8}})

    assert wrong.problems == [("/node", "unknown_node")]
    assert (moved.status, gone.status, back.status) == (200, 409, 200)
    assert oscar.get(at).json["variables"]["n"] == 9


def test_time_travel(oscar: Browser, started: str) -> None:
    at = f"/api/instances/{started}"
    last = oscar.get(at).json["seq"]

    first, end = (oscar.get(f"{at}/at/{seq}").json for seq in (1, last))
    tried = oscar.post(f"{at}/test", {"step": 2, "variables": {"n": 40}})
    steps = oscar.get(f"{at}/steps").json

    assert (first["event"]["type"], first["variables"]) == ("InstanceStarted", {"order_no": "A-1"})
    assert end["tokens"] == [{"kind": "step", "step": 3, "node": "ask", "waits_for": "task"}]
    assert (tried.json["status"], tried.json["variables"]["n"]) == ("completed", 41)
    assert [step["node"] for step in steps["items"]] == ["start", "note", "ask"]
    assert [oscar.get(f"{at}/at/{wrong}").status for wrong in ("0", "x", last + 1)] == [404] * 3


def test_search(oscar: Browser, started: str) -> None:
    def found(filter_: str) -> list[str]:
        return [
            item["id"]
            for item in oscar.get("/api/instances", query_string={"filter": filter_}).json["items"]
        ]

    assert found("order_no = A-1") == [started]
    assert found("order_no ^= B") == []
    wrong = oscar.get("/api/instances", query_string={"filter": "order_no"})
    assert wrong.problems == [("/query/filter", "filter")]


def test_a_batch_from_preview_to_the_last_item(api: Api, oscar: Browser, started: str) -> None:
    kinds = [one["kind"] for one in oscar.get("/api/batches/kinds").json["items"]]
    wish: dict[str, Any] = {"kind": "cancel", "selection": {"filter": "order_no = A-1"}}

    seen = oscar.post("/api/batches/preview", wish).json
    made = oscar.post("/api/batches", {**wish, "reason": "wrong", "per_second": 100})
    work(api)
    id_ = made.json["id"]
    (item,) = oscar.get(f"/api/batches/{id_}/items?status=done").json["items"]

    assert {"retry", "skip", "cancel", "suspend", "resume", "priority"} <= set(kinds)
    assert "hold" not in kinds
    assert (seen["count"], seen["sample"][0]["instance_id"], made.status) == (1, started, 201)
    assert (item["subject"], item["code"]) == (started, "cancelled")
    assert oscar.get(f"/api/batches/{id_}").json["status"] == "done"
    assert oscar.get("/api/batches").json["items"][0]["id"] == id_
    assert oscar.post(f"/api/batches/{id_}/cancel").status == 409


def test_retention_rules_and_holds(api: Api, oscar: Browser, started: str) -> None:
    ada = api.browser("ada")

    assert oscar.get("/api/retention").json["instance_days"] is None
    assert oscar.patch("/api/retention", {"instance_days": 3}).status == 403
    assert ada.patch("/api/retention", {"instance_days": 3, "archive": True}).json["archive"]
    assert ada.patch("/api/retention", {"instance_days": -1}).status == 422
    rules = ada.patch("/api/flows/asks/rules", {"retain_days": 30, "priority": 2}).json
    assert rules == {
        "flow_key": "asks", "retain_days": 30, "kept_days": 30, "priority": 2, "calendar": None,
    }  # fmt: skip
    assert oscar.patch("/api/flows/asks/rules", {"retain_days": 1}).status == 403
    assert oscar.get("/api/flows/asks/rules").json["retain_days"] == 30
    assert ada.get("/api/retention").json["flows"] == [
        {"flow_key": "asks", "retain_days": 30, "priority": 2}
    ]
    held = ada.post(f"/api/instances/{started}/hold", {"on": True, "reason": "court"})
    assert held.json == {"hold": True, "roots": [started]}
    assert oscar.get(f"/api/instances/{started}").json["hold"] is True
    assert oscar.get("/api/instances?hold=true").json["items"][0]["id"] == started
    assert ada.post("/api/holds", {"business_key": "K", "on": False, "reason": "r"}).status == 404
    assert ada.post(f"/api/instances/{started}/hold", {"on": False, "reason": ""}).status == 422
