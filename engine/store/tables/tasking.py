"""Tasks of people: who is asked, what was said, and the chain of what was decided."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Counter, Json, metadata, where

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("instance_id", ID, nullable=False, index=True),
    Column("flow_key", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("node", String(64), nullable=False),
    Column("business_key", String(200)),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("mode", String(8), nullable=False),
    Column("form", Json),
    Column("show", Json, nullable=False),
    Column("buttons", Json, nullable=False),
    Column("can_return", Boolean, nullable=False),
    Column(
        "status", String(12), nullable=False
    ),  # open approved rejected returned cancelled skipped
    Column("initiator", ID),
    Column("created_at", AT, nullable=False),
    Column("due_at", AT),
    Column("ended_at", AT),
    # What a calendar has told, so that a change of it can be followed: {"from": ms, "length": "PT8H", "due": ms}.
    Column("calendar", String(64)),
    Column("calendar_version", Integer),
    Column("reckoning", Json),
    Column("revision", Integer, nullable=False, server_default="1"),  # counts votes and changes
    Column("round", Integer, nullable=False, server_default="1"),
    Column("rule", Json),  # null: what `mode` says
    Column("again_of", String(100)),  # the task of the round before
    Column("urged_at", AT),
    Column("paused_at", AT),
    Column("warned", Boolean, nullable=False, server_default=sa.false()),
    Index("ix_tasks_initiator_id", "initiator", "id"),
    Index("ix_tasks_open", "created_at", **where("status = 'open'")),
    Index(
        "ix_tasks_calendar",
        "calendar",
        "calendar_version",
        **where("calendar IS NOT NULL AND status = 'open'"),
    ),
    Index(
        "ix_tasks_stage", "flow_key", "version", "node", "created_at", **where("status = 'open'")
    ),
    Index("ix_tasks_flow_ended", "flow_key", "ended_at"),
)

task_actors = Table(
    "task_actors",
    metadata,
    Column("task_id", String(100), primary_key=True),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ID, nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("status", String(12), nullable=False),  # see people/tasking.py
    Column("decision", String(12)),
    Column("comment", Text),
    Column("form", Json),
    Column("created_at", AT, nullable=False),
    Column("decided_at", AT),
    Column("kind", String(8), nullable=False, server_default="decide"),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("on_behalf_of", ID),
    Column("origin", String(16), nullable=False, server_default="assigned"),
    Column("added_by", ID),
    Column("unit", Integer, nullable=False, server_default="0"),  # 0: as its seat
    Column("stage", Integer, nullable=False, server_default="0"),
    Column("weight", Integer, nullable=False, server_default="1"),
    Column("veto", Boolean, nullable=False, server_default=sa.false()),
    Column("returns_to", Integer, nullable=False, server_default="0"),
    Column("reason", String(40)),  # why it was closed, or decided without its person
    Column("closed_at", AT),
    Column("why", Json),  # how this person was found
    Column("seen_at", AT),  # when its person looked at a copy first
    Index("ix_task_actors_user", "user_id", "status", "task_id"),
    Index("ix_task_actors_unseen", "user_id", **where("status = 'copy' AND seen_at IS NULL")),
)

task_notes = Table(
    "task_notes",  # what people said and did with a task, but vote
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("task_id", String(100), nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("at", AT, nullable=False),
    Column("by", ID, nullable=False),
    Column("kind", String(12), nullable=False),  # comment question answer action
    Column("action", String(16), nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("to", ID),
    Column("seat", Integer, nullable=False, server_default="0"),
    Column("details", Json),
    Index("ix_task_notes_task", "task_id", "id"),
)

task_nonces = Table(
    "task_nonces",
    metadata,
    Column("id", String(64), primary_key=True),  # sha256 of the nonce, or of a link in a mail
    Column("task_id", String(100), nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("user_id", ID, nullable=False),
    Column("request", String(64), nullable=False),  # sha256 of what was asked for with it
    Column("action", String(24), nullable=False),
    Column("answer", Json, nullable=False),  # what was answered, as short as it can be told
    Column("used_at", AT, nullable=False),
)

exemptions = Table(
    "exemptions",
    metadata,
    Column("flow_key", String(64), primary_key=True),
    Column("node", String(64), primary_key=True),
    Column("user_id", ID, primary_key=True),
    Column("period", String(16), primary_key=True),  # 2026-11-22, 2026-W47, 2026-11
    Column("number", Integer, primary_key=True),  # from 1: two at once cannot both have the last
    Column("task_id", String(100), nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("at", AT, nullable=False),
)

decisions = Table(
    "decisions",  # append-only: triggers of 0011 refuse every change but a redaction
    metadata,
    Column("seq", AT, primary_key=True, autoincrement=False),  # the place in the chain, from 1
    Column("at", AT, nullable=False),
    Column("actor", ID),
    Column("on_behalf_of", ID),
    Column("action", String(24)),  # approved rejected returned transfer add_sign … released purged
    Column("comment", Text),
    Column("before", Text),  # canonical JSON: what the form and the watched data were
    Column("after", Text),
    Column("via", String(12)),  # web api mail bulk release rule
    Column("ip", String(64)),
    Column("client", String(300)),
    Column("batch_id", ID),
    Column("task_id", String(100)),
    Column("seat", Integer),
    Column("round", Integer),
    Column("title", Text),
    Column("instance_id", ID),
    Column("flow_key", String(64)),
    Column("version", Integer),
    Column("node", String(64)),
    Column("business_key", String(200)),
    Column("salt", String(32)),  # gone with a redaction, so that what is gone cannot be guessed
    Column("digest", String(64), nullable=False),  # sha256 of salt and canonical JSON of the above
    Column("hash", String(64), nullable=False),  # sha256 of seq, the hash before, and the digest
    Column("redacted_at", AT),
    Index("ix_decisions_at", "at", "seq"),
    Index("ix_decisions_actor", "actor", "seq"),
    Index("ix_decisions_on_behalf_of", "on_behalf_of", "seq"),
    Index("ix_decisions_action", "action", "seq"),
    Index("ix_decisions_flow_key", "flow_key", "seq"),
    Index("ix_decisions_task_id", "task_id", "seq"),
    Index("ix_decisions_instance_id", "instance_id", "seq"),
    Index("ix_decisions_batch_id", "batch_id", "seq"),
    Index("ix_decisions_business_key", "business_key", "seq"),
)

decision_head = Table(
    "decision_head",  # one row: where the chain ends; its lock is what processes queue for
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", AT, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", AT, nullable=False),
    Column("signature", String(64), nullable=False),  # HMAC by the workspace's secret
)
