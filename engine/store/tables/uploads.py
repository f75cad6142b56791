"""Files, each content once."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from headrace.engine.store.tables.columns import AT, ID, metadata, where

file_contents = Table(
    "file_contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("used_at", AT, nullable=False, index=True),  # when somebody last handed it in
)

file_parts = Table(
    "file_parts",
    metadata,
    Column("sha256", String(64), ForeignKey("file_contents.sha256"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("id", ID, primary_key=True),
    Column("sha256", String(64), ForeignKey("file_contents.sha256"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("type", String(100), nullable=False),
    Column("created_by", ID, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("instance_id", ID, index=True),  # null: not yet handed in with a form
    Column("field", String(200)),  # form and field it was handed in with: "refund.photos"
    Index("ix_files_waiting", "created_by", "created_at", **where("instance_id IS NULL")),
    Index("ix_files_left", "created_at", **where("instance_id IS NULL")),
)
