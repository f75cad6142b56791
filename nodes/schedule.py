"""Begin by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Done, NodeType
from headrace.nodes._fields import (
    RESERVED,
    Problems,
    evaluated,
    form,
    name_problems,
    pairs,
    setting,
)

CATCH_UP_MAX = 100
"""They start in one transaction, all at once; `engine/service/schedules.py` holds to the same number."""


def run(context: Context) -> Done:
    """Set the flow's input."""
    values = evaluated(context, context.settings.get("values", ()))
    return Done(variables=values or None)


def check(settings: Mapping[str, Any]) -> Problems:
    """Names the engine fills in stay the engine's."""
    return name_problems("/values", settings.get("values", ()), RESERVED)


NODE = NodeType(
    name="schedule",
    title={"zh": "定时开始", "en": "Schedule"},
    help={
        "zh": "到点自动启动，例如每 15 分钟或每天 00:10。",
        "en": "Starts by itself at set times, such as every 15 minutes or daily at 00:10.",
    },
    group="start",
    icon="schedule",
    settings=form(
        ["cron", "timezone", "misfire"],
        cron=setting(
            ("时间规则", "When"),
            (
                "五段 cron：分 时 日 月 星期。*/15 * * * * 是每 15 分钟；10 0 * * * 是每天 00:10。",
                "Five cron fields: minute hour day month weekday. */15 * * * * is every 15 minutes;"
                " 10 0 * * * is daily at 00:10.",
            ),
            type="string",
            format="cron",
            minLength=9,
            maxLength=100,
        ),
        timezone=setting(
            ("时区", "Time zone"),
            ("时间规则按这个时区计算。", "The times are meant in this zone."),
            type="string",
            format="timezone",
            default="Asia/Shanghai",
            maxLength=64,
        ),
        misfire=setting(
            ("错过时", "When one was missed"),
            (
                "系统停机期间错过的次数怎么办。补一次：无论错过多少次，恢复后只补一次。"
                "逐次补：最近错过的每一次都补，最多补下面设置的次数。",
                "What happens to times that passed while the system was down."
                " Once: however many were missed, one is made up for."
                " Catch up: each of the latest ones missed, up to the number below.",
            ),
            type="string",
            choices={
                "skip": ("跳过", "Skip"),
                "once": ("补一次", "Once"),
                "catch_up": ("逐次补", "Catch up"),
            },
            default="skip",
        ),
        catch_up_max=setting(
            ("最多补几次", "Made up for at most"),
            (
                "错过更多时，只补最近的这么多次。",
                "When more were missed, only this many, the latest, are made up for.",
            ),
            type="integer",
            minimum=1,
            maximum=CATCH_UP_MAX,
            default=10,
            when={"misfire": ["catch_up"]},
        ),
        values=pairs(
            ("输入", "Input"),
            ("启动时给流程的输入项。", "What the flow is given at the start."),
            **{"x-names": "input"},
            advanced=True,
        ),
    ),
    example={"cron": "*/15 * * * *", "timezone": "Asia/Shanghai", "misfire": "once"},
    run=run,
    check=check,
    starts=True,
)
