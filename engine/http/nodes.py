"""What flows are made of: node types, and the functions of the expression language."""

from __future__ import annotations

from typing import Any

from headrace.engine import jsontext
from headrace.engine.flow.functions import FUNCTIONS
from headrace.engine.flow.validate import schema
from headrace.engine.http.route import ANYBODY, SIGNED_IN, Call, Response, route
from headrace.engine.http.shapes import BOOLEAN, OBJECT, STRING, TEXT, many, page_of, record
from headrace.engine.registry import describe

PORTS = many(record({"name": STRING, "title": TEXT, "required": BOOLEAN}))
NODE_TYPE = record(
    {
        "name": STRING,
        "title": TEXT,
        "help": TEXT,
        "group": STRING,
        "icon": STRING,
        "starts": BOOLEAN,
        "ends": BOOLEAN,
        "joins": BOOLEAN,
        "splits": BOOLEAN,
        "waits": BOOLEAN,
        "in_worker": BOOLEAN,
        "ports": PORTS,
        "settings": OBJECT,
        "example": OBJECT,
    }
)


@route(
    "GET",
    "/api/node-types",
    "All node types: palette, forms and ports follow from them",
    permission=SIGNED_IN,
    answer=page_of(NODE_TYPE),
)
def node_types(call: Call) -> Any:
    items = [describe(node_type) for node_type in call.workspace.types.values()]
    return {"items": items, "next_cursor": None}


@route(
    "GET",
    "/api/flow-schema.json",
    "The JSON Schema of the flow format, for editors and for programs that write flows",
    permission=ANYBODY,
    answer=OBJECT,
    media="application/schema+json",
)
def flow_schema(_: Call) -> Any:
    return Response(jsontext.dumps(schema()), content_type="application/schema+json")


@route(
    "GET",
    "/api/functions",
    "The functions of the expression language",
    permission=SIGNED_IN,
    answer=page_of(record({"name": STRING, "signature": STRING, "help": TEXT, "example": STRING})),
)
def functions(_: Call) -> Any:
    return {"items": [known.as_json() for known in FUNCTIONS.values()], "next_cursor": None}
