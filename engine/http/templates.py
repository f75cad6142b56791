"""Industry templates: the gallery, the wizard that installs one, and files that bring one's own."""

from __future__ import annotations

from typing import Any

from flask import Response

from headrace.engine.flow.forms import Form
from headrace.engine.http import body as bodies
from headrace.engine.http.data_tables import DEFINITION as TABLE_DEFINITION
from headrace.engine.http.decision_tables import DEFINITION as DECISION_DEFINITION
from headrace.engine.http.flows import TEST
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    BOOLEAN,
    COUNT,
    LINE,
    OBJECT,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    page_of,
    record,
)
from headrace.engine.http.sources import KEY as SOURCE_KEY
from headrace.engine.http.sources import VALUES as SOURCE_VALUES
from headrace.engine.service import (
    template_export,
    template_install,
    template_plan,
    template_removal,
    templates,
)
from headrace.engine.service.bundles import KINDS, ZIP_MAX

SUMMARY = {
    "key": STRING,
    "code": {**STRING, "description": "Its number in the requirements; empty for one's own."},
    "name": TEXT,
    "description": OBJECT,
    "industry": OBJECT,
    "roles": many(record({"key": STRING, "title": TEXT})),
    "connections": many(record({"key": STRING, "connector": STRING})),
    "own_connectors": many(record({"key": STRING, "title": OBJECT, "operations": COUNT})),
    "tables": many(record({"key": STRING, "title": OBJECT, "fields": COUNT, "rows": COUNT})),
    "decision_tables": many(record({"key": STRING, "title": OBJECT, "rules": COUNT})),
    "sources": many(record({"key": STRING, "title": OBJECT, "channel": STRING})),
    "targets": many(OBJECT),
    "own": {**BOOLEAN, "description": "Brought by people of this workspace."},
    "installed": BOOLEAN,
}

KEY = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{1,63}$"}
_HERE = {
    "type": "object",
    "additionalProperties": {"type": "string", "maxLength": 64},
    "maxProperties": 100,
}
MAPPING = {
    "type": "object",
    "properties": dict.fromkeys(
        ("roles", "own_connectors", "connections", "tables", "decision_tables", "sources"), _HERE
    ),
    "additionalProperties": False,
    "description": "Kind → key in the template → what it is called here.",
}
_KEYS = many({"type": "string", "maxLength": 64}, 200)
FORMS = {
    "table": Form(TABLE_DEFINITION),
    "decision_table": Form(DECISION_DEFINITION),
    "source": Form(body({"key": SOURCE_KEY, **SOURCE_VALUES})),
}
"""What is asked of the parts of a template file, as of the same parts made by hand."""
ITEM = record({"kind": STRING, "key": STRING, "here": STRING, "state": STRING})
ZIP = "application/zip"


@route(
    "GET",
    "/api/templates",
    "The gallery",
    permission="flows:read",
    answer=page_of(
        record({**SUMMARY, "flows": many(record({"key": STRING, "name": TEXT}))}),
    ),
)
def listing(call: Call) -> Any:
    return templates.listing(call.workspace, call.actor)


@route(
    "GET",
    "/api/templates/{key}",
    "One template with its flows and samples",
    permission="flows:read",
    answer=record(
        {**SUMMARY, "flows": many(OBJECT), "samples": many(OBJECT), "expect": many(OBJECT)}
    ),
)
def detail(call: Call, key: str) -> Any:
    return templates.detail(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/templates/{key}/plan",
    "What installing would do, item by item; nothing is changed",
    permission="templates:install",
    body=body({"mapping?": MAPPING}),
    body_required=False,
    answer=record({"items": many(ITEM), "choices": OBJECT, "ready": BOOLEAN}),
)
def plan(call: Call, key: str) -> Any:
    return template_plan.plan(call.workspace, call.actor, key, (call.body or {}).get("mapping"))


