"""Keep, look up and count business records: orders, buyers, stock.

Adjusting is how stock is reserved: a number is added to or taken from under a lock, never below its bound, once however often
the visit is tried; `release` gives back what an earlier visit took, once, also as the node attached to undo it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from headrace.engine.errors import NotFound, ValidationFailed
from headrace.engine.node import OUT, Context, Done, Failed, NodeType, Port, PortsBy
from headrace.nodes._fields import (
    NAME,
    Problems,
    evaluated,
    expression,
    form,
    name_problems,
    needed,
    pairs,
    setting,
)

KEY_MAX = 200
LINES_MAX = 200
REFILL_S = 10.0
"""How long a table is given to be written anew before it is asked again."""

_FOUND = (
    Port("found", {"zh": "找到", "en": "Found"}),
    Port("missing", {"zh": "没有", "en": "Missing"}),
)
PORTS = PortsBy(
    "operation",
    {
        "create": (
            Port("created", {"zh": "新建", "en": "New"}),
            Port("exists", {"zh": "已存在", "en": "Already there"}),
        ),
        "find": _FOUND,
        "list": _FOUND,
        "add_up": _FOUND,
        "upsert": (OUT, Port("conflict", {"zh": "有冲突", "en": "Conflict"}, required=False)),
        "update": _FOUND,
        "delete": _FOUND,
        "adjust": (
            Port("done", {"zh": "已调整", "en": "Adjusted"}),
            Port("refused", {"zh": "超出界限", "en": "Refused"}),
        ),
        "release": (OUT,),
    },
)


def run(context: Context) -> Done | Failed:
    """The same visit hears the same answer however often it asks: the step's key tells who changed a record."""
    operation = context.settings["operation"]
    try:
        if operation == "list":
            return _list(context)
        if operation == "add_up":
            return _add_up(context)
        if operation == "adjust":
            return _adjust(context)
        if operation == "release":
            return _release(context)
        return _one(context, operation)
    except ValidationFailed as wrong:
        told = "; ".join(f"{p.path}: {p.message}" for p in wrong.problems[:5]) or wrong.message
        problems = [problem.as_json() for problem in wrong.problems[:50]]
        return Failed("record_wrong", told[:1000], details={"problems": problems})
    except NotFound as missing:
        return Failed("table_missing", missing.message)


def _one(context: Context, operation: str) -> Done | Failed:
    settings, world = context.settings, context.world
    assert world is not None
    key = str(context.evaluate.expression(settings["key"]))
    if not 0 < len(key) <= KEY_MAX:
        return Failed(
            "key_wrong", f"Expected a key of 1 to {KEY_MAX} characters, but found {len(key)}."
        )
    values = (
        {} if operation in {"find", "delete"} else evaluated(context, settings.get("values", ()))
    )
    rule = _rule(settings) if operation == "upsert" else None
    if rule is not None:
        told = {"key": key, "values": values, "rule": rule}
        made = world.table("merge", settings["table"], told, context.key)
        port = "conflict" if made.state == "conflict" and "conflict" in context.connected else "out"
        return Done(output=made.output, port=port)
    if operation in {"update", "delete"}:
        made = world.table(
            operation, settings["table"], {"key": key, "values": values}, context.key
        )
        return Done(output=made.output, port=made.state)
    answer = world.record(operation, settings["table"], key, values, context.key)
    port = {
        "create": "created" if answer.created else "exists",
        "find": "found" if answer.found else "missing",
        "upsert": "out",
    }[operation]
    return Done(output={"key": key, "created": answer.created, "value": answer.value}, port=port)


