"""Tasks at the API: every answer has the shape that is described, and what cannot be is told with what was expected and found."""

from __future__ import annotations

import pytest

from headrace.engine.service import batches
from tests.http.conftest import Api
from tests.http.test_mail_links import FLOW


@pytest.fixture
def task(api: Api) -> str:
    """A refund that Ann is asked for, started by Dora."""
    dora = api.browser("dora")
    assert dora.post("/api/flows/import", FLOW).status == 201
    assert dora.post("/api/flows/letter/publish", {"note": ""}).status == 201
    id_ = dora.post("/api/flows/letter/instances", {"input": {"amount": 12}}).json["id"]
    return f"{id_}.2"


def test_a_task_is_shown_discussed_and_decided_once(api: Api, task: str) -> None:
    ann, path = api.browser("ann"), f"/api/tasks/{task}"
    assert ann.get("/api/tasks?box=todo&sort=due&late=0").json["items"][0]["id"] == task
    assert ann.get("/api/tasks/count").json == {"todo": 1, "late": 0, "cc": 0}
    assert ann.get("/api/tasks/flows").json["items"][0]["count"] == 1
    shown = ann.get(path).json

    said = ann.post(f"{path}/actions/comment", {"text": "let me see", "nonce": shown["nonce"]})
    again = ann.post(f"{path}/actions/comment", {"text": "let me see", "nonce": shown["nonce"]})
    assert (said.status, said.json["repeated"], again.json["repeated"]) == (200, False, True)
    assert [note["text"] for note in ann.get(f"{path}/notes").json["items"]] == ["let me see"]

    decided = ann.post(
        f"{path}/decide", {"decision": "approved", "nonce": ann.get(path).json["nonce"]}
    )
    assert (decided.status, decided.json["answer"]["status"]) == (200, "approved")
    rows = api.browser("ada").get("/api/decisions?decision=approved").json["items"]
    assert [(row["by"]["id"], row["via"]) for row in rows] == [("usr_ann", "web")]
    assert api.browser("ada").get("/api/decisions/verify").json["ok"]
    assert api.browser("ada").get("/api/decisions/export?format=jsonl").data.count(b"\n") == 2


def test_what_cannot_be_says_what_was_expected_and_found(api: Api, task: str) -> None:
    ann, path = api.browser("ann"), f"/api/tasks/{task}"
    yes = {"decision": "approved"}
    for method, told, status, code in (
        ("decide", {**yes, "nonce": "forged.nonce"}, 403, "bad_nonce"),
        ("decide", {**yes, "form_version": "old"}, 409, "form_changed"),
        ("decide", {"decision": "maybe"}, 422, "validation_failed"),
        ("decide", {**yes, "form": {"a": 1}}, 422, "validation_failed"),
        ("actions/transfer", {"to": "usr_nobody_here"}, 422, "validation_failed"),
        ("actions/transfer", {}, 422, "validation_failed"),
        ("actions/transfer", {"to": "usr_ann"}, 422, "validation_failed"),
        ("actions/return", {"to": "nowhere"}, 422, "validation_failed"),
        ("actions/comment", {"text": " "}, 422, "validation_failed"),
        ("actions/go_on", {}, 409, "refused"),
        ("actions/urge", {}, 403, "forbidden"),
        ("actions/release", {"reason": "x"}, 403, "forbidden"),
        ("actions/reassign", {"reason": "x"}, 403, "forbidden"),
        ("actions/comment", {"text": "x", "revision": 9}, 409, "conflict"),
        ("actions/dance", {}, 404, "not_found"),
    ):
        reply = ann.post(f"{path}/{method}", told)
        assert (reply.status, reply.code) == (status, code), (method, told, reply.json)
        assert reply.json["error"]["message"].startswith("Expected ")

    stranger = api.browser("nobody")
    assert (stranger.get(path).status, stranger.get(f"{path}/notes").status) == (403, 403)
    dora = api.browser("dora")
    assert dora.post(f"{path}/actions/urge").status == 200
    assert dora.post(f"{path}/actions/urge").status == 429

    ann.post(f"{path}/decide", yes)
    late = ann.post(f"{path}/decide", {"decision": "rejected"})
    assert (late.status, late.code) == (409, "conflict")
    assert late.json["error"]["params"]["current"]["status"] == "approved"


def test_many_at_once_have_a_batch(api: Api, task: str) -> None:
    ann, oscar = api.browser("ann"), api.browser("oscar")
    bulk = ann.post("/api/tasks/bulk", {"ids": [task], "decision": "approved"})
    assert bulk.status == 201
    for _ in range(3):
        batches.work(api.workspace)
        api.clock.advance(s=1)
    assert ann.get(f"/api/batches/{bulk.json['id']}").json["counts"]["done"] == 1
    assert ann.get(f"/api/batches/{bulk.json['id']}/items").json["items"][0]["subject"] == task

    told = oscar.get("/api/tasks/release/preview?flow=letter").json
    assert (told["count"], told["kept"]) == (0, 0)
    release = {"filter": {"flow": "letter"}, "reason": "stuck"}
    assert oscar.post("/api/tasks/release", release).status == 201
    assert oscar.post("/api/tasks/release", {"filter": {}, "reason": "stuck"}).status == 422
    assert ann.post("/api/tasks/release", release).status == 403
    assert oscar.post("/api/tasks/resend", {"filter": {"flow": "letter"}}).status == 201
    hand_over = {"from": "usr_ann", "to": "usr_oscar", "reason": "leaves"}
    assert oscar.post("/api/handover", hand_over).status == 201
    assert oscar.get("/api/flows/letter/board").json["stages"][0]["ended"] == 1
