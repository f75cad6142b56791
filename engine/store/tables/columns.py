"""What the tables have in common: the metadata they are listed in, types of columns, partial indexes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Integer, MetaData, String, Text

from headrace.engine import jsontext

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(80)
"""Ids are at most this long; flow keys and node ids at most 64."""

AT = BigInteger


class Json(sa.types.TypeDecorator[Any]):
    """A JSON value in a text column. Hot columns use plain Text and `jsontext` by hand instead."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Value → text."""
        return None if value is None else jsontext.dumps(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Text → value."""
        return None if value is None else jsontext.loads(value)


# BigInteger primary keys count up by themselves on SQLite only as INTEGER.
Counter = BigInteger().with_variant(Integer, "sqlite")

HEAD_START_MS = 60_000
"""What one step of priority is worth: as if it had waited so much longer. So the least urgent waits at most nine minutes more."""


def where(condition: str) -> dict[str, Any]:
    """What makes an index a partial one, on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
