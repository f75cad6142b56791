"""People: accounts and roles, the organisation, who stands in for whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Json, metadata, where

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("login", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("email", String(200)),
    Column("password_hash", String(300), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("language", String(8), nullable=False, server_default="zh"),
    Column("created_at", AT, nullable=False),
    Column("supervisor_id", ID),
    Column("left_at", AT),  # the last day is over then; `active` says whether it counts already
    Index("ix_users_supervisor_id", "supervisor_id", **where("supervisor_id IS NOT NULL")),
    Index("ix_users_left_at", "left_at", **where("left_at IS NOT NULL")),
)

roles = Table(
    "roles",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("title", Json, nullable=False),
    Column("system", Boolean, nullable=False),
    Column("pool", Json),  # {limit, people}: who helps while more than `limit` tasks wait
    Column("calendar", String(64)),  # whose hours count for it; null: the flow's
)

role_members = Table(
    "role_members",
    metadata,
    Column("role", String(64), ForeignKey("roles.key", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("kind", String(8), nullable=False, server_default="primary"),  # primary backup pool
)

sessions = Table(
    "sessions",
    metadata,
    Column(
        "id", String(64), primary_key=True
    ),  # sha256 of the cookie: a leaked backup signs nobody in
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf_token", String(64), nullable=False),
    Column("created_at", AT, nullable=False),
    Column("expires_at", AT, nullable=False, index=True),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column(
        "hint", String(16), nullable=False
    ),  # its first letters, so that people can tell tokens apart
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("scopes", Json, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("expires_at", AT),
    Column("last_used_at", AT),
    Column("revoked_at", AT),
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, from the first change
    Column(
        "version", BigInteger, nullable=False
    ),  # grows with every change of what a directory holds
)

departments = Table(
    "departments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("parent_id", String(64), index=True),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("created_at", AT, nullable=False),
)

department_heads = Table(
    "department_heads",
    metadata,
    Column(
        "department_id",
        String(64),
        ForeignKey("departments.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

department_members = Table(
    "department_members",
    metadata,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "department_id",
        String(64),
        ForeignKey("departments.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", Integer, nullable=False),  # 0: the main one
    Index("ix_department_members_department", "department_id", "user_id"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("rank", Integer, nullable=False, server_default="0"),
    Column("created_at", AT, nullable=False),
)

post_holders = Table(
    "post_holders",
    metadata,
    Column("post_id", String(64), ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
)

substitutions = Table(
    "substitutions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("by_id", ID, ForeignKey("users.id", ondelete="CASCADE")),  # null: away, nobody acts
    Column("from_at", AT, nullable=False),
    Column("until_at", AT, nullable=False),  # not included
    Column("flows", Json),  # keys; null: all
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("begun_at", AT),  # open tasks have been handed over
    Index("ix_substitutions_user_id", "user_id", "until_at"),
    Index("ix_substitutions_by_id", "by_id", "until_at"),
    Index("ix_substitutions_until_at", "until_at", "id"),
    Index("ix_substitutions_coming", "from_at", **where("begun_at IS NULL")),
)

rotas = Table(
    "rotas",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("content", Json, nullable=False),  # people/rota_text.py says what it is
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

org_imports = Table(
    "org_imports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("version", BigInteger, nullable=False),  # of the organisation it was compared with
    Column("counts", Json, nullable=False),
    Column("created_at", AT, nullable=False, index=True),
    Column("created_by", ID, nullable=False),
    Column("applied_at", AT),
)

org_import_rows = Table(
    "org_import_rows",
    metadata,
    Column("import_id", ID, ForeignKey("org_imports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # the line of the file; behind them those who left
    Column("state", String(8), nullable=False),  # new changed same left error
    Column("login", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("changes", Json, nullable=False),  # [{field, before, after}]
    Column("errors", Json, nullable=False),
    Column("wanted", Json),  # what is written when it is applied
    Index("ix_org_import_rows_state", "import_id", "state", "number"),
)
