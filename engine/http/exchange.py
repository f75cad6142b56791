"""Files in and out: flows as JSON, BPMN 2.0 and n8n, looked at first and then taken."""

from __future__ import annotations

from typing import Any

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from headrace.engine.errors import BodyTooLarge, FileEmpty
from headrace.engine.exchange.files import FILES_MAX
from headrace.engine.http import body as bodies
from headrace.engine.http.flows import DOCUMENT, version_number
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    BOOLEAN,
    COUNT,
    FLOW_KEY,
    OBJECT,
    PROBLEMS,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    or_null,
    record,
)
from headrace.engine.service import exchange

UPLOAD_MAX_BYTES = 20_000_000
"""Of all files of one look together."""

LANGUAGE = {**one_of("zh", "en"), "default": "zh"}
COMPARED = record(
    {
        "etag": STRING,
        "name": TEXT,
        "published_version": or_null(COUNT),
        "changes": many(
            record(
                {
                    "kind": STRING,
                    "id": STRING,
                    "change": STRING,
                    "quiet": BOOLEAN,
                    "fields": many(OBJECT),
                }
            )
        ),
    }
)
LINE = record(
    {
        "id": STRING,
        "kind": STRING,
        "name": STRING,
        "fate": one_of("carried", "changed", "placeholder", "left_out"),
        "code": STRING,
        "params": OBJECT,
        "message": STRING,
        "flow": STRING,
        "node": STRING,
    }
)
PREVIEW = record(
    {
        "files": many(
            record(
                {
                    "file": STRING,
                    "kind": one_of("flow", "bpmn", "n8n"),
                    "wrong": PROBLEMS,
                    "counts": record(
                        dict.fromkeys(("carried", "changed", "placeholder", "left_out"), COUNT)
                    ),
                    "lines": many(LINE),
                    "flows": many(
                        record(
                            {
                                "key": STRING,
                                "name": TEXT,
                                "document": OBJECT,
                                "cases": many(ANY),
                                "draft": or_null(COMPARED),
                                "problems": PROBLEMS,
                            }
                        )
                    ),
                }
            )
        )
    }
)


@route(
    "POST",
    "/api/exchange/preview",
    "Look at files (fields `file` of a form, or the body): flows, BPMN 2.0, n8n, or a ZIP; nothing is kept",
    permission="flows:write",
    raw=True,
    body_max=UPLOAD_MAX_BYTES,
    query={"name": {"type": "string", "maxLength": 200, "default": "file"}},
    answer=PREVIEW,
    errors=(413, 422),
)
def preview(call: Call) -> Any:
    return exchange.preview(call.workspace, call.actor, _given(call))


def _given(call: Call) -> list[tuple[str, bytes]]:
    request = call.request
    if request.mimetype != "multipart/form-data":
        data = bodies.read_bytes(request, UPLOAD_MAX_BYTES)
        if not data:
            raise FileEmpty(name=call.query["name"])
        return [(call.query["name"], data)]
    request.max_content_length = UPLOAD_MAX_BYTES
    request.max_form_memory_size = UPLOAD_MAX_BYTES
    request.max_form_parts = FILES_MAX
    try:
        given = request.files.getlist("file")
    except RequestEntityTooLarge:
        limit = f"{UPLOAD_MAX_BYTES} bytes in at most {FILES_MAX} files"
        raise BodyTooLarge(limit=limit, found="more") from None
    if not given:
        raise FileEmpty(name="file")
    found = []
    for one in given:
        found.append(((one.filename or "file")[:200], one.stream.read()))
        one.close()
    return found


@route(
    "POST",
    "/api/exchange/compare",
    "What a document would change if it took the place of a flow's draft",
    permission="flows:read",
    body=body({"key": FLOW_KEY, "document": DOCUMENT}),
    body_max=UPLOAD_MAX_BYTES,
    answer=COMPARED,
    errors=(404,),
)
def compare(call: Call) -> Any:
    return exchange.compare(call.workspace, call.actor, call.body["key"], call.body["document"])


@route(
    "POST",
    "/api/exchange/take",
    "Keep what a look showed, all or none: new flows, or (`etag`) in place of drafts",
    permission="flows:write",
    body=body(
        {
            "flows": {
                **many(
                    body(
                        {
                            "key": FLOW_KEY,
                            "document": DOCUMENT,
                            "etag?": or_null(STRING),
                            "cases?": many(ANY, 200),
                        }
                    ),
                    exchange.FLOWS_MAX,
                ),
                "minItems": 1,
            }
        }
    ),
    body_max=UPLOAD_MAX_BYTES,
    answer=record({"flows": many(record({"key": FLOW_KEY, "created": BOOLEAN, "etag": STRING}))}),
    status=201,
    errors=(404, 409, 412),
)
def take(call: Call) -> Any:
    return exchange.take(call.workspace, call.actor, call.body["flows"])


@route(
    "GET",
    "/api/flows/{key}/bpmn",
    "The flow as BPMN 2.0 XML with its layout: the draft, or a version",
    permission="flows:read",
    query={"version": {"type": "string", "maxLength": 9}, "language": LANGUAGE},
    media="application/xml",
)
def bpmn(call: Call, key: str) -> Any:
    told = call.query["version"]
    number = version_number(key, told) if told else None
    data = exchange.export(
        call.workspace,
        call.actor,
        key,
        kind="bpmn",
        number=number,
        language=call.query["language"],
    )
    return _file(data, f"{key}.bpmn", "application/xml")


@route(
    "GET",
    "/api/exchange/export",
    "Several flows as a ZIP of JSON or BPMN files",
    permission="flows:read",
    query={
        "keys": {
            "type": "string",
            "maxLength": 6_500,
            "default": "",
            "description": "Keys of flows with commas between.",
        },
        "format": {**one_of("json", "bpmn"), "default": "json"},
        "language": LANGUAGE,
    },
    media="application/zip",
    errors=(404,),
)
def export(call: Call) -> Any:
    keys = [key for key in call.query["keys"].split(",") if key][: exchange.FLOWS_MAX]
    data = exchange.export_all(
        call.workspace,
        call.actor,
        keys,
        kind=call.query["format"],
        language=call.query["language"],
    )
    return _file(data, "flows.zip", "application/zip")


def _file(data: bytes, name: str, kind: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, 200, headers, content_type=kind)
