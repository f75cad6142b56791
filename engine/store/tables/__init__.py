"""Every table, as SQLAlchemy Core, a module an area: `t.jobs` stands in `work.py`, as the list below says. Whoever takes one has
all of them: the metadata is whole for migrations, copies and the purge.

Words as in `engine/README.md`; times are milliseconds since 1970 (UTC) in columns `*_at`.

Truth lives in: `instances.state` (where each instance stands), `inbox` (wishes accepted and not yet applied) and `history`
(facts, one compact chunk an advance). All other rows of an instance (jobs, timers, tasks, incidents, outbox) are written from
its events by `project.py` in the same transaction.
"""

from headrace.engine.store.tables.columns import AT, HEAD_START_MS, ID, Json, metadata
from headrace.engine.store.tables.data import (
    SLOT_NUMBERS,
    SLOT_TEXTS,
    WORDS_INDEX,
    SlotText,
    data_table_versions,
    data_tables,
    public_pages,
    record_changes,
    record_imports,
    record_keys,
    record_views,
    record_words,
    records,
)
from headrace.engine.store.tables.drawn import (
    decision_table_versions,
    decision_tables,
    editors,
    flow_rules,
    flow_versions,
    flows,
    message_starts,
    own_connector_versions,
    own_connectors,
    schedules,
    test_cases,
)
from headrace.engine.store.tables.housekeeping import (
    audit,
    batch_items,
    batches,
    idempotency,
    workspace_settings,
)
from headrace.engine.store.tables.intake import (
    inflows,
    intake_arrivals,
    intake_rush,
    order_exceptions,
    order_numbers,
    source_counts,
    source_incident_steps,
    source_incidents,
    source_pulls,
    source_states,
    source_wants,
    sources,
)
from headrace.engine.store.tables.meeting import items, locks, messages, subscriptions
from headrace.engine.store.tables.outside import (
    connection_tokens,
    connections,
    interface_months,
    interfaces,
)
from headrace.engine.store.tables.people import (
    api_tokens,
    department_heads,
    department_members,
    departments,
    org_import_rows,
    org_imports,
    organisation,
    post_holders,
    posts,
    role_members,
    roles,
    rotas,
    sessions,
    substitutions,
    users,
)
from headrace.engine.store.tables.running import (
    history,
    inbox,
    incidents,
    instances,
    ready,
    search_values,
    snapshots,
    timers,
)
from headrace.engine.store.tables.tasking import (
    decision_head,
    decisions,
    exemptions,
    task_actors,
    task_nonces,
    task_notes,
    tasks,
)
from headrace.engine.store.tables.telling import notifications, outbox, person_channels
from headrace.engine.store.tables.templates import bundles, template_installs
from headrace.engine.store.tables.uploads import file_contents, file_parts, files
from headrace.engine.store.tables.versions import (
    heat,
    heat_later,
    heat_marks,
    migration_items,
    migrations,
    routes,
)
from headrace.engine.store.tables.work import (
    KEYED_JOB,
    LEASED_JOB,
    LEASED_KEYED_JOB,
    READY_JOB,
    breakers,
    buckets,
    jobs,
    limits,
)
from headrace.engine.store.tables.working_time import calendar_versions, calendars
