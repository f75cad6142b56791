"""Errors have one shape, and a bug tells nothing of itself."""

from __future__ import annotations

import logging
from unittest import mock

import pytest

from headrace.engine.service import overview
from tests.http.conftest import Api, Browser


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/api/flows/", 404, "not_found"),
        ("GET", "/api//flows", 404, "not_found"),
        ("GET", "/api/flows/%2e%2e/x", 404, "not_found"),
        ("DELETE", "/api/flows", 405, "method_not_allowed"),
        ("OPTIONS", "/api/flows", 405, "method_not_allowed"),
        ("TRACE", "/api/flows", 405, "method_not_allowed"),
        ("PUT", "/hooks/a/b", 405, "method_not_allowed"),
        ("GET", "/hooks", 404, "not_found"),
    ],
)
def test_what_is_not_there_has_the_one_shape(
    client: Browser, method: str, path: str, status: int, code: str
) -> None:
    reply = client.call(method, path)

    assert (reply.status, reply.code) == (status, code)
    assert set(reply.json["error"]) == {"code", "message", "params", "problems"}
    assert reply.headers["Content-Type"] == "application/json"


def test_a_bug_is_logged_once_with_an_id_and_tells_nothing(
    client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    bug = RuntimeError("password=hunter2 at /srv/secret/path.py")
    with mock.patch.object(overview, "overview", side_effect=bug), caplog.at_level(logging.DEBUG):
        reply = client.get("/api/overview?timezone=Europe/Paris")

    assert (reply.status, reply.code) == (500, "internal")
    for word in ("hunter2", "path.py", "RuntimeError", "Traceback"):
        assert word not in reply.data.decode()
    assert reply.json["error"]["params"] == {"id": reply.headers["X-Request-Id"]}
    [record] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert reply.headers["X-Request-Id"] in record.getMessage()
    assert record.exc_info is not None


def test_an_error_of_ours_that_is_a_bug_tells_nothing_either(client: Browser) -> None:
    from headrace.engine.errors import HeadraceError

    with mock.patch.object(overview, "overview", side_effect=HeadraceError(reason="hunter2")):
        reply = client.get("/api/overview?timezone=Europe/Rome")

    assert reply.status == 500
    assert "hunter2" not in reply.data.decode()


def test_a_script_in_a_name_comes_back_as_json_only(api: Api, client: Browser) -> None:
    reply = client.get("/api/flows/<script>alert(1)</script>")

    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_head_is_answered_like_get_without_a_body(client: Browser) -> None:
    response = client.client.head("/api/flows")

    assert (response.status_code, response.get_data()) == (200, b"")
