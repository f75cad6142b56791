"""Limits and breakers of connections over HTTP: who may, what is wrong, what is kept, and that it is audited."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.registry import connectors
from tests.http.conftest import Api, Browser

REST = {
    "key": "wms",
    "name": "WMS",
    "connector": "rest",
    "settings": dict(connectors()["rest"].example),
    "secrets": {},
}
ALL = {
    "rate": {"calls": 10, "per_s": 1, "burst": 3},
    "operations": {"write": {"calls": 2, "per_s": 1}},
    "parallel": 4,
    "queue": "slow",
    "breaker": {"failures": 3, "open_s": 5, "open_max_s": 60},
}


@pytest.fixture
def ada(api: Api) -> Browser:
    browser = api.browser("ada")
    assert browser.post("/api/connections", REST).status == 201
    return browser


def put(browser: Browser, path: str, body: Any) -> Any:
    return browser.call("PUT", path, body)


def test_what_is_set_is_kept_and_what_is_not_named_is_not_limited(ada: Browser) -> None:
    assert ada.get("/api/connections/wms/limits").json == {"limits": {}, "live": 0}

    assert put(ada, "/api/connections/wms/limits", ALL).json == {"limits": ALL, "live": 0}
    assert ada.get("/api/connections/wms/limits").json["limits"] == ALL

    put(ada, "/api/connections/wms/limits", {"parallel": 1})
    assert ada.get("/api/connections/wms/limits").json["limits"] == {"parallel": 1}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"rate": {"calls": 0, "per_s": 1}}, "/rate/calls"),
        ({"rate": {"calls": 1}}, "/rate/per_s"),
        ({"rate": {"calls": 1, "per_s": 0}}, "/rate/per_s"),
        ({"parallel": 0}, "/parallel"),
        ({"queue": "two/three"}, "/queue"),  # would name another lane
        ({"breaker": {"failures": 21}}, "/breaker/failures"),  # more than are remembered
        ({"operations": {"fly": {"calls": 1, "per_s": 1}}}, "/operations/fly"),
    ],
)
def test_wrong_limits_are_refused_where_they_are_wrong(
    ada: Browser, body: dict[str, Any], path: str
) -> None:
    reply = put(ada, "/api/connections/wms/limits", body)

    assert reply.status == 422
    assert [found for found, _ in reply.problems] == [path]
    assert ada.get("/api/connections/wms/limits").json["limits"] == {}


def test_a_breaker_is_forced_seen_released_and_noted(ada: Browser) -> None:
    assert ada.get("/api/breakers").json["items"] == []

    forced = put(ada, "/api/connections/wms/breaker", {"force": "open"}).json
    assert (forced["state"], forced["forced"], forced["connector"]) == ("open", True, "rest")
    assert forced["host"] == "wms.example.com"
    assert [b["connection"] for b in ada.get("/api/breakers?connection=wms").json["items"]] == [
        "wms"
    ]
    assert ada.get("/api/breakers?connection=bank").json["items"] == []

    released = put(ada, "/api/connections/wms/breaker", {"force": "automatic"}).json
    assert (released["state"], released["forced"]) == ("closed", False)
    entries = ada.get("/api/audit?action=breakers.").json["items"]
    assert [(entry["action"], entry["subject"]) for entry in entries] == [
        ("breakers.automatic", "wms"),
        ("breakers.open", "wms"),
    ]


def test_breakers_come_in_pages(ada: Browser) -> None:
    for number in range(5):
        ada.post("/api/connections", {**REST, "key": f"c{number}"})
        put(ada, f"/api/connections/c{number}/breaker", {"force": "closed"})

    seen: list[str] = []
    page: dict[str, Any] = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        page = ada.get(f"/api/breakers?limit=2&cursor={page['next_cursor']}").json
        seen += [found["connection"] for found in page["items"]]

    assert seen == [f"c{number}" for number in range(5)]


def test_a_host_that_was_never_called_has_no_breaker(ada: Browser) -> None:
    reply = put(ada, "/api/connections/wms/breaker", {"force": "open", "host": "elsewhere"})

    assert (reply.status, reply.code) == (404, "not_found")


def test_what_a_connection_had_goes_with_it(ada: Browser) -> None:
    put(ada, "/api/connections/wms/limits", ALL)
    put(ada, "/api/connections/wms/breaker", {"force": "open"})
    ada.delete("/api/connections/wms")
    ada.post("/api/connections", REST)

    assert ada.get("/api/connections/wms/limits").json["limits"] == {}
    assert ada.get("/api/breakers").json["items"] == []


def test_a_new_connection_begins_with_what_its_connector_knows(ada: Browser) -> None:
    robot = connectors()["robot"]
    ada.post(
        "/api/connections",
        {
            "key": "group",
            "name": "group",
            "connector": "robot",
            "settings": dict(robot.example),
            "secrets": dict(robot.example_secrets),
        },
    )

    found = ada.get("/api/connections/group/limits").json["limits"]
    assert found["operations"]["send"]["calls"] <= 20


def test_the_form_of_limits_comes_with_every_connector(ada: Browser) -> None:
    for connector in ada.get("/api/connectors").json["items"]:
        assert connector["limits"]["x-order"] == list(connector["limits"]["properties"])
