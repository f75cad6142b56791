"""The same API on PostgreSQL: every list and every write once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.conftest import Api, make_api


@pytest.fixture
def api(tmp_path: Path, postgresql_url: str) -> Iterator[Api]:
    yield from make_api(tmp_path, postgresql_url)


def test_every_list_and_every_kind_of_write_works_there_too(api: Api) -> None:
    ada = api.browser("ada")
    key = {"Idempotency-Key": "k"}
    assert (
        ada.post("/api/flows", {"name": {"zh": "请假", "en": "Leave"}}, headers=key).status == 201
    )
    assert (
        ada.post("/api/flows", {"name": {"zh": "请假", "en": "Leave"}}, headers=key).status == 201
    )
    draft = ada.get("/api/flows/leave").json["draft"]
    changed = {**draft["document"], "description": {"en": "D"}}
    assert (
        ada.put("/api/flows/leave/draft", changed, headers={"If-Match": draft["etag"]}).status
        == 200
    )
    assert (
        ada.put("/api/flows/leave/draft", changed, headers={"If-Match": draft["etag"]}).status
        == 412
    )
    assert ada.post("/api/flows/leave/publish").status == 201
    started = ada.post(
        "/api/flows/leave/instances", {"input": {}, "business_key": "B%", "dedup_key": "d"}
    )
    assert started.status == 201
    assert ada.post("/api/flows/leave/instances", {"input": {}, "dedup_key": "d"}).json["duplicate"]
    assert ada.post("/api/roles", {"key": "buyer", "title": {"en": "B"}}).status == 201
    assert ada.put("/api/roles/buyer/members", ["usr_ann"]).status == 200
    assert ada.post("/api/tokens", {"name": "t", "scopes": ["flows:read"]}).status == 201
    smtp = {
        "host": "mail.example.com",
        "port": 587,
        "security": "starttls",
        "sender": "a@example.com",
    }
    made = ada.post(
        "/api/connections", {"key": "post", "name": "P", "connector": "smtp", "settings": smtp}
    )
    assert made.status in {201, 422}
    for template in ada.get("/api/templates").json["items"]:
        assert ada.post(f"/api/templates/{template['key']}/install").status == 201
    assert ada.delete("/api/roles/buyer").status == 204

    for path in (
        "/api/flows?search=请&state=published",
        "/api/flows?state=changed",
        "/api/flows/leave/versions",
        f"/api/instances/{started.json['id']}",
        f"/api/instances/{started.json['id']}/history",
        "/api/instances?search=B%25&status=completed&from=2026-01-01T00:00:00Z&limit=1",
        "/api/incidents?status=all",
        "/api/tasks?search=x",
        "/api/tasks?box=started",
        "/api/tasks/count",
        "/api/notifications",
        "/api/deliveries",
        "/api/users?search=A&limit=1",
        "/api/users?search=A&limit=1&cursor=ada",
        "/api/roles",
        "/api/connections",
        "/api/tokens",
        "/api/tables?search=x&cursor=k",
        "/api/tables",
        "/api/overview",
        "/api/audit?action=flows.&limit=1",
        "/api/audit?cursor=5",
    ):
        assert ada.get(path).status == 200, path


def test_what_a_write_refuses_leaves_no_trace(api: Api) -> None:
    ada = api.browser("ada")

    assert ada.patch("/api/users/usr_ada", {"name": "A", "roles": []}).status == 409

    assert ada.get("/api/session").json["user"]["name"] == "Ada"
