"""Every process of a pool shows its own metrics and readiness, on a port of its own."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from headrace.engine import scraping
from headrace.engine.pool import CHILD
from headrace.engine.service import figures
from tests.builder import flow
from tests.fakes import House
from tests.servers import free_port

TOKEN = "a-long-metrics-token"


def asked(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


@pytest.fixture
def listening(cabin: House) -> Any:
    ends: list[Callable[[], None]] = []

    def begin(**settings: Any) -> int:
        port = free_port()
        values = {"metrics_port": port, "metrics_token": "", **settings}
        cabin.workspace.settings = SimpleNamespace(**values)
        ends.append(scraping.listen(cabin.workspace, lambda: {"headrace-jobs": True}))
        return port

    yield begin
    for end in ends:
        end()


def test_a_process_shows_what_it_counted(cabin: House, listening: Any) -> None:
    port = listening()
    cabin.publish(flow("plain").then("done", "end"))
    cabin.start("plain")
    figures.forget(cabin.workspace)

    status, text = asked(port)
    assert status == 200
    assert 'headrace_instances_started_total{flow="plain",version="1"} 1.0' in text
    assert asked(port, "/healthz") == (200, '{"ok":true}')
    assert asked(port, "/elsewhere")[0] == 404


def test_with_a_token_it_asks_for_it(listening: Any) -> None:
    port = listening(metrics_token=TOKEN)

    assert asked(port)[0] == 401
    assert asked(port, Authorization="Bearer wrong")[0] == 401
    assert asked(port, Authorization=f"Bearer {TOKEN}")[0] == 200


def test_a_child_of_a_pool_has_the_port_of_its_number(
    cabin: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHILD, "2")
    first = free_port()
    cabin.workspace.settings = SimpleNamespace(metrics_port=first, metrics_token="")
    end = scraping.listen(cabin.workspace, None)
    try:
        assert asked(first + 2, "/healthz")[0] == 200
    finally:
        end()


def test_without_a_port_nobody_listens(cabin: House) -> None:
    scraping.listen(cabin.workspace, None)()
