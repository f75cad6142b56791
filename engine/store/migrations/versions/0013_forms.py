"""Files handed in with forms."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_WAITING = sa.text("instance_id IS NULL")


def upgrade() -> None:
    """Up."""
    op.create_table(
        "file_contents",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_file_contents"),
    )
    op.create_index("ix_file_contents_used_at", "file_contents", ["used_at"])
    op.create_table(
        "file_parts",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file_contents.sha256"], name="fk_file_parts_sha256_file_contents"
        ),
        sa.PrimaryKeyConstraint("sha256", "number", name="pk_file_parts"),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("instance_id", sa.String(80)),
        sa.Column("field", sa.String(200)),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file_contents.sha256"], name="fk_files_sha256_file_contents"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
    )
    op.create_index("ix_files_sha256", "files", ["sha256"])
    op.create_index("ix_files_instance_id", "files", ["instance_id"])
    for name, columns in (
        ("ix_files_waiting", ["created_by", "created_at"]),
        ("ix_files_left", ["created_at"]),
    ):
        op.create_index(name, "files", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)


def downgrade() -> None:
    """Down."""
    op.drop_table("files")
    op.drop_table("file_parts")
    op.drop_table("file_contents")
