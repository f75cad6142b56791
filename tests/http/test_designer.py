"""The browser side: hashed assets for ever, deep links, and a hint when nothing is built."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from headrace.designer.static_files import install
from tests.http.conftest import Api

PAGE = "<!doctype html><title>Headrace</title>"
HTML = {"Accept": "text/html,*/*"}


@pytest.fixture
def built(api: Api, tmp_path: Path) -> FlaskClient:
    """A browser at an application with a built designer."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "assets" / "index-abc.js").write_text("let a = 1")
    (folder / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (folder / ".inputs.sha256").write_text("hidden")
    (tmp_path / "outside.txt").write_text("secret")
    install(api.flask, folder)
    return api.flask.test_client()


@pytest.mark.parametrize("path", ["/", "/flows", "/flows/leave/edit", "/tasks?box=todo"])
def test_every_deep_link_is_the_application(built: FlaskClient, path: str) -> None:
    response = built.get(path, headers=HTML)

    assert response.get_data(as_text=True) == PAGE
    assert response.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_an_asset_is_kept_for_ever_and_comes_small(built: FlaskClient) -> None:
    plain = built.get("/assets/index-abc.js")
    small = built.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})

    assert "immutable" in plain.headers["Cache-Control"]
    assert plain.headers["Content-Type"].startswith(("text/javascript", "application/javascript"))
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.get_data()) == plain.get_data() == b"let a = 1"


def test_the_page_is_not_sent_again_when_it_is_the_same(built: FlaskClient) -> None:
    etag = built.get("/", headers=HTML).headers["ETag"]

    assert built.get("/", headers={**HTML, "If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/assets/old-123.js",
        "/favicon.ico",
        "/.inputs.sha256",
        "/assets/../../outside.txt",
        "/..%2foutside.txt",
        "/%2e%2e/outside.txt",
        "/assets/%00",
        "/assets",
        "/api/nothing",
        "/hooks/nothing",
    ],
)
def test_what_is_no_page_is_not_found(built: FlaskClient, path: str) -> None:
    response = built.get(path)

    assert response.status_code == 404
    assert "secret" not in response.get_data(as_text=True)
    assert response.get_json()["error"]["code"] == "not_found"


def test_the_api_never_answers_with_the_page(built: FlaskClient) -> None:
    assert built.get("/api/nothing", headers=HTML).get_json()["error"]["code"] == "not_found"


def test_nothing_built_says_what_to_do(api: Api, tmp_path: Path) -> None:
    install(api.flask, tmp_path / "none")

    response = api.flask.test_client().get("/", headers=HTML)

    assert response.status_code == 503
    assert "make web" in response.get_data(as_text=True)
