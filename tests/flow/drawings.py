"""Flows for the tests of `engine/flow`, and node types that need nothing but the contract."""

from __future__ import annotations

import itertools

from headrace.engine.node import ERROR, OUT, NodeType, Port, PortsBy

T = {"zh": "名", "en": "Name"}
PAIRS = {
    "type": "array",
    "x-widget": "pairs",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "value": {"type": "string", "format": "expression"},
        },
        "required": ["name", "value"],
        "additionalProperties": False,
    },
}
EXPRESSION = {"type": "string", "format": "expression"}
TEMPLATE = {"type": "string", "format": "template"}
DURATION = {"type": "string", "format": "duration"}


def kind(
    name,
    ports=(OUT,),
    required=(),
    ports_from=None,
    ports_by=None,
    group="control",
    check=lambda _: (),
    **more,
):
    flags = {
        key: more.pop(key)
        for key in ("starts", "ends", "joins", "splits", "waits", "in_worker")
        if key in more
    }
    settings = {
        "type": "object",
        "properties": more,
        "required": list(required),
        "additionalProperties": False,
    }
    return NodeType(
        name=name, title=T, help=T, group=group, icon="x", settings=settings, example={}, ports=ports,
        ports_from=ports_from, ports_by=ports_by, check=check, **flags,
    )  # fmt: skip


def _check_values(settings):
    return [
        ("/values", "setting_wrong", {"expected": "another name", "found": "bad"})
        for row in settings.get("values", ())
        if row["name"] == "bad"
    ]


BRANCHES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "name": {"type": "object"},
            "when": {"type": "object", "x-widget": "condition"},
        },
        "required": ["id", "when"],
    },
}
ASSIGNEES = {
    "type": "array",
    "x-widget": "assignees",
    "items": {
        "oneOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": "role"}, "id": {"type": "string"}},
                "required": ["kind", "id"],
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {"kind": {"const": "expression"}, "value": EXPRESSION},
                "required": ["kind", "value"],
                "additionalProperties": False,
            },
        ]
    },
}

TYPES = {
    node_type.name: node_type
    for node_type in (
        kind("start", starts=True, business_key=EXPRESSION),
        kind(
            "schedule",
            starts=True,
            cron={"type": "string", "format": "cron"},
            timezone={"type": "string", "format": "timezone"},
            values=PAIRS,
        ),
        kind("webhook", starts=True, items=EXPRESSION, values=PAIRS, dedup_key=EXPRESSION),
        kind(
            "condition",
            ports=(Port("else", T),),
            ports_from="branches",
            required=["branches"],
            branches=BRANCHES,
        ),
        kind("split", splits=True),
        kind("join", joins=True),
        kind("end", ports=(), ends=True, output=PAIRS),
        kind(
            "approval",
            ports=(Port("approved", T), Port("rejected", T), Port("returned", T, required=False)),
            waits=True,
            title=TEMPLATE,
            assignees=ASSIGNEES,
            form={"type": "object", "x-widget": "schema"},
            due=DURATION,
        ),
        kind(
            "timer",
            waits=True,
            required=["mode"],
            mode={"enum": ["for", "until"]},
            duration={**DURATION, "x-when": {"mode": ["for"]}},
            until={**EXPRESSION, "x-when": {"mode": ["until"]}},
        ),
        kind("set_values", group="data", values=PAIRS, check=_check_values),
        kind(
            "subflow",
            ports=(OUT, ERROR),
            waits=True,
            flow={"type": "string", "x-widget": "flow"},
            for_each=EXPRESSION,
            input=PAIRS,
        ),
        kind(
            "connector",
            ports=(OUT, ERROR),
            in_worker=True,
            path=TEMPLATE,
            done_when=EXPRESSION,
            values=PAIRS,
        ),
        kind(
            "record",
            in_worker=True,
            ports=(),
            ports_by=PortsBy(
                "operation", {"find": (Port("found", T), Port("missing", T)), "upsert": (OUT,)}
            ),
            operation={"enum": ["find", "upsert"]},
        ),
    )
}


def node(node_id, type_name, settings=None, **more):
    return {
        "id": node_id,
        "type": type_name,
        "name": {"zh": node_id, "en": node_id},
        "position": {"x": 0, "y": 0},
        "settings": settings or {},
        **more,
    }


def arrows(*ways):
    """`"start > check:big > end"` → arrows, with ids e1, e2, …"""
    found = []
    for way in ways:
        stops = [stop.strip() for stop in way.split(">")]
        for stop, following in itertools.pairwise(stops):
            source, _, port = stop.partition(":")
            target = following.partition(":")[0]
            found.append(
                {"id": f"e{len(found) + 1}", "from": source, "port": port or "out", "to": target}
            )
    return found


def flow(nodes, *ways, **more):
    schema = {
        "type": "object",
        "properties": {"amount": {"type": "number"}, "order_no": {"type": "string"}},
    }
    return {
        "format": 1,
        "key": "a-flow",
        "name": {"zh": "流程", "en": "Flow"},
        "input": schema,
        "nodes": nodes,
        "edges": arrows(*ways),
        **more,
    }


def when(field, operator, value):
    return {"combinator": "and", "rules": [{"field": field, "operator": operator, "value": value}]}


def choice(node_id="check", field="amount"):
    return node(
        node_id,
        "condition",
        {"branches": [{"id": "big", "name": T, "when": when(field, ">", 500)}]},
    )


REFUND = flow(
    [
        node("start", "start", {"business_key": "order_no"}),
        choice(),
        node(
            "ask",
            "approval",
            {"title": "退款 {{ amount }} 元", "assignees": [{"kind": "role", "id": "lead"}]},
            result="decision",
        ),
        node(
            "tell",
            "set_values",
            {"values": [{"name": "by", "value": "decision.by"}, {"name": "again", "value": "by"}]},
        ),
        node(
            "end", "end", {"output": [{"name": "who", "value": "default(by, instance.initiator)"}]}
        ),
        node("refused", "end"),
    ],
    "start > check:big > ask:approved > tell > end",
    "check:else > end",
    "ask:rejected > refused",
)
for _place, _edge in enumerate(REFUND["edges"]):
    _edge["id"] = f"e{_place + 1}"
