"""Two `headrace serve` on one SQLite file: the second forwards, and takes over when the first is gone."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from headrace.engine import forwarding
from headrace.engine.errors import StoreLocked
from headrace.engine.store.session import WriterLock, open_database
from tests.machines.processes import Process, ask, running, sign_in, until
from tests.servers import HOST, free_port


def serve(home: Path, port: int, *options: str) -> Any:
    return running(home, "serve", "--port", str(port), *options)


def admin(first: Process, port: int) -> dict[str, str]:
    line = next(line for line in first.said if "First start" in line)
    return sign_in(port, "admin", line.split()[-1])


def test_the_second_forwards_and_takes_over(tmp_path: Path) -> None:
    one, two = free_port(), free_port()
    with serve(tmp_path, one) as first:
        first.wait_for("is ready")
        with serve(tmp_path, two) as second:
            second.wait_for(f"forwarding to http://{HOST}:{one}")
            signed_in = admin(first, two)  # by way of the second
            made = ask(two, "POST", "/api/flows", {"key": "mine", "name": {"en": "M"}}, **signed_in)
            assert made[0] == 201, made
            published = ask(two, "POST", "/api/flows/mine/publish", {}, **signed_in)
            assert published[0] in {200, 201}, published
            started = ask(two, "POST", "/api/flows/mine/instances", {"input": {}}, **signed_in)[2]
            id_ = started["id"]
            assert ask(one, "GET", f"/api/instances/{id_}", **signed_in)[2]["status"] == "completed"
            assert ask(two, "GET", "/api/flows/%E4%B8%AD?x=1", **signed_in)[0] == 404
            assert live(two, id_, signed_in).startswith(b"retry")

            asked = threading.Event()
            answers: list[int] = []

            def ask_on() -> None:
                while not asked.is_set():
                    answers.append(ask(two, "GET", f"/api/instances/{id_}", **signed_in)[0])

            asking = threading.Thread(target=ask_on)
            asking.start()
            first.end(signal.SIGKILL)
            second.wait_for("taking over").wait_for(f"is ready: http://{HOST}:{two}", 2)
            until(lambda: len(answers) > 20)
            asked.set()
            asking.join()

            assert set(answers) == {200}
            found = ask(two, "GET", f"/api/instances/{id_}", **signed_in)[2]
            assert found["status"] == "completed"
            with serve(tmp_path, one) as third:
                third.wait_for(f"forwarding to http://{HOST}:{two}")
                assert ask(one, "GET", f"/api/instances/{id_}", **signed_in)[0] == 200


def live(port: int, id_: str, headers: dict[str, str]) -> bytes:
    """The first line of a live screen."""
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    connection.request("GET", f"/api/instances/{id_}/live", headers=headers)
    line = connection.getresponse().readline()
    connection.close()
    return line


def test_one_that_has_the_store_and_cannot_be_reached_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'headrace.sqlite3'}"
    monkeypatch.setattr(forwarding, "START_WAIT_S", 0.3)
    forwarding.tell_address(url, os.getpid(), HOST, free_port())  # nobody listens there
    engine = open_database(url)
    lock = WriterLock(engine)

    with pytest.raises(StoreLocked) as refused:
        forwarding.make_or_forward(never_made, url, print)

    assert refused.value.params == {
        "path": str(tmp_path / "headrace.sqlite3"),
        "found": str(os.getpid()),
    }
    lock.release()
    engine.dispose()


def never_made() -> Any:
    raise AssertionError("expected nobody to open a store that another process has")
