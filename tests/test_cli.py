"""The command line: what it does, what it prints, and how it fails in one line."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from headrace.engine import cli
from headrace.engine.cli import drawings
from headrace.engine.clock import SystemClock
from headrace.engine.registry import describe
from headrace.engine.service import decisions, rules
from headrace.engine.settings import from_environment
from headrace.engine.store.migrations import migrate
from headrace.engine.store.session import WriterLock, open_database
from tests.builder import flow
from tests.fakes import ANN, House


def run(*arguments: str) -> int:
    """Run a command; answers its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    code = ended.value.code
    return code if isinstance(code, int) else 1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HEADRACE_DATABASE_URL", "HEADRACE_SECRET_KEY", "HEADRACE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    return tmp_path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("version") == 0
    assert capsys.readouterr().out.startswith("headrace ")


def test_migrate_says_from_where_to_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("migrate") == 0
    assert run("migrate") == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("empty -> ")
    assert second == f"{first.split()[-1]} -> {first.split()[-1]}"


def test_check_finds_what_hangs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("migrate")
    assert run("check") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 violations"

    engine = create_engine(f"sqlite:///{home / 'headrace.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO instances (id, flow_key, version, status, rev, state, root_id, started_at, updated_at)"
            " VALUES ('ins_1', 'f', 1, 'waiting', 1, '{}', 'ins_1', 0, 0)"
        )
    engine.dispose()

    assert run("check") == 1
    out = capsys.readouterr().out
    assert "ins_1" in out
    assert "0 violations" not in out


def test_purge_archive_and_vacuum(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = House(f"sqlite:///{home / 'headrace.sqlite3'}", clock=SystemClock(), furnish=False)
    migrate(house.database)
    house.publish(flow("quick").then("done", "end"))
    rules.change(house.workspace, house.actor(ANN), {"instance_days": 0, "archive": True})
    id_ = house.start("quick", {"amount": 7}, business_key="K-1")
    house.close()

    assert run("purge", "--dry-run") == run("purge") == run("archive", "list") == 0
    assert run("archive", "show", "K-1") == run("store", "vacuum") == 0
    assert run("archive", "show", "K-2") == 1

    told = capsys.readouterr().out
    for words in ("1 instances (with", "1 instances with all", ".jsonl.gz", f'"id": "{id_}"'):
        assert words in told
    assert " bytes; from" in told


def test_users_are_made_and_get_passwords(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("long enough\n"))
    assert run("user", "add", "eve", "--name", "Eve", "--role", "designer") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("another one\n"))
    assert run("user", "passwd", "eve") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("another one\n"))
    assert run("user", "passwd", "nobody") == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert run("user", "add", "kim") == 1

    told = capsys.readouterr()
    assert "eve can sign in now" in told.out
    assert "headrace: Expected user nobody to exist" in told.err
    assert "/password" in told.err
    assert "long enough" not in told.out + told.err


def test_templates_are_listed_and_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("template", "install", "refund-approval") == 0
    assert run("template", "list") == 0

    out = capsys.readouterr().out
    assert "created  flow refund-approval" in out
    assert any(
        "refund-approval" in line and line.endswith("installed") for line in out.splitlines()
    )
    assert run("template", "install", "nothing") == 1


def test_a_database_in_use_is_said_in_a_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = open_database(f"sqlite:///{home / 'headrace.sqlite3'}")
    lock = WriterLock(engine)

    assert run("template", "list") == 1

    lock.release()
    engine.dispose()
    [line] = capsys.readouterr().err.splitlines()
    assert "only engine" in line


def test_wrong_settings_are_said_in_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "eighty")

    assert run("check") == 1
    assert "HEADRACE_PORT" in capsys.readouterr().err


def test_a_new_node_type_is_a_file_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "nodes"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(drawings, "NODES", "nodes")
    monkeypatch.chdir(tmp_path)

    assert run("new", "node", "say_hello") == 0
    assert run("new", "node", "say_hello") == 1
    assert run("new", "node", "Say Hello") == 2

    spec = importlib.util.spec_from_file_location("say_hello", package / "say_hello.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert describe(module.NODE)["name"] == "say_hello"
    assert sorted(path.name for path in package.glob("*.py")) == ["__init__.py", "say_hello.py"]


@pytest.mark.parametrize("arguments", [(), ("user",), ("serve", "--port", "x"), ("dance",)])
def test_a_wrong_use_says_how_it_is_meant(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert "usage: headrace" in capsys.readouterr().err


def test_the_chain_of_decisions_is_verified_and_exported(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("migrate")
    key = from_environment().secret_keys[0]
    house = House(f"sqlite:///{home / 'headrace.sqlite3'}", clock=SystemClock())
    house.workspace.secret_key = key
    house.write(lambda _: decisions.add(house.workspace, {"actor": ANN, "action": "approved"}))
    house.write(lambda _: decisions.add(house.workspace, {"actor": ANN, "action": "rejected"}))

    assert run("audit", "verify") == 0  # also while somebody writes
    assert "2 decisions" in capsys.readouterr().out
    assert run("audit", "export", "--format", "csv") == 0
    house.close()

    engine = create_engine(f"sqlite:///{home / 'headrace.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER decisions_undeleted")
        connection.exec_driver_sql("DELETE FROM decisions WHERE seq = 2")
    engine.dispose()

    assert run("audit", "verify") == 1
    assert "decision 2 (missing): expected row 2 as the last" in capsys.readouterr().out
    assert run("audit", "verify", "--end", "nonsense") == 1


def test_people_come_from_a_table_and_go_into_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people, out = home / "people.csv", home / "out.xlsx"
    people.write_text("登录名,姓名,部门\nwei,张伟,总公司/客服部\nna,李娜,a//b\n", encoding="gbk")

    assert run("org", "import", str(people)) == 0
    said = capsys.readouterr().out
    assert "line 3, departments:" in said
    assert "1 new" in said
    assert "nothing was changed" in said

    assert run("org", "import", str(people), "--apply") == 1  # a line was left out
    assert "done: 1 new" in capsys.readouterr().out
    assert run("org", "export", str(out)) == 0
    assert run("org", "import", str(out), "--apply") == 0
    assert "1 same" in capsys.readouterr().out
    assert run("org", "export", str(home / "sample.csv"), "--sample") == 0
    assert run("org", "import", str(home / "nothing.csv")) == 1
