"""The same wish sent twice happens once: `Idempotency-Key`."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from headrace.engine.errors import Busy
from headrace.engine.service import idempotency, messages
from headrace.engine.service.idempotency import IN_PROGRESS_S, KEEP_S
from tests.http.conftest import Api, Browser

KEY = {"Idempotency-Key": "abc"}
FLOW = {"name": {"en": "A flow"}}


def test_a_repeated_write_answers_as_the_first_time(client: Browser) -> None:
    first = client.post("/api/flows", FLOW, headers=KEY)
    again = client.post("/api/flows", FLOW, headers=KEY)

    assert (again.status, again.json) == (first.status, first.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(client.get("/api/flows").json["items"]) == 1


def test_the_same_key_for_something_else_is_a_conflict(client: Browser) -> None:
    client.post("/api/flows", FLOW, headers=KEY)

    assert client.post("/api/flows", {"name": {"en": "B"}}, headers=KEY).status == 409
    assert client.post("/api/flows/a-flow/publish", FLOW, headers=KEY).status in {409, 422}


def test_another_person_has_keys_of_his_own(api: Api, client: Browser) -> None:
    client.post("/api/flows", FLOW, headers=KEY)

    other = api.browser("ada").post("/api/flows", {**FLOW, "key": "ada-s"}, headers=KEY)

    assert other.status == 201


def test_what_failed_may_be_tried_again(client: Browser) -> None:
    assert client.post("/api/flows/a-flow/publish", headers=KEY).status == 404
    client.post("/api/flows", FLOW)

    assert client.post("/api/flows/a-flow/publish", headers=KEY).status == 201


def test_a_key_is_free_again_after_a_day(api: Api, client: Browser) -> None:
    client.post("/api/flows", FLOW, headers=KEY)
    api.clock.advance(s=KEEP_S + 1)
    client.sign_in("dora")

    assert client.post("/api/flows", {"name": {"en": "B flow"}}, headers=KEY).status == 201


def test_old_answers_are_thrown_away(api: Api, client: Browser) -> None:
    client.post("/api/flows", FLOW, headers=KEY)
    api.clock.advance(s=KEEP_S + 1)
    client.sign_in("dora")
    client.post("/api/flows", {"name": {"en": "B flow"}}, headers={"Idempotency-Key": "other"})

    with api.workspace.read() as connection:
        kept = connection.exec_driver_sql("SELECT key FROM idempotency").scalars().all()
    assert kept == ["usr_dora:other"]


def test_a_key_left_by_a_crash_is_free_after_a_minute(api: Api, client: Browser) -> None:
    api.workspace.writer.call(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO idempotency VALUES ('usr_dora:abc', 'x', 0, '', ?)", (api.clock.now_ms(),)
        )
    )
    assert client.post("/api/flows", FLOW, headers=KEY).status == 409

    api.clock.advance(s=IN_PROGRESS_S + 1)
    assert client.post("/api/flows", FLOW, headers=KEY).status == 201


def test_many_at_once_with_one_key_start_one_instance(api: Api) -> None:
    dora = api.browser("dora")
    dora.post("/api/flows", FLOW)
    dora.post("/api/flows/a-flow/publish")
    program = api.program("instances:start")
    replies: list[Any] = []

    def start() -> None:
        own = Browser(api.flask.test_client(), headers=program.headers)
        replies.append(own.post("/api/flows/a-flow/instances", {"input": {}}, headers=KEY))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {reply.status for reply in replies} <= {201, 409}
    assert len({reply.json["id"] for reply in replies if reply.status == 201}) == 1
    assert len(api.browser("dora").get("/api/instances").json["items"]) == 1


def test_a_wild_key_is_refused(client: Browser) -> None:
    refused = client.post("/api/flows", FLOW, headers={"Idempotency-Key": "x" * 201})

    assert refused.problems == [("/headers/Idempotency-Key", "max_length")]


def test_an_answer_with_a_secret_is_never_kept(api: Api) -> None:
    ada = api.browser("ada")
    body = {"name": "t", "scopes": ["flows:read"]}

    first = ada.post("/api/tokens", body, headers=KEY)
    second = ada.post("/api/tokens", body, headers=KEY)

    assert first.json["token"] != second.json["token"]
    with api.workspace.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM idempotency").scalar() == 0


def test_a_start_whose_answer_was_never_kept_still_happened_once(
    api: Api, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died between the start and the keeping of its answer."""
    client.post("/api/flows", FLOW)
    client.post("/api/flows/a-flow/publish")
    monkeypatch.setattr(idempotency, "finish", lambda *_: None)
    first = client.post("/api/flows/a-flow/instances", {"input": {}}, headers=KEY)
    monkeypatch.undo()
    api.clock.advance(s=IN_PROGRESS_S + 1)

    again = client.post("/api/flows/a-flow/instances", {"input": {}}, headers=KEY)

    assert first.status == 201
    assert again.json == {"id": first.json["id"], "duplicate": True}
    assert len(client.get("/api/instances").json["items"]) == 1


def test_a_write_whose_answer_was_never_kept_is_not_done_again(
    api: Api, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died between the commit and the keeping of the answer: that it was done is in the commit itself."""
    told = {"name": "paid", "key": "A-1"}
    program = api.program("instances:start")
    monkeypatch.setattr(idempotency, "finish", lambda *_: None)
    assert program.post("/api/messages", told, headers=KEY).status in {200, 201}
    monkeypatch.undo()

    for later_s in (0, IN_PROGRESS_S + 1, KEEP_S // 2):
        api.clock.advance(s=later_s)
        again = program.post("/api/messages", told, headers=KEY)
        assert (again.status, again.json["error"]["code"]) == (409, "conflict")

    assert len(api.browser("ada").get("/api/messages").json["items"]) == 1


def test_what_broke_on_our_side_after_a_commit_is_not_done_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = api.program("instances:start")
    told = {"name": "paid", "key": "A-1"}
    publish = messages.publish

    def breaks(*args: Any, **more: Any) -> Any:
        publish(*args, **more)
        raise Busy(what="the writer", retry_after_s=1)

    monkeypatch.setattr(messages, "publish", breaks)
    assert program.post("/api/messages", told, headers=KEY).status == 503
    monkeypatch.undo()
    api.clock.advance(s=IN_PROGRESS_S + 1)

    assert program.post("/api/messages", told, headers=KEY).status == 409
    assert len(api.browser("ada").get("/api/messages").json["items"]) == 1
