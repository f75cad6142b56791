"""Begin by hand, through the API, or as the sub-flow of another flow."""

from __future__ import annotations

from headrace.engine.node import NodeType
from headrace.nodes._fields import expression, form, setting

BUSINESS_KEY = expression(
    ("业务编号", "Business number"),
    (
        "这一单叫什么，例如订单号：order_no。列表里按它查找。",
        "What this instance is called, such as the order number: order_no. Lists are searched by it.",
    ),
)
DEDUP_KEY = expression(
    ("去重键", "Counts once"),
    (
        "同一个值只会启动一次；再来一次时，返回第一次的那一单。例如 channel + '-' + order_no。",
        "The same value starts only once; the next time, the first instance is returned."
        " For example channel + '-' + order_no.",
    ),
)

FORM = setting(
    ("表单", "Form"),
    (
        "选用本流程的一张表单：发起人填写，之后的审批沿用同一张表单。",
        "A form of this flow: filled in at the start, and carried on to the approvals that use it.",
    ),
    type="object",
    properties={
        "use": setting(
            ("哪张表单", "Which form"),
            ("本流程「表单」里的一张。", "One of the forms of this flow."),
            type="string",
            minLength=1,
            maxLength=64,
        )
    },
    required=["use"],
    widget="schema",
)

NODE = NodeType(
    name="start",
    title={"zh": "手动开始", "en": "Start"},
    help={
        "zh": "由人填表、由接口或由其他流程启动。需要填什么，在流程的「输入」里设定。",
        "en": "Started by a person's form, through the API or by another flow. The flow's input says what must be given.",
    },
    group="start",
    icon="play-circle",
    settings=form(business_key=BUSINESS_KEY, dedup_key=DEDUP_KEY, form=FORM),
    example={"business_key": "order_no", "dedup_key": "order_no"},
    starts=True,
)