def _rule(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """The conflict rule as drawn; None where nobody drew one."""
    mode = settings.get("conflict", "theirs")
    fields = {row["field"]: row["rule"] for row in settings.get("field_rules", ())}
    order = {row["field"]: row["states"] for row in settings.get("orders", ())}
    if mode == "theirs" and not fields and not order:
        return None
    return {
        "mode": mode,
        "by": settings.get("newest_by"),
        "window_s": settings.get("window_s", 300),
        "fields": fields,
        "order": order,
    }


def _list(context: Context) -> Done:
    settings, world = context.settings, context.world
    assert world is not None
    told = {
        "conditions": _conditions(context),
        "sort": settings.get("sort", ""),
        "limit": settings.get("limit", 50),
    }
    made = world.table("list", settings["table"], told, context.key)
    return Done(output=made.output, port=made.state)


def _conditions(context: Context) -> list[dict[str, Any]]:
    return [
        {
            "field": row["field"],
            "op": row.get("op", "="),
            "value": context.evaluate.expression(row["value"]) if row.get("value") else None,
        }
        for row in context.settings.get("conditions", ())
    ]


def _add_up(context: Context) -> Done | Failed:
    settings, world = context.settings, context.world
    assert world is not None
    told = {
        "conditions": _conditions(context),
        "group_by": list(settings.get("group_by", ())),
        "sums": list(settings.get("sums", ())),
    }
    made = world.table("add_up", settings["table"], told, context.key)
    if made.state == "refilling":
        message = "Expected a table at rest, but its records are being written anew; sums would miss some."
        return Failed("table_refilling", message, retryable=True, retry_after_s=REFILL_S)
    return Done(output=made.output, port=made.state)


def _adjust(context: Context) -> Done | Failed:
    settings, world, evaluate = context.settings, context.world, context.evaluate
    assert world is not None
    if settings.get("lines"):
        lines = evaluate.expression(settings["lines"])
        if not isinstance(lines, list) or not 0 < len(lines) <= LINES_MAX:
            return Failed(
                "lines_wrong", f"Expected a list of 1 to {LINES_MAX} lines with key and by."
            )
    else:
        lines = [
            {"key": evaluate.expression(settings["key"]), "by": evaluate.expression(settings["by"])}
        ]
    for line in lines:
        right = isinstance(line, Mapping) and line.get("key") not in (None, "")
        if not right or not _is_number(line.get("by")):
            return Failed(
                "lines_wrong", f"Expected a key and a number by, but found {str(line)[:200]}."
            )
    bounds = {
        word: evaluate.expression(settings[word]) if settings.get(word) else None
        for word in ("least", "most")
    }
    told = {
        "field": settings["field"],
        "lines": [{"key": str(line["key"]), "by": str(line["by"])} for line in lines],
        "reservations": settings.get("reservations"),
        **{word: None if bound is None else str(bound) for word, bound in bounds.items()},
    }
    made = world.table("adjust", settings["table"], told, context.key)
    return Done(output=made.output, port="done" if made.state == "done" else "refused")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _release(context: Context) -> Done | Failed:
    settings, world = context.settings, context.world
    assert world is not None
    of = (context.compensated or {}).get("key")
    if settings.get("of"):
        of = context.evaluate.expression(settings["of"])
    if not isinstance(of, str) or not of:
        return Failed(
            "nothing_to_release",
            "Expected the reservation of an earlier adjustment (its output `reservation`), or to undo one, but found neither.",
        )
    made = world.table("release", settings.get("table", ""), {"of": of}, context.key)
    return Done(output=made.output)


def check(settings: Mapping[str, Any]) -> Problems:
    """One value a name, and what each operation needs."""
    operation = settings.get("operation")
    wanted: tuple[str, ...] = ()
    if operation in {"create", "find", "upsert", "update", "delete"}:
        wanted = ("table", "key")
    elif operation in {"list", "add_up"}:
        wanted = ("table",)
    elif operation == "adjust":
        wanted = ("table", "field") if settings.get("lines") else ("table", "field", "key", "by")
    return [
        *needed(settings, *wanted),
        *(needed(settings, "newest_by") if settings.get("conflict") == "newest" else ()),
        *name_problems("/values", settings.get("values", ()), ()),
        *name_problems("/sums", settings.get("sums", ()), _grouped(settings)),
    ]


def _grouped(settings: Mapping[str, Any]) -> list[str]:
    """Names that a group has already."""
    return ["count", *(row["field"] for row in settings.get("group_by", ()))]


_FIELD = {"type": "string", "pattern": NAME, "widget": "table_field"}
_MODES = {
    "theirs": ("以新来的为准", "Take what comes"),
    "ours": ("以已有的为准", "Keep what is there"),
    "newest": ("较新的为准", "The newer one"),
    "fill": ("只补空白", "Only fill gaps"),
}
_EACH = {**_MODES, "largest": ("取大", "The larger"), "smallest": ("取小", "The smaller")}


def _rows(
    title: tuple[str, str], hint: tuple[str, str], item: Mapping[str, Any], **more: Any
) -> Any:
    row = {
        "type": "object",
        "properties": item,
        "required": [name for name in item if name not in {"value", "op", "per"}],
        "additionalProperties": False,
    }
    return setting(title, hint, type="array", items=row, **{"maxItems": 50, **more})


_WHICH = setting(("字段", "Field"), ("字段名。", "The field's name."), **_FIELD)
_AT_TABLE = ["create", "find", "list", "add_up", "upsert", "update", "delete", "adjust"]
_CHANGES = {"operation": ["create", "upsert", "update"]}

NODE = NodeType(
    name="record",
    title={"zh": "业务数据", "en": "Record"},
    help={
        "zh": "新建、查找、更新、删除数据表里的业务数据，或按界限加减一个数（例如预占库存）。同一主键只有一条。",
        "en": "Makes, finds, updates or deletes business records of a table, or adds to a number within its bounds"
        " (reserving stock). There is one record a key.",
    },
    group="data",
    icon="database",
    settings=form(
        ["operation"],
        operation=setting(
            ("做什么", "What to do"),
            (
                "新建：已存在时不改动。查找、汇总：只读。写入：没有就新建，有就更新这些字段。加减：在界限内加减一个数，超出就拒绝。释放：退回之前的加减。",
                "Create: an existing record stays as it is. Find, list, add up: read only."
                " Write: makes it, or puts these fields in its place."
                " Adjust: adds to a number, refused beyond its bounds. Release: gives back an adjustment.",
            ),
            type="string",
            choices={
                "create": ("新建", "Create"),
                "find": ("查找一条", "Find"),
                "list": ("查找多条", "List"),
                "add_up": ("汇总", "Add up"),
                "upsert": ("写入", "Write"),
                "update": ("更新", "Update"),
                "delete": ("删除", "Delete"),
                "adjust": ("加减（预占）", "Adjust (reserve)"),
                "release": ("释放", "Release"),
            },
        ),
        table=setting(
            ("数据表", "Table"),
            (
                "表名，例如 orders；第一次写入时自动建立。",
                "Its name, such as orders; made when first written to.",
            ),
            type="string",
            pattern=NAME,
            widget="table",
            when={"operation": _AT_TABLE},
        ),
        key=expression(
            ("主键", "Key"),
            ("怎样区分每一条，例如 order_no。", "What tells records apart, such as order_no."),
            when={"operation": ["create", "find", "upsert", "update", "delete", "adjust"]},
        ),
        values=pairs(
            ("字段", "Fields"),
            ("要保存的字段。", "The fields to keep."),
            **{"x-names": "table"},
            when=_CHANGES,
        ),
        conflict=setting(
            ("与已有数据不同时", "When the record differs"),
            (
                "较新的为准：按下面的时间字段比较；在间隔以内看状态顺序，超出间隔并且不同时从“有冲突”出去。",
                "The newer one: by the moment below; within the window the order of states decides,"
                " beyond it differences leave by Conflict.",
            ),
            type="string",
            choices=_MODES,
            default="theirs",
            advanced=True,
            when={"operation": ["upsert"]},
        ),
        newest_by=setting(
            ("按哪个时间比较", "Newer by"),
            ("时间字段，例如 modified_at。", "A field with a moment, such as modified_at."),
            advanced=True,
            when={"operation": ["upsert"]},
            **_FIELD,
        ),
        window_s=setting(
            ("间隔（秒）", "Window (s)"),
            (
                "相差不超过这么久，不算冲突。",
                "Moments that lie no further apart are no conflict.",
            ),
            type="integer",
            minimum=0,
            maximum=86_400,
            default=300,
            advanced=True,
            when={"operation": ["upsert"]},
        ),
        field_rules=_rows(
            ("个别字段的规则", "Rules of single fields"),
            ("没有列出的按上面的规则。", "Those not listed follow the rule above."),
            {
                "field": _WHICH,
                "rule": setting(
                    ("规则", "Rule"),
                    ("以谁为准。", "Which value is kept."),
                    type="string",
                    choices=_EACH,
                ),
            },
            advanced=True,
            when={"operation": ["upsert"]},
        ),
        orders=_rows(
            ("状态顺序", "Orders of states"),
            (
                "从先到后；状态不会自动倒退，要倒退的留给人处理。",
                "First to last; a state never goes back by itself, that is left to a person.",
            ),
            {
                "field": _WHICH,
                "states": setting(
                    ("状态", "States"),
                    ("从先到后。", "First to last."),
                    type="array",
                    items={"type": "string", "minLength": 1, "maxLength": 64},
                    minItems=2,
                    maxItems=50,
                ),
            },
            advanced=True,
            when={"operation": ["upsert"]},
        ),
        conditions=_rows(
            ("条件", "Conditions"),
            (
                "只能用数据表里勾选了“可筛选”的字段。",
                "Of fields that the table is filtered by.",
            ),
            {
                "field": _WHICH,
                "op": setting(
                    ("比较", "How"),
                    ("怎样比较。", "How it is compared."),
                    type="string",
                    choices={
                        "=": ("等于", "is"),
                        "!=": ("不等于", "is not"),
                        "<": ("小于", "less than"),
                        "<=": ("不大于", "at most"),
                        ">": ("大于", "more than"),
                        ">=": ("不小于", "at least"),
                        "^=": ("开头是", "begins with"),
                        "in": ("是其中之一", "is one of"),
                        "empty": ("为空", "is empty"),
                        "filled": ("不为空", "is filled"),
                    },
                    default="=",
                ),
                "value": expression(("值", "Value"), ("写表达式。", "An expression.")),
            },
            when={"operation": ["list", "add_up"]},
        ),
        group_by=_rows(
            ("分组", "Groups"),
            (
                "按这些字段分组计数，最多 3 个；不填只算总数。日期可以按日、按月或按已过多久。",
                "Counted together by these fields, at most 3; none: the total only. Dates by day, by month, or by how long ago.",
            ),
            {
                "field": _WHICH,
                "per": setting(
                    ("怎样分", "How"),
                    (
                        "已过多久：不到 1 天、1–3、3–7、7–30 天和更久，结果是 0、1、3、7、30。月、日按北京时间。",
                        "How long ago: less than a day, 1–3, 3–7, 7–30 days and longer, told as 0, 1, 3, 7, 30."
                        " Days and months are those of Beijing.",
                    ),
                    type="string",
                    choices={
                        "value": ("相同的值", "Same value"),
                        "day": ("同一天", "Same day"),
                        "month": ("同一个月", "Same month"),
                        "age": ("已过多久", "How long ago"),
                    },
                ),
            },
            maxItems=3,
            when={"operation": ["add_up"]},
        ),
        sums=_rows(
            ("算什么", "Work out"),
            (
                "条数总会算出（count）。金额按分精确相加，条数不限；字段要勾选“可筛选”。",
                "How many there are is always told (count). Money is added exactly, over any number of records;"
                " of fields that the table is filtered by.",
            ),
            {
                "name": setting(
                    ("名称", "Name"),
                    (
                        "结果放在 totals 和每一组的这个名称下。",
                        "Told under this name, in `totals` and in each group.",
                    ),
                    type="string",
                    pattern=NAME,
                ),
                "what": setting(
                    ("怎样算", "How"),
                    ("没有值的记录不计入。", "Records without a value do not count."),
                    type="string",
                    choices={
                        "sum": ("合计", "Sum"),
                        "avg": ("平均", "Mean"),
                        "min": ("最小", "Least"),
                        "max": ("最大", "Most"),
                        "filled": ("有值的条数", "How many have one"),
                    },
                ),
                "field": _WHICH,
            },
            maxItems=10,
            when={"operation": ["add_up"]},
        ),
        sort=setting(
            ("排序", "Sort by"),
            (
                "字段名，前面加 - 为从大到小；留空：最近更新的在前。",
                "A field, - before it for downwards; empty: last changed first.",
            ),
            type="string",
            pattern="^-?[a-z][a-z0-9_]{0,63}$",
            when={"operation": ["list"]},
        ),
        limit=setting(
            ("最多几条", "At most"),
            ("最多取这么多条。", "So many records are taken."),
            type="integer",
            minimum=1,
            maximum=200,
            default=50,
            when={"operation": ["list"]},
        ),
        field=setting(
            ("加减哪个字段", "Number to adjust"),
            ("一个数字字段，例如 on_hand。", "A number field, such as on_hand."),
            when={"operation": ["adjust"]},
            **_FIELD,
        ),
        by=expression(
            ("加减多少", "By"),
            (
                "正数增加，负数减少，例如 -quantity。",
                "Adds; a negative number takes away, such as -quantity.",
            ),
            when={"operation": ["adjust"]},
        ),
        lines=expression(
            ("多行一起加减", "Several lines"),
            (
                "列表，每行有 key 和 by；全部成功或全部不动。留空时用上面的主键和数量。",
                "A list with key and by in each; all or none. Empty: the key and number above.",
            ),
            advanced=True,
            when={"operation": ["adjust"]},
        ),
        least=expression(
            ("下限", "Never below"),
            (
                "低于它就拒绝，例如 0。字段自己的界限也算。",
                "Below it is refused, such as 0. The field's own bounds count, too.",
            ),
            when={"operation": ["adjust"]},
        ),
        most=expression(
            ("上限", "Never above"),
            ("高于它就拒绝。", "Above it is refused."),
            advanced=True,
            when={"operation": ["adjust"]},
        ),
        reservations=setting(
            ("预占记在哪张表", "Reservations table"),
            (
                "每行记一条预占，释放时标为已释放；实例被取消时，还占着的自动释放。留空不记。",
                "Notes a reservation a line there, marked when it is released; what is still held when the instance is"
                " cancelled is released by itself. Empty: none.",
            ),
            type="string",
            pattern=NAME,
            widget="table",
            advanced=True,
            when={"operation": ["adjust"]},
        ),
        of=expression(
            ("释放哪一次", "Which adjustment"),
            (
                "加减节点结果里的 reservation；留空：作为撤销节点时释放被撤销的那次。",
                "The output `reservation` of an adjustment. Empty: attached as the node that undoes one, that one.",
            ),
            when={"operation": ["release"]},
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
