"""A real workspace for a case: opened as the server opens it, with the flows published and the connections sealed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy import Connection

from headrace.engine import garbage, jsontext
from headrace.engine.clock import Clock
from headrace.engine.flow.model import sha256
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.service.opening import open_workspace
from headrace.engine.service.secrets import seal
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store import tables as t
from tests.bench import order as work

ACTOR = Actor("usr_bench", "Bench", (), EVERYTHING)
LOOPBACK = "127.0.0.0/8"


def settings_for(folder: str, url: str | None = None) -> Settings:
    """An installation in this folder; its key is made there, so that a server started later reads the same."""
    home = Path(folder)
    key = home / "secret.key"
    if not key.exists():
        key.touch(0o600)
        key.write_bytes(Fernet.generate_key())
    return Settings(
        home=home,
        database_url=url or f"sqlite:///{home / 'headrace.sqlite3'}",
        port=0,
        allow_addresses=(LOOPBACK,),
        secret_keys=(key.read_bytes().strip(),),
    )


@contextmanager
def workspace(
    folder: str,
    url: str | None = None,
    *,
    far: str = "http://127.0.0.1:9",
    clock: Clock | None = None,
) -> Iterator[Workspace]:
    """Open, with everything the cases start."""
    with open_workspace(settings_for(folder, url), clock=clock) as opened:
        opened.writer.call(lambda connection: _install(opened, connection, far))
        opened.forget_directory()
        garbage.settle()  # as the server and the workers do
        yield opened


def _install(opened: Workspace, connection: Connection, far: str) -> None:
    now = opened.clock.now_ms()
    drawn = [work.straight(), *map(work.with_http, work.HTTP_KEYS), work.waiting(), work.looping()]
    for document in drawn:
        values = {
            "key": document["key"], "name": document["name"], "published_version": 1, "draft": "{}", "draft_etag": "e",
            "draft_updated_at": now, "draft_updated_by": "usr_bench", "created_at": now, "created_by": "usr_bench",
        }  # fmt: skip
        connection.execute(t.flows.insert().values(values))
        version = {
            "flow_key": document["key"], "version": 1, "document": jsontext.dumps(document), "sha256": sha256(document),
            "published_at": now, "published_by": "usr_bench",
        }  # fmt: skip
        connection.execute(t.flow_versions.insert().values(version))
    for key, connector, settings, secrets in (
        (work.CONNECTION, "rest", {"base_url": far, "auth": "bearer"}, {"token": "a-token-of-the-far-side"}),
        (work.HOOK_CONNECTION, "webhook", {"platform": "other"}, {"secret": work.HOOK_SECRET}),
    ):  # fmt: skip
        account: dict[str, Any] = {
            "key": key, "name": key, "connector": connector, "settings": settings, "secrets": seal(opened, secrets),
            "created_at": now, "updated_at": now, "updated_by": "usr_bench",
        }  # fmt: skip
        connection.execute(t.connections.insert().values(account))


def completed(opened: Workspace) -> int:
    """Instances that have come to their end."""
    with opened.read() as connection:
        query = sa.select(sa.func.count()).where(t.instances.c.status == "completed")
        return int(connection.execute(query).scalar_one())


def output_of(opened: Workspace, business_key: str) -> Any:
    """What the instance with this key has answered."""
    with opened.read() as connection:
        query = sa.select(t.instances.c.state).where(t.instances.c.business_key == business_key)
        return jsontext.loads(connection.execute(query).scalar_one())["output"]
