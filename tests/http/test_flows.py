"""Flows over the API: drafts, publishing, files in and out, trying."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.builder import flow
from tests.http.conftest import Api, Browser


def made(browser: Browser, key: str = "leave", **changes: Any) -> dict[str, Any]:
    """A flow that asks Ann; answers its document."""
    drawing = flow(key).then("ask", "approval").then("done", "end").at("ask", "rejected").to("done")
    document = {**drawing.document(), **changes}
    assert browser.post("/api/flows", {"document": document}).status == 201
    return document


def etag(browser: Browser, key: str = "leave") -> str:
    return str(browser.get(f"/api/flows/{key}").json["draft"]["etag"])


def save(browser: Browser, document: Any, tag: str | None = None) -> Any:
    key = document["key"]
    headers = {"If-Match": etag(browser, key) if tag is None else tag}
    return browser.put(f"/api/flows/{key}/draft", document, headers=headers)


# --- drafts --------------------------------------------------------------------------------------


def test_a_new_flow_has_a_start_and_an_end_and_no_problem(client: Browser) -> None:
    created = client.post("/api/flows", {"name": {"zh": "退款", "en": "Refund approval"}})

    assert created.status == 201
    assert created.json == {"key": "refund-approval", "problems": []}
    document = client.get("/api/flows/refund-approval").json["draft"]["document"]
    assert [node["type"] for node in document["nodes"]] == ["start", "end"]


def test_a_name_in_chinese_makes_a_key_of_its_own(client: Browser) -> None:
    first = client.post("/api/flows", {"name": {"zh": "退款"}}).json["key"]
    second = client.post("/api/flows", {"name": {"zh": "退款"}}).json["key"]

    assert first != second
    assert first.startswith("flow-")


def test_a_taken_key_is_a_conflict(client: Browser) -> None:
    client.post("/api/flows", {"key": "a-flow", "name": {"en": "A"}})

    assert client.post("/api/flows", {"key": "a-flow", "name": {"en": "B"}}).status == 409


def test_the_draft_comes_with_its_etag(client: Browser) -> None:
    made(client)

    reply = client.get("/api/flows/leave")

    assert reply.headers["ETag"] == f'"{reply.json["draft"]["etag"]}"'
    assert reply.json["draft"]["updated_by"] == "Dora"


def test_a_draft_may_be_wrong_and_says_how(client: Browser) -> None:
    document = made(client)

    saved = save(client, {**document, "edges": []})

    assert saved.status == 200
    assert saved.headers["ETag"] == f'"{saved.json["etag"]}"'
    codes = {problem["code"] for problem in saved.json["problems"]}
    assert "port_unconnected" in codes


def test_what_the_designer_could_not_even_show_is_refused(client: Browser) -> None:
    document = made(client)

    refused = save(client, {**document, "nodes": [{"id": 3}], "edges": "none"})

    assert refused.status == 422
    assert refused.problems == [
        ("/edges", "type"),
        ("/nodes/0/id", "type"),
        ("/nodes/0/type", "required"),
    ]


def test_the_key_never_changes(client: Browser) -> None:
    document = made(client)

    refused = client.put(
        "/api/flows/leave/draft", {**document, "key": "other"}, headers={"If-Match": "*"}
    )

    assert refused.problems == [("/key", "flow_key_changed")]


def test_a_draft_is_never_overwritten_unseen(api: Api, client: Browser) -> None:
    document = made(client)
    seen = etag(client)
    api.browser("ada").put(
        "/api/flows/leave/draft",
        {**document, "name": {"en": "Ada's"}},
        headers={"If-Match": f'"{seen}"'},
    )

    stale = save(client, {**document, "name": {"en": "Dora's"}}, seen)

    assert (stale.status, stale.code) == (412, "draft_stale")
    params = stale.json["error"]["params"]
    assert params["updated_by"] == "Ada"
    assert params["draft"]["name"] == {"en": "Ada's"}
    assert save(client, {**document, "name": {"en": "Dora's"}}, params["etag"]).status == 200


def test_the_same_drawing_is_the_same_draft(client: Browser) -> None:
    document = made(client)
    before = etag(client)

    again = save(client, {**document, "nodes": document["nodes"][::-1]})

    assert again.json["etag"] == before


def test_saving_without_saying_over_what_is_refused(client: Browser) -> None:
    document = made(client)

    refused = client.put("/api/flows/leave/draft", document)

    assert refused.problems == [("/headers/If-Match", "required")]


def test_checking_keeps_nothing(client: Browser) -> None:
    document = made(client)
    before = etag(client)

    found = client.post("/api/flows/leave/check", {"document": {**document, "nodes": []}}).json

    assert found["problems"]
    assert etag(client) == before
    assert client.post("/api/flows/leave/check").json == {"problems": []}


# --- publishing ----------------------------------------------------------------------------------


def test_publishing_makes_versions_that_stay(client: Browser) -> None:
    document = made(client)
    first = client.post("/api/flows/leave/publish", {"note": "first"})
    save(client, {**document, "name": {"en": "Leave!"}})
    second = client.post("/api/flows/leave/publish", {"etag": etag(client)})

    assert (first.status, first.json["version"]) == (201, 1)
    assert (second.status, second.json["version"]) == (201, 2)
    assert client.get("/api/flows/leave/versions/1").json["document"] == document
    versions = client.get("/api/flows/leave/versions").json["items"]
    assert [(v["version"], v["note"], v["published_by"]) for v in versions] == [
        (2, "", "Dora"),
        (1, "first", "Dora"),
    ]


def test_publishing_the_same_again_makes_no_version(client: Browser) -> None:
    made(client)
    client.post("/api/flows/leave/publish")

    again = client.post("/api/flows/leave/publish")

    assert (again.status, again.json) == (200, {"version": 1, "unchanged": True})


def test_a_draft_with_errors_is_refused_with_all_of_them(client: Browser) -> None:
    document = made(client)
    save(client, {**document, "edges": document["edges"][:1]})

    refused = client.post("/api/flows/leave/publish")

    assert (refused.status, refused.code) == (422, "validation_failed")
    assert len(refused.problems) >= 2
    assert client.get("/api/flows/leave").json["published_version"] is None


def test_publishing_something_else_than_one_saw_is_refused(client: Browser) -> None:
    made(client)

    assert client.post("/api/flows/leave/publish", {"etag": "old"}).code == "draft_stale"


def test_a_connection_that_is_not_there_stops_a_publish(api: Api, client: Browser) -> None:
    drawing = (
        flow("pay")
        .then("call", "connector", connection="bank", method="GET", path="/")
        .then("done", "end")
    )
    client.post("/api/flows", {"document": drawing.document()})

    refused = client.post("/api/flows/pay/publish")
    assert ("/nodes/1/settings/connection", "connection_unknown") in refused.problems

    connection = {
        "key": "bank",
        "name": "Bank",
        "connector": "rest",
        "settings": {"base_url": "https://bank.example.com", "auth": "none"},
    }
    assert api.browser("ada").post("/api/connections", connection).status == 201
    assert client.post("/api/flows/pay/publish").status == 201


def test_publishing_a_schedule_sets_its_next_time(api: Api, client: Browser) -> None:
    drawing = flow("daily", "schedule", cron="10 0 * * *", timezone="Asia/Shanghai", misfire="skip")
    client.post("/api/flows", {"document": drawing.then("done", "end").document()})

    assert client.post("/api/flows/daily/publish").status == 201

    with api.workspace.read() as connection:
        rows = connection.exec_driver_sql("SELECT id, next_at FROM schedules").all()
    # 2026-01-09T16:00 in Shanghai → 00:10 the next day
    assert [tuple(row) for row in rows] == [
        ("daily:schedule", 1_767_945_600_000 + (8 * 60 + 10) * 60_000)
    ]

    drawn = client.get("/api/flows/daily").json["draft"]["document"]
    drawn["nodes"][0]["type"] = "start"
    drawn["nodes"][0]["settings"] = {}
    save(client, drawn)
    client.post("/api/flows/daily/publish")
    with api.workspace.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM schedules").scalar() == 0


# --- the list ------------------------------------------------------------------------------------


def test_the_list_tells_what_runs_and_what_changed(api: Api, client: Browser) -> None:
    document = made(client)
    client.post("/api/flows/leave/publish")
    client.post("/api/flows/leave/instances", {"input": {}})
    before = client.get("/api/flows").json["items"][0]
    save(client, {**document, "description": {"en": "D"}})
    after = client.get("/api/flows").json["items"][0]

    assert before["open_instances"] == 1
    assert before["starts"] == ["start"]
    assert (before["has_draft_changes"], after["has_draft_changes"]) == (False, True)
    assert after["description"] == {"en": "D"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a-flow", "b-flow"]),
        ("state=published", ["a-flow"]),
        ("state=draft", ["b-flow"]),
        ("state=changed", []),
        ("search=B-F", ["b-flow"]),
        ("search=退", ["a-flow"]),
        ("search=%25", []),
        ("limit=1", ["a-flow"]),
        ("limit=1&cursor=a-flow", ["b-flow"]),
    ],
)
def test_flows_are_found(client: Browser, query: str, found: list[str]) -> None:
    client.post("/api/flows", {"key": "a-flow", "name": {"zh": "退款"}})
    client.post("/api/flows", {"key": "b-flow", "name": {"en": "B"}})
    client.post("/api/flows/a-flow/publish")

    assert [f["key"] for f in client.get(f"/api/flows?{query}").json["items"]] == found


def test_the_list_costs_the_same_number_of_queries_for_many_flows(
    api: Api, client: Browser
) -> None:
    from sqlalchemy import event

    statements: list[str] = []
    for number in range(30):
        client.post("/api/flows", {"key": f"flow-{number}", "name": {"en": "A"}})
    client.get("/api/flows")
    event.listen(
        api.workspace.database, "before_cursor_execute", lambda *args: statements.append(args[2])
    )

    client.get("/api/flows?limit=2")
    few = len(statements)
    statements.clear()
    client.get("/api/flows?limit=30")

    assert len(statements) == few


def test_a_flow_that_has_run_stays(client: Browser) -> None:
    made(client)
    assert client.post("/api/flows", {"key": "other", "name": {"en": "O"}}).status == 201
    client.post("/api/flows/leave/publish")
    client.post("/api/flows/leave/instances", {"input": {}})

    assert client.delete("/api/flows/leave").status == 409
    assert client.delete("/api/flows/other").status == 204
    assert client.get("/api/flows/other").status == 404


# --- files ---------------------------------------------------------------------------------------


def test_what_goes_out_comes_in_again_byte_for_byte(client: Browser) -> None:
    made(client)
    out = client.get("/api/flows/leave/export")
    client.delete("/api/flows/leave")

    back = client.call("POST", "/api/flows/import", out.data)

    assert out.headers["Content-Disposition"] == 'attachment; filename="leave.json"'
    assert (back.status, back.json) == (201, {"key": "leave", "problems": []})
    assert client.get("/api/flows/leave/export").data == out.data


def test_a_published_version_goes_out_too(client: Browser) -> None:
    document = made(client)
    client.post("/api/flows/leave/publish")
    save(client, {**document, "name": {"en": "Newer"}})

    assert client.get("/api/flows/leave/export?version=1").json["name"] == document["name"]
    assert client.get("/api/flows/leave/export?version=2").status == 404


def test_a_file_can_come_by_form_and_under_another_key(client: Browser) -> None:
    document = made(client)
    file = (io.BytesIO(b"\xef\xbb\xbf" + json.dumps(document).encode()), "leave.json")

    taken = client.call("POST", "/api/flows/import", data={"file": file})
    file = (io.BytesIO(json.dumps(document).encode()), "leave.json")
    renamed = client.call("POST", "/api/flows/import?key=leave-2", data={"file": file})

    assert taken.status == 409
    assert renamed.json["key"] == "leave-2"
    assert client.get("/api/flows/leave-2").json["draft"]["document"]["key"] == "leave-2"


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"not json", "application/json", 400, "not_json"),
        (b"\x89PNG\r\n", "application/json", 400, "not_json"),
        (b"", "application/json", 400, "not_json"),
        (b"{}", "text/plain", 415, "wrong_content_type"),
        (b"[]", "application/json", 422, "validation_failed"),
        (b"{}", "application/json", 422, "validation_failed"),
        (b'{"format": 99}', "application/json", 422, "validation_failed"),
        (b'{"format": 1, "key": "a-b"}', "application/json", 422, "validation_failed"),
        (b"[" * 10_000 + b"]" * 10_000, "application/json", 400, "too_deep"),
        (b'{"a":' * 10_000, "application/json", 400, "too_deep"),
        (b'"' + b"x" * 5_100_000 + b'"', "application/json", 413, "body_too_large"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_file_that_is_no_flow_is_told_apart(
    client: Browser, data: bytes, kind: str, status: int, code: str
) -> None:
    reply = client.call("POST", "/api/flows/import", data, content_type=kind)

    assert (reply.status, reply.code) == (status, code)


def test_a_form_without_a_file_is_told(client: Browser) -> None:
    reply = client.call("POST", "/api/flows/import", data={"other": (io.BytesIO(b"x"), "x")})

    assert (reply.status, reply.code) == (400, "not_json")


def test_a_form_without_a_length_is_read_only_so_far(client: Browser) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        + b"x" * 6_000_000
        + b"\r\n--b--\r\n"
    )

    reply = client.call(
        "POST", "/api/flows/import", input_stream=io.BytesIO(body),
        content_type="multipart/form-data; boundary=b", environ_overrides={"wsgi.input_terminated": True},
    )  # fmt: skip

    assert reply.status == 413


def test_an_old_file_is_brought_up_to_date(client: Browser) -> None:
    old = {
        "id": "old-one",
        "title": "Old",
        "steps": [{"id": "begin", "type": "begin"}, {"id": "finish", "type": "finish"}],
        "links": [{"from": "begin", "to": "finish"}],
    }

    reply = client.post("/api/flows/import", old)

    assert (reply.status, reply.json) == (201, {"key": "old-one", "problems": []})


# --- trying --------------------------------------------------------------------------------------


def test_a_trial_runs_the_draft_in_memory(api: Api, client: Browser) -> None:
    made(client)

    answer = client.post(
        "/api/flows/leave/test", {"input": {}, "decisions": {"ask": {"port": "rejected"}}}
    )

    assert answer.json["status"] == "completed"
    assert [step["node"] for step in answer.json["steps"]] == ["start", "ask", "done"]
    assert client.get("/api/instances").json["items"] == []


def test_a_trial_of_a_wrong_document_answers_with_its_problems(client: Browser) -> None:
    document = made(client)

    answer = client.post(
        "/api/flows/leave/test", {"document": {**document, "edges": []}, "input": {}}
    )

    assert answer.status == 200
    assert answer.json["status"] == "refused"
    assert answer.json["problems"]


def test_a_trial_needs_no_connection(client: Browser) -> None:
    drawing = (
        flow("pay")
        .then("call", "connector", connection="bank", method="GET", path="/")
        .then("done", "end")
    )
    client.post("/api/flows", {"document": drawing.document()})

    mocks = {"call": {"output": {"status": 200, "body": {"ok": True}}}}
    answer = client.post("/api/flows/pay/test", {"input": {}, "mocks": mocks}).json

    assert answer["status"] == "completed"
    assert answer["variables"]["call"]["body"] == {"ok": True}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"expression": "amount * 2", "sample": {"amount": 3}}, {"ok": True, "value": 6}),
        ({"template": "Hi {{ who }}", "sample": {"who": "Ann"}}, {"ok": True, "value": "Hi Ann"}),
        (
            {
                "condition": {
                    "combinator": "and",
                    "rules": [{"field": "a", "operator": ">", "value": 1}],
                },
                "sample": {"a": 2},
                "language": "en",
            },
            {"ok": True, "value": True, "sentence": "a is more than 1"},
        ),
    ],
)
def test_an_expression_is_tried_while_it_is_written(
    client: Browser, body: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert client.post("/api/expressions/check", body).json == answer


@pytest.mark.parametrize(
    "body",
    [
        {"expression": "amont", "sample": {"amount": 1}},
        {"expression": "1 +"},
        {"expression": "().__class__"},
        {"expression": "(" * 5_000},
        {"template": "{{ missing }}"},
        {"template": "{% for %}"},
        {"condition": {"combinator": "and", "rules": [{"field": "x"}]}},
        {"condition": {"rules": 3}},
        {"condition": {}},
        {"kind": "condition", "condition": {"expression": "1 +"}},
    ],
)
def test_a_wrong_expression_is_told_not_raised(client: Browser, body: dict[str, Any]) -> None:
    answer = client.post("/api/expressions/check", body)

    assert answer.status == 200
    assert answer.json["ok"] is False or answer.json.get("value") is True
    assert "Traceback" not in answer.data.decode()


def test_nothing_to_check_is_a_wrong_body(client: Browser) -> None:
    assert client.post("/api/expressions/check", {"kind": "template"}).status == 422


def test_rows_are_worked_out_from_top_to_bottom_whatever_is_wrong_between(client: Browser) -> None:
    values = {"twice": "amount * 2", "wrong": "amont", "more": "twice + 1", "odd": "wrong"}
    rows = [{"name": name, "value": value} for name, value in values.items()]

    answer = client.post("/api/expressions/rows", {"rows": rows, "sample": {"amount": 2}}).json

    told = [item.get("value", item.get("error", {}).get("code")) for item in answer["items"]]
    assert told == [4, "expression_failed", 5, "expression_failed"]
    assert answer["items"][1]["error"]["params"]["closest"] == ["amount"]


# --- sub-flows -----------------------------------------------------------------------------------


def caller(**settings: Any) -> dict[str, Any]:
    drawing = flow("caller").then("call", "subflow", flow="leave", **settings).then("done", "end")
    return drawing.document()


def found_in_call(browser: Browser, **settings: Any) -> list[tuple[str, str]]:
    document = caller(**settings)
    told = browser.post("/api/flows/caller/check", {"document": document}).json["problems"]
    return [(problem["code"], problem["severity"]) for problem in told]


def test_a_called_flow_must_be_published_and_get_what_it_needs(client: Browser) -> None:
    needs = {"type": "object", "properties": {"days": {"type": "number"}}, "required": ["days"]}
    made(client, input=needs)
    client.post("/api/flows", {"document": caller()})

    assert found_in_call(client) == [("call_unpublished", "warning")]
    assert client.post("/api/flows/leave/publish").status in (200, 201)
    days = [{"name": "days", "value": "3"}]
    assert found_in_call(client) == [("call_input_missing", "error")]
    assert found_in_call(client, input=days) == []
    assert found_in_call(client, input=days, version=1) == []
    assert found_in_call(client, input=days, version=2) == [("call_version_unknown", "error")]


def test_a_flow_with_a_wrong_call_is_not_published(client: Browser) -> None:
    made(client)
    client.post("/api/flows/leave/publish")
    client.post("/api/flows", {"document": caller(version=7)})

    refused = client.post("/api/flows/caller/publish")

    assert refused.status == 422
    assert "call_version_unknown" in json.dumps(refused.json)
