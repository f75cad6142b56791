"""Files in and out over HTTP: looked at, compared, taken all or none, and who may."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from tests.builder import flow
from tests.http.conftest import Api, Browser, Reply

SAMPLES = Path(__file__).parents[1] / "exchange" / "samples"
DRAWN = flow("a-flow").then("done", "end").document()


def look(browser: Browser, *files: tuple[str, bytes]) -> Reply:
    given = [(io.BytesIO(data), name) for name, data in files]
    headers = {**browser.headers, "X-CSRF-Token": browser.csrf}
    response = browser.client.post("/api/exchange/preview", data={"file": given}, headers=headers)
    return Reply(response.status_code, response.headers, response.get_data())


def zipped(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def take(browser: Browser, *wishes: dict[str, Any]) -> Reply:
    return browser.post("/api/exchange/take", {"flows": list(wishes)})


def test_a_drawing_is_looked_at_and_taken(api: Api) -> None:
    dora = api.browser("dora")

    told = look(dora, ("c8.bpmn", (SAMPLES / "camunda8.bpmn").read_bytes())).json["files"][0]

    assert told["kind"] == "bpmn"
    assert [one["key"] for one in told["flows"]] == ["process-stock", "process-stock-each-line"]
    assert told["counts"]["placeholder"] == len(
        [one for one in told["lines"] if one["fate"] == "placeholder"]
    )
    assert dora.get("/api/flows").json["items"] == []  # nothing is kept by looking
    wishes = [{"key": one["key"], "document": one["document"]} for one in told["flows"]]
    assert [one["created"] for one in take(dora, *wishes).json["flows"]] == [True, True]
    refused = dora.post("/api/flows/process-stock/publish")
    assert refused.status == 422
    assert [e["action"] for e in api.browser("ada").get("/api/audit").json["items"]].count(
        "flows.import"
    ) == 2


def test_placeholders_stop_a_publish(api: Api) -> None:
    dora = api.browser("dora")
    told = look(dora, ("n8n.json", (SAMPLES / "n8n.json").read_bytes())).json["files"][0]
    [one] = told["flows"]
    take(dora, {"key": one["key"], "document": one["document"]})

    refused = dora.post(f"/api/flows/{one['key']}/publish")

    assert refused.status == 422
    assert "placeholder_left" in {code for _, code in refused.problems}


def test_several_files_a_zip_and_an_array_in_one_look(api: Api) -> None:
    second = {**DRAWN, "key": "b-flow"}
    archive = zipped(**{"x/a.json": json.dumps([DRAWN, second]).encode(), "bad.json": b"{"})

    files = look(
        api.browser("dora"),
        ("two.zip", archive),
        ("c.json", json.dumps({**DRAWN, "nodes": 1}).encode()),
    ).json["files"]

    assert [[one["key"] for one in file["flows"]] for file in files] == [
        ["a-flow"],
        ["b-flow"],
        [],
        [],
    ]
    assert "line 1, column 2" in files[2]["wrong"][0]["message"]
    assert files[3]["wrong"][0]["path"] == "c.json/nodes"


def test_onto_a_draft_the_difference_is_shown_and_its_etag_wanted(api: Api) -> None:
    dora = api.browser("dora")
    take(dora, {"key": "a-flow", "document": DRAWN})
    changed = {**DRAWN, "name": {"en": "New"}}

    [one] = look(dora, ("a.json", json.dumps(changed).encode())).json["files"][0]["flows"]

    assert [(c["kind"], c["change"]) for c in one["draft"]["changes"]] == [("flow", "changed")]
    assert take(dora, {"key": "a-flow", "document": changed}).status == 409
    assert take(dora, {"key": "a-flow", "document": changed, "etag": "0" * 64}).status == 412
    assert (
        take(dora, {"key": "a-flow", "document": changed, "etag": one["draft"]["etag"]}).status
        == 201
    )
    assert dora.get("/api/flows/a-flow").json["name"] == {"en": "New"}
    other = dora.post("/api/exchange/compare", {"key": "a-flow", "document": DRAWN})
    assert [c["change"] for c in other.json["changes"]] == ["changed"]
    assert dora.post("/api/exchange/compare", {"key": "gone", "document": DRAWN}).status == 404


def test_all_are_taken_or_none(api: Api) -> None:
    dora = api.browser("dora")
    take(dora, {"key": "a-flow", "document": DRAWN})

    refused = take(dora, {"key": "b-flow", "document": DRAWN}, {"key": "a-flow", "document": DRAWN})

    assert refused.status == 409
    assert [one["key"] for one in dora.get("/api/flows").json["items"]] == ["a-flow"]
    twice = take(dora, {"key": "c", "document": DRAWN}, {"key": "c", "document": DRAWN})
    assert twice.status == 422


def test_flows_go_out_and_come_back(api: Api) -> None:
    dora = api.browser("dora")
    take(dora, {"key": "a-flow", "document": DRAWN}, {"key": "b-flow", "document": DRAWN})

    reply = dora.get("/api/flows/a-flow/bpmn?language=en")
    archive = dora.get("/api/exchange/export?keys=b-flow,a-flow&format=bpmn")

    assert reply.headers["Content-Type"] == "application/xml"
    assert look(dora, ("a.bpmn", reply.data)).json["files"][0]["flows"][0]["draft"]["changes"] == []
    assert zipfile.ZipFile(io.BytesIO(archive.data)).namelist() == ["a-flow.bpmn", "b-flow.bpmn"]
    again = dora.get("/api/exchange/export?keys=a-flow,b-flow&format=bpmn")
    assert again.data == archive.data
    assert dora.get("/api/exchange/export?keys=gone").status == 404


def test_only_who_draws_may(api: Api) -> None:
    nobody, ann = api.browser("nobody"), api.browser("ann")

    assert look(nobody, ("a.json", b"{}")).status == 403
    assert take(ann, {"key": "a-flow", "document": DRAWN}).status == 403
    assert nobody.get("/api/exchange/export?keys=a-flow").status == 403
    assert look(api.browser(), ("a.json", b"{}")).status in (401, 403)


def test_sizes_are_bounded(api: Api) -> None:
    dora = api.browser("dora")
    bomb = zipped(**{f"{number}.json": b" " * 3_000_000 for number in range(8)})

    told = look(dora, ("bomb.zip", bomb)).json["files"]
    assert any("bytes unpacked" in problem["message"] for file in told for problem in file["wrong"])
    assert dora.post("/api/exchange/preview?name=big", b"x" * 20_000_001).status == 413
    assert look(dora).status == 422
