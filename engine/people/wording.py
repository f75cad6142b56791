"""What people are told about tasks, in their language: a kind and its details in, a title and a text out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

LANGUAGES = ("zh", "en")
TITLE_MAX, VALUE_MAX = 200, 120
ZONE = "Asia/Shanghai"
"""Whose clock a due time is told by, where nothing else is said."""

TITLES: Mapping[str, Mapping[str, str]] = {
    "task": {"zh": "待您处理：{task}", "en": "For you to decide: {task}"},
    "again": {"zh": "再次提醒待办：{task}", "en": "Still yours to decide: {task}"},
    "moved_to": {"zh": "转给您处理：{task}", "en": "Handed to you: {task}"},
    "moved_from": {"zh": "已转给他人：{task}", "en": "Handed to somebody else: {task}"},
    "escalated_to": {"zh": "超时升级给您：{task}", "en": "Escalated to you, it was late: {task}"},
    "escalated_from": {"zh": "超时已转走：{task}", "en": "Taken from you, it was late: {task}"},
    "warn": {"zh": "时限将到：{task}", "en": "Time is running out: {task}"},
    "due": {"zh": "已超时：{task}", "en": "Overdue: {task}"},
    "remind": {"zh": "超时提醒：{task}", "en": "Reminder, it is late: {task}"},
    "urge": {"zh": "催办：{task}", "en": "Please decide: {task}"},
    "returned": {"zh": "被退回，请修改：{task}", "en": "Sent back to you: {task}"},
    "rejected": {"zh": "未通过：{task}", "en": "Rejected: {task}"},
    "cc": {"zh": "抄送给您：{task}", "en": "Copied to you: {task}"},
    "confirm": {"zh": "请阅读确认：{task}", "en": "Please read and confirm: {task}"},
    "asked": {"zh": "向您提问：{task}", "en": "A question for you: {task}"},
    "answered": {"zh": "已答复：{task}", "en": "Answered: {task}"},
    "test": {"zh": "测试消息", "en": "A test message"},
}
"""By kind of message."""

LINES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("flow", {"zh": "流程：{value}", "en": "Flow: {value}"}),
    ("node", {"zh": "环节：{value}", "en": "Step: {value}"}),
    ("business_key", {"zh": "单号：{value}", "en": "Number: {value}"}),
    ("for", {"zh": "您代{value}处理", "en": "On behalf of {value}"}),
    ("holders", {"zh": "处理人：{value}", "en": "With: {value}"}),
    ("by", {"zh": "来自：{value}", "en": "From: {value}"}),
    ("text", {"zh": "说明：{value}", "en": "Reason: {value}"}),
    ("due", {"zh": "期限：{value}", "en": "Due: {value}"}),
)
"""What is said below the title, where it is known."""

CLOSING: Mapping[str, Mapping[str, str]] = {
    "escalated_from": {
        "zh": "超过时限未处理，已按规则转走，您无需再处理。",
        "en": "Nobody decided in time, so it was moved by rule. Nothing is left for you to do.",
    },
    "test": {"zh": "这个通知方式可用。", "en": "This way of reaching you works."},
    "digest": {"zh": "消息较多，合并为一条。", "en": "Many at once, so they come as one message."},
}  # fmt: skip

OPEN_LINK: Mapping[str, str] = {"zh": "打开任务：{link}", "en": "Open the task: {link}"}
DIGEST_TITLE: Mapping[str, str] = {"zh": "{count} 条消息", "en": "{count} messages"}
BUTTONS: Mapping[str, Mapping[str, str]] = {
    "approved": {"zh": "同意", "en": "Approve"},
    "rejected": {"zh": "拒绝", "en": "Reject"},
    "open": {"zh": "打开任务", "en": "Open the task"},
}


def written(kind: str, details: Mapping[str, Any], language: str) -> tuple[str, str]:
    """The title and the text."""
    lang = language if language in LANGUAGES else "en"
    task = _text(details.get("task", ""), lang)
    title = TITLES[kind][lang].format(task=task)[:TITLE_MAX]
    return title, "\n".join(_lines(kind, details, lang))


def _lines(kind: str, details: Mapping[str, Any], lang: str) -> list[str]:
    lines = []
    for name, texts in LINES:
        value = _due(details) if name == "due" else _text(details.get(name), lang)
        if value:
            lines.append(texts[lang].format(value=value))
    for row in details.get("show", ()):
        value = _text(row.get("value"), lang)
        if value:
            colon = "：" if lang == "zh" else ": "
            lines.append(f"{_text(row.get('label'), lang)}{colon}{value[:VALUE_MAX]}")
    if kind in CLOSING:
        lines.append(CLOSING[kind][lang])
    return lines


def _due(details: Mapping[str, Any]) -> str:
    due_ms = details.get("due_ms")
    if due_ms is None:
        return ""
    zone = details.get("zone", ZONE)
    return f"{datetime.fromtimestamp(due_ms / 1000, ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _text(value: Any, lang: str) -> str:
    """A value as people read it; of texts in several languages theirs, or the other."""
    if isinstance(value, Mapping):
        value = value.get(lang) or next((text for text in value.values() if text), "")
    if value is None or value is False:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(_text(one, lang) for one in value)
    return str(value).strip()
