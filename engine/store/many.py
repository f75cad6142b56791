"""One statement for many rows, without asking SQLAlchemy anew what it is: the hot writes of an advance.

A statement is compiled once a dialect; its text and the driver's own parameters then go to the driver. That leaves out what
SQLAlchemy does for every row and every call (a quarter of a write); types that need it keep their conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql.dml import UpdateBase

Row = Mapping[str, Any]


class _Ready:
    """A statement as the driver takes it."""

    def __init__(self, connection: Connection, statement: UpdateBase, keys: Sequence[str]) -> None:
        compiled: Any = statement.compile(
            dialect=connection.dialect,
            column_keys=keys if isinstance(statement, sa.Insert) else None,
            for_executemany=True,
        )
        self.left_to_sqlalchemy: bool = bool(
            compiled.insert_prefetch or compiled.update_prefetch or compiled.post_compile_params
        )
        """Values made in Python, or lists in `IN`: not for us, and of lists SQLAlchemy takes one row at a time."""
        self.made = statement
        self.text: str = compiled.string
        self._given = frozenset(keys)
        known = compiled.construct_params(_check=False)
        self._fixed = {name: value for name, value in known.items() if name not in self._given}
        self._converted = [
            (name, convert)
            for name, convert in compiled._bind_processors.items()
            if name in self._given
        ]
        for name, convert in compiled._bind_processors.items():
            if name in self._fixed:
                self._fixed[name] = convert(self._fixed[name])
        self._pick = _picker(compiled.positiontup) if compiled.positional else None

    def fits(self, row: Row) -> bool:
        """Is it made for rows with these keys?"""
        return row.keys() == self._given

    def rows(self, rows: Sequence[Row]) -> list[Any]:
        """Their parameters."""
        found: Sequence[Row] = rows
        if self._fixed or self._converted:
            fixed = self._fixed
            copies = [{**fixed, **row} for row in rows]
            for name, convert in self._converted:
                for copy in copies:
                    copy[name] = convert(copy[name])
            found = copies
        return list(found) if self._pick is None else list(map(self._pick, found))


def _picker(names: Sequence[str]) -> Callable[[Row], Any]:
    if len(names) == 1:
        only = names[0]
        return lambda row: (row[only],)
    return itemgetter(*names)


_ready: dict[tuple[str, Any], _Ready] = {}


def write(
    connection: Connection, statement: UpdateBase | sa.Table, rows: Sequence[Row]
) -> CursorResult[Any]:
    """Insert these rows into a table, or run an insert, update or delete for each; all rows have the same keys.

    `statement` must be kept (a constant of its module): it is known again by its identity.
    """
    key = (connection.dialect.name, statement)
    ready = _ready.get(key)
    if ready is None or not ready.fits(rows[0]):
        made = statement.insert() if isinstance(statement, sa.Table) else statement
        ready = _ready[key] = _Ready(connection, made, list(rows[0]))
    if ready.left_to_sqlalchemy:
        for row in rows[:-1]:
            connection.execute(ready.made, row)
        return connection.execute(ready.made, rows[-1])
    return connection.exec_driver_sql(ready.text, ready.rows(rows))
