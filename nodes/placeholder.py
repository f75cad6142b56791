"""Stands for what is still to be drawn, such as a step of another tool that nothing here does: it stops a publish."""

from __future__ import annotations

from headrace.engine.node import OUT, Context, Failed, NodeType, Port
from headrace.nodes._fields import NAME, form, setting


def run(_: Context) -> Failed:
    """Only a test run comes here."""
    return Failed("placeholder", "Expected a finished step, but found a placeholder: draw it.")


NODE = NodeType(
    name="placeholder",
    title={"zh": "待补充", "en": "Still to draw"},
    help={
        "zh": "占位：这里还要画一个能执行的步骤。有占位的流程不能发布。导入其他工具的图时，无法对应的步骤会变成它。",
        "en": "Holds the place of a step that is still to be drawn. A flow with one cannot be published. Steps of imported"
        " drawings that nothing here does become one.",
    },
    group="control",
    icon="question",
    settings=form(
        what=setting(
            ("原来是什么", "What it was"),
            ("导入时在原来的工具里的类型。", "Its kind in the tool it comes from."),
            type="string",
            maxLength=200,
        ),
        reason=setting(
            ("要做什么", "What to do"),
            ("为什么要人来补，以及怎么补。", "Why a person must draw it, and how."),
            type="string",
            maxLength=2000,
        ),
        original=setting(
            ("原来的设置", "Its settings there"),
            ("照抄自原来的文件，供对照。", "As they stood in the file, to look at."),
            type="string",
            maxLength=4000,
            advanced=True,
        ),
        exits=setting(
            ("出口", "Exits"),
            ("原来有几个出口，就留几个。", "As many as it had there."),
            type="array",
            maxItems=50,
            items={
                "type": "object",
                "required": ["id"],
                "additionalProperties": False,
                "properties": {
                    "id": setting(
                        ("标识", "Id"),
                        (
                            "出口的固定名称，连线按它对应。",
                            "The exit's fixed name; edges refer to it.",
                        ),
                        type="string",
                        pattern=NAME,
                    ),
                    "name": setting(
                        ("名称", "Name"),
                        ("画布上显示的名称。", "Shown on the canvas."),
                        type="object",
                        widget="bilingual",
                        properties={"zh": {"type": "string"}, "en": {"type": "string"}},
                    ),
                },
            },
            advanced=True,
        ),
    ),
    example={"what": "bpmn:serviceTask", "reason": "Draw the call.", "exits": []},
    ports=(Port(OUT.name, OUT.title, required=False),),
    ports_from="exits",
    run=run,
    unfinished=True,
)
