"""A browser on the real API: real services on a fresh SQLite file, a clock that tests move, nothing but the socket left out.

Every answer is compared with the API's own description: an undocumented status, or an answer of another shape, fails the test.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from headrace.engine.clock import ManualClock
from headrace.engine.connector import Receipt
from headrace.engine.http.api import create_api
from headrace.engine.http.openapi import description
from headrace.engine.http.route import House
from headrace.engine.service import passwords
from headrace.engine.service.opening import open_workspace
from headrace.engine.service.passwords import hash_password
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store import users

# What a hash costs is tried in tests/service/test_access.py; here it is only waited for.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

_compile_builder = Rule._compile_builder
_builders: dict[tuple[str, bool], Any] = {}


def _builder(rule: Rule, append_unknown: bool = True) -> Any:
    """Werkzeug compiles code for each route of each application, to build addresses that nobody here builds: once is enough."""
    key = (rule.rule, append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _builder  # type: ignore[method-assign]

PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)

PEOPLE = {
    "ada": ["administrator"],
    "dora": ["designer"],
    "oscar": ["operator"],
    "ann": ["approver", "cs_lead"],
    "nobody": [],
}
"""login → roles."""


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: Any
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data) if self.data else None

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json["error"]["code"])

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(path, code) of every problem."""
        return [(p["path"], p["code"]) for p in self.json["error"]["problems"]]


@dataclass
class Browser:
    """Somebody, or nobody yet, at the API."""

    client: FlaskClient
    csrf: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Any = (), **more: Any
    ) -> Reply:
        sent = {
            **self.headers,
            **({"X-CSRF-Token": self.csrf} if self.csrf else {}),
            **dict(headers),
        }
        if body is not None:
            more.setdefault("data", body if isinstance(body, bytes) else json.dumps(body).encode())
            more.setdefault("content_type", "application/json")
        response = self.client.open(path, method=method, headers=sent, **more)
        reply = Reply(response.status_code, response.headers, response.get_data())
        check_described(method, path, reply)
        return reply

    def get(self, path: str, **more: Any) -> Reply:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self.call("POST", path, {} if body is None else body, **more)

    def put(self, path: str, body: Any, **more: Any) -> Reply:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> Reply:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> Reply:
        return self.call("DELETE", path, **more)

    def sign_in(self, login: str, password: str = PASSWORD, **more: Any) -> Reply:
        reply = self.post("/api/session", {"login": login, "password": password}, **more)
        if reply.status == 200:
            self.csrf, self.user = reply.json["csrf_token"], reply.json["user"]
        return reply


class Outside:
    """A far side that is always well, and remembers whom it met."""

    def __init__(self) -> None:
        self.met: list[Any] = []

    def http(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("expected no call to the outside")

    def greet_mail(self, connection: Any) -> Receipt:
        self.met.append(connection)
        return Receipt(True, f"hello {connection.secrets.get('password')}")

    def send_robot(self, connection: Any, title: str, text: str) -> Receipt:
        self.met.append(connection)
        return Receipt(True, "ok")


@dataclass
class Api:
    """The application and what it stands on."""

    flask: Flask
    workspace: Workspace
    clock: ManualClock
    house: House

    def browser(self, login: str | None = None) -> Browser:
        """A new browser, signed in or not."""
        browser = Browser(self.flask.test_client())
        if login is not None:
            assert browser.sign_in(login).status == 200
        return browser

    def program(self, *scopes: str) -> Browser:
        """A program with a token of the administrator's, cut down to these scopes."""
        token = self.browser("ada").post("/api/tokens", {"name": "t", "scopes": list(scopes)})
        headers = {"Authorization": f"Bearer {token.json['token']}"}
        return Browser(self.flask.test_client(), headers=headers, user=token.json)


def make_api(folder: Path, database_url: str | None = None, proxies: int = 0) -> Iterator[Api]:
    clock = ManualClock()
    settings = Settings(
        home=folder,
        database_url=database_url or f"sqlite:///{folder / 'headrace.sqlite3'}",
        port=0,
        allow_addresses=(),
        secret_keys=(Fernet.generate_key(),),
        proxies=proxies,
    )
    with open_workspace(settings, clock=clock) as workspace:
        workspace.writer.call(lambda connection: _people(connection, workspace))
        workspace.forget_directory()
        house = House(workspace, Outside())
        yield Api(create_api(house), workspace, clock, house)


def _people(connection: Any, workspace: Workspace) -> None:
    users.insert_role(connection, "cs_lead", {"en": "Lead"}, system=False)
    for login, roles in PEOPLE.items():
        values = {
            "id": f"usr_{login}",
            "login": login,
            "name": login.title(),
            "password_hash": HASH,
            "active": True,
            "language": "en",
            "created_at": workspace.clock.now_ms(),
        }
        users.insert(connection, values)
        users.set_roles(connection, f"usr_{login}", roles)
    # The roles that the tests' flows ask have somebody, and somebody behind them: else nothing is published.
    users.insert_role(connection, "boss", {"en": "Boss"}, system=False)
    users.set_members(connection, "boss", ["usr_oscar"])
    for role in ("boss", "cs_lead"):
        users.set_members(connection, role, ["usr_ada"], "backup")


@pytest.fixture
def api(tmp_path: Path, sqlite_template: Path) -> Iterator[Api]:
    """A fresh API with the people of `PEOPLE`."""
    shutil.copyfile(sqlite_template, tmp_path / "headrace.sqlite3")
    yield from make_api(tmp_path)


@pytest.fixture
def client(api: Api) -> Browser:
    """A designer's browser."""
    return api.browser("dora")


# --- the description is kept -----------------------------------------------------------------------


def check_described(method: str, path: str, reply: Reply) -> None:
    """The status is documented, and the body has the documented shape."""
    operation = _operation(method, path.partition("?")[0])
    if operation is None:
        assert reply.status in {404, 405}, (
            f"{method} {path} is not described, but answers {reply.status}"
        )
        return
    described = operation["responses"].get(str(reply.status))
    assert described is not None, (
        f"{method} {path}: {reply.status} is not described\n{reply.data!r}"
    )
    content = described.get("content", {}).get("application/json")
    if reply.data and reply.headers.get("Content-Type", "").startswith("text/html"):
        assert "text/html" in described.get("content", {}), (
            f"{method} {path}: a page is not described"
        )
        return
    if content is None:
        return
    _validator(json.dumps(content["schema"])).validate(reply.json)


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    known = [
        (re.compile(re.sub(r"{\w+}", "[^/]+", path) + "$"), operations)
        for path, operations in description()["paths"].items()
    ]
    return sorted(known, key=lambda pair: "[" in pair[0].pattern)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, operations in _patterns():
        if pattern.match(path) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]
            return found
    return None


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    text = schema.replace("#/components/schemas/Error", "#/$defs/Error")
    defs = {"Error": description()["components"]["schemas"]["Error"]}
    return jsonschema.Draft202012Validator({**json.loads(text), "$defs": defs})
