"""Test cases, the check list and the heat map over HTTP: every answer is as the API describes it (`conftest.check_described`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builder import flow
from tests.http.conftest import Api, make_api

CONTENT = {"input": {}, "expect": {"status": "completed", "end": "done"}}


@pytest.fixture
def api(tmp_path: Path, migrated_sqlite_url: str) -> Iterator[Api]:
    yield from make_api(tmp_path, migrated_sqlite_url)


def test_a_case_from_making_to_publishing(api: Api) -> None:
    dora = api.browser("dora")
    document = flow("plain").then("done", "end").document()
    assert dora.post("/api/flows", {"document": document}).status == 201

    made = dora.post("/api/flows/plain/cases", {"name": {"en": "C"}, "content": CONTENT})
    assert made.status == 201, made.json
    case = made.json
    assert dora.get("/api/flows/plain/cases?limit=1").json["items"] == [case]
    ran = dora.post("/api/flows/plain/cases/run").json
    assert (ran["passed"], ran["coverage"]["never"]) == (1, [])

    wrong = {**CONTENT, "expect": {"end": "start"}}
    told = {"name": {"en": "C"}, "content": wrong, "revision": 1}
    path = f"/api/flows/plain/cases/{case['id']}"
    assert dora.put(path, told).json["revision"] == 2
    assert dora.put(path, told).status == 409
    refused = dora.post("/api/flows/plain/publish")
    assert (refused.status, refused.code) == (409, "cases_failed")
    assert refused.problems == [(f"/cases/{case['id']}", "case_failed")]
    assert dora.post("/api/flows/plain/publish", {"despite": "urgent"}).status == 403
    ready = dora.post("/api/flows/plain/readiness").json
    assert (ready["cases"]["failed"], ready["may_overrule"]) == (1, False)

    ada = api.browser("ada")
    assert ada.post("/api/flows/plain/publish", {"despite": "urgent"}).status == 201
    assert dora.delete(path).status == 204
    assert dora.delete(path).status == 404


def test_a_case_that_cannot_be_is_refused_by_its_place(api: Api) -> None:
    dora = api.browser("dora")
    dora.post("/api/flows", {"document": flow("plain").then("done", "end").document()})
    told = {"name": {"en": "C"}, "content": {"input": {}, "expect": {"colour": "red"}}}

    reply = dora.post("/api/flows/plain/cases", told)

    assert reply.status == 422
    assert [path for path, _ in reply.problems] == ["/expect/colour"]


def test_a_map_and_what_is_behind_it(api: Api) -> None:
    ada = api.browser("ada")
    ada.post("/api/flows", {"document": flow("plain").then("done", "end").document()})
    assert ada.get("/api/flows/plain/heat").json["document"] is None
    ada.post("/api/flows/plain/publish")
    id_ = ada.post("/api/flows/plain/instances", {"input": {}}).json["id"]
    api.clock.advance(s=60)

    assert ada.post("/api/flows/plain/heat/count").json == {"counted": 1, "behind": 0}
    found = ada.get("/api/flows/plain/heat?version=1").json
    assert found["instances"]["visits"] == 1
    assert {one["node"] for one in found["nodes"]} == {"start", "done"}
    assert ada.get("/api/flows/plain/heat/done?kind=failed").json["items"] == []

    recorded = ada.post("/api/flows/plain/cases/record", {"instance": id_}).json
    assert recorded["differences"] == []
    oscar = api.browser("oscar")
    assert oscar.get("/api/flows/plain/heat").status == 200
    assert api.browser("nobody").get("/api/flows/plain/heat").status == 403
