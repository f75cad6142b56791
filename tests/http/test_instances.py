"""Instances, tasks and incidents over the API: what people start, decide and repair."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.http import live
from tests.builder import flow
from tests.http.conftest import Api, Browser

FORM = {
    "type": "object",
    "properties": {"amount": {"type": "number", "minimum": 0}},
    "required": ["amount"],
}


@pytest.fixture
def leave(api: Api) -> Browser:
    """Dora's browser; her flow `leave` asks Ann with a form."""
    dora = api.browser("dora")
    drawing = flow("leave").then(
        "ask",
        "approval",
        form=FORM,
        assignees=[{"kind": "role", "id": "cs_lead"}],
        title="Leave of {{ who }}",
    )
    document = drawing.then("done", "end").at("ask", "rejected").to("done").document()
    document["input"] = {
        "type": "object",
        "properties": {"who": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["who"],
    }
    assert dora.post("/api/flows", {"document": document}).status == 201
    assert dora.post("/api/flows/leave/publish").status == 201
    return dora


def start(browser: Browser, **more: Any) -> str:
    reply = browser.post("/api/flows/leave/instances", {"input": {"who": "Eve"}, **more})
    assert reply.status == 201, reply.json
    return str(reply.json["id"])


def task_of(api: Api) -> tuple[Browser, dict[str, Any]]:
    ann = api.browser("ann")
    [task] = ann.get("/api/tasks").json["items"]
    return ann, task


def test_from_start_to_decision(api: Api, leave: Browser) -> None:
    id_ = start(leave, business_key="L-1")
    ann, task = task_of(api)

    assert ann.get("/api/tasks/count").json["todo"] == 1
    assert task["title"] == "Leave of Eve"
    full = ann.get(f"/api/tasks/{task['id']}").json
    assert full["form"]["schema"]["required"] == ["amount"]
    decided = ann.post(
        f"/api/tasks/{task['id']}/decide",
        {"decision": "approved", "comment": "fine", "form": {"amount": 3}},
    )

    assert decided.status == 200
    assert decided.json["task"]["can_decide"] is False
    shown = leave.get(f"/api/instances/{id_}").json
    assert shown["status"] == "completed"
    assert shown["variables"]["ask"]["form"] == {"amount": 3}
    assert shown["edges"] == {"e1": 1, "e2": 1}
    assert ann.get("/api/tasks?box=done").json["items"][0]["id"] == task["id"]
    assert leave.get("/api/tasks?box=started").json["items"][0]["id"] == task["id"]


def test_a_second_decision_is_told_what_the_first_was(api: Api, leave: Browser) -> None:
    start(leave)
    ann, task = task_of(api)
    body = {"decision": "rejected"}
    ann.post(f"/api/tasks/{task['id']}/decide", body)

    again = ann.post(f"/api/tasks/{task['id']}/decide", body)

    assert (again.status, again.code) == (409, "conflict")
    assert again.json["error"]["params"]["current"]["status"] == "rejected"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"decision": "maybe"}, ("/decision", "unknown_decision")),
        ({"decision": "approved"}, ("/form/amount", "required")),
        ({"decision": "approved", "form": {"amount": -1}}, ("/form/amount", "minimum")),
    ],
)
def test_a_wrong_decision_is_refused(
    api: Api, leave: Browser, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    start(leave)
    ann, task = task_of(api)

    refused = ann.post(f"/api/tasks/{task['id']}/decide", body)

    assert (refused.status, refused.problems) == (422, [problem])


def test_a_task_is_for_those_it_concerns(api: Api, leave: Browser) -> None:
    start(leave)
    _, task = task_of(api)

    assert api.browser("nobody").get(f"/api/tasks/{task['id']}").status == 403
    assert api.browser("oscar").get(f"/api/tasks/{task['id']}").status == 200
    assert (
        api.browser("oscar")
        .post(f"/api/tasks/{task['id']}/decide", {"decision": "rejected"})
        .status
        == 403
    )


def test_a_start_with_a_wrong_input_is_refused_with_every_problem(leave: Browser) -> None:
    refused = leave.post("/api/flows/leave/instances", {"input": {"days": 1.5}})

    assert refused.status == 422
    assert {code for _, code in refused.problems} == {"required", "type"}


def test_a_start_that_came_before_is_not_made_again(leave: Browser) -> None:
    first = start(leave, dedup_key="D")

    again = leave.post("/api/flows/leave/instances", {"input": {"who": "Eve"}, "dedup_key": "D"})

    assert (again.status, again.json) == (200, {"id": first, "duplicate": True})


def test_a_flow_that_is_not_published_cannot_be_started(leave: Browser) -> None:
    leave.post("/api/flows", {"key": "other", "name": {"en": "O"}})

    assert leave.post("/api/flows/other/instances", {"input": {}}).status == 404


def test_who_may_not_see_all_sees_what_he_started(api: Api, leave: Browser) -> None:
    start(leave)
    ann = api.browser("ann")
    own = start(ann)

    assert [i["id"] for i in ann.get("/api/instances").json["items"]] == [own]
    assert ann.get(f"/api/instances/{own}").status == 200
    theirs = next(i["id"] for i in leave.get("/api/instances").json["items"] if i["id"] != own)
    assert ann.get(f"/api/instances/{theirs}").status == 403
    assert ann.get(f"/api/instances/{theirs}/live").status == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("flow=leave", 2),
        ("flow=other", 0),
        ("status=waiting", 2),
        ("status=open", 2),
        ("status=completed", 0),
        ("search=L-", 1),
        ("search=%25", 0),
        ("from=2026-01-09T08:00:00Z", 2),
        ("from=2027-01-09T08:00:00%2B08:00", 0),
        ("to=2026-01-09T07:59:59Z", 0),
        ("limit=1", 1),
    ],
)
def test_instances_are_found(leave: Browser, query: str, found: int) -> None:
    start(leave, business_key="L-1")
    start(leave, business_key="M-1")

    assert len(leave.get(f"/api/instances?{query}").json["items"]) == found


