"""Bad input, item by item: a clear answer with what was expected and found, one line in the log, nothing kept, no stack trace.

What a caller did wrong is no error of ours: an INFO line a request, a WARNING for a webhook, never more. Each item stands here
once, through the whole API; the many ways of each are asked in `test_flows.py`, `test_hooks.py`, `test_every_route.py`,
`../flow/test_validate.py` and `../flow/test_expression.py`.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from headrace.engine.store import invariant
from headrace.engine.store import tables as t
from tests.builder import Document, flow
from tests.http.conftest import Api, Browser, Reply

MB = 1_000_000
ORDER = {"order_no": "A1", "amount": 12.5}
ENGINE_LOG = "headrace"


@pytest.fixture(autouse=True)
def nothing_lost(api: Api, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever comes in: what was there before is still there and right, and nothing was logged as a bug of ours."""
    caplog.set_level(logging.DEBUG, logger=ENGINE_LOG)
    kept = published(api, "kept", flow("kept").then("ask", "approval", **ASKED).then("done", "end"))
    before = kept.post("/api/flows/kept/instances").json["id"]
    caplog.clear()

    yield

    assert kept.get(f"/api/instances/{before}").json["status"] in {"waiting", "incident"}
    with api.workspace.read() as connection:
        assert invariant.violations(connection) == []
    assert [r.getMessage() for r in caplog.records if r.levelno > logging.WARNING] == []


ASKED = {"title": "Decide", "assignees": [{"kind": "role", "id": "cs_lead"}]}


def published(api: Api, key: str, drawing: Any) -> Browser:
    ada = api.browser("ada")
    document = drawing.document()
    for node in [node["id"] for node in document["nodes"] if node["type"] == "approval"]:
        document["edges"].append(
            {"id": f"{node}-no", "from": node, "port": "rejected", "to": "done"}
        )
    assert ada.post("/api/flows", {"document": document}).status == 201
    reply = ada.post(f"/api/flows/{key}/publish")
    assert reply.status == 201, reply.json
    return ada


def refused(reply: Reply, caplog: pytest.LogCaptureFixture, status: int, code: str) -> str:
    """The one shape, in words, without our insides; logged once and without what was sent. Answers the line."""
    assert (reply.status, reply.code) == (status, code)
    assert set(reply.json["error"]) == {"code", "message", "params", "problems"}
    assert reply.json["error"]["message"].startswith("Expected ")
    text = reply.data.decode()
    for inside in ("Traceback", 'File "', "site-packages", "sqlalchemy", "headrace.engine"):
        assert inside not in text
    [record] = [r for r in caplog.records if reply.headers["X-Request-Id"] in r.getMessage()]
    assert record.exc_info is None
    assert code in record.getMessage()
    return f"{record.levelname} {record.getMessage()}"


def found_in(reply: Reply, code: str) -> dict[str, Any]:
    """The one problem with this code: it says what was expected and what was found."""
    [problem] = [p for p in reply.json["error"]["problems"] if p["code"] == code]
    assert problem["message"].startswith("Expected ")
    assert "found" in problem["message"]
    return dict(problem)


def imported_and_published(api: Api, document: Document) -> Reply:
    """A wrong file may be kept as a draft, with its problems; what cannot run is refused when it is published."""
    dora = api.browser("dora")
    taken = dora.call("POST", "/api/flows/import", json.dumps(document).encode())
    assert taken.status == 201
    assert taken.json["problems"]
    reply = dora.post(f"/api/flows/{document['key']}/publish")
    assert dora.get(f"/api/flows/{document['key']}").json["published_version"] is None
    return reply


# --- flow files ------------------------------------------------------------------------------------


