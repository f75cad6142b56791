"""Accounts at outside systems, the tokens that end, and the interfaces in use."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Counter, Json, metadata

connections = Table(
    "connections",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("connector", String(64), nullable=False),
    Column("settings", Json, nullable=False),
    Column("secrets", LargeBinary, nullable=False),  # Fernet over a JSON object
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

connection_tokens = Table(
    "connection_tokens",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("expires_at", AT),  # of the access token; none: the platform has not said
    Column("refresh_expires_at", AT),  # then a person has to authorise again
    Column("next_at", AT),  # when it is renewed; none: not by machine
    Column("renewed_at", AT),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("trouble", Text),  # why it could not be renewed
    Column("alerted_at", AT),  # when people were told that it is dead, or soon will be
    Column("lease_until", AT),
    Column("lease_owner", String(80)),
    Index("ix_connection_tokens_next", "next_at"),
)

interfaces = Table(
    "interfaces",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("connection", String(64), nullable=False),
    Column("connector", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("api", String(200), nullable=False),  # the platform's name of it
    Column("version", String(32), nullable=False),
    Column("url", String(300), nullable=False),  # scheme and host
    Column("owner", Json, nullable=False),
    Column("expires_at", AT),
    Column("acknowledged_at", AT),
    Column("acknowledged_by", ID),
    Column("reminded_on", String(10)),  # the last day somebody was reminded on
    Column("status", String(12), nullable=False),  # ok failing gone deprecated
    Column("gone_at", AT),
    Column("first_at", AT, nullable=False),
    Column("last_at", AT, nullable=False),
    Column("last_ok_at", AT),
    Column("last_error_at", AT),
    Column("last_class", String(16)),
    Column("last_error", Text),
    Column("failures", Integer, nullable=False),  # in a row
    Column("agreed_ms", Integer),  # what nineteen of twenty calls may take by contract
    Column("retired", Boolean, nullable=False),  # nobody uses it any more
    Column("alerted_at", AT),  # since when it refuses us, as people were told
    Index("ix_interfaces_place", "connection", "operation", "version", unique=True),
    Index("ix_interfaces_expires", "expires_at"),
)

interface_months = Table(
    "interface_months",
    metadata,
    Column("interface", BigInteger, primary_key=True, autoincrement=False),
    Column("month", String(7), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("times", Json, nullable=False),  # how many calls took up to so long: see interfaces.py
)