@pytest.mark.parametrize(
    "query", ["status=new", "from=yesterday", "from=2026-01-09T08:00:00", "flow=A!"]
)
def test_a_wrong_question_is_told(leave: Browser, query: str) -> None:
    assert leave.get(f"/api/instances?{query}").status == 422


def test_an_operator_cancels_and_the_task_goes(api: Api, leave: Browser) -> None:
    id_ = start(leave)
    oscar = api.browser("oscar")

    assert leave.post(f"/api/instances/{id_}/cancel", {"reason": "no"}).status == 403
    assert (
        oscar.post(f"/api/instances/{id_}/cancel", {"reason": "no"}).json["status"] == "cancelled"
    )
    assert oscar.post(f"/api/instances/{id_}/cancel").status == 409
    assert api.browser("ann").get("/api/tasks/count").json["todo"] == 0


def test_an_incident_is_seen_retried_and_skipped(api: Api) -> None:
    dora, oscar = api.browser("dora"), api.browser("oscar")
    drawing = flow("sum").then("add", "set_values", values=[{"name": "n", "value": "missing + 1"}])
    document = drawing.then("done", "end").document()
    document["input"] = {"type": "object", "properties": {"missing": {"type": "number"}}}
    dora.post("/api/flows", {"document": document})
    assert dora.post("/api/flows/sum/publish").status == 201
    id_ = dora.post("/api/flows/sum/instances", {"input": {}}).json["id"]

    [incident] = oscar.get("/api/incidents").json["items"]
    assert incident["instance_id"] == id_
    assert oscar.get("/api/overview").json["incidents"] == {"open": 1}
    retried = oscar.post(f"/api/incidents/{incident['id']}/retry")
    assert retried.json["status"] == "incident"
    [incident] = oscar.get("/api/incidents").json["items"]
    assert oscar.post(f"/api/incidents/{incident['id']}/skip", {"port": "no"}).status == 422
    skipped = oscar.post(f"/api/incidents/{incident['id']}/skip", {"reason": "known"})

    assert skipped.json["status"] == "completed"
    assert oscar.post(f"/api/incidents/{incident['id']}/retry").status == 409
    assert len(oscar.get("/api/incidents?status=resolved").json["items"]) == 2


