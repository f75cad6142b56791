"""`headrace top --once` shows what there is, on both databases, and makes nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console

from headrace.engine import cli, top
from headrace.engine.clock import SystemClock
from tests.builder import flow
from tests.fakes import House, ScriptedWorld, claim_jobs, settle


def shown(house: House) -> str:
    out = io.StringIO()
    console = Console(file=out, width=160)
    console.print(top.frame(house.database, house.clock))
    return out.getvalue()


def test_a_frame_shows_what_waits_and_how_it_goes(house: House) -> None:
    house.publish(flow("ask").then("ask", "approval").then("done", "end"))
    house.publish(flow("pay").then("pay", "connector").then("done", "end"))
    house.publish(flow("wait").then("wait", "timer", duration="PT1S").then("done", "end"))
    house.start("ask")
    house.start("pay")
    settle(house, ScriptedWorld(400))
    house.start("pay")
    claim_jobs(house)
    house.start("wait")
    house.later(s=6)

    text = shown(house)
    assert "timers due        │        1 │  5.0 s" in text
    assert "tasks open" in text
    assert "0.1 started/s" in text
    assert "worker test" in text
    assert "pay" in text
    for title in ("Waiting", "Jobs by queue", "Incidents and breakers", "Slowest flows"):
        assert title in text
    assert "0 alive" in text  # this process only looks


def test_it_counts_the_other_processes_that_live(migrated_postgresql_url: str) -> None:
    house = House(migrated_postgresql_url)
    named = "?application_name=headrace%20far:7"
    other = sa.create_engine(migrated_postgresql_url + named)
    with other.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        text = shown(house)
    other.dispose()
    house.close()

    assert "1 alive: far:7" in text


def test_the_command_prints_one_frame_and_ends(
    migrated_sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(migrated_sqlite_url, clock=SystemClock())
    house.publish(flow("ask").then("ask", "approval").then("done", "end"))
    house.start("ask")

    with pytest.raises(SystemExit) as ended:
        cli.main(["top", "--once", "--database", migrated_sqlite_url])

    assert ended.value.code == 0
    assert "headrace top" in capsys.readouterr().out
    house.close()


def test_it_makes_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none.sqlite3"
    with pytest.raises(SystemExit) as ended:
        cli.main(["top", "--once", "--database", f"sqlite:///{path}"])

    assert ended.value.code == 1
    assert "none.sqlite3" in capsys.readouterr().err
    assert not path.exists()
