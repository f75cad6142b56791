"""Versions over the API: published beside the one in force, canaries, rolling back, retiring."""

from __future__ import annotations

from typing import Any

from tests.builder import flow
from tests.http.conftest import Browser

WEIGHT = {"rules": [{"version": 2, "weight": 10}]}


def drawn(result: str) -> dict[str, Any]:
    return flow("orders").then("done", "end", result=result).document()


def save(browser: Browser, document: dict[str, Any]) -> None:
    headers = {"If-Match": "*"}
    assert browser.put("/api/flows/orders/draft", document, headers=headers).status == 200


def two(browser: Browser) -> None:
    """Version 1 in force, version 2 beside it."""
    browser.post("/api/flows", {"document": drawn("old")})
    assert browser.post("/api/flows/orders/publish").json["version"] == 1
    save(browser, drawn("new"))
    beside = browser.post("/api/flows/orders/publish", {"activate": False})
    assert beside.json == {"version": 2, "unchanged": False}


def in_force(browser: Browser) -> int:
    return int(browser.get("/api/flows/orders/route").json["published_version"])


def test_a_version_beside_the_one_in_force_gets_no_starts(client: Browser) -> None:
    two(client)

    assert in_force(client) == 1
    started = client.post("/api/flows/orders/instances", {"input": {}}).json["id"]
    assert client.get(f"/api/instances/{started}").json["version"] == 1
    again = client.post("/api/flows/orders/publish", {"activate": False})
    assert (again.status, again.json) == (200, {"version": 2, "unchanged": True})


def test_publishing_what_lies_beside_puts_it_in_force_without_another_version(
    client: Browser,
) -> None:
    two(client)

    assert client.post("/api/flows/orders/publish").json["version"] == 2
    assert in_force(client) == 2
    assert len(client.get("/api/flows/orders/versions").json["items"]) == 2


def test_a_first_version_comes_in_force_whatever_is_asked(client: Browser) -> None:
    client.post("/api/flows", {"document": drawn("old")})
    client.post("/api/flows/orders/publish", {"activate": False})

    assert in_force(client) == 1


def test_a_canary_from_begin_to_promotion(client: Browser) -> None:
    two(client)
    guard = {"instances": 20, "rate": 5, "factor": 2}

    begun = client.put("/api/flows/orders/route", {**WEIGHT, "guard": guard, "note": "slowly"})

    assert begun.json["running"]["rules"] == WEIGHT["rules"]
    assert begun.json["running"]["guard"] == guard
    compared = client.get("/api/flows/orders/compare").json
    assert [row["version"] for row in compared["versions"]] == [1, 2]
    more = client.put("/api/flows/orders/route", {"rules": [{"version": 2, "weight": 50}]})
    assert more.json["running"]["id"] == begun.json["running"]["id"]
    assert client.post("/api/flows/orders/route/end", {"version": 2}).status == 200
    assert in_force(client) == 2
    (past,) = client.get("/api/flows/orders/routes").json["items"]
    assert past["status"] == "promoted"


def test_a_running_canary_keeps_the_version_it_is_compared_with(client: Browser) -> None:
    two(client)
    client.put("/api/flows/orders/route", WEIGHT)
    save(client, drawn("newest"))

    assert client.post("/api/flows/orders/publish").status == 409
    assert client.post("/api/flows/orders/publish", {"activate": False}).json["version"] == 3


def test_one_click_back_and_forward(client: Browser) -> None:
    two(client)

    client.post("/api/flows/orders/versions/2/activate", {"reason": "forward"})
    assert in_force(client) == 2
    client.post("/api/flows/orders/versions/1/activate")
    assert in_force(client) == 1
    assert client.post("/api/flows/orders/versions/1/activate").status == 409


def test_a_retired_version_is_listed_as_such_and_refused(client: Browser) -> None:
    two(client)
    path = "/api/flows/orders/versions/2"
    assert client.put(f"{path}/status", {"status": "retired"}).status == 200

    newest = client.get("/api/flows/orders/versions").json["items"][0]
    assert (newest["status"], newest["open_instances"]) == ("retired", 0)
    assert client.post(f"{path}/activate").problems == [
        ("/rules/0/version", "version_not_routable")
    ]
    assert client.put("/api/flows/orders/versions/1/status", {"status": "retired"}).status == 409


def test_versions_are_compared_side_by_side_without_a_canary(client: Browser) -> None:
    two(client)
    for _ in range(3):
        client.post("/api/flows/orders/instances", {"input": {}})

    old, new = client.get("/api/flows/orders/compare?versions=1,2").json["versions"]

    assert (old["started"], old["ended"], old["failure_rate"]) == (3, 3, 0)
    assert (new["started"], new["failure_rate"], new["p95_ms"]) == (0, None, None)
    assert client.get("/api/flows/orders/compare?versions=9").status == 404


def test_no_route_changes_the_document_of_a_version(client: Browser) -> None:
    """A version's document is what was published, whatever is asked of the flow afterwards."""
    two(client)
    before = client.get("/api/flows/orders/versions/1").json["document"]
    export = client.get("/api/flows/orders/export?version=1").data

    for method in ("PUT", "PATCH", "POST", "DELETE"):
        for path in ("versions/1", "versions/1/document"):
            assert client.call(method, f"/api/flows/orders/{path}", drawn("odd")).status in {
                404,
                405,
            }
    save(client, drawn("odd"))
    client.post("/api/flows/orders/publish")
    client.put("/api/flows/orders/versions/1/status", {"status": "deprecated"})
    client.post("/api/flows/orders/versions/1/activate")

    assert client.get("/api/flows/orders/versions/1").json["document"] == before
    assert client.get("/api/flows/orders/export?version=1").data == export


def test_the_difference_of_two_versions_and_of_the_draft(client: Browser) -> None:
    two(client)
    save(client, drawn("new"))

    (changed,) = client.get("/api/flows/orders/diff?from=1&to=2").json["changes"]

    assert (changed["id"], changed["change"]) == ("done", "changed")
    (field,) = changed["fields"]
    assert (field["path"], field["before"], field["after"]) == ("/settings/result", "old", "new")
    assert client.get("/api/flows/orders/diff?from=2").json["changes"] == []
    assert client.get("/api/flows/orders/diff?from=7").status == 404
