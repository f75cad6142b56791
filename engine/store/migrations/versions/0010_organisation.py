"""Departments, posts, supervisors, backups, substitutes and rotas."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.String(64)
ID = sa.String(80)
AT = sa.BigInteger
RULES = "organisation"
TABLES = (
    "org_import_rows",
    "org_imports",
    "rotas",
    "substitutions",
    "post_holders",
    "posts",
    "department_members",
    "department_heads",
    "departments",
    "organisation",
)
"""Those that refer first."""


def _to(table: str, own: str, other: str, column: str = "id") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{own}_{other}"
    return sa.ForeignKeyConstraint([own], [f"{other}.{column}"], name=name, ondelete="CASCADE")


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _where(text: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(text), "postgresql_where": sa.text(text)}


def upgrade() -> None:
    """Up. Where there are people already a role without a backup is a warning, so that their flows can still be published."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM users LIMIT 1")).first() is not None:
        op.execute(
            sa.text(
                "INSERT INTO workspace_settings (name, value) VALUES (:name, :value)"
            ).bindparams(name=RULES, value='{"backup":"warn"}')
        )
    op.add_column("users", sa.Column("supervisor_id", ID))
    op.add_column("users", sa.Column("left_at", AT()))
    for name in ("supervisor_id", "left_at"):
        op.create_index(f"ix_users_{name}", "users", [name], **_where(f"{name} IS NOT NULL"))
    op.add_column("roles", sa.Column("pool", sa.Text()))
    kind = sa.Column("kind", sa.String(8), nullable=False, server_default="primary")
    op.add_column("role_members", kind)
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _key("organisation", "id"),
    )
    op.create_table(
        "departments",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("parent_id", KEY),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", AT(), nullable=False),
        _key("departments", "id"),
    )
    op.create_index("ix_departments_parent_id", "departments", ["parent_id"])
    op.create_table(
        "department_heads",
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _to("department_heads", "department_id", "departments"),
        _to("department_heads", "user_id", "users"),
        _key("department_heads", "department_id", "user_id"),
    )
    op.create_index("ix_department_heads_user_id", "department_heads", ["user_id"])
    op.create_table(
        "department_members",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _to("department_members", "department_id", "departments"),
        _to("department_members", "user_id", "users"),
        _key("department_members", "user_id", "department_id"),
    )
    op.create_index(
        "ix_department_members_department", "department_members", ["department_id", "user_id"]
    )
    op.create_table(
        "posts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", AT(), nullable=False),
        _key("posts", "id"),
    )
    op.create_table(
        "post_holders",
        sa.Column("post_id", KEY, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        _to("post_holders", "post_id", "posts"),
        _to("post_holders", "user_id", "users"),
        _key("post_holders", "post_id", "user_id"),
    )
    op.create_index("ix_post_holders_user_id", "post_holders", ["user_id"])
    op.create_table(
        "substitutions",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("by_id", ID),
        sa.Column("from_at", AT(), nullable=False),
        sa.Column("until_at", AT(), nullable=False),
        sa.Column("flows", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("begun_at", AT()),
        _to("substitutions", "user_id", "users"),
        _to("substitutions", "by_id", "users"),
        _key("substitutions", "id"),
    )
    for name, columns in (
        ("user_id", ["user_id", "until_at"]),
        ("by_id", ["by_id", "until_at"]),
        ("until_at", ["until_at", "id"]),
    ):
        op.create_index(f"ix_substitutions_{name}", "substitutions", columns)
    coming = _where("begun_at IS NULL")
    op.create_index("ix_substitutions_coming", "substitutions", ["from_at"], **coming)
    op.create_table(
        "rotas",
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("updated_at", AT(), nullable=False),
        sa.Column("updated_by", ID, nullable=False),
        _key("rotas", "key"),
    )
    op.create_table(
        "org_imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("applied_at", AT()),
        _key("org_imports", "id"),
    )
    op.create_index("ix_org_imports_created_at", "org_imports", ["created_at"])
    op.create_table(
        "org_import_rows",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("login", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text()),
        _to("org_import_rows", "import_id", "org_imports"),
        _key("org_import_rows", "import_id", "number"),
    )
    op.create_index("ix_org_import_rows_state", "org_import_rows", ["import_id", "state", "number"])


def downgrade() -> None:
    """Down. Backups and those who help at a peak are members no more: they never were before."""
    op.execute("DELETE FROM role_members WHERE kind <> 'primary'")
    op.execute(sa.text("DELETE FROM workspace_settings WHERE name = :name").bindparams(name=RULES))
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("role_members") as members:
        members.drop_column("kind")
    with op.batch_alter_table("roles") as roles:
        roles.drop_column("pool")
    for name in ("left_at", "supervisor_id"):
        op.drop_index(f"ix_users_{name}", table_name="users")
        op.drop_column("users", name)