@route(
    "POST",
    "/api/templates/{key}/install",
    "Install a template; what is there already stays as it is, unless `replace` names it",
    permission="templates:install",
    body=body({"mapping?": MAPPING, "parts?": many(one_of(*KINDS), len(KINDS)), "replace?": _KEYS}),
    body_required=False,
    answer=record(
        {
            "flows": many(STRING),
            "created": many(STRING),
            "kept": many(STRING),
            "replaced": many(STRING),
            "problems": many(OBJECT),
        }
    ),
    status=201,
    repeatable=True,
)
def install(call: Call, key: str) -> Any:
    told = call.body or {}
    return template_install.install(
        call.workspace,
        call.actor,
        key,
        mapping=told.get("mapping"),
        parts=told.get("parts", KINDS),
        replace=told.get("replace", ()),
    )


@route(
    "GET",
    "/api/templates/{key}/removal",
    "What removing would take away, and what stays and why; nothing is changed",
    permission="templates:install",
    answer=record({"removed": many(OBJECT), "kept": many(OBJECT)}),
)
def removal(call: Call, key: str) -> Any:
    return template_removal.removal(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/templates/{key}/remove",
    "Take away what installing has made and nobody has touched",
    permission="templates:install",
    body=body({}),
    body_required=False,
    answer=record({"removed": many(OBJECT), "kept": many(OBJECT)}),
)
def remove(call: Call, key: str) -> Any:
    return template_removal.remove(call.workspace, call.actor, key)


@route(
    "GET",
    "/api/templates/{key}/file",
    "A template as a file (zip), to take it to another workspace",
    permission="flows:read",
    media=ZIP,
)
def file(call: Call, key: str) -> Any:
    return _zip(templates.file_of(call.workspace, call.actor, key), key)


@route(
    "POST",
    "/api/templates/import",
    "Bring a template: the zip file as body, or a form with the field `file`; nothing is installed by that",
    permission="templates:install",
    raw=True,
    body_max=ZIP_MAX,
    answer=record(SUMMARY),
    status=201,
    errors=(400, 409, 413, 422),
)
def upload(call: Call) -> Any:
    sent = (
        call.request.files.get("file") if call.request.mimetype == "multipart/form-data" else None
    )
    data = sent.stream.read(ZIP_MAX + 1) if sent else bodies.read_bytes(call.request, ZIP_MAX)
    return templates.upload(call.workspace, call.actor, data, FORMS)


@route(
    "POST",
    "/api/templates/suggest",
    "What these flows need: what should go along into the file",
    permission="flows:read",
    body=body({"flows": _KEYS}),
    answer=record({kind: many(STRING) for kind in KINDS}),
)
def suggest(call: Call) -> Any:
    return template_export.suggestion(call.workspace, call.actor, call.body["flows"])


@route(
    "POST",
    "/api/templates/export",
    "Make a template file of what there is here; no secret goes along",
    permission="templates:install",
    body=body(
        {
            "key": KEY,
            "name": TEXT,
            "description?": TEXT,
            "industry?": TEXT,
            "flows": _KEYS,
            "tables?": _KEYS,
            "decision_tables?": _KEYS,
            "roles?": _KEYS,
            "own_connectors?": _KEYS,
            "connections?": _KEYS,
            "sources?": _KEYS,
            "with_rows?": _KEYS,
        }
    ),
    media=ZIP,
)
def export(call: Call) -> Any:
    return _zip(template_export.export(call.workspace, call.actor, call.body), call.body["key"])


@route(
    "DELETE",
    "/api/templates/{key}",
    "Take one's own template out of the gallery; what it has made stays",
    permission="templates:install",
    status=204,
)
def discard(call: Call, key: str) -> Any:
    templates.discard(call.workspace, call.actor, key)


def _zip(data: bytes, key: str) -> Response:
    name = f"{key}.headrace.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, 200, headers, content_type=ZIP)


@route(
    "POST",
    "/api/templates/{key}/try",
    "Run one of its samples in memory, and say whether it ended as expected",
    permission="flows:read",
    body=body({"flow": LINE, "sample": ANY}),
    answer={
        **TEST,
        "properties": {
            **TEST["properties"],
            "met": BOOLEAN,
            "expected": OBJECT,
            "unmet": many(OBJECT),
        },
    },
)
def try_sample(call: Call, key: str) -> Any:
    return templates.try_sample(
        call.workspace, call.actor, key, call.body["flow"], call.body["sample"]
    )
