"""Canary routes and migrations of running instances."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")
ROUTED = sa.text("route_id IS NOT NULL")
WANTED = sa.text("wanted IS NOT NULL")


def upgrade() -> None:
    """Up."""
    op.add_column(
        "flow_versions",
        sa.Column("status", sa.String(length=12), server_default="active", nullable=False),
    )
    op.add_column("instances", sa.Column("route_id", sa.String(length=80), nullable=True))
    op.create_index(
        "ix_instances_open_version",
        "instances",
        ["flow_key", "version", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_instances_route",
        "instances",
        ["route_id", "version", "id"],
        sqlite_where=ROUTED,
        postgresql_where=ROUTED,
    )
    op.create_table(
        "routes",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flow_key", sa.String(length=64), nullable=False),
        sa.Column("baseline", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("guard", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("began_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["flow_key"], ["flows.key"], name=op.f("fk_routes_flow_key_flows"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
    )
    op.create_index("ix_routes_flow_key_id", "routes", ["flow_key", "id"])
    op.create_index(
        "uq_routes_running",
        "routes",
        ["flow_key"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "migrations",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flow_key", sa.String(length=64), nullable=False),
        sa.Column("to_version", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("wanted", sa.String(length=12), nullable=True),
        sa.Column("cursor", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migrations")),
    )
    op.create_index("ix_migrations_flow_key_id", "migrations", ["flow_key", "id"])
    op.create_index(
        "ix_migrations_wanted",
        "migrations",
        ["id"],
        sqlite_where=WANTED,
        postgresql_where=WANTED,
    )
    op.create_table(
        "migration_items",
        sa.Column("migration_id", sa.String(length=80), nullable=False),
        sa.Column("instance_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["migration_id"],
            ["migrations.id"],
            name=op.f("fk_migration_items_migration_id_migrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("migration_id", "instance_id", name=op.f("pk_migration_items")),
    )
    op.create_index(
        "ix_migration_items_status",
        "migration_items",
        ["migration_id", "status", "instance_id"],
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("migration_items")
    op.drop_table("migrations")
    op.drop_table("routes")
    op.drop_index("ix_instances_route", "instances")
    op.drop_index("ix_instances_open_version", "instances")
    with op.batch_alter_table("instances") as table:
        table.drop_column("route_id")
    with op.batch_alter_table("flow_versions") as table:
        table.drop_column("status")
