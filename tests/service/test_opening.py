"""Opening a workspace: one process writes, and a start waits for one that is just ending."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from headrace.engine.errors import StoreLocked
from headrace.engine.service.opening import open_workspace
from headrace.engine.settings import Settings
from headrace.engine.store.session import WriterLock, open_database


def settings(folder: Path) -> Settings:
    return Settings(
        home=folder,
        database_url=f"sqlite:///{folder / 'headrace.sqlite3'}",
        port=0,
        allow_addresses=(),
        secret_keys=(Fernet.generate_key(),),
    )


def test_a_second_engine_on_the_same_file_is_refused(tmp_path: Path) -> None:
    with (
        open_workspace(settings(tmp_path)),
        pytest.raises(StoreLocked),
        open_workspace(settings(tmp_path), wait_s=0.3),
    ):
        pass


def test_a_start_waits_for_an_engine_that_is_just_ending(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'headrace.sqlite3'}")
    lock = WriterLock(engine)
    ending = threading.Timer(0.3, lock.release)
    ending.start()

    with open_workspace(settings(tmp_path), wait_s=10) as workspace:
        assert workspace.writer.call(lambda _: "written") == "written"

    ending.join()
    engine.dispose()


def test_what_is_queued_is_written_before_a_workspace_closes(tmp_path: Path) -> None:
    written: list[int] = []
    with open_workspace(settings(tmp_path)) as workspace:
        for number in range(500):
            workspace.writer.submit(lambda _, number=number: written.append(number))

    assert written == list(range(500))


def test_a_failed_start_lets_the_file_go(tmp_path: Path) -> None:
    (tmp_path / "headrace.sqlite3").write_bytes(
        b"this is no database, but long enough to look at" * 50
    )
    for _ in range(2):
        with pytest.raises(Exception, match="not a database"), open_workspace(settings(tmp_path)):
            pass
