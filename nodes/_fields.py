"""Shapes of settings that several node types share, so that the same question always looks the same to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from headrace.engine.node import Context, Policy

NAME = "^[a-z][a-z0-9_]{0,63}$"
RESERVED = ("instance", "now", "step")
"""Names the engine fills in by itself."""

Pair = tuple[str, str]
"""A text as (Chinese, English)."""


def setting(title: Pair, hint: Pair, **schema: Any) -> dict[str, Any]:
    """One setting: what it is called, what it is for, and its JSON Schema."""
    names = {
        name: schema.pop(name)
        for name in ("when", "advanced", "widget", "choices")
        if name in schema
    }
    field: dict[str, Any] = {"x-title": text(title), "x-help": text(hint), **schema}
    if "when" in names:
        field["x-when"] = names["when"]
    if "advanced" in names:
        field["x-advanced"] = names["advanced"]
    if "widget" in names:
        field["x-widget"] = names["widget"]
    if "choices" in names:
        field["enum"] = list(names["choices"])
        field["x-enum-titles"] = {value: text(pair) for value, pair in names["choices"].items()}
    return field


def text(pair: Pair) -> dict[str, str]:
    """`("保存", "Save")` → `{"zh": "保存", "en": "Save"}`."""
    return {"zh": pair[0], "en": pair[1]}


def form(required: Iterable[str] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a node type; shown in the order written."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        "x-order": list(properties),
    }


def exit_title(word: str = "Name") -> dict[str, Any]:
    """What an exit that people draw is called on the canvas."""
    return setting(
        ("名称", word),
        ("画布上显示的名称。", "Shown on the canvas."),
        type="object",
        properties={"zh": {"type": "string"}, "en": {"type": "string"}},
        minProperties=1,
        additionalProperties=False,
    )


TIMEOUT_S = setting(
    ("超时（秒）", "Time-out (s)"),
    ("整个请求最多用多久。", "The longest the whole request may take."),
    type="number",
    minimum=0.1,
    maximum=120,
    default=10,
    advanced=True,
)

EXIT_ID = setting(
    ("标识", "Id"),
    ("出口的固定名称，连线按它对应。", "The exit's fixed name; edges refer to it."),
    type="string",
    pattern=NAME,
    advanced=True,
)


def expression(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    """A setting that is worked out, like `amount > 200`."""
    return setting(
        title, hint, type="string", format="expression", minLength=1, maxLength=2000, **more
    )


def template(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    """A text with `{{ … }}` in it."""
    return setting(title, hint, type="string", format="template", **{"maxLength": 4000, **more})


def duration(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    """A length of time."""
    return setting(title, hint, type="string", format="duration", minLength=2, maxLength=40, **more)


def counted_days(**more: Any) -> dict[str, Any]:
    """Whether lengths of time are counted on the clock, or by the flow's business calendar."""
    return setting(
        ("怎样算时间", "What counts"),
        (
            "工作时间：按流程的工作日历，1 天是下一个工作日的同一时刻，8 小时是八个工作小时；法定节假日与调休都算在内。",
            "Business time goes by the flow's calendar: a day is the same time on the next business day,"
            " 8 hours are eight business hours; public holidays and make-up days are known.",
        ),
        type="string",
        choices={
            "all": ("每一天，全天", "Every day, all day"),
            "business": ("只算工作时间", "Business time only"),
        },
        default="all",
        **more,
    )


