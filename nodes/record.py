"""Keep or look up one business record, by its key: an order, a buyer, a stock line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import OUT, Context, Done, Failed, NodeType, Port, PortsBy
from headrace.nodes._fields import (
    NAME,
    Problems,
    evaluated,
    expression,
    form,
    name_problems,
    pairs,
    setting,
)

KEY_MAX = 200

PORTS = PortsBy(
    "operation",
    {
        "create": (
            Port("created", {"zh": "新建", "en": "New"}),
            Port("exists", {"zh": "已存在", "en": "Already there"}),
        ),
        "find": (
            Port("found", {"zh": "找到", "en": "Found"}),
            Port("missing", {"zh": "没有", "en": "Missing"}),
        ),
        "upsert": (OUT,),
    },
)


def run(context: Context) -> Done | Failed:
    """The same visit hears the same answer however often it asks: the step's key tells who made a record."""
    settings, world = context.settings, context.world
    assert world is not None
    operation = settings["operation"]
    key = str(context.evaluate.expression(settings["key"]))
    if not 0 < len(key) <= KEY_MAX:
        return Failed(
            "key_wrong", f"Expected a key of 1 to {KEY_MAX} characters, but found {len(key)}."
        )
    values = {} if operation == "find" else evaluated(context, settings.get("values", ()))
    answer = world.record(operation, settings["table"], key, values, context.key)
    port = {
        "create": "created" if answer.created else "exists",
        "find": "found" if answer.found else "missing",
        "upsert": "out",
    }[operation]
    return Done(output={"key": key, "created": answer.created, "value": answer.value}, port=port)


def check(settings: Mapping[str, Any]) -> Problems:
    """One value a name."""
    return name_problems("/values", settings.get("values", ()), ())


NODE = NodeType(
    name="record",
    title={"zh": "业务数据", "en": "Record"},
    help={
        "zh": "按主键新建、查找或更新一条业务数据，例如订单、买家、库存。同一主键只有一条。",
        "en": "Makes, finds or updates one business record by its key, such as an order, a buyer or a stock line."
        " There is one record a key.",
    },
    group="data",
    icon="database",
    settings=form(
        ["operation", "table", "key"],
        operation=setting(
            ("做什么", "What to do"),
            (
                "新建：已存在时不改动。查找：只读。更新：没有就新建，有就整条替换。",
                "Create: an existing record stays as it is. Find: reads only."
                " Update: makes it, or puts these fields in its place.",
            ),
            type="string",
            choices={
                "create": ("新建", "Create"),
                "find": ("查找", "Find"),
                "upsert": ("更新", "Update"),
            },
        ),
        table=setting(
            ("数据表", "Table"),
            (
                "表名，例如 orders；第一次使用时自动建立。",
                "Its name, such as orders; made when first used.",
            ),
            type="string",
            pattern=NAME,
        ),
        key=expression(
            ("主键", "Key"),
            ("怎样区分每一条，例如 order_no。", "What tells records apart, such as order_no."),
        ),
        values=pairs(
            ("字段", "Fields"),
            ("要保存的字段。", "The fields to keep."),
            when={"operation": ["create", "upsert"]},
        ),
    ),
    example={
        "operation": "create",
        "table": "orders",
        "key": "'A-1'",
        "values": [{"name": "total", "value": "12.5"}],
    },
    ports=(),
    ports_by=PORTS,
    run=run,
    check=check,
    in_worker=True,
    attempts=lambda _: 5,
    backoff_ms=lambda _: 500,
)
