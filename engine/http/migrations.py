"""Migrations of running instances: the mapping, the dry run with its report, the migration, the undo."""

from __future__ import annotations

from typing import Any

from headrace.engine.flow.validate import EDGES_MAX, NODES_MAX
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    COUNT,
    LINE,
    OBJECT,
    PAGING,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.http.versions import VERSION_NUMBER
from headrace.engine.service import migrating, migrating_work

VARIABLES_MAX = 50
"""Expressions of one plan."""

MIGRATION = record(
    {
        "id": STRING,
        "flow_key": STRING,
        "to": COUNT,
        "versions": many(COUNT),
        "nodes": OBJECT,
        "edges": OBJECT,
        "timers": one_of("keep", "reset"),
        "variables": OBJECT,
        "status": one_of("checking", "ready", "applying", "done", "undoing", "stopped"),
        "counts": {"type": "object", "additionalProperties": COUNT},
        "created_at": AT,
        "created_by": STRING,
        "updated_at": AT,
    }
)
PROBLEM = record(
    {
        "code": STRING,
        "message": STRING,
        "node": or_null(STRING),
        "edge": or_null(STRING),
        "severity": one_of("error", "warning"),
    }
)


def _mapping(most: int) -> dict[str, Any]:
    ids = {"type": "string", "minLength": 1, "maxLength": 64}
    return {
        "type": "object",
        "additionalProperties": ids,
        "propertyNames": ids,
        "maxProperties": most,
    }


@route(
    "GET",
    "/api/flows/{key}/migrations/suggestion",
    "A mapping to begin with: every node of the versions left, and where its tokens would go",
    permission="flows:read",
    query={
        "to": VERSION_NUMBER,
        "versions": {"type": "string", "pattern": "^[0-9]{1,9}(,[0-9]{1,9}){0,49}$"},
    },
    answer=record(
        {
            "nodes": many(
                record(
                    {
                        "node": STRING,
                        "name": TEXT,
                        "type": STRING,
                        "to": or_null(STRING),
                        "same_id": BOOLEAN,
                    }
                )
            ),
            "targets": many(record({"node": STRING, "name": TEXT, "type": STRING})),
            "open_instances": COUNT,
        }
    ),
    errors=(422,),
)
def suggest(call: Call, key: str) -> Any:
    versions = [int(number) for number in (call.query["versions"] or "0").split(",")]
    return migrating.suggest(
        call.workspace, call.actor, key, versions=versions, to=call.query["to"] or 0
    )


@route(
    "POST",
    "/api/flows/{key}/migrations",
    "Plan a migration; its dry run over every open instance of the versions begins by itself",
    permission="instances:operate",
    body=body(
        {
            "to": VERSION_NUMBER,
            "versions": {**many(VERSION_NUMBER, 50), "minItems": 1},
            "nodes?": _mapping(NODES_MAX),
            "edges?": _mapping(EDGES_MAX),
            "timers?": one_of("keep", "reset"),
            "variables?": {
                "type": "object",
                "additionalProperties": {"type": "string", "maxLength": 2_000},
                "propertyNames": LINE,
                "maxProperties": VARIABLES_MAX,
            },
        }
    ),
    answer=MIGRATION,
    status=201,
)
def create(call: Call, key: str) -> Any:
    told = call.body
    return migrating.create(
        call.workspace,
        call.actor,
        key,
        to=told["to"],
        versions=told["versions"],
        nodes=told.get("nodes"),
        edges=told.get("edges"),
        due=told.get("timers", "keep"),
        variables=told.get("variables"),
    )


@route(
    "GET",
    "/api/flows/{key}/migrations",
    "The migrations of a flow, newest first",
    permission="instances:read",
    query=PAGING,
    answer=page_of(MIGRATION),
)
def listing(call: Call, key: str) -> Any:
    return migrating.listing(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/migrations/{migration_id}",
    "A migration with how many instances stand where",
    permission="instances:read",
    answer=MIGRATION,
)
def detail(call: Call, migration_id: str) -> Any:
    return migrating.detail(call.workspace, call.actor, migration_id)


ITEM = record(
    {
        "instance_id": STRING,
        "business_key": or_null(STRING),
        "version": COUNT,
        "status": one_of("ok", "problem", "migrated", "failed", "undone"),
        "problems": many(PROBLEM),
        "can_undo": BOOLEAN,
        "updated_at": AT,
    }
)


@route(
    "GET",
    "/api/migrations/{migration_id}/items",
    "What the dry run found, and what became of each instance",
    permission="instances:read",
    query={
        "status": {
            **one_of("", "ok", "problem", "migrated", "failed", "undone"),
            "default": "",
        },
        **PAGING,
    },
    answer=page_of(ITEM),
)
def items(call: Call, migration_id: str) -> Any:
    return migrating.items(call.workspace, call.actor, migration_id, **call.query)


@route(
    "POST",
    "/api/migrations/{migration_id}/check",
    "Run the dry run again over every open instance",
    permission="instances:operate",
    answer=MIGRATION,
    errors=(409,),
)
def check(call: Call, migration_id: str) -> Any:
    return migrating.begin(call.workspace, call.actor, migration_id, "check")


@route(
    "POST",
    "/api/migrations/{migration_id}/apply",
    "Migrate all instances that are ok, each checked once more; goes on by itself",
    permission="instances:operate",
    answer=MIGRATION,
    errors=(409,),
)
def apply(call: Call, migration_id: str) -> Any:
    return migrating.begin(call.workspace, call.actor, migration_id, "apply")


@route(
    "POST",
    "/api/migrations/{migration_id}/undo",
    "Put back all migrated instances that have not moved since; goes on by itself",
    permission="instances:operate",
    answer=MIGRATION,
    errors=(409,),
)
def undo(call: Call, migration_id: str) -> Any:
    return migrating.begin(call.workspace, call.actor, migration_id, "undo")


@route(
    "POST",
    "/api/migrations/{migration_id}/items/{instance_id}/apply",
    "Migrate one instance that is ok, before the others; checked once more",
    permission="instances:operate",
    answer=ITEM,
    errors=(409,),
)
def apply_one(call: Call, migration_id: str, instance_id: str) -> Any:
    return migrating_work.one(call.workspace, call.actor, migration_id, instance_id, "apply")


@route(
    "POST",
    "/api/migrations/{migration_id}/items/{instance_id}/undo",
    "Put back one migrated instance that has not moved since",
    permission="instances:operate",
    answer=ITEM,
    errors=(409,),
)
def undo_one(call: Call, migration_id: str, instance_id: str) -> Any:
    return migrating_work.one(call.workspace, call.actor, migration_id, instance_id, "undo")


@route(
    "POST",
    "/api/migrations/{migration_id}/stop",
    "Stop what goes on; it can be taken up again",
    permission="instances:operate",
    answer=MIGRATION,
    errors=(409,),
)
def stop(call: Call, migration_id: str) -> Any:
    return migrating.stop(call.workspace, call.actor, migration_id)
