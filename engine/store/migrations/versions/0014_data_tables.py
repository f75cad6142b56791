"""Tables drawn by business users, and their records."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from headrace.engine.store.tables import WORDS_INDEX

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SLOTS = tuple(f"{letter}{n}" for letter in "sn" for n in range(8))
_LOOSE = '{"title":{},"fields":[],"extra":"keep"}'


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Up: the records that flows have kept go into tables that nobody has drawn yet."""
    dialect = op.get_bind().dialect.name
    op.execute("CREATE TABLE records_before AS SELECT * FROM records")
    op.drop_table("records")
    op.create_table(
        "data_tables",
        sa.Column("no", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("slots", sa.Text(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("refilled_to", sa.BigInteger()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.Column("removed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("no", name="pk_data_tables"),
        sa.UniqueConstraint("key", name="uq_data_tables_key"),
    )
    op.create_table(
        "data_table_versions",
        sa.Column("table_no", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("table_no", "version", name="pk_data_table_versions"),
    )
    text = sa.String(120) if dialect == "sqlite" else sa.String(120, collation="C")
    op.create_table(
        "records",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("table_no", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("instance_id", sa.String(80)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, text if name[0] == "s" else sa.BigInteger()) for name in _SLOTS),
        sa.PrimaryKeyConstraint("id", name="pk_records"),
        sa.UniqueConstraint("table_no", "key", name="uq_records_table_no_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_records_updated", "records", ["table_no", "updated_at", "id"])
    op.create_index("ix_records_table", "records", ["table_no", "id"])
    for name in _SLOTS:
        op.create_index(
            f"ix_records_{name}",
            "records",
            ["table_no", name, "id"],
            **_where(f"{name} IS NOT NULL"),
        )
    op.create_table(
        "record_keys",
        sa.Column("table_no", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("value", sa.String(400), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("table_no", "name", "value", name="pk_record_keys"),
    )
    op.create_index("ix_record_keys_record_id", "record_keys", ["record_id"])
    words = sa.Text() if dialect == "sqlite" else postgresql.TSVECTOR()
    op.create_table(
        "record_words",
        sa.Column(
            "id",
            sa.Integer() if dialect == "sqlite" else sa.BigInteger(),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("words", words, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_words"),
    )
    for statement in WORDS_INDEX[dialect]:
        op.execute(statement)
    op.create_table(
        "record_changes",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("table_no", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False, server_default=""),
        sa.Column("instance_id", sa.String(80)),
        sa.Column("node", sa.String(64)),
        sa.Column("step_key", sa.String(64)),
        sa.Column("undone_by", sa.String(64)),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_changes"),
    )
    op.create_index("ix_record_changes_record", "record_changes", ["record_id", "id"])
    op.create_index("ix_record_changes_table", "record_changes", ["table_no", "id"])
    for name, column in (("step", "step_key"), ("instance", "instance_id")):
        op.create_index(
            f"ix_record_changes_{name}",
            "record_changes",
            [column],
            **_where(f"{column} IS NOT NULL"),
        )
    op.create_table(
        "record_views",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("table_no", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_views"),
    )
    op.create_index("ix_record_views_table_no", "record_views", ["table_no"])
    op.create_table(
        "record_imports",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("table_no", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("done_to", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_record_imports"),
    )
    op.create_index("ix_record_imports_table_no", "record_imports", ["table_no"])
    op.create_index(
        "ix_record_imports_running", "record_imports", ["status"], **_where("status = 'running'")
    )
    bind = op.get_bind()
    bind.execute(
        sa.text(
            "INSERT INTO data_tables (key, version, definition, slots, drawn, refilled_to, updated_at, updated_by)"
            " SELECT table_name, 1, :loose, :none, false, 0, max(updated_at), 'engine'"
            " FROM records_before GROUP BY table_name ORDER BY table_name"
        ),
        {"loose": _LOOSE, "none": "{}"},
    )
    op.execute(
        "INSERT INTO records (table_no, key, value, instance_id, created_at, updated_at)"
        " SELECT d.no, b.key, b.value, b.instance_id, b.created_at, b.updated_at"
        " FROM records_before b JOIN data_tables d ON d.key = b.table_name ORDER BY b.created_at, b.key"
    )
    # A visit that made a record and is repeated still hears that it did.
    bind.execute(
        sa.text(
            "INSERT INTO record_changes"
            " (table_no, record_id, key, rev, at, kind, by, instance_id, step_key, changes)"
            " SELECT r.table_no, r.id, r.key, 1, r.created_at, 'create', 'engine', b.instance_id, b.step_key, :none"
            " FROM records_before b JOIN data_tables d ON d.key = b.table_name"
            " JOIN records r ON r.table_no = d.no AND r.key = b.key"
        ),
        {"none": "{}"},
    )
    op.execute("DROP TABLE records_before")


def downgrade() -> None:
    """Down: records keep their values and lose their history."""
    op.execute(
        "CREATE TABLE records_after AS SELECT d.key AS table_name, r.key AS key, r.value AS value,"
        " coalesce((SELECT max(c.step_key) FROM record_changes c WHERE c.record_id = r.id AND c.kind = 'create'), '')"
        " AS step_key, r.instance_id AS instance_id, r.created_at AS created_at, r.updated_at AS updated_at"
        " FROM records r JOIN data_tables d ON d.no = r.table_no"
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE record_words_index")
    for name in (
        "record_imports", "record_views", "record_changes", "record_words", "record_keys", "records", "data_table_versions",
        "data_tables",
    ):  # fmt: skip
        op.drop_table(name)
    op.create_table(
        "records",
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("step_key", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(80)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "key", name="pk_records"),
    )
    op.create_index("ix_records_table_updated", "records", ["table_name", "updated_at"])
    op.execute("INSERT INTO records SELECT * FROM records_after")
    op.execute("DROP TABLE records_after")
