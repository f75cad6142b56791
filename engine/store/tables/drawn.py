"""What people draw: flows with their versions and what publishing makes of them, who has a drawing open, test cases, decision
tables, connectors of one's own."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Json, metadata

flows = Table(
    "flows",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", Json, nullable=False),
    Column("description", Json),
    Column("published_version", Integer),
    Column("draft", Text, nullable=False),
    Column("draft_etag", String(64), nullable=False),
    Column("draft_updated_at", AT, nullable=False),
    Column("draft_updated_by", ID, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("published_at", AT, nullable=False),
    Column("published_by", ID, nullable=False),
    Column(
        "status", String(12), nullable=False, server_default="active"
    ),  # active deprecated retired
)

flow_rules = Table(
    "flow_rules",
    metadata,
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), primary_key=True),
    Column("retain_days", Integer),  # null: as the workspace says
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("retag_after", ID),  # the rule changed: instances behind this id still have the old date
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
    Column("calendar", String(64)),  # null: the workspace's
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(140), primary_key=True),  # flow key : node id
    Column(
        "flow_key",
        String(64),
        ForeignKey("flows.key", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("node", String(64), nullable=False),
    Column("cron", String(200), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("misfire", String(8), nullable=False),  # skip once catch_up
    Column("next_at", AT, nullable=False, index=True),
    Column("catch_up_max", Integer, nullable=False, server_default="10"),
    Column("paused_at", AT),
    Column("paused_by", ID),
    Column("last_slot_at", AT),
    Column("last_result", String(8)),  # started skipped refused waits
    Column("last_instance", ID),
    Column("last_error", Text),  # as long as it stands the schedule is shown as failing
    Column("last_error_at", AT),
)

message_starts = Table(
    "message_starts",
    metadata,
    Column("id", String(140), primary_key=True),  # flow key : node id
    Column(
        "flow_key",
        String(64),
        ForeignKey("flows.key", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("node", String(64), nullable=False),
    Column("name", String(200), nullable=False, index=True),
)

editors = Table(  # one open editor: a row a browser tab, forgotten some seconds after its last word
    "editors",
    metadata,
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), primary_key=True),
    Column("client", String(40), primary_key=True),  # the tab's own choice, random
    Column("user_id", ID, nullable=False),
    Column("doing", Json, nullable=False),  # {cursor: {x, y}, selection: [ids], look}
    Column("since", AT, nullable=False),
    Column("seen_at", AT, nullable=False),
    Index("ix_editors_seen_at", "seen_at"),
)

test_cases = Table(
    "test_cases",
    metadata,
    Column("id", ID, primary_key=True),
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), nullable=False),
    Column("name", Json, nullable=False),
    Column(
        "content", Json, nullable=False
    ),  # input, start_node, at, decisions, mocks, pins, expect
    Column("origin", String(100), nullable=False),  # hand, file, instance:<id> or template:<key>
    Column("revision", Integer, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
    Index("ix_test_cases_flow_key_id", "flow_key", "id"),
)

decision_tables = Table(
    "decision_tables",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("draft", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # of the draft
    Column("last_version", Integer, nullable=False),  # 0: never published
    Column("published_revision", Integer, nullable=False),  # what the last version was made of
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

decision_table_versions = Table(
    "decision_table_versions",
    metadata,
    Column(
        "table_key",
        String(64),
        ForeignKey("decision_tables.key", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("version", Integer, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("valid_from", AT, nullable=False),
    Column("withdrawn_at", AT),
    Column("note", Text, nullable=False, server_default=""),
    Column("published_at", AT, nullable=False),
    Column("published_by", ID, nullable=False),
)

own_connectors = Table(
    "own_connectors",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("definition", Text, nullable=False),  # of the last version, as JSON
    Column("last_version", Integer, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

own_connector_versions = Table(
    "own_connector_versions",
    metadata,
    Column(
        "connector_key",
        String(40),
        ForeignKey("own_connectors.key", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("version", Integer, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)
