"""Flows: drafts, versions, files, trying out."""

from __future__ import annotations

from typing import Any

from flask import Response

from headrace.engine.clock import from_iso
from headrace.engine.errors import NotFound, NotJson, Problem, ValidationFailed
from headrace.engine.http import body as bodies
from headrace.engine.http.route import Answer, Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    FLOW_KEY,
    LINE,
    OBJECT,
    PAGING,
    PROBLEMS,
    SEARCH,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import flows

DOCUMENT_MAX_BYTES = 5_000_000
"""A flow of 2,000 nodes is some 1 MB."""

DOCUMENT = dict(flows.SHAPE)
NAME = {**TEXT, "maxProperties": 2}
VERSION = {
    "version": COUNT,
    "published_at": AT,
    "published_by": STRING,
    "note": STRING,
    "sha256": STRING,
    "status": one_of("active", "deprecated", "retired"),
}
TEST = record(
    {
        "status": STRING,
        "output?": ANY,
        "variables?": OBJECT,
        "steps": many(OBJECT),
        "edges": many(STRING),
        "problems?": PROBLEMS,
    }
)


@route(
    "GET",
    "/api/flows",
    "Flows by key",
    permission="flows:read",
    query={
        "search": SEARCH,
        "state": {**one_of("", "published", "draft", "changed"), "default": ""},
        **PAGING,
    },
    answer=page_of(
        record(
            {
                "key": FLOW_KEY,
                "name": TEXT,
                "description": or_null(TEXT),
                "published_version": or_null(COUNT),
                "draft_updated_at": AT,
                "draft_updated_by": STRING,
                "has_draft_changes": BOOLEAN,
                "open_instances": COUNT,
                "incidents": COUNT,
                "starts": many(STRING),
            }
        )
    ),
)
def listing(call: Call) -> Any:
    return flows.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/flows",
    "Make a flow: with a start and an end, or with a document",
    permission="flows:write",
    body=body({"key?": FLOW_KEY, "name?": NAME, "document?": DOCUMENT}),
    body_max=DOCUMENT_MAX_BYTES,
    answer=record({"key": FLOW_KEY, "problems": PROBLEMS}),
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    return flows.create(
        call.workspace,
        call.actor,
        key=call.body.get("key"),
        name=call.body.get("name"),
        document=call.body.get("document"),
    )


@route(
    "POST",
    "/api/flows/import",
    "Make a flow from a file: the JSON as body, or a form with the field `file`; `key` names it anew",
    permission="flows:write",
    raw=True,
    body_max=DOCUMENT_MAX_BYTES,
    query={"key": FLOW_KEY},
    answer=record({"key": FLOW_KEY, "problems": PROBLEMS}),
    status=201,
    errors=(400, 409, 413, 415, 422),
)
def import_file(call: Call) -> Any:
    value = bodies.parse(_file(call))
    return flows.import_file(call.workspace, call.actor, value, key=call.query["key"])


def _file(call: Call) -> bytes:
    request = call.request
    if request.mimetype == "multipart/form-data":
        request.max_content_length = DOCUMENT_MAX_BYTES
        request.max_form_memory_size = DOCUMENT_MAX_BYTES
        given = request.files.get("file")
        data = given.stream.read(DOCUMENT_MAX_BYTES + 1) if given is not None else b""
    else:
        data = bodies.read_bytes(request, DOCUMENT_MAX_BYTES)
        bodies.check_json_type(request)
    if not data:
        raise NotJson(reason="an empty file")
    return data.removeprefix(b"\xef\xbb\xbf")  # Windows editors begin a file with it


@route(
    "GET",
    "/api/flows/{key}",
    "A flow with its draft; the header ETag is the draft's",
    permission="flows:read",
    answer=record(
        {
            "key": FLOW_KEY,
            "name": TEXT,
            "published_version": or_null(COUNT),
            "versions": COUNT,
            "draft": record(
                {"document": OBJECT, "etag": STRING, "updated_at": AT, "updated_by": STRING}
            ),
        }
    ),
)
def detail(call: Call, key: str) -> Any:
    found = flows.detail(call.workspace, call.actor, key)
    return Answer(found, headers={"ETag": f'"{found["draft"]["etag"]}"'})


