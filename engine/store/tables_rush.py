"""How fast orders come, and whether flows take the light path; see `tables.py`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table

from headrace.engine.store.tables import AT, metadata

intake_arrivals = Table(
    "intake_arrivals",
    metadata,
    Column("slot", BigInteger, primary_key=True, autoincrement=False),  # ten seconds, from 1970
    Column("orders", Integer, nullable=False),  # new ones, of all sources
)

intake_rush = Table(
    "intake_rush",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one
    Column("mode", String(8), nullable=False),  # normal light
    Column("since_at", AT, nullable=False),
    Column("calm_at", AT),  # of a light one: since when so few come that it may end
    Column("peak", Integer, nullable=False),  # orders a minute at most, while it was light last
)
