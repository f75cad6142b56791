"""Intake of orders: where they come from, what came in raw, what nobody could read, how polling stands, how fast they come,
and records of incidents of a source (F1)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from headrace.engine.store.tables.columns import AT, ID, Counter, Json, metadata

sources = Table(
    "sources",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("title", Json, nullable=False),
    Column("connection", String(64)),  # the shop's account; none: only files
    Column("channel", String(32), nullable=False),
    Column("shop", String(80), nullable=False),
    Column("order_table", String(64), nullable=False),
    Column("refund_table", String(64), nullable=False),
    Column("prefix", String(2), nullable=False),  # what numbers of its orders begin with
    Column("ways", Json, nullable=False),  # {push: {enabled}, poll: {enabled, every…}, file: {}}
    Column("fields", Json, nullable=False),  # overrides of the connector's field map
    Column("statuses", Json, nullable=False),  # overrides of its status map: code → state
    Column("version", String(32), nullable=False),  # of the interface; "": the connector's usual
    Column("alerts", Json, nullable=False),  # {mail?, robot?}: connections alerts leave by
    Column("owner", Json, nullable=False),  # {primary?, backup?}: people who look after it
    Column("enabled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

source_states = Table(
    "source_states",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("watermark_at", AT),  # all changes before this are in
    Column("next_at", AT, nullable=False),  # of the next poll
    Column("reconcile_at", AT, nullable=False),  # of the next daily look back
    Column("lease_until", AT),
    Column("lease_owner", String(80)),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("slow", Float, nullable=False, server_default="1"),  # the interval is so much longer
    Column("last_pull_at", AT),
    Column("last_ok_at", AT),
    Column("last_error_at", AT),
    Column("last_class", String(16)),
    Column("last_error", Text),
    Column("missing", Text),  # what its authorisation lacks: the card is red
    Column("alerted_at", AT),  # of the failure that lasts
    Column("quiet_at", AT),  # since when fewer orders come than usual, as people were told
    Column("gone_at", AT),  # since when its interface is gone, as people were told
    Column("last_order_at", AT),
    Column("push_ok_at", AT),
    Column("refund_watermark_at", AT),  # all changes of refunds before this are in
    Column("refund_next_at", AT),  # of the next poll of refunds; none: they are not polled
    Column("refund_ok_at", AT),
    Column("refund_error_at", AT),
    Column("refund_class", String(16)),
    Column("refund_error", Text),
    Column("refund_alerted_at", AT),
    Column("refund_failures", Integer, nullable=False, server_default="0"),  # in a row
    Index("ix_source_states_next", "next_at"),
    Index("ix_source_states_refund", "refund_next_at"),
)

source_pulls = Table(
    "source_pulls",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("kind", String(12), nullable=False),  # poll reconcile repull
    Column("since_at", AT, nullable=False),
    Column("until_at", AT, nullable=False),
    Column("began_at", AT, nullable=False),
    Column("ended_at", AT),
    Column("status", String(12), nullable=False),  # queued running ok failed stopped
    Column("done_to", AT),  # of a long one: how far it has come
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("created", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("exceptions", Integer, nullable=False, server_default="0"),
    Column("error_class", String(16)),
    Column("error", Text),
    Column("by", ID, nullable=False),
    Column("what", String(12), nullable=False, server_default="order"),  # order refund both
    Index("ix_source_pulls_source", "source", "id"),
    Index("ix_source_pulls_status", "status", "id"),
)

source_wants = Table(
    "source_wants",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("what", String(12), nullable=False),  # order refund
    Column("number", String(128), nullable=False),  # the platform's, as a push named it
    Column("next_at", AT, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", AT, nullable=False),
    Index("ix_source_wants_number", "source", "what", "number", unique=True),
    Index("ix_source_wants_next", "next_at"),
)

source_counts = Table(
    "source_counts",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("slot", Integer, primary_key=True),  # five minutes, counted from 1970
    Column("orders", Integer, nullable=False),
)

order_numbers = Table(
    "order_numbers",
    metadata,
    Column("prefix", String(2), primary_key=True),
    Column("day", String(8), primary_key=True),
    Column("last", BigInteger, nullable=False),
)

inflows = Table(
    "inflows",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("way", String(8), nullable=False),  # push poll file
    Column("created_at", AT, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("headers", Json, nullable=False),  # without secrets
    Column("query", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("verdict", String(12), nullable=False),  # taken duplicate refused wrong exception
    Column("status", Integer, nullable=False),  # what was answered
    Column("reply", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("keys", Json, nullable=False),  # of the records it was about
    Column("took_ms", Integer, nullable=False),
    Column("lag_ms", BigInteger),  # from the change at the platform until it was in
    Index("ix_inflows_created_at", "created_at"),
    Index("ix_inflows_source", "source", "id"),
    Index("ix_inflows_digest", "source", "digest"),
)

order_exceptions = Table(
    "order_exceptions",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # status_unknown values_wrong unreadable went_back
    Column("what", String(12), nullable=False),  # order refund
    Column("dedup", String(64), nullable=False, unique=True),
    Column("record_key", String(200), nullable=False),
    Column("code", String(200), nullable=False),  # the status nobody knows
    Column("payload", Text, nullable=False),
    Column("problems", Json, nullable=False),
    Column("way", String(8), nullable=False),
    Column("times", Integer, nullable=False),
    Column("status", String(12), nullable=False),  # open done dismissed
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("closed_by", ID),
    Column("note", Text, nullable=False, server_default=""),
    Index("ix_order_exceptions_status", "status", "id"),
    Index("ix_order_exceptions_source", "source", "status", "id"),
)

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

source_incidents = Table(
    "source_incidents",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("status", String(8), nullable=False),  # open over closed
    Column("cause", String(16), nullable=False),  # what was noticed first: gone failing quiet
    Column("since_at", AT, nullable=False),  # the last moment that was good
    Column("opened_at", AT, nullable=False),  # when it was noticed
    Column("over_at", AT),  # since when orders come again
    Column("closed_at", AT),
    Column("closed_by", ID),
    Column("note", Text, nullable=False, server_default=""),
    Index("ix_source_incidents_source", "source", "id"),
    Index("ix_source_incidents_status", "status", "source"),
)

source_incident_steps = Table(
    "source_incident_steps",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("incident", Counter, nullable=False),
    Column("at", AT, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_source_incident_steps_incident", "incident", "id"),
)
