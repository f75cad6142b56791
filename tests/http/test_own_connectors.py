"""Connectors drawn in the workspace through the API: versions, documents, accounts, drawings, trials, tokens."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import ConnectionInfo, Context, Done, Failed
from headrace.engine.registry import node_types
from headrace.engine.service import connections, flows, own_tokens
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.world import WorkerOutside
from tests.builder import flow
from tests.far_side import FarSide, far_side, says
from tests.http.conftest import Api, Browser

TOKEN = "k-7f3a9c2e5b"


def drawn(url: str, **more: Any) -> dict[str, Any]:
    return {
        "title": {"en": "Kelp"},
        "base_url": url,
        "auth": {"kind": "key", "name": "X-Key"},
        "operations": [
            {"name": "item", "method": "GET", "path": "/items/{sku}", "effect": "pure",
             "params": [{"name": "sku", "in": "path", "required": True}]},
            {"name": "reserve", "method": "POST", "path": "/reserve", "effect": "keyed",
             "params": [{"name": "sku", "in": "body", "required": True}]},
        ],
        **more,
    }  # fmt: skip


def made(api: Api, url: str, key: str = "kelp", **more: Any) -> Browser:
    ada = api.browser("ada")
    reply = ada.post("/api/own-connectors", {"key": key, "definition": drawn(url, **more)})
    assert reply.status == 201, reply.json
    return ada


def connected(ada: Browser, settings: dict[str, Any] | None = None, **secrets: str) -> None:
    body = {
        "key": "c",
        "name": "C",
        "connector": "own-kelp",
        "settings": settings or {},
        "secrets": secrets or {"token": TOKEN},
    }
    reply = ada.post("/api/connections", body)
    assert reply.status == 201, reply.json


class World:
    """The worker's, on a real socket."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = GuardedHttp(AddressGuard(["127.0.0.1"]))

    def connection(self, key: str) -> ConnectionInfo:
        return own_tokens.fresh(self._api.workspace, key, self._send)

    def renew(self, info: ConnectionInfo) -> ConnectionInfo | None:
        return own_tokens.renewed(self._api.workspace, info, self._send)

    def _send(self, request: Any) -> Any:
        return self.http(
            request.method, request.url, headers=request.headers, body=request.body, timeout_s=5
        )

    def http(self, method: str, url: str, **more: Any) -> Any:
        return self._http.request(method, url, **more)


def visit(api: Api, operation: str, effect: str = "pure", **params: str) -> Done | Failed:
    settings = {
        "connection": "c", "operation": f"own-kelp.{operation}", "effect": effect, "timeout_s": 5,
        "params": [{"name": name, "value": value} for name, value in params.items()],
    }  # fmt: skip
    context = Context(settings, {}, Evaluator({}), api.clock.now_ms(), "ins_1/7", world=World(api))  # type: ignore[arg-type]
    outcome = node_types()["operation"].run(context)
    assert isinstance(outcome, Done | Failed)
    return outcome


def told(there: FarSide) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in there.seen]


def test_it_is_one_of_the_connectors_and_its_account_works(api: Api) -> None:
    with far_side(says(200, '{"left": 3}')) as there:
        ada = made(api, there.url)
        kind = next(one for one in ada.get("/api/connectors").json["items"] if one["name"] == "own-kelp")  # fmt: skip
        assert [one["name"] for one in kind["operations"]] == ["item", "reserve"]
        connected(ada)

        assert visit(api, "item", sku="'A/1'") == Done({"left": 3})
        assert there.seen[0].path == "/items/A%2F1"
        assert there.seen[0].headers["x-key"] == TOKEN
        assert visit(api, "reserve", "keyed", sku="'A'") == Done({"left": 3})
        assert there.seen[1].headers["idempotency-key"] == "ins_1/7"


def test_a_save_is_a_version_and_a_connection_can_keep_an_older_one(api: Api) -> None:
    with far_side(says(200, "{}")) as there:
        ada = made(api, there.url)
        connected(ada)
        newer = drawn(there.url)
        newer["operations"][0]["path"] = "/v2/items/{sku}"
        put = "/api/own-connectors/kelp"

        assert ada.call("PUT", put, {"definition": newer, "base": 1}).json["version"] == 2
        assert ada.call("PUT", put, {"definition": newer, "base": 1}).status == 409
        assert ada.call("PUT", put, {"definition": newer, "base": 2}).json["version"] == 2
        visit(api, "item", sku="'A'")
        reply = ada.call("PATCH", "/api/connections/c", {"settings": {"version": 1}})
        assert reply.status == 200, reply.json
        visit(api, "item", sku="'A'")

        assert told(there) == ["GET /v2/items/A", "GET /items/A"]
        versions = ada.get("/api/own-connectors/kelp/versions").json["items"]
        assert [one["version"] for one in versions] == [2, 1]
        assert ada.call("DELETE", put).status == 409  # an account is there


