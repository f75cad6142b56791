"""Several processes of one command: refused where they cannot be, and gone with their parent."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.machines.processes import is_alive, running, until


def test_several_processes_want_postgresql(tmp_path: Path) -> None:
    for command in ("serve", "work"):
        with running(tmp_path, command, "--processes", "2") as refused:
            refused.wait_for("(ended)")
            assert refused.end() == 1
        assert "expected a PostgreSQL database" in refused.said[0]


def test_children_end_with_a_parent_that_was_killed(
    migrated_postgresql_url: str, tmp_path: Path
) -> None:
    env = {"HEADRACE_DATABASE_URL": migrated_postgresql_url}
    with running(tmp_path, "work", "--processes", "2", **env) as workers:
        workers.wait_for("Working on", 2)
        children = workers.children()
        workers.process.send_signal(signal.SIGKILL)
        workers.process.wait()

        until(lambda: not any(is_alive(pid) for pid in children))
        workers.wait_for("Stopped", 2)


def test_a_stop_is_passed_on(migrated_postgresql_url: str, tmp_path: Path) -> None:
    env = {"HEADRACE_DATABASE_URL": migrated_postgresql_url}
    with running(tmp_path, "work", "--processes", "2", "--queues", "http,mail", **env) as workers:
        workers.wait_for("Working on http, mail", 2)
        children = workers.children()

        assert workers.end(signal.SIGTERM) == 0
    assert not any(is_alive(pid) for pid in children)
    assert workers.said.count("Stopped") == 3
