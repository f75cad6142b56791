"""Connections: secrets go in and never come out."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.registry import connectors
from headrace.engine.service import connections
from tests.http.conftest import Api, Browser

SECRET = "https://far.example.com/s3cret-pa55word"
"""Right for every kind of secret, an address too."""


def values(name: str, **changes: Any) -> dict[str, Any]:
    """A right connection of each connector, its secrets set to `SECRET`."""
    connector = connectors()[name]
    secrets = dict.fromkeys(connector.example_secrets, SECRET)
    return {
        "key": f"my-{name}",
        "name": name,
        "connector": name,
        "settings": dict(connector.example),
        "secrets": secrets,
        **changes,
    }


@pytest.fixture
def ada(api: Api) -> Browser:
    return api.browser("ada")


@pytest.mark.parametrize("name", sorted(connectors()))
def test_a_secret_goes_in_and_never_comes_out(
    api: Api, ada: Browser, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = ada.post("/api/connections", values(name))
        shown = [
            made,
            ada.get("/api/connections"),
            ada.patch(f"/api/connections/my-{name}", {"name": "other"}),
            ada.get("/api/audit"),
        ]
        if name != "rest":
            shown.append(ada.post(f"/api/connections/my-{name}/test"))

    assert made.status == 201
    assert all(made.json["secrets"][key] for key in connectors()[name].example_secrets)
    for reply in shown:
        assert SECRET not in reply.data.decode()
    assert SECRET not in caplog.text
    with sqlite3.connect(tmp_path / "headrace.sqlite3") as file:
        assert SECRET not in "\n".join(file.iterdump())
    file.close()
    assert set(connections.open_connection(api.workspace, f"my-{name}").secrets.values()) <= {
        SECRET
    }


def test_a_secret_not_named_stays_and_an_empty_one_goes(ada: Browser) -> None:
    ada.post("/api/connections", values("smtp"))

    kept = ada.patch("/api/connections/my-smtp", {"name": "Post"}).json
    gone = ada.patch("/api/connections/my-smtp", {"secrets": {"password": ""}}).json

    assert kept["secrets"]["password"] is True
    assert gone["secrets"]["password"] is False


def test_what_is_wrong_with_a_secret_is_told_without_it(ada: Browser) -> None:
    wrong = ada.post("/api/connections", values("smtp", secrets={"password": SECRET * 5_000}))
    unknown = ada.post("/api/connections", values("smtp", secrets={SECRET: "x"}))
    kind = ada.post("/api/connections", values("smtp", secrets={"password": [SECRET]}))

    for reply in (wrong, kind):
        assert reply.status == 422
        assert SECRET not in reply.data.decode()
    assert unknown.status == 422


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"connector": "fax"}, ("/connector", "connector_unknown")),
        ({"key": "My Key"}, ("/key", "connection_key_wrong")),
        ({"settings": {}}, None),
        ({"settings": {"nothing": 1}}, None),
    ],
)
def test_a_wrong_connection_is_refused(
    ada: Browser, change: dict[str, Any], problem: tuple[str, str] | None
) -> None:
    reply = ada.post("/api/connections", values("smtp", **change))

    assert reply.status == 422
    assert problem is None or reply.problems == [problem]


def test_a_key_is_given_once(ada: Browser) -> None:
    assert ada.post("/api/connections", values("smtp")).status == 201
    assert ada.post("/api/connections", values("smtp")).status == 409
    assert ada.delete("/api/connections/my-smtp").status == 204
    assert ada.post("/api/connections", values("smtp")).status == 201


def test_a_trial_says_what_the_far_side_said_without_the_secret_it_repeated(
    api: Api, ada: Browser
) -> None:
    ada.post("/api/connections", values("smtp"))

    answer = ada.post("/api/connections/my-smtp/test")

    assert answer.json == {"ok": True, "message": "hello •••"}
    assert api.house.outside.met[0].secrets["password"] == SECRET  # type: ignore[union-attr]


def test_a_designer_sees_connections_but_changes_none(client: Browser) -> None:
    assert client.get("/api/connections").status == 200
    assert client.post("/api/connections", values("smtp")).status == 403


def test_what_was_sealed_with_another_key_is_said_so(api: Api, ada: Browser) -> None:
    ada.post("/api/connections", values("smtp"))
    api.workspace.writer.call(
        lambda connection: connection.exec_driver_sql("UPDATE connections SET secrets = x'00'")
    )

    assert ada.get("/api/connections").json["items"][0]["secrets"]["password"] is False
    assert ada.post("/api/connections/my-smtp/test").status == 409
