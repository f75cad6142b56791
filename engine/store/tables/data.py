"""Tables of business data, their records, and pages of records for those who have no account here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql

from headrace.engine.store.tables.columns import AT, ID, Counter, Json, metadata, where

data_tables = Table(
    "data_tables",
    metadata,
    Column("no", Counter, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("definition", Text, nullable=False),
    Column("slots", Text, nullable=False),  # field → the column of `records` it is filtered by
    Column("drawn", Boolean, nullable=False),  # not: a flow writes to it, and nobody has drawn it
    # Records up to here have been written anew after a change of the definition; null: all have.
    Column("refilled_to", BigInteger),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
    Column("removed_at", AT),
)

data_table_versions = Table(
    "data_table_versions",
    metadata,
    Column("table_no", BigInteger, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)

SLOT_TEXTS = tuple(f"s{n}" for n in range(8))

SLOT_NUMBERS = tuple(f"n{n}" for n in range(8))

# Compared letter by letter, whatever the language of the database: a beginning is then a range.
SlotText = String(120).with_variant(String(120, collation="C"), "postgresql")

records = Table(
    "records",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),  # in the order of arrival
    Column("table_no", BigInteger, nullable=False),
    Column("key", String(200), nullable=False),
    Column("value", Json, nullable=False),
    Column("rev", Integer, nullable=False, server_default="1"),
    Column("instance_id", ID),  # who changed it last, where a flow did
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    *(Column(name, SlotText) for name in SLOT_TEXTS),
    *(Column(name, BigInteger) for name in SLOT_NUMBERS),
    UniqueConstraint("table_no", "key"),
    Index("ix_records_updated", "table_no", "updated_at", "id"),
    Index("ix_records_table", "table_no", "id"),
    *(
        Index(f"ix_records_{name}", "table_no", name, "id", **where(f"{name} IS NOT NULL"))
        for name in (*SLOT_TEXTS, *SLOT_NUMBERS)
    ),
    sqlite_autoincrement=True,  # a number is never given again
)

record_keys = Table(  # what is unique besides the key
    "record_keys",
    metadata,
    Column("table_no", BigInteger, primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", String(400), primary_key=True),
    Column("record_id", BigInteger, nullable=False, index=True),
)

record_words = Table(  # what a record is found by; indexed by FTS5 or GIN, see WORDS_INDEX
    "record_words",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    Column("words", Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
)

WORDS_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE record_words_index USING fts5"
        "(words, content='record_words', content_rowid='id', tokenize='ascii', detail='none', columnsize=0)",
        "CREATE TRIGGER record_words_new AFTER INSERT ON record_words BEGIN"
        " INSERT INTO record_words_index(rowid, words) VALUES (new.id, new.words); END",
        "CREATE TRIGGER record_words_gone AFTER DELETE ON record_words BEGIN"
        " INSERT INTO record_words_index(record_words_index, rowid, words) VALUES ('delete', old.id, old.words); END",
        "CREATE TRIGGER record_words_other AFTER UPDATE ON record_words BEGIN"
        " INSERT INTO record_words_index(record_words_index, rowid, words) VALUES ('delete', old.id, old.words);"
        " INSERT INTO record_words_index(rowid, words) VALUES (new.id, new.words); END",
    ),
    "postgresql": ("CREATE INDEX record_words_index ON record_words USING gin (words)",),
}
"""What SQLAlchemy has no words for; the migration runs the same."""
for _dialect, _statements in WORDS_INDEX.items():
    for _statement in _statements:
        _made = sa.DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]
        sa.event.listen(record_words, "after_create", _made)
_gone = sa.DDL("DROP TABLE IF EXISTS record_words_index")  # type: ignore[no-untyped-call]
sa.event.listen(record_words, "before_drop", _gone.execute_if(dialect="sqlite"))

record_changes = Table(
    "record_changes",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("table_no", BigInteger, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("key", String(200), nullable=False),
    Column("rev", Integer, nullable=False),
    Column("at", AT, nullable=False),
    Column(
        "kind", String(12), nullable=False
    ),  # create update delete restore adjust release import schema
    Column("by", ID, nullable=False),
    Column("channel", String(64), nullable=False, server_default=""),  # where it came from
    Column("instance_id", ID),
    Column("node", String(64)),
    Column("step_key", String(64)),  # of the visit that did it: done once
    Column("undone_by", String(64)),  # the visit that released an adjustment
    Column("changes", Json, nullable=False),  # field → [before, after]
    Index("ix_record_changes_record", "record_id", "id"),
    Index("ix_record_changes_table", "table_no", "id"),
    Index("ix_record_changes_step", "step_key", **where("step_key IS NOT NULL")),
    Index("ix_record_changes_instance", "instance_id", **where("instance_id IS NOT NULL")),
)

record_views = Table(
    "record_views",
    metadata,
    Column("id", ID, primary_key=True),
    Column("table_no", BigInteger, nullable=False, index=True),
    Column("owner", ID, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("title", String(200), nullable=False),
    Column("content", Json, nullable=False),  # filters, columns, sort
    Column("updated_at", AT, nullable=False),
)

record_imports = Table(
    "record_imports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("table_no", BigInteger, nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("created_by", ID, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("data", LargeBinary, nullable=False),  # the file as it came
    Column("plan", Json, nullable=False),  # columns, mapping, mode, what to do with wrong rows
    Column("status", String(12), nullable=False),  # mapped running done failed stopped
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done_to", Integer, nullable=False, server_default="0"),  # rows of the file behind it
    Column("counts", Json, nullable=False),
    Column("ended_at", AT),
    Index("ix_record_imports_running", "status", **where("status = 'running'")),
)

public_pages = Table(  # one link to one record, made by a visit of a node
    "public_pages",
    metadata,
    Column("no", Counter, primary_key=True, autoincrement=True),
    Column("id", String(24), nullable=False, unique=True),  # random; the link is this and its seal
    Column("step_key", String(200), nullable=False, unique=True),
    Column("instance_id", ID, nullable=True),
    Column("node", String(64), nullable=True),
    Column("table_key", String(64), nullable=False),
    Column("record_key", String(200), nullable=False),
    Column("about", Json, nullable=False),  # {title, stage, stages, eta, ended, show, tail}
    Column("made_at", AT, nullable=False),
    Column("expires_at", AT, nullable=False),
    Column("closed_at", AT, nullable=True),
    Column("closed_by", ID, nullable=True),
    Index("ix_public_pages_instance_id", "instance_id", "no"),
    Index("ix_public_pages_expires_at", "expires_at"),
)
