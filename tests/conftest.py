"""What every test may ask for: databases, Redis, a mailbox. Servers start when first asked for."""

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from sqlalchemy import make_url
from xdist.scheduler import LoadScopeScheduling

from headrace.engine.store.migrations import migrate
from headrace.engine.store.session import open_database
from tests.fakes import House, furnished
from tests.servers import Mailbox, postgresql, redis_server, smtp_server

LOT = os.environ.setdefault("HEADRACE_TEST_LOT", str(time.time_ns() % 1_000_000))
"""What is drawn by lot while tests are collected comes from this, so that processes side by side collect the same."""


def pytest_report_header() -> str:
    """Said in the output, so that a failure can be tried again."""
    return f"lot: HEADRACE_TEST_LOT={LOT}"


PROCESSES = (
    "tests/crash/",
    "tests/machines/",
    "tests/http/test_serving.py",
    "tests/scenarios/test_promotion_burst.py",
)
"""Many processes of ours, watched in real time: never two of these at once, and first, as they take longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First what takes longest, so that nobody waits for it in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(PROCESSES))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """With `-n 2` each file is done by one process."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


class ByFile(LoadScopeScheduling):
    """Hands out files in the order they were collected; `PROCESSES` are as one file."""

    def _split_scope(self, nodeid: str) -> str:
        return "processes" if nodeid.startswith(PROCESSES) else nodeid.partition("::")[0]


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
    with _database(postgresql_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh, empty SQLite database."""
    return f"sqlite:///{tmp_path / 'headrace.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database of each kind we support: the test runs once on each."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that was migrated once, to copy: migrating takes half a second, copying none."""
    path = tmp_path_factory.mktemp("template") / "headrace.sqlite3"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """A PostgreSQL database that was migrated once, to copy."""
    with _database(postgresql_server) as url:
        _migrate(url)
        yield str(make_url(url).database)


@pytest.fixture
def migrated_sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with all tables."""
    path = tmp_path / "migrated.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def migrated_postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with all tables."""
    with _database(postgresql_server, postgresql_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with all tables, of each kind we support: the test runs once on each."""
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """The address of a Redis server: the one named by HEADRACE_TEST_REDIS, or our own. One named serves one test process."""
    named = os.environ.get("HEADRACE_TEST_REDIS")
    if named and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
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


@contextmanager
def _database(server: str, template: str = "template1") -> Iterator[str]:
    name = f"headrace_{uuid.uuid4().hex[:12]}"
    address = make_url(server)
    admin = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield address.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _migrate(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    with engine.connect() as connection:
        if url.startswith("sqlite"):  # all into the one file that is copied
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@pytest.fixture
def house(migrated_url: str) -> Iterator[House]:
    """A furnished workspace on each kind of database; afterwards the one invariant must hold."""
    with furnished(migrated_url) as found:
        yield found


@pytest.fixture
def cabin(migrated_sqlite_url: str) -> Iterator[House]:
    """A furnished workspace on SQLite only, where the database makes no difference."""
    with furnished(migrated_sqlite_url) as found:
        yield found


@pytest.fixture(scope="session")
def shop_keys() -> Any:
    """Keys of simulated payment services, made once: that takes a second."""
    from headrace.engine.sandbox.proofs import Keys

    return Keys.new()


@pytest.fixture
def street(house: House, shop_keys: Any) -> Any:
    """A furnished workspace in a street of simulated shops; see `orders.py`."""
    from tests.orders import Street

    return Street(house, shop_keys)