def connection(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    """The key of a connection."""
    return setting(
        title, hint, type="string", minLength=1, maxLength=64, widget="connection", **more
    )


def pairs(
    title: Pair, hint: Pair, *, values: str = "expression", names: str = NAME, **more: Any
) -> dict[str, Any]:
    """A list of names and values."""
    item = {
        "type": "object",
        "properties": {
            "name": setting(
                ("名称", "Name"),
                ("取值存放在这个名称下。", "The value goes under this name."),
                type="string",
                pattern=names,
                maxLength=100,
            ),
            "value": setting(
                ("取值", "Value"),
                VALUE_HINTS[values],
                type="string",
                format=values,
                minLength=1 if values == "expression" else 0,
                maxLength=2000,
            ),
        },
        "required": ["name", "value"],
        "additionalProperties": False,
    }
    return setting(title, hint, type="array", items=item, maxItems=100, widget="pairs", **more)


VALUE_HINTS: dict[str, Pair] = {
    "expression": (
        "写表达式，例如 amount * 2；文字要加引号。",
        "An expression like amount * 2; put words in quotes.",
    ),
    "template": ("写文字，可用 {{ 变量 }}。", "Text; {{ variable }} is filled in."),
}


def nodes(title: Pair, hint: Pair, *, which: str = "", **more: Any) -> dict[str, Any]:
    """Nodes of this flow. `which` (x-node) says what they must be: `others` than this one, `undone` by a node attached for it."""
    item = {"type": "string", "pattern": NAME, "x-widget": "node", "x-node": which}
    return setting(
        title,
        hint,
        type="array",
        items=item,
        maxItems=200,
        uniqueItems=True,
        widget="nodes",
        **more,
    )


def node(title: Pair, hint: Pair, *, which: str = "", **more: Any) -> dict[str, Any]:
    """A node of this flow. `which` as above; `waits`: one where a token can rest."""
    return setting(
        title, hint, type="string", pattern=NAME, widget="node", **{"x-node": which, **more}
    )


def assignees(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    """Who: people, roles, posts, departments, heads, supervisors, the one who started it, whom he chose, or whoever data name."""
    return setting(
        title,
        hint,
        type="array",
        items={"oneOf": kinds_of_people()},
        maxItems=50,
        widget="assignees",
        **more,
    )


def kinds_of_people() -> list[dict[str, Any]]:
    """Every way to say who; `engine/people/assign.py` finds them."""
    key = {"type": "string", "minLength": 1, "maxLength": 100}
    worked_out = {"type": "string", "format": "expression", "minLength": 1, "maxLength": 2000}
    of = {
        "oneOf": [
            {"enum": ["initiator", "approver"]},
            _only("user", key),
            _only("expression", worked_out),
        ]
    }
    simple = [
        _kind("user", id=key),
        _kind("role", id=key),
        _kind("post", optional={"department": key}, id=key),
        _kind("department", optional={"deep": {"type": "boolean"}}, id=key),
        _kind("initiator"),
        _kind("field", path={"type": "string", "minLength": 1, "maxLength": 200}),
        _kind("expression", value=worked_out),
        _kind("rota", id=key),
        _kind("department_head", optional={"of": of, "id": key}),
        _kind(
            "supervisor",
            optional={
                "of": of,
                "level": {"type": "integer", "minimum": 1, "maximum": 10},
                "to_post": key,
                "chain": {"type": "boolean"},
            },
        ),
    ]
    among = {"type": "array", "items": {"oneOf": simple}, "maxItems": 50}
    number = {"type": "integer", "minimum": 1, "maximum": 50}
    chosen = _kind(
        "chosen",
        optional={"min": number, "max": number, "among": among, "title": {"type": "object"}},
        name={"type": "string", "pattern": NAME},
    )
    return [*simple, chosen]


def _only(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }


def _kind(
    kind: str, *, optional: Mapping[str, Any] | None = None, **properties: Any
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"kind": {"const": kind}, **properties, **(optional or {})},
        "required": ["kind", *properties],
        "additionalProperties": False,
    }


def evaluated(
    context: Context, rows: Iterable[Mapping[str, str]], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The values of a list of pairs; a later line may use what an earlier one set."""
    values: dict[str, Any] = {}
    for row in rows:
        values[row["name"]] = context.evaluate.expression(row["value"], {**(extra or {}), **values})
    return values


Problems = list[tuple[str, str, Mapping[str, Any]]]


def name_problems(path: str, rows: Iterable[Mapping[str, Any]], taken: Iterable[str]) -> Problems:
    """Names that may not be set because the engine fills them in, and names given twice."""
    seen = set(taken)
    problems: Problems = []
    for index, row in enumerate(rows):
        name = row.get("name", "")
        if name in seen:
            problems.append(
                (
                    f"{path}/{index}/name",
                    "setting_wrong",
                    {"expected": "a free name", "found": name},
                )
            )
        seen.add(name)
    return problems


def needed(settings: Mapping[str, Any], *names: str) -> Problems:
    """Settings that this choice needs, and that are missing."""
    return [
        (f"/{name}", "setting_missing", {"setting": name})
        for name in names
        if settings.get(name) in (None, "", [])
    ]


# --- work that may be repeated and held back ------------------------------------------------------

CODES = "^\\s*([a-z0-9_]{1,64}\\s*(,\\s*|$))*$"


def repeated() -> dict[str, Any]:
    """Settings of a node whose work may fail for a while; `policy` and `NodeType.attempts`, `backoff_ms` read them."""
    return {
        "attempts": setting(
            ("最多尝试次数", "Attempts"),
            ("包括第一次。", "The first one included."),
            type="integer",
            minimum=1,
            maximum=20,
            default=5,
            advanced=True,
        ),
        "backoff_s": setting(
            ("重试间隔（秒）", "Pause (s)"),
            (
                "第一次重试前最多等多久，之后逐次加倍；实际时长随机，以免同时重试。",
                "The longest before the second attempt; doubles after each. The real one is random, so that not all come at once.",
            ),
            type="number",
            minimum=0,
            maximum=3600,
            default=2,
            advanced=True,
        ),
        "backoff_max_s": setting(
            ("最长间隔（秒）", "Longest pause (s)"),
            (
                "加倍到这里为止；对方要求等更久时照对方的。",
                "Where doubling ends; the far side may ask for longer.",
            ),
            type="number",
            minimum=0,
            maximum=86_400,
            default=300,
            advanced=True,
        ),
        "budget_s": setting(
            ("总时限（秒）", "Budget (s)"),
            (
                "从第一次尝试算起，超过后不再重试，转为异常。留空不限。",
                "Counted from the first attempt: no later one begins after it, an incident does. Empty: no limit.",
            ),
            type="number",
            minimum=1,
            maximum=31_536_000,
            advanced=True,
        ),
        "retry_on": setting(
            ("另外重试的代码", "Codes to try again"),
            (
                "平常不重试、这里要重试的，用逗号分开，例如 409, 423。",
                "Such as 409, 423: tried again although they otherwise are not.",
            ),
            type="string",
            pattern=CODES,
            maxLength=500,
            advanced=True,
        ),
        "never_retry_on": setting(
            ("绝不重试的代码", "Codes never tried again"),
            (
                "立即转为异常，用逗号分开，例如 501, no_answer, 5xx。",
                "Such as 501, no_answer, 5xx: an incident at once.",
            ),
            type="string",
            pattern=CODES,
            maxLength=500,
            advanced=True,
        ),
        "concurrency_key": expression(
            ("并发键", "Concurrency key"),
            (
                "取值相同的步骤（无论哪个流程）同时只运行几个，例如 order.shop。留空不限。",
                "Of all steps with the same value, in any flow, only some run at once, such as order.shop. Empty: no limit.",
            ),
            advanced=True,
        ),
        "concurrency_limit": setting(
            ("同时最多", "At once"),
            ("同一个并发键同时最多运行几个。", "How many with the same key run at once."),
            type="integer",
            minimum=1,
            maximum=1000,
            default=1,
            advanced=True,
        ),
    }


def policy(settings: Mapping[str, Any], **more: Any) -> Policy:
    """What the settings of `repeated` say; `more`: the rest of the policy."""
    budget_s = settings.get("budget_s")
    return Policy(
        key=settings.get("concurrency_key") or None,
        key_limit=int(settings.get("concurrency_limit", 1)),
        backoff_max_ms=round(settings.get("backoff_max_s", 300) * 1_000),
        budget_ms=None if budget_s is None else round(budget_s * 1_000),
        again=_codes(settings.get("retry_on", "")),
        never=_codes(settings.get("never_retry_on", "")),
        **more,
    )


@lru_cache(maxsize=256)
def _codes(text: str) -> frozenset[str]:
    return frozenset(code for part in text.split(",") if (code := part.strip()))
