"""How the database comes to the form this version needs: Alembic, run by the program itself at every start.

A change of `tables/` gets a file in `versions/` (its name begins with the next number); `tests/store/test_migrations.py`
fails until both say the same. All steps of one start are one transaction, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from headrace.engine.errors import StoreNotReady
from headrace.engine.store.session import is_sqlite

_LOCK = 0x48454144  # "HEAD": PostgreSQL's advisory lock, so that two first starts do not both make the tables


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the database up to `to`."""
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
    with (
        engine.connect().execution_options(headrace_begin="IMMEDIATE") as connection,
        connection.begin(),
    ):
        command.downgrade(_config(connection), to)


def revision(engine: Engine) -> str | None:
    """Where the database stands; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _check_known(connection: Connection, engine: Engine) -> None:
    """A program that is older than the database must not touch it."""
    found = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config())
    if found is not None and found not in {step.revision for step in script.walk_revisions()}:
        shown = engine.url.render_as_string(hide_password=True)
        raise StoreNotReady(store=shown, expected=head(), found=found)


def head() -> str:
    """The revision this version of the program needs."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found, "expected migrations, but there are none"
    return found


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
