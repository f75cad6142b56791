"""Schedules on a screen: the next times, the last result, pause and resume; and what a full disk answers."""

from __future__ import annotations

from typing import Any

from tests.builder import flow
from tests.http.conftest import Api, Browser


def published(client: Browser, drawing: Any) -> str:
    document = drawing.document()
    made = client.post("/api/flows/import", document)
    assert made.status in {200, 201}, made.data
    key = made.json["key"]
    assert client.post(f"/api/flows/{key}/publish", {}).status == 201
    return str(key)


def test_a_schedule_shows_its_next_times_and_can_be_stopped_and_started(api: Api) -> None:
    dora, oscar = api.browser("dora"), api.browser("oscar")
    key = published(dora, flow("nightly", "schedule", cron="10 0 * * *").then("done", "end"))

    (item,) = dora.get(f"/api/schedules?flow={key}").json["items"]
    assert item["next_times"][0] == "2026-01-09T16:10:00.000Z"
    assert len(item["next_times"]) == 5
    assert dora.post(f"/api/schedules/{item['id']}/pause").status == 403

    paused = oscar.post(f"/api/schedules/{item['id']}/pause")
    assert (paused.status, paused.json["next_times"]) == (200, [])
    assert oscar.get("/api/overview").json["schedules"] == {"total": 1, "paused": 1, "failing": 0}
    again = oscar.post(f"/api/schedules/{item['id']}/resume").json
    assert again["next_times"] == item["next_times"]
    noted = [entry["action"] for entry in api.browser("ada").get("/api/audit").json["items"]]
    assert noted[:2] == ["schedules.resume", "schedules.pause"]


def test_schedules_come_in_pages(api: Api) -> None:
    dora = api.browser("dora")
    for number in range(3):
        published(dora, flow(f"nightly-{number}", "schedule").then("done", "end"))

    first = dora.get("/api/schedules?limit=2").json
    second = dora.get(f"/api/schedules?limit=2&cursor={first['next_cursor']}").json
    assert [len(first["items"]), len(second["items"])] == [2, 1]
    assert second["next_cursor"] is None


def test_a_start_on_a_full_disk_is_refused_and_told_why(api: Api) -> None:
    dora = api.browser("dora")
    key = published(dora, flow("plain").then("done", "end"))
    api.workspace.free_bytes = lambda: 1_000
    api.workspace.disk_measured = None

    reply = dora.post(f"/api/flows/{key}/instances", {"input": {}})

    assert (reply.status, reply.code) == (507, "disk_low")
    assert reply.headers["Retry-After"] == "60"
    assert reply.json["error"]["params"]["found"] == "1000"
    assert api.browser("oscar").get("/api/overview").json["disk_low"] is True
