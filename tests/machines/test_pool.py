"""Several processes of one command: refused where they cannot be, and gone with their parent."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from headrace.engine import cli
from tests.machines.processes import is_alive, running, until


@pytest.mark.parametrize("command", ["serve", "work"])
def test_several_processes_want_postgresql(
    command: str, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        cli.main([command, "--processes", "2", "--database", sqlite_url])

    assert refused.value.code == 1
    assert "expected a PostgreSQL database" in capsys.readouterr().err


def test_children_end_with_a_parent_that_was_killed(
    migrated_postgresql_url: str, tmp_path: Path
) -> None:
    env = {"HEADRACE_DATABASE_URL": migrated_postgresql_url}
    with running(tmp_path, "work", "--processes", "2", "--queues", "http,mail", **env) as workers:
        workers.wait_for("Working on http, mail", 2)
        children = workers.children()
        workers.process.send_signal(signal.SIGKILL)
        workers.process.wait()

        until(lambda: not any(is_alive(pid) for pid in children))
        workers.wait_for("Stopped", 2)
