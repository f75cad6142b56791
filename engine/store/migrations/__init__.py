"""How the database comes to the form this version needs: Alembic, run by the program itself at every start.

A change of `tables/` gets a file in `versions/` (its name begins with the next number); `tests/store/test_migrations.py`
fails until both say the same. All steps of one start are one transaction, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from headrace.engine.errors import StoreNotReady
from headrace.engine.store.session import is_sqlite

if TYPE_CHECKING:  # Alembic is read when there is something to do: a start that finds all in order is a fifth of a second sooner
    from alembic.config import Config

_LOCK = 0x48454144  # "HEAD": PostgreSQL's advisory lock, so that two first starts do not both make the tables


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the database up to `to`."""
    if to == "head" and revision(engine) == head():
        return
    from alembic import command

    with (
        engine.connect().execution_options(headrace_begin="IMMEDIATE") as connection,
        connection.begin(),
    ):
        if not is_sqlite(engine):
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _check_known(connection, engine)
        command.upgrade(_config(connection), to)


def downgrade(engine: Engine, to: str = "base") -> None:
    """Take steps back; what only newer versions know is lost."""
    from alembic import command

    with (
        engine.connect().execution_options(headrace_begin="IMMEDIATE") as connection,
        connection.begin(),
    ):
        command.downgrade(_config(connection), to)


def revision(engine: Engine) -> str | None:
    """Where the database stands; None for an empty one."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _check_known(connection: Connection, engine: Engine) -> None:
    """A program that is older than the database must not touch it."""
    found = _revision(connection)
    if found is not None and found not in _steps():
        shown = engine.url.render_as_string(hide_password=True)
        raise StoreNotReady(store=shown, expected=head(), found=found)


def head() -> str:
    """The revision this version of the program needs."""
    return _steps()[-1]


def _steps() -> list[str]:
    """All revisions, the oldest first: the numbers that their files begin with."""
    found = sorted(path.name[:4] for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"))
    assert found, "expected migrations, but there are none"
    return found


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
