"""The inbox as it changes: what a screen that stays open is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.engine.http import inbox
from tests.builder import flow
from tests.http.conftest import Api, Browser


@pytest.fixture
def leave(api: Api) -> Browser:
    """A flow that asks customer service, at the hands of who drew it."""
    dora = api.browser("dora")
    asks = {"title": "Leave", "assignees": [{"kind": "role", "id": "cs_lead"}]}
    drawing = flow("asking").then("ask", "approval", **asks).then("done", "end")
    document = drawing.at("ask", "rejected").to("done").document()
    assert dora.post("/api/flows", {"document": document}).status == 201
    assert dora.post("/api/flows/asking/publish").status == 201
    return dora


def start(browser: Browser) -> str:
    answer = browser.post("/api/flows/asking/instances", {"input": {}})
    assert answer.status == 201, answer.data
    return str(answer.json["id"])


def streaming(browser: Browser, path: str) -> Any:
    """The pieces as they come."""
    return iter(browser.client.get(path).response)


def told(chunk: bytes) -> dict[str, Any]:
    lines = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if line)
    assert lines["event"] == "inbox"
    return {"id": lines["id"], **json.loads(lines["data"])}


def test_a_new_task_is_told_to_whom_it_waits_for(api: Api, leave: Browser) -> None:
    ann = api.browser("ann")
    stream = streaming(ann, "/api/tasks/live")
    assert next(stream).startswith(b"retry: ")
    before = told(next(stream))

    start(leave)

    after = told(next(stream))
    assert (before["todo"], after["todo"]) == (0, 1)
    assert before["id"] != after["id"]
    stream.close()


def test_who_comes_back_is_told_nothing_twice(api: Api, leave: Browser) -> None:
    start(leave)
    ann = api.browser("ann")
    api.house.stopping.set()
    first = ann.get("/api/tasks/live").data
    mark = told(first.split(b"\n\n")[1])["id"]

    again = ann.get("/api/tasks/live", headers={"Last-Event-ID": mark}).data

    assert b"event: inbox" in first
    assert b"event: inbox" not in again


def test_it_is_told_too_when_somebody_else_was_faster(api: Api, leave: Browser) -> None:
    start(leave)
    ann = api.browser("ann")
    task = ann.get("/api/tasks").json["items"][0]["id"]
    stream = streaming(ann, "/api/tasks/live")
    next(stream)
    assert told(next(stream))["todo"] == 1

    api.browser("ann").post(f"/api/tasks/{task}/decide", {"decision": "rejected"})

    assert told(next(stream))["todo"] == 0
    stream.close()


def test_others_see_nothing_of_it(api: Api, leave: Browser) -> None:
    api.house.stopping.set()
    dora = api.browser("dora")
    before = told(dora.get("/api/tasks/live").data.split(b"\n\n")[1])

    start(leave)

    again = dora.get("/api/tasks/live", headers={"Last-Event-ID": before["id"]}).data
    assert b"event: inbox" not in again


def test_beyond_its_number_a_screen_is_asked_to_poll_and_places_come_back(
    api: Api, leave: Browser
) -> None:
    ann = api.browser("ann")
    others: list[Any] = [object() for _ in range(inbox.STREAMS_MAX)]
    assert all(inbox._slots.take(other, f"usr_{n}", "") for n, other in enumerate(others))
    refused = ann.get("/api/tasks/live")
    for other in others:
        inbox._slots.give(other)

    assert (refused.status, refused.code) == (503, "busy")
    api.house.stopping.set()
    for _ in range(inbox.STREAMS_MAX + 3):
        assert ann.get("/api/tasks/live").status == 200


def test_one_person_with_many_tabs_leaves_room_for_others(api: Api, leave: Browser) -> None:
    ann, dora = api.browser("ann"), api.browser("dora")
    streams = [streaming(ann, "/api/tasks/live") for _ in range(inbox.EACH_MAX)]
    for stream in streams:
        assert next(stream).startswith(b"retry: ")

    refused = ann.get("/api/tasks/live")
    hers = streaming(dora, "/api/tasks/live")

    assert (refused.status, refused.code) == (503, "busy")
    assert next(hers).startswith(b"retry: ")
    for stream in (*streams, hers):
        stream.close()
    assert inbox._slots._held == {}


def test_the_next_page_of_a_tab_takes_the_place_of_the_last(api: Api, leave: Browser) -> None:
    ann = api.browser("ann")
    pages = [streaming(ann, "/api/tasks/live?tab=one") for _ in range(inbox.EACH_MAX + 3)]

    assert next(pages[-1]).startswith(b"retry: ")
    assert list(inbox._slots._held.values()) == [("usr_ann", "one")]
    assert b"".join(pages[0]).count(b"event: ping") == 0, "it ends at once"
    for page in pages:
        page.close()
    assert inbox._slots._held == {}