def test_a_flow_file_that_is_not_json(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    dora = api.browser("dora")

    as_body = dora.call("POST", "/api/flows/import", b"key: orders\nnodes: []\n")
    file = (io.BytesIO(b"PK\x03\x04 a spreadsheet"), "orders.xlsx")
    as_file = dora.call("POST", "/api/flows/import", data={"file": file})

    assert refused(as_body, caplog, 400, "not_json").startswith("INFO ")
    refused(as_file, caplog, 400, "not_json")
    assert [item["key"] for item in dora.get("/api/flows").json["items"]] == ["kept"]


def test_a_cycle_without_a_wait(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    document = (
        flow("round")
        .then("add", "set_values", values={"n": "1"})
        .then("more", "condition", branches={"again": "n > 0"})
        .then("done", "end")
        .at("more", "again")
        .to("add")
        .document()
    )

    reply = imported_and_published(api, document)

    refused(reply, caplog, 422, "validation_failed")
    assert found_in(reply, "loop_without_wait")["node"] in {"add", "more"}


def test_an_unknown_node_type(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    document = flow("robots").then("ask", "aproval").then("done", "end").document()

    reply = imported_and_published(api, document)

    refused(reply, caplog, 422, "validation_failed")
    problem = found_in(reply, "node_type_unknown")
    assert problem["node"] == "ask"
    assert "approval" in problem["message"]


def test_ten_thousand_nodes(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    dora = api.browser("dora")
    document = flow("large").then("done", "end").document()
    document["nodes"] += [
        {"id": f"n{i}", "type": "end", "name": {"en": "n"}, "position": {"x": 0, "y": 0}, "settings": {}}
        for i in range(10_000)
    ]  # fmt: skip

    reply = dora.call("POST", "/api/flows/import", json.dumps(document).encode())

    refused(reply, caplog, 422, "validation_failed")
    [problem] = reply.json["error"]["problems"]
    assert problem["path"] == "/nodes"
    assert "2000" in problem["message"]
    assert "10002" in problem["message"]
    assert dora.get("/api/flows/large").status == 404


def test_a_setting_of_the_wrong_kind(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    document = flow("slow").then("wait", "timer", duration=30).then("done", "end").document()

    reply = imported_and_published(api, document)

    refused(reply, caplog, 422, "validation_failed")
    [problem] = [p for p in reply.json["error"]["problems"] if p["path"].endswith("/duration")]
    assert problem["node"] == "wait"
    assert problem["message"].startswith("Expected ")


def test_every_problem_of_a_file_is_told_at_once(api: Api) -> None:
    document = (
        flow("wrong")
        .then("ask", "aproval")
        .then("wait", "timer", duration=30)
        .then("late", "set_values", values={"x": "nobody_knows + 1"})
        .then("done", "end")
        .document()
    )

    codes = {code for _, code in imported_and_published(api, document).problems}

    assert {"node_type_unknown", "setting_wrong", "variable_unknown"} <= codes


# --- expressions -----------------------------------------------------------------------------------

PLAIN_TO_SEE = {
    "loops": "[x for x in range(10 ** 9)]",
    "allocates a number": "9 ** 9 ** 9",
    "calls itself": "(lambda f: f(f))(lambda f: f(f))",
    "is long": "+".join(["1"] * 5_000),
    "is deep": "[" * 900 + "]" * 900,
}
AT_RUN_TIME = {
    "allocates a text": "'x' * 1000000000",
    "allocates a list": "[0] * 1000000000",
}
HUNGRY = {**PLAIN_TO_SEE, **AT_RUN_TIME}


def hungry(browser: Browser, expression: str) -> Reply:
    """A flow that evaluates it; answers what publishing says."""
    drawing = flow("hungry").then("eat", "set_values", values={"x": expression})
    browser.post("/api/flows", {"document": drawing.then("done", "end").document()})
    return browser.post("/api/flows/hungry/publish")


@pytest.mark.parametrize("expression", HUNGRY.values(), ids=HUNGRY)
def test_an_expression_that_loops_or_allocates_is_told_while_it_is_written(
    client: Browser, expression: str
) -> None:
    answer = client.post("/api/expressions/check", {"expression": expression, "sample": {}})

    assert answer.json["ok"] is False
    assert answer.json["error"]["message"].startswith("Expected ")


@pytest.mark.parametrize("expression", PLAIN_TO_SEE.values(), ids=PLAIN_TO_SEE)
def test_an_expression_that_loops_or_allocates_is_not_published(
    client: Browser, caplog: pytest.LogCaptureFixture, expression: str
) -> None:
    answer = hungry(client, expression)

    refused(answer, caplog, 422, "validation_failed")
    assert {problem["node"] for problem in answer.json["error"]["problems"]} == {"eat"}
    assert found_in(answer, "expression_wrong")


@pytest.mark.parametrize("expression", AT_RUN_TIME.values(), ids=AT_RUN_TIME)
def test_an_expression_that_allocates_only_when_it_runs_stops_its_own_instance(
    client: Browser, expression: str
) -> None:
    assert hungry(client, expression).status == 201

    id_ = client.post("/api/flows/hungry/instances").json["id"]

    [incident] = client.get(f"/api/instances/{id_}").json["incidents"]
    assert incident["message"].startswith("Expected ")
    assert incident["node"] == "eat"


# --- webhooks --------------------------------------------------------------------------------------


@pytest.fixture
def shop(api: Api) -> Browser:
    """Somebody outside, who may call the webhook of `orders`."""
    keys = {"dedup_key": "body.order_no", "business_key": "body.order_no"}
    drawing = flow("orders", "webhook", auth="none", **keys).then("done", "end")
    published(api, "orders", drawing)
    return api.browser()


def orders(api: Api) -> list[Any]:
    return list(api.browser("ada").get("/api/instances?flow=orders").json["items"])


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b'{"order_no": "' + b"x" * 50 * MB + b'"}', "application/json", 413, "body_too_large"),
        (b"<order no='A1'/>", "application/xml", 415, "wrong_content_type"),
        (b"[" * 10_000 + b"]" * 10_000, "application/json", 400, "too_deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/json", 400, "too_deep"),
    ],
    ids=["50 MB", "wrong content type", "lists 10,000 deep", "objects 10,000 deep"],
)
def test_a_webhook_body_that_is_too_large_too_deep_or_of_another_kind(
    api: Api, shop: Browser, caplog: pytest.LogCaptureFixture, body: bytes, kind: str, status: int, code: str
) -> None:  # fmt: skip
    reply = shop.call("POST", "/hooks/orders/webhook", body, content_type=kind)

    line = refused(reply, caplog, status, code)
    assert line.startswith("WARNING ")
    assert "/hooks/orders/webhook" in line
    assert orders(api) == []
    assert shop.post("/hooks/orders/webhook", ORDER).status == 202


def test_a_path_cannot_forge_a_line_of_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    reply = api.browser().call("POST", "/hooks/a%0aERROR%20all%20is%20lost/b", b"{}")

    assert "\n" not in refused(reply, caplog, 404, "not_found")


# --- people ----------------------------------------------------------------------------------------


def test_a_token_of_another_role(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    program = api.program("tasks:decide")
    drawing = flow("mine").then("done", "end").document()

    made = program.post("/api/flows", {"document": drawing})
    users = program.get("/api/users")
    started = program.post("/api/flows/kept/instances")

    line = refused(made, caplog, 403, "forbidden")
    assert "flows:write" in made.json["error"]["message"]
    assert program.headers["Authorization"].removeprefix("Bearer ") not in line
    refused(users, caplog, 403, "forbidden")
    refused(started, caplog, 403, "forbidden")
    assert [item["key"] for item in api.browser("ada").get("/api/flows").json["items"]] == ["kept"]
    assert len(api.browser("ada").get("/api/instances").json["items"]) == 1


def test_a_stale_draft(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    ada, dora = api.browser("ada"), api.browser("dora")
    seen = dora.get("/api/flows/kept").json["draft"]
    tag = {"If-Match": f'"{seen["etag"]}"'}
    mine = {**seen["document"], "name": {"en": "Ada's"}}
    assert ada.put("/api/flows/kept/draft", mine, headers=tag).status == 200

    late = dora.put(
        "/api/flows/kept/draft", {**seen["document"], "name": {"en": "Dora's"}}, headers=tag
    )

    refused(late, caplog, 412, "draft_stale")
    assert seen["etag"] in late.json["error"]["message"]
    assert "Ada" in late.json["error"]["message"]
    assert late.json["error"]["params"]["draft"]["name"] == {"en": "Ada's"}
    assert ada.get("/api/flows/kept").json["draft"]["document"]["name"] == {"en": "Ada's"}
    with api.workspace.read() as connection:
        [row] = connection.execute(t.flows.select()).all()
    assert json.loads(row.draft)["name"] == {"en": "Ada's"}