@route(
    "DELETE",
    "/api/flows/{key}",
    "Take a flow away that was never started",
    permission="flows:write",
    status=204,
    errors=(409,),
)
def delete(call: Call, key: str) -> Any:
    flows.delete(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/flows/{key}/draft",
    "Keep a draft; If-Match says which one it replaces",
    permission="flows:write",
    body=DOCUMENT,
    body_max=DOCUMENT_MAX_BYTES,
    answer=record({"etag": STRING, "problems": PROBLEMS}),
    if_match=True,
    errors=(412,),
)
def save(call: Call, key: str) -> Any:
    etag = call.request.headers.get("If-Match", "").removeprefix("W/").strip('" ')
    if not etag:
        message = "Expected the header If-Match with the draft's etag, but found none."
        problem = Problem("/headers/If-Match", "required", {"name": "If-Match"}, message)
        raise ValidationFailed(what="request", count=1, problems=[problem])
    saved = flows.save(call.workspace, call.actor, key, call.body, etag)
    return Answer(saved, headers={"ETag": f'"{saved["etag"]}"'})


@route(
    "POST",
    "/api/flows/{key}/check",
    "Every problem of the draft, or of a document that is not kept",
    permission="flows:read",
    body=body({"document?": OBJECT}),
    body_required=False,
    body_max=DOCUMENT_MAX_BYTES,
    answer=record({"problems": PROBLEMS}),
)
def check(call: Call, key: str) -> Any:
    document = (call.body or {}).get("document")
    return flows.check(call.workspace, call.actor, key, document)


@route(
    "POST",
    "/api/flows/{key}/publish",
    "Make the draft a version, and (`activate`, the default) the one new instances get; 422 tells every problem",
    permission="flows:publish",
    body=body(
        {
            "note?": {"type": "string", "maxLength": 2_000},
            "etag?": LINE,
            "activate?": BOOLEAN,
            "despite?": {"type": "string", "maxLength": 2_000},
        }
    ),
    body_required=False,
    answer=record({"version": COUNT, "unchanged": BOOLEAN}),
    status=201,
    errors=(409, 412),
    repeatable=True,
)
def publish(call: Call, key: str) -> Any:
    told = call.body or {}
    published = flows.publish(
        call.workspace,
        call.actor,
        key,
        note=told.get("note", ""),
        etag=told.get("etag"),
        activate=told.get("activate", True),
        despite=told.get("despite", "").strip(),
    )
    return Answer(published, status=200 if published["unchanged"] else 201)


@route(
    "GET",
    "/api/flows/{key}/versions",
    "Published versions, newest first",
    permission="flows:read",
    query=PAGING,
    answer=page_of(record({**VERSION, "instances": COUNT, "open_instances": COUNT})),
)
def versions(call: Call, key: str) -> Any:
    return flows.versions(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/flows/{key}/versions/{number}",
    "One published version with its document",
    permission="flows:read",
    answer=record({**VERSION, "document": OBJECT}),
)
def version(call: Call, key: str, number: str) -> Any:
    return flows.version(call.workspace, call.actor, key, version_number(key, number))


@route(
    "GET",
    "/api/flows/{key}/export",
    "The flow as a file: the draft, or a version; equal flows are equal files",
    permission="flows:read",
    query={"version": {"type": "integer", "minimum": 1}},
    answer=OBJECT,
)
def export(call: Call, key: str) -> Any:
    data = flows.export(call.workspace, call.actor, key, call.query["version"])
    headers = {"Content-Disposition": f'attachment; filename="{key}.json"'}
    return Response(data, 200, headers, content_type="application/json")


@route(
    "POST",
    "/api/flows/{key}/test",
    "Run the draft, or a document, in memory: no row, no call outside, time jumps",
    permission="flows:read",
    body=body(
        {
            "document?": OBJECT,
            "input": OBJECT,
            "decisions?": OBJECT,
            "mocks?": OBJECT,
            "pins?": OBJECT,
            "stop_at?": many(LINE, 2_000),
            "at?": AT,
            "start_node?": or_null(LINE),
        }
    ),
    body_max=DOCUMENT_MAX_BYTES,
    answer=TEST,
)
def test(call: Call, key: str) -> Any:
    told = call.body
    return flows.test(
        call.workspace,
        call.actor,
        key,
        input_=told["input"],
        document=told.get("document"),
        now_ms=from_iso(told["at"].upper()) if "at" in told else None,
        decisions=told.get("decisions"),
        mocks=told.get("mocks"),
        pins=told.get("pins"),
        stop_at=frozenset(told.get("stop_at", ())),
        start_node=told.get("start_node"),
    )


def version_number(key: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound(kind="flow version", id=f"{key} {text}")
    return int(text)
