"""Databases of others: the real PostgreSQL, SQLite, and MariaDB where its server is installed (else those tests say so)."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from headrace.engine.errors import AddressRefused
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import ConnectionInfo, Context, Done, Failed, NotSent, SqlStep, SqlWork
from headrace.engine.registry import node_types
from headrace.engine.work import database
from headrace.engine.work.address import AddressGuard
from tests.servers import HOST, free_port

OURS = AddressGuard([HOST, "::1", "localhost"])
DONE = "CREATE TABLE headrace_done (step_key VARCHAR(200) PRIMARY KEY, answer TEXT NOT NULL)"
STOCK = (
    "CREATE TABLE stock (sku VARCHAR(40) PRIMARY KEY, units INTEGER NOT NULL, price DECIMAL(12,2))"
)
ROWS = "INSERT INTO stock (sku, units, price) VALUES ('A-1', 1, 12.50), ('B-2', 100, 3.10)"
LOCKED = " FOR UPDATE"


@dataclass
class Far:
    """A database of somebody else, and how it is reached."""

    account: ConnectionInfo
    folder: Path | None
    look: Callable[[str], Any]

    def do(self, *steps: SqlStep, write: bool = True, key: str = "", timeout_s: float = 10) -> Any:
        work = SqlWork(list(steps), write, key, timeout_s)
        return database.perform(self.account, work, OURS, self.folder)

    @property
    def units(self) -> int:
        return int(self.look("SELECT units FROM stock WHERE sku = 'A-1'"))


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Far]:
    made: Far = request.getfixturevalue(f"on_{request.param}")
    yield made


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Far:
    path = tmp_path / "shop" / "stock.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as made:
        for sql in (STOCK, DONE, ROWS):
            made.execute(sql)
    made.close()

    def look(sql: str) -> Any:
        with sqlite3.connect(path) as connection:
            found = connection.execute(sql).fetchone()[0]
        connection.close()
        return found

    settings = {"kind": "sqlite", "file": "shop/stock.db", "write": True}
    return Far(ConnectionInfo("c", "sql", settings), tmp_path, look)


@pytest.fixture
def on_postgresql(postgresql_url: str) -> Iterator[Far]:
    parts = urlsplit(postgresql_url.replace("postgresql+psycopg", "postgresql"))
    settings = {
        "kind": "postgresql",
        "host": parts.hostname or HOST,
        "port": parts.port,
        "database": parts.path[1:],
    }
    yield from _served(
        sa.create_engine(postgresql_url), settings, parts.username or "", parts.password or ""
    )


def _served(engine: sa.Engine, settings: dict[str, Any], user: str, password: str) -> Iterator[Far]:
    with engine.begin() as connection:
        for sql in (STOCK, DONE, ROWS):
            connection.execute(sa.text(sql))

    def look(sql: str) -> Any:
        with engine.connect() as connection:
            return connection.execute(sa.text(sql)).scalar()

    account = ConnectionInfo(
        "c", "sql", {**settings, "tls": "off", "write": True}, {"username": user, "password": password}
    )  # fmt: skip
    yield Far(account, None, look)
    engine.dispose()


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server of its own, without the system's."""
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or install is None:
        pytest.skip("MariaDB's server is not installed (Debian: mariadb-server-core).")
    home, port = tmp_path_factory.mktemp("mariadb"), free_port()
    common = [f"--datadir={home / 'data'}", "--user=root"]
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
        check=True, capture_output=True,
    )  # fmt: skip
    running = subprocess.Popen(
        [
            server, "--no-defaults", *common, f"--port={port}", f"--bind-address={HOST}", f"--socket={home / 's'}",
            "--skip-name-resolve", "--innodb-buffer-pool-size=16M",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port, running)
        yield port
    finally:
        running.terminate()
        running.wait(20)


def _wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(300):
        assert running.poll() is None, "MariaDB's server has ended"
        with socket.socket() as sock:
            if sock.connect_ex((HOST, port)) == 0:
                return
        pause.wait(0.1)
    pytest.fail("MariaDB's server does not answer")


@pytest.fixture
def on_mysql(mariadb: int) -> Iterator[Far]:
    root = sa.create_engine(f"mysql+pymysql://root@{HOST}:{mariadb}/")
    with root.begin() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS shop"))
        connection.execute(sa.text("CREATE DATABASE shop"))
    root.dispose()
    settings = {"kind": "mysql", "host": HOST, "port": mariadb, "database": "shop"}
    yield from _served(
        sa.create_engine(f"mysql+pymysql://root@{HOST}:{mariadb}/shop"), settings, "root", ""
    )


def test_a_query_binds_its_values_and_keeps_numbers_exact(far: Far) -> None:
    step = SqlStep(
        "SELECT sku, price FROM stock WHERE sku = :sku", {"sku": "A-1' OR '1'='1", "more": 1}
    )
    assert far.do(step, write=False).output["rows"] == []

    (row,) = far.do(replace(step, params={"sku": "A-1"}), write=False).output["rows"]

    assert row["sku"] == "A-1"
    assert Decimal(str(row["price"])) == Decimal("12.5")


def test_two_orders_for_the_last_unit_one_succeeds(far: Far) -> None:
    """R010: one transaction with a row lock; the other sees what the first left."""
    lock = "" if far.account.settings["kind"] == "sqlite" else LOCKED
    answers: list[Any] = []
    begin = threading.Barrier(2)

    def order(key: str) -> None:
        begin.wait()
        answers.append(
            far.do(
                SqlStep(f"SELECT units FROM stock WHERE sku = :sku AND units >= 1{lock}", {"sku": "A-1"}, "was", 1),
                SqlStep("UPDATE stock SET units = units - 1 WHERE sku = :sku", {"sku": "A-1"}, "", 1),
                key=key,
            )
        )  # fmt: skip

    threads = [threading.Thread(target=order, args=(f"ins_{n}/3",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.code for answer in answers) == ["", "rows_unexpected"]
    assert far.units == 0


def test_the_same_step_again_changes_nothing_and_says_the_same(far: Far) -> None:
    take = SqlStep("UPDATE stock SET units = units - 1 WHERE sku = 'A-1'", {}, "", 1)

    first, again = far.do(take, key="ins_1/3"), far.do(take, key="ins_1/3")

    assert far.units == 0
    assert (first.output["again"], again.output["again"]) == (False, True)
    assert again.output["count"] == first.output["count"] == 1


def test_what_does_not_meet_its_rows_is_undone_with_its_key(far: Far) -> None:
    steps = (
        SqlStep("UPDATE stock SET units = 0 WHERE sku = 'A-1'"),
        SqlStep("UPDATE stock SET units = 0 WHERE sku = 'nothing'", {}, "", 1),
    )

    assert far.do(*steps, key="ins_1/4").code == "rows_unexpected"

    assert far.units == 1
    assert far.look("SELECT COUNT(*) FROM headrace_done") == 0


def test_a_query_writes_nothing_whatever_it_says(far: Far) -> None:
    answer = far.do(SqlStep("UPDATE stock SET units = 99 WHERE sku = 'A-1'"), write=False)

    assert answer.code
    assert far.units == 1


def test_a_connection_that_may_not_write_does_not(far: Far) -> None:
    far.account = replace(far.account, settings={**far.account.settings, "write": False})

    assert far.do(SqlStep("DELETE FROM stock")).code == "read_only"


def test_rows_have_a_limit_and_say_that_there_are_more(far: Far) -> None:
    far.account = replace(far.account, settings={**far.account.settings, "rows_max": 1})

    output = far.do(SqlStep("SELECT sku FROM stock ORDER BY sku"), write=False).output

    assert (output["rows"], output["more"]) == ([{"sku": "A-1"}], True)


def test_a_duplicate_is_told_and_nothing_of_it_stays(far: Far) -> None:
    answer = far.do(
        SqlStep("UPDATE stock SET units = 55 WHERE sku = 'A-1'"),
        SqlStep("INSERT INTO stock (sku, units) VALUES ('B-2', 1)"),
    )

    assert answer.code == "duplicate"
    assert far.units == 1


def test_a_missing_table_of_keys_says_how_to_make_it(far: Far) -> None:
    far.account = replace(far.account, settings={**far.account.settings, "key_table": "not_there"})

    answer = far.do(SqlStep("UPDATE stock SET units = 5"), key="k")

    assert answer.code == "key_table_missing"
    assert "CREATE TABLE not_there" in answer.message
    assert far.units == 1


def test_a_statement_has_its_time(far: Far) -> None:
    slow = {
        "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n",
        "postgresql": "SELECT pg_sleep(20)",
        "mysql": "SELECT SLEEP(20)",
    }[far.account.settings["kind"]]

    try:
        answer = far.do(SqlStep(slow), write=False, timeout_s=0.5)
    except NotSent:
        return  # MariaDB's client gives up by itself: nothing was committed

    assert (answer.code, answer.retryable) == ("busy", True)


# --- where it may be -------------------------------------------------------------------------------


def test_a_private_address_is_refused_unless_it_is_allowed(on_postgresql: Far) -> None:
    work = SqlWork([SqlStep("SELECT 1")], False)
    for kind in ("postgresql", "mysql"):
        account = replace(
            on_postgresql.account, settings={**on_postgresql.account.settings, "kind": kind}
        )
        with pytest.raises(AddressRefused):
            database.perform(account, work, AddressGuard(), None)


@pytest.mark.parametrize("name", ["../outside.db", "/etc/passwd", "shop", "link.db", "new.db"])
def test_a_file_stands_below_the_allowed_folder(on_sqlite: Far, name: str) -> None:
    assert on_sqlite.folder is not None
    outside = on_sqlite.folder.parent / "outside.db"
    outside.touch()
    (on_sqlite.folder / "link.db").symlink_to(outside)
    on_sqlite.account = replace(on_sqlite.account, settings={"kind": "sqlite", "file": name})

    with pytest.raises(NotSent):
        on_sqlite.do(SqlStep("SELECT 1"), write=False)

    assert not (on_sqlite.folder / "new.db").exists()


def test_no_file_at_all_without_a_folder(on_sqlite: Far) -> None:
    on_sqlite.folder = None

    with pytest.raises(NotSent):
        on_sqlite.do(SqlStep("SELECT 1"), write=False)


def test_another_file_is_not_attached(on_sqlite: Far) -> None:
    answer = on_sqlite.do(SqlStep("ATTACH DATABASE '/tmp/other.db' AS other"))

    assert answer.code == "sql_failed"


def test_a_wrong_password_is_not_shown(on_postgresql: Far) -> None:
    account = replace(
        on_postgresql.account, secrets={"username": "nobody-here", "password": "s3cret-word"}
    )

    receipt = database.greet(account, OURS, None)

    assert not receipt.ok
    assert "s3cret-word" not in receipt.answer


# --- the node --------------------------------------------------------------------------------------


class World:
    def __init__(self, far: Far) -> None:
        self._far = far

    def connection(self, _: str) -> ConnectionInfo:
        return self._far.account

    def sql(self, account: ConnectionInfo, work: SqlWork) -> Any:
        return database.perform(account, work, OURS, self._far.folder)


def visit(far: Far, key: str = "ins_1/7", **settings: Any) -> Done | Failed:
    node = node_types()["database"]
    told = {"connection": "c", "timeout_s": 10, "attempts": 1, "backoff_s": 0, **settings}
    variables = {"sku": "A-1", "units": 3}
    context = Context(told, variables, Evaluator(variables), 0, key, world=World(far))  # type: ignore[arg-type]
    outcome = node.run(context)
    assert isinstance(outcome, Done | Failed)
    return outcome


def pair(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_the_forms_insert_update_and_upsert(far: Far) -> None:
    for key, units in (("one", "1"), ("two", "units")):
        row = pair(sku="'C-3'", units=units)
        assert isinstance(
            visit(far, key, action="upsert", table="stock", values=row, keys="sku"), Done
        )
    assert far.look("SELECT units FROM stock WHERE sku = 'C-3'") == 3

    insert: dict[str, Any] = {
        "action": "insert",
        "table": "stock",
        "values": pair(sku="'D-4'", units="9"),
        "once_by": "unique",
    }
    assert [visit(far, **insert), visit(far, **insert)][-1] == Done({"rows": [], "count": 0, "again": True})  # fmt: skip

    update: dict[str, Any] = {
        "action": "update",
        "table": "stock",
        "values": pair(units="units"),
        "where": pair(sku="sku"),
    }
    done = visit(far, "three", **update, expect=1)
    assert isinstance(done, Done)
    assert far.units == 3


def test_classes_follow_from_how_a_repetition_is_known() -> None:
    node = node_types()["database"]

    assert node.effect({"action": "query"}) == "pure"
    assert node.effect({"action": "insert"}) == "keyed"
    assert node.effect({"action": "steps", "once_by": "none"}) == "once"
