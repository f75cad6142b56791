"""What every test may ask for: databases, Redis, a mailbox. Servers start when first asked for."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import make_url

from tests.servers import Mailbox, postgresql, redis_server, smtp_server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server: the one named by HEADRACE_TEST_PG, or our own."""
    if named := os.environ.get("HEADRACE_TEST_PG"):
        yield named
        return
    with postgresql() as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    name = f"headrace_{uuid.uuid4().hex[:12]}"
    server = make_url(postgresql_server)
    admin = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh, empty SQLite database."""
    return f"sqlite:///{tmp_path / 'headrace.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database of each kind we support: the test runs once on each."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """The address of a Redis server: the one named by HEADRACE_TEST_REDIS, or our own."""
    if named := os.environ.get("HEADRACE_TEST_REDIS"):
        yield named
        return
    with redis_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_address: str) -> str:
    """An empty Redis database. A named server's database is emptied too: name one for tests only."""
    with redis.Redis.from_url(redis_address) as client:
        client.flushdb()
    return redis_address


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """An SMTP server of this test; `mailbox.port`, `mailbox.letters`, `mailbox.wait(2)`."""
    with smtp_server() as box:
        yield box