def test_the_overview_counts_and_is_not_counted_again_at_once(api: Api, leave: Browser) -> None:
    assert leave.get("/api/overview").json["instances"]["waiting"] == 0
    start(leave)

    assert leave.get("/api/overview").json["instances"]["waiting"] == 0
    api.clock.advance(s=301)
    told = leave.get("/api/overview").json
    assert told["instances"]["waiting"] == 1
    assert told["tasks"] == {"open": 1}
    assert leave.get("/api/overview?timezone=Mars").status == 422


# --- live ----------------------------------------------------------------------------------------


def events(api: Api, browser: Browser, id_: str, **more: Any) -> str:
    """A whole stream, of a server that is about to stop: it ends after what there is."""
    api.house.stopping.set()
    return browser.get(f"/api/instances/{id_}/live", **more).data.decode()


def test_what_happened_streams_and_goes_on_where_it_was_left(api: Api, leave: Browser) -> None:
    id_ = start(leave)
    seqs = [item["seq"] for item in leave.get(f"/api/instances/{id_}/history").json["items"]]

    whole = events(api, leave, id_)
    rest = events(api, leave, id_, headers={"Last-Event-ID": str(seqs[-2])})

    assert [line for line in whole.split("\n") if line.startswith("id:")] == [
        f"id: {s}" for s in seqs
    ]
    assert rest.count("event: history") == 1
    assert whole.startswith("retry: ")


def test_a_stream_tells_what_happens_while_it_is_open(api: Api, leave: Browser) -> None:
    id_ = start(leave)
    ann, task = task_of(api)
    stream = iter(leave.client.get(f"/api/instances/{id_}/live").response)
    seen = next(stream) + next(stream)
    assert b"TaskOpened" in seen or b"StepWaiting" in seen or b"history" in seen

    ann.post(f"/api/tasks/{task['id']}/decide", {"decision": "rejected"})

    assert b"InstanceCompleted" in next(stream)
    stream.close()  # type: ignore[attr-defined]


def test_beyond_its_number_a_live_screen_is_asked_to_poll(api: Api, leave: Browser) -> None:
    id_ = start(leave)
    taken = [live._slots.acquire(blocking=False) for _ in range(live.STREAMS_MAX)]
    try:
        refused = leave.get(f"/api/instances/{id_}/live")
    finally:
        for _ in taken:
            live._slots.release()

    assert (refused.status, refused.code) == (503, "busy")
    assert refused.headers["Retry-After"] == "5"


def test_a_stream_gives_its_place_back_however_it_ends(api: Api, leave: Browser) -> None:
    id_ = start(leave)
    for _ in range(live.STREAMS_MAX + 5):
        response = leave.client.get(f"/api/instances/{id_}/live")
        next(iter(response.response))
        response.close()

    api.house.stopping.set()
    for _ in range(live.STREAMS_MAX + 5):
        assert leave.get(f"/api/instances/{id_}/live").status == 200


def test_an_instance_tells_the_trace_of_the_request_that_started_it(api: Api) -> None:
    dora = api.browser("dora")
    made = dora.post("/api/flows/import", flow("traced").then("done", "end").document())
    key = made.json["key"]
    dora.post(f"/api/flows/{key}/publish", {})
    sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    started = dora.post(f"/api/flows/{key}/instances", {"input": {}}, headers={"traceparent": sent})

    detail = dora.get(f"/api/instances/{started.json['id']}").json
    assert detail["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
