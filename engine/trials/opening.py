"""An empty workspace for one trial."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex

from cryptography.fernet import Fernet
from sqlalchemy import create_engine, make_url, text

from headrace.engine.clock import ManualClock
from headrace.engine.service.opening import open_workspace
from headrace.engine.settings import Settings
from headrace.engine.trials.bench import Trial

NOON = 1_767_945_600_000
"""When every trial begins: 2026-01-09T08:00Z, a Friday, four in the afternoon in China."""


@contextmanager
def trial(seed: int, *, full: bool, database_url: str = "") -> Iterator[Trial]:
    """An empty workspace for one trial; SQLite in a folder that goes with it, unless a server is named."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-trial-"))
        home = Path(folder)
        clock = ManualClock(NOON)
        if make_url(database_url or "sqlite://").get_backend_name() == "postgresql":
            database_url = stack.enter_context(_database_of_its_own(database_url))
        settings = Settings(
            home=home,
            database_url=database_url or f"sqlite:///{home / 'trial.sqlite3'}",
            port=0,
            allow_addresses=(),
            secret_keys=(Fernet.generate_key(),),
            disk_min_bytes=0,
        )
        with open_workspace(settings, clock=clock) as workspace:
            made = Trial(workspace, clock, seed, full=full)
            try:
                yield made
            finally:
                made.close()


@contextmanager
def _database_of_its_own(server: str) -> Iterator[str]:
    """A database beside the one named, which goes afterwards: every trial wants an empty one."""
    name = f"headrace_trial_{token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        engine.dispose()
