"""Alive, ready, and metrics for those who may see them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from headrace.engine.forwarding import _headers
from headrace.engine.service import figures, health
from tests.http.conftest import Api

TOKEN = "a-long-metrics-token"


def checks(api: Api) -> dict[str, bool]:
    health.forget(api.workspace)
    reply = api.browser().get("/readyz")
    assert reply.status == (200 if reply.json["ok"] else 503)
    return {check["name"]: check["ok"] for check in reply.json["checks"]}


def test_a_process_that_lives_says_so_to_everybody(api: Api) -> None:
    assert api.browser().get("/healthz").json == {"ok": True}


def test_a_ready_process_has_its_database_writer_disk_and_threads(api: Api) -> None:
    assert checks(api) == {"database": True, "writer": True, "disk": True, "threads": True}


def test_a_dead_thread_makes_it_unready(api: Api) -> None:
    object.__setattr__(
        api.house, "threads", lambda: {"headrace-jobs": False, "headrace-ready": True}
    )
    health.forget(api.workspace)

    reply = api.browser().get("/readyz")

    assert reply.status == 503
    assert "headrace-jobs" in reply.json["error"]["message"]
    assert "headrace-ready" not in reply.json["error"]["message"]


def test_a_low_disk_makes_it_unready(api: Api) -> None:
    api.workspace.free_bytes = lambda: 5
    api.workspace.disk_measured = None

    assert checks(api)["disk"] is False


def test_a_writer_that_is_stuck_makes_it_unready(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(health, "WRITER_STUCK_S", 0.0)
    monkeypatch.setattr(health, "FRESH_S", 0.0)
    api.workspace.writer.submit(lambda _: go.wait(10))
    try:
        health.forget(api.workspace)
        api.browser().get("/readyz")  # puts its probe behind what is stuck
        reply = api.browser().get("/readyz")
    finally:
        go.set()

    assert reply.status == 503
    assert reply.json["error"]["message"].startswith("writer:")


def test_a_database_that_is_gone_makes_it_unready_and_tells_no_address(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("password=hunter2 host=db"))

    monkeypatch.setattr(health, "revision", gone)
    health.forget(api.workspace)
    reply = api.browser().get("/readyz")

    assert reply.status == 503
    assert b"hunter2" not in reply.data


def test_a_database_of_another_version_makes_it_unready(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "revision", lambda _: "0001")

    assert checks(api)["database"] is False


def metrics(api: Api, address: str = "127.0.0.1", **headers: str) -> Any:
    return api.browser().client.get(
        "/metrics",
        environ_base={"REMOTE_ADDR": address},
        headers={name.replace("_", "-"): text for name, text in headers.items()},
    )


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("", {}, 403),
        # behind a proxy on this machine everybody would look local
        ("127.0.0.1", {"X_Forwarded_For": "192.0.2.7"}, 403),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 403),
    ],
)
def test_without_a_token_only_this_machine_reads_metrics(
    api: Api, address: str, headers: dict[str, str], status: int
) -> None:
    assert metrics(api, address, **headers).status_code == status


@pytest.mark.parametrize(
    ("shown", "status"),
    [(f"Bearer {TOKEN}", 200), ("Bearer wrong", 401), (f"Basic {TOKEN}", 401), ("", 401)],
)
def test_with_a_token_whoever_shows_it_reads_metrics(api: Api, shown: str, status: int) -> None:
    api.workspace.settings = replace(api.workspace.settings, metrics_token=TOKEN)

    reply = metrics(api, "192.0.2.7", Authorization=shown)

    assert reply.status_code == status
    if status == 200:
        assert b"headrace_ready_instances 0.0" in reply.data
        assert TOKEN.encode() not in reply.data


def test_requests_are_counted_by_route_and_not_by_address(api: Api) -> None:
    for number in range(3):
        api.browser().get(f"/api/instances/ins_{number}")
    figures.forget(api.workspace)
    text = metrics(api).get_data(as_text=True)

    line = 'headrace_http_requests_total{route="GET /api/instances/{instance_id}",status="401"} 3.0'
    assert line in text


def test_a_second_server_that_forwards_says_so() -> None:
    told = _headers({"REQUEST_METHOD": "GET", "HTTP_HOST": "far.example"}, b"")

    assert told["Via"]
