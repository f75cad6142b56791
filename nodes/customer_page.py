"""Make a link for a customer: a page that shows how one record stands, without an account.

The page shows what is named here and nothing else. What comes out (`url`, `code`) goes into a message to the customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.errors import NotFound
from headrace.engine.node import Context, Done, Failed, NodeType
from headrace.nodes._fields import NAME, Problems, duration, expression, form, setting

KEY_MAX = 200
_FIELD: Mapping[str, Any] = {"type": "string", "pattern": NAME, "widget": "table_field"}
_TEXT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "zh": {"type": "string", "maxLength": 80},
        "en": {"type": "string", "maxLength": 80},
    },
    "minProperties": 1,
    "additionalProperties": False,
}
MASKS = {
    "none": ("原样", "As it is"),
    "tail": ("只露后四位", "Last four characters"),
    "phone": ("手机号 138****1234", "Phone 138****1234"),
    "name": ("姓名 张*", "Name 张*"),
    "address": ("地址只到城市", "Address up to the city"),
    "all": ("全部隐藏", "Hidden"),
}


def run(context: Context) -> Done | Failed:
    """The same visit gets the same link."""
    settings, world = context.settings, context.world
    assert world is not None
    key = str(context.evaluate.expression(settings["key"]))
    if not 0 < len(key) <= KEY_MAX:
        return Failed(
            "key_wrong", f"Expected a key of 1 to {KEY_MAX} characters, but found {len(key)}."
        )
    names = ("title", "stage", "stages", "eta", "show", "tail")
    about = {name: settings[name] for name in names if settings.get(name)}
    told = {"key": key, "about": about, "good_for": settings.get("good_for", "P30D")}
    try:
        made = world.table("page", settings["table"], told, context.key)
    except NotFound as missing:
        return Failed("record_missing", missing.message)
    return Done(output=made.output)


def check(settings: Mapping[str, Any]) -> Problems:
    """A field is shown once."""
    names = [row.get("field") for row in settings.get("show", ())]
    twice = {name for name in names if names.count(name) > 1}
    return [("/show", "setting_wrong", {"setting": "show", "found": name}) for name in twice]


NODE = NodeType(
    name="customer_page",
    title={"zh": "顾客进度页", "en": "Customer's page"},
    help={
        "zh": "为一条业务数据生成一个猜不到的网址，顾客不用登录就能查看进度和预计完成时间。只显示这里列出的字段。",
        "en": "Makes an address that nobody can guess for one record: customers see its stage and when it should be done,"
        " without an account. Only the fields listed here are shown.",
    },
    group="people",
    icon="link",
    settings=form(
        ["table", "key", "stage"],
        table=setting(
            ("数据表", "Table"),
            ("要给顾客看的数据在哪张表。", "Where the record is."),
            type="string",
            pattern=NAME,
            widget="table",
        ),
        key=expression(
            ("主键", "Key"), ("哪一条，例如 refund_id。", "Which record, such as refund_id.")
        ),
        title=setting(
            ("页面标题", "Title"),
            ("顾客看到的标题，例如「退款进度」。", "What the customer reads on top."),
            **_TEXT,
        ),
        stage=setting(
            ("进度字段", "Stage"),
            ("说明进行到哪一步的字段。", "The field that says how far it is."),
            **_FIELD,
        ),
        stages=setting(
            ("一路顺利时的各步", "Stages of the good way"),
            (
                "按顺序填进度字段的选项值，页面会画成进度条；不在其中的状态只显示名称。",
                "Options of that field in their order, drawn as a line of steps; a stage beside them is named only.",
            ),
            type="array",
            items={"type": "string", "maxLength": 64},
            maxItems=12,
            uniqueItems=True,
        ),
        eta=setting(
            ("预计完成时间", "Expected by"),
            ("时间字段。", "A field with a moment."),
            **_FIELD,
        ),
        show=setting(
            ("还显示哪些字段", "Also shown"),
            ("涉及个人信息的请遮住。", "Hide what is personal."),
            type="array",
            items={
                "type": "object",
                "properties": {
                    "field": setting(("字段", "Field"), ("字段名。", "Its name."), **_FIELD),
                    "mask": setting(
                        ("遮住", "Masked"),
                        ("露出多少。", "How much is left."),
                        type="string",
                        choices=MASKS,
                        default="none",
                    ),
                },
                "required": ["field"],
                "additionalProperties": False,
            },
            maxItems=12,
        ),
        tail=setting(
            ("先核对后四位", "Ask for the last digits of"),
            (
                "填写后，顾客要先输入这个字段（例如手机号）的后四位数字。",
                "When given, visitors first type the last four digits of this field, such as a phone number.",
            ),
            advanced=True,
            **_FIELD,
        ),
        good_for=duration(
            ("网址多久有效", "Good for"),
            ("到期后页面不再显示内容。", "After that the page shows nothing."),
            default="P30D",
            advanced=True,
        ),
    ),
    example={
        "table": "refund_cases",
        "key": "order_no",
        "title": {"zh": "退款进度", "en": "Your refund"},
        "stage": "status",
        "stages": ["reviewing", "paying", "refunded"],
        "eta": "expected_by",
        "show": [{"field": "amount"}, {"field": "order_no", "mask": "tail"}],
    },
    run=run,
    check=check,
    in_worker=True,
    attempts=lambda _: 5,
    backoff_ms=lambda _: 500,
    rows=frozenset(),
)