def test_a_drawing_is_checked_against_the_connector(api: Api) -> None:
    ada = made(api, "https://kelp.test")
    connected(ada)

    def problems(**settings: Any) -> set[tuple[str, str]]:
        given = {"connection": "c", "timeout_s": 5, "attempts": 1, "backoff_s": 0, **settings}
        drawing = flow("asks", "start").then("it", "operation", **given).then("done", "end")
        found = flows.problems(api.workspace, drawing.document())
        return {(one.path.partition("/settings")[2], one.code) for one in found if one.node == "it"}

    good = {"operation": "own-kelp.item", "effect": "pure", "params": [{"name": "sku", "value": "'A'"}]}  # fmt: skip
    assert problems(**good) == set()
    assert ("/operation", "setting_wrong") in problems(**{**good, "operation": "own-kelp.other"})
    assert ("/effect", "setting_wrong") in problems(**{**good, "operation": "own-kelp.reserve"})
    assert ("/params", "setting_missing") in problems(**{**good, "params": []})


def test_what_may_be_repeated_less_than_drawn_is_not_asked(api: Api) -> None:
    with far_side(says(200, "{}")) as there:
        connected(made(api, there.url))

        refused = visit(api, "reserve", "pure", sku="'A'")

        assert isinstance(refused, Failed) and refused.code == "operation_changed"
        assert there.seen == []


def test_a_trial_shows_what_was_sent_without_secrets_and_sends_kept_ones_nowhere_else(
    api: Api,
) -> None:
    with far_side(says(200, json.dumps({"you": TOKEN}))) as there:
        ada = made(api, there.url)
        connected(ada)
        reach_out(api)
        body = {"definition": drawn(there.url), "operation": "item", "params": {"sku": "A"}}

        reply = ada.post("/api/own-connectors/try", {**body, "connection": "c"})

        assert reply.json["received"]["status"] == 200, reply.json
        assert TOKEN not in reply.data.decode()
        assert there.seen[0].headers["x-key"] == TOKEN
        stranger = {**body, "definition": drawn("https://evil.test"), "connection": "c"}
        assert ada.post("/api/own-connectors/try", stranger).status == 409
        private = {**body, "definition": drawn("http://10.0.0.1/"), "secrets": {"token": "x"}}
        assert "private" in ada.post("/api/own-connectors/try", private).json["trouble"]


def reach_out(api: Api) -> None:
    """Trials reach loopback; the routes see this very house."""
    outside = WorkerOutside(GuardedHttp(AddressGuard(["127.0.0.1"])), api.clock.now_ms)
    object.__setattr__(api.house, "outside", outside)


OAUTH = {"kind": "oauth2", "grant": "client", "token_url": "{}/token"}


def tokened(there: FarSide) -> dict[str, Any]:
    return {**OAUTH, "token_url": f"{there.url}/token"}


def test_a_token_is_got_kept_sealed_and_renewed_when_the_far_side_calls_it_dead(api: Api) -> None:
    first = says(200, '{"access_token": "tok-one-1", "expires_in": 3600}')
    dead, second = says(401), says(200, '{"access_token": "tok-two-2"}')
    with far_side(first, dead, second, says(200, '{"left": 1}')) as there:
        ada = made(api, there.url, auth=tokened(there))
        connected(ada, {"client_id": "me"}, client_secret="client-s3cret")

        assert visit(api, "item", sku="'A'") == Done({"left": 1})

        assert told(there) == ["POST /token", "GET /items/A", "POST /token", "GET /items/A"]
        assert there.seen[1].headers["authorization"] == "Bearer tok-one-1"
        assert there.seen[3].headers["authorization"] == "Bearer tok-two-2"
        shown = ada.get("/api/connections").data.decode()
        assert "tok-" not in shown and "s3cret" not in shown


def test_two_workers_use_a_refresh_token_once(api: Api) -> None:
    answer = says(200, '{"access_token": "tok-new-3", "refresh_token": "r2"}')
    with far_side(answer) as there:
        ada = made(api, there.url, auth=tokened(there))
        connected(ada, {"client_id": "me"}, client_secret="s", refresh_token="r1")
        world = World(api)
        before = connections.open_connection(api.workspace, "c")
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append(world.renew(before))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert told(there) == ["POST /token"]
        assert b"refresh_token=r1" in there.seen[0].body
        assert {one.secrets["access_token"] for one in found} == {"tok-new-3"}


def test_a_person_agrees_once_with_a_code_of_his_own(api: Api) -> None:
    with far_side(says(200, '{"access_token": "tok-code-4"}')) as there:
        auth = {**tokened(there), "grant": "code", "authorize_url": f"{there.url}/agree"}
        ada = made(api, there.url, auth=auth)
        connected(ada, {"client_id": "me"}, client_secret="s")
        url = ada.post("/api/connections/c/authorize", {}).json["url"]
        query = dict(part.split("=", 1) for part in url.partition("?")[2].split("&"))
        assert query["code_challenge_method"] == "S256"
        reach_out(api)
        back = f"/api/connections/authorized?state={query['state']}&code=abc"

        without = back.replace("code=abc", "code=")
        assert ada.get(without).headers["Location"].endswith("authorized=no")
        assert ada.get(back).headers["Location"].endswith("authorized=c")

        assert b"code=abc" in there.seen[0].body and b"code_verifier=" in there.seen[0].body
        assert connections.open_connection(api.workspace, "c").secrets["access_token"] == "tok-code-4"  # fmt: skip


@pytest.mark.parametrize("document", ["{", "paths: {}", '{"openapi": "3.0.0"}'])
def test_a_document_that_cannot_be_read_is_refused_in_words(api: Api, document: str) -> None:
    reply = api.browser("ada").post("/api/own-connectors/read", {"document": document})

    assert (reply.status, reply.problems) == (422, [("/document", "document_unreadable")])
