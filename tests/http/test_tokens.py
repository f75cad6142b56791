"""API tokens: scopes, an end, revoking, and never seen again."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from unittest import mock

import pytest

from headrace.engine.clock import to_iso
from headrace.engine.service import access
from tests.http.conftest import Api, Browser


def test_a_token_needs_no_cookie_and_no_csrf_token(api: Api) -> None:
    program = api.program("flows:write", "flows:read")

    assert program.post("/api/flows", {"name": {"en": "A"}}).status == 201


def test_a_token_may_only_what_its_scopes_say(api: Api) -> None:
    program = api.program("flows:read")

    assert program.get("/api/flows").status == 200
    refused = program.post("/api/flows", {"name": {"en": "A"}})
    assert refused.json["error"]["params"] == {"permission": "flows:write"}


def test_a_token_is_never_more_than_its_owner(api: Api) -> None:
    program = api.program("users:write", "flows:read")
    ada = api.browser("ada")
    ada.put("/api/roles/administrator/members", ["usr_ada", "usr_dora"])
    api.browser("dora").put("/api/roles/administrator/members", ["usr_dora"])

    assert program.post("/api/roles", {"key": "x", "title": {"en": "X"}}).status == 403


def test_a_token_ends_when_it_says(api: Api) -> None:
    ada = api.browser("ada")
    end = to_iso(api.clock.now_ms() + 60_000)
    token = ada.post("/api/tokens", {"name": "t", "scopes": ["flows:read"], "expires_at": end}).json
    program = Browser(
        api.flask.test_client(), headers={"Authorization": f"Bearer {token['token']}"}
    )

    assert program.get("/api/flows").status == 200
    api.clock.advance(s=61)
    assert program.get("/api/flows").status == 401


def test_a_revoked_token_is_worthless_at_once(api: Api) -> None:
    program = api.program("flows:read")
    assert program.get("/api/flows").status == 200

    assert api.browser("ada").delete(f"/api/tokens/{program.user['id']}").status == 204

    assert program.get("/api/flows").status == 401


def test_a_token_in_use_costs_no_look_up_each_time(api: Api) -> None:
    program = api.program("flows:read")
    program.get("/api/flows")

    with mock.patch.object(access.signins, "find_token") as looked_up:
        for _ in range(10):
            assert program.get("/api/flows").status == 200

    assert looked_up.call_count == 0


def test_a_token_is_shown_once_and_kept_as_a_hash(api: Api, tmp_path: Path) -> None:
    program = api.program("flows:read")
    token = program.user["token"]

    assert token not in str(api.browser("ada").get("/api/tokens").json)
    assert api.browser("ada").get("/api/tokens").json["items"][0]["hint"] == token[:8]
    with sqlite3.connect(tmp_path / "headrace.sqlite3") as file:
        dump = "\n".join(file.iterdump())
    file.close()
    assert token not in dump


def test_when_a_token_was_last_used_can_be_seen(api: Api) -> None:
    program = api.program("flows:read")
    program.get("/api/flows")
    api.workspace.writer.call(lambda _: None)

    [shown] = api.browser("ada").get("/api/tokens").json["items"]

    assert shown["last_used_at"] == to_iso(api.clock.now_ms())


@pytest.mark.parametrize(
    ("scopes", "problem"),
    [
        (["flows:eat"], ("/scopes/0", "scope_unknown")),
        ([], ("/scopes", "min_items")),
    ],
)
def test_a_wrong_scope_is_refused(api: Api, scopes: list[str], problem: tuple[str, str]) -> None:
    reply = api.browser("ada").post("/api/tokens", {"name": "t", "scopes": scopes})

    assert reply.problems == [problem]


def test_a_token_cannot_make_a_stronger_one(api: Api) -> None:
    program = api.program("tokens:write", "flows:read")

    reply = program.post("/api/tokens", {"name": "t", "scopes": ["users:write"]})

    assert reply.problems == [("/scopes/0", "scope_not_owned")]


@pytest.mark.parametrize("header", ["Bearer hr_wrong", "Bearer", "Basic YTpi", "hr_x", "Bearer  "])
def test_a_wrong_authorization_is_no_sign_in_even_with_a_cookie(
    client: Browser, header: str
) -> None:
    reply = client.get("/api/flows", headers={"Authorization": header})

    assert reply.status == 401


def test_no_token_is_in_a_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        program = api.program("flows:read")
        program.get("/api/flows")
        program.get("/api/nothing")

    assert program.user["token"] not in caplog.text


def test_a_token_cannot_change_its_owners_password(api: Api) -> None:
    program = api.program("flows:read")

    reply = program.patch("/api/session", {"password": {"old": "correct horse", "new": "x" * 10}})

    assert reply.status == 403
