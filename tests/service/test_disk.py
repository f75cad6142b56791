"""A full disk: starts are refused and told why, running work ends, nothing is corrupt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from headrace.engine.errors import DiskLow
from headrace.engine.service import disk
from headrace.engine.store import tables as t
from headrace.engine.store.session import open_database
from tests.builder import flow
from tests.fakes import ANN, House, settle, unlike_history

LOW = disk.MIN_FREE_BYTES - 1


def test_with_little_room_nothing_new_is_started_and_what_runs_goes_on(house: House) -> None:
    house.publish(flow("ask").then("ask", "approval").then("pay", "connector").then("done", "end"))
    id_ = house.start("ask")
    free = [LOW]
    house.workspace.free_bytes = lambda: free[0]
    house.later(s=2)

    with pytest.raises(DiskLow) as refused:
        house.start("ask")
    house.decide(ANN)
    settle(house)

    assert (refused.value.status, refused.value.code) == (507, "disk_low")
    assert refused.value.params["found"] == str(LOW)
    assert house.status(id_) == "completed"
    free[0] = LOW + 1
    house.later(s=2)
    assert house.start("ask")


def test_a_running_flow_may_start_its_sub_flows_with_little_room(cabin: House) -> None:
    cabin.publish(flow("child").then("done", "end"))
    drawing = flow("parent").then("ask", "approval").then("sub", "subflow", flow="child")
    cabin.publish(drawing.then("done", "end"))
    id_ = cabin.start("parent")
    cabin.workspace.free_bytes = lambda: 0
    cabin.later(s=2)

    cabin.decide(ANN)
    settle(cabin)

    assert cabin.status(id_) == "completed"


def test_the_disk_of_a_file_is_measured_and_that_of_a_server_is_not(house: House) -> None:
    found = disk.free_bytes(house.workspace)

    assert (found is None) == house.url.startswith("postgresql")
    assert found is None or found > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB; needs the right to mount."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a disk needs Linux and root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_really_full_loses_nothing_that_was_promised(
    small_disk: Path, sqlite_template: Path
) -> None:
    path = small_disk / "full.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    house = House(f"sqlite:///{path}")
    house.workspace.free_bytes = lambda: 10**12  # the guard looks away: the disk itself says no
    house.publish(flow("ask").then("ask", "approval").then("done", "end"))
    promised = [house.start("ask")]
    filler = small_disk / "filler"

    with pytest.raises(DiskLow), filler.open("wb") as file:
        while True:
            _fill(file)
            promised.append(house.start("ask", {"text": "x" * 20_000}))

    # Nothing is damaged, and what was answered is there.
    assert house.rows(sa.text("PRAGMA integrity_check"))[0][0] == "ok"
    assert {row.id for row in house.rows(sa.select(t.instances.c.id))} == set(promised)
    assert house.violations() == []
    filler.unlink()
    house.decide(ANN, node="ask") if len(promised) == 1 else None
    assert house.start("ask")
    assert house.write(unlike_history) == []
    house.close()
    again = open_database(f"sqlite:///{path}")
    with again.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    again.dispose()


def _fill(file: object) -> None:
    """64 kB more, while there is room."""
    try:
        file.write(b"\0" * 65_536)  # type: ignore[attr-defined]
        file.flush()  # type: ignore[attr-defined]
    except OSError:
        pass
