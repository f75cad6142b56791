"""What follows from a pull that failed, and from one that went well again: one rule for each list of a source (R015 to R017).

A failure has a class: only a time-out and being throttled are tried again soon. The third in a row is told once by mail and robot,
and so is the recovery. Orders and refunds keep their columns beside each other; what a failure of the orders says of the whole
source (its interface is gone, a permission is missing, an incident begins) a failure of the refunds does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.service import ops_alerts, order_rate, source_incidents
from headrace.engine.service.sources import Source
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import sources as rows

Class = Literal["auth", "scope", "timeout", "throttled", "gone", "interrupted", "refused"]
"""Why a pull failed. timeout: no answer, or the platform's own trouble; interrupted: the process that pulled is gone."""

What = Literal["order", "refund"]

RETRIED: frozenset[str] = frozenset({"timeout", "throttled"})
RETRY_MS = (30_000, 60_000, 120_000)
SLOW_MAX = 8.0
ALERT_AFTER = 3
EVERY_MS = 900_000
"""How often a source is pulled that says nothing of it."""


@dataclass(frozen=True, slots=True)
class _List:
    """The columns of `source_states` that a list keeps, and how people are told of it."""

    failures: str
    error_at: str
    error_class: str
    error: str
    ok_at: str
    next_at: str
    alerted_at: str
    keys: tuple[str, str]
    """What alerts of it are called: failing, recovered."""
    failing: Mapping[str, tuple[str, str]]
    """Language → title and what becomes of what was not read; `{n}` failures of `{name}`."""
    recovered: Mapping[str, tuple[str, str]]
    """Language → title and text; after `{minutes}`."""


_LISTS: Mapping[What, _List] = {
    "order": _List(
        "failures", "last_error_at", "last_class", "last_error", "last_ok_at", "next_at", "alerted_at",
        ("pull", "back"),
        {
            "zh": ("连续 {n} 次拉取失败：{name}", "订单不会丢失：恢复后从上次位置补拉。"),
            "en": (
                "{n} pulls in a row have failed: {name}",
                "No order is lost: when it is back, pulling goes on where it stood.",
            ),
        },
        {
            "zh": ("拉取已恢复：{name}", "{minutes} 分钟后恢复，期间失败 {n} 次。"),
            "en": ("Pulling works again: {name}", "After {minutes} minutes and {n} failures."),
        },
    ),
    "refund": _List(
        "refund_failures", "refund_error_at", "refund_class", "refund_error", "refund_ok_at", "refund_next_at",
        "refund_alerted_at", ("refunds", "refundsback"),
        {
            "zh": ("连续 {n} 次拉取退款失败：{name}", "订单照常拉取；恢复后退款从上次位置补拉。"),
            "en": (
                "{n} pulls of refunds in a row have failed: {name}",
                "Orders come as usual; refunds go on where they stood.",
            ),
        },
        {
            "zh": ("退款拉取已恢复：{name}", "{minutes} 分钟后恢复，期间失败 {n} 次。"),
            "en": ("Refunds are pulled again: {name}", "After {minutes} minutes and {n} failures."),
        },
    ),
}  # fmt: skip

_CLASSES: Mapping[str, tuple[str, str]] = {
    "auth": ("授权失效或签名不对", "authorisation or signature"), "scope": ("缺少权限", "a permission is missing"),
    "timeout": ("网络超时或平台故障", "no answer, or trouble at the platform"), "throttled": ("被平台限流", "throttled"),
    "gone": ("接口已下线", "interface gone"), "interrupted": ("定时任务中断", "interrupted"),
    "refused": ("接口调用失败", "refused"),
}  # fmt: skip


def failed(
    workspace: Workspace,
    connection: Connection,
    source: Source,
    what: What,
    why: Class,
    message: str,
    now_ms: int,
    pause_s: float | None = None,
    *,
    soon: bool = True,
) -> None:
    """A list of a source could not be read. `pause_s`: what the platform wants; `soon`: a time-out is tried again early."""
    state = rows.state(connection, source.key)
    if state is None:
        return
    of = _LISTS[what]
    failures = getattr(state, of.failures) + 1
    values: dict[str, Any] = {
        of.failures: failures, of.error_at: now_ms, of.error_class: why, of.error: message[:500],
    }  # fmt: skip
    wait = RETRY_MS[min(failures, len(RETRY_MS)) - 1]
    next_at = getattr(state, of.next_at)
    if why == "throttled":  # not before the platform wants us again (R016)
        values[of.next_at] = now_ms + max(round((pause_s or 0) * 1_000), wait)
    elif why == "timeout" and soon and next_at is not None:
        values[of.next_at] = min(next_at, now_ms + min(wait, source.every_ms or EVERY_MS))
    if what == "order":
        values |= _of_the_source(workspace, connection, source, state, why, message, now_ms)
    if failures >= ALERT_AFTER and getattr(state, of.alerted_at) is None:
        values[of.alerted_at] = now_ms
        _tell_failing(workspace, connection, source, of, failures, why, message, now_ms)
        if what == "order":
            heard = ops_alerts.hearing(workspace, connection, order_rate.owners(source))
            about = {"failures": failures, "class": why, "error": message[:300]}
            source_incidents.begin(workspace, connection, source.key, "failing", about, heard)
    rows.set_state(connection, source.key, values)


def _of_the_source(
    workspace: Workspace,
    connection: Connection,
    source: Source,
    state: Any,
    why: Class,
    message: str,
    now_ms: int,
) -> dict[str, Any]:
    """What it says of the source as a whole; its incident, if there is one, writes it down."""
    about = {"class": why, "error": message[:300]}
    source_incidents.step(workspace, connection, source.key, "pull_failed", about)
    values: dict[str, Any] = {}
    if why == "throttled":
        values["slow"] = min(SLOW_MAX, state.slow * 2)
    if why == "scope":
        values["missing"] = message[:500]
    if why == "gone" and state.gone_at is None:
        values["gone_at"] = now_ms
    return values


def came(
    workspace: Workspace,
    connection: Connection,
    source: Source,
    what: What,
    state: Any,
    now_ms: int,
) -> None:
    """A list was read to its end; `state`: as it was before."""
    of = _LISTS[what]
    values: dict[str, Any] = {
        of.failures: 0, of.ok_at: now_ms, of.error_class: None, of.error: None, of.alerted_at: None,
    }  # fmt: skip
    if what == "order":
        values |= {"slow": max(1.0, state.slow / 2), "missing": None, "gone_at": None}
    rows.set_state(connection, source.key, values)
    alerted_at = getattr(state, of.alerted_at)
    if alerted_at is not None:
        told = {"n": getattr(state, of.failures), "minutes": (now_ms - alerted_at) // 60_000}
        texts = {
            language: (title.format(name=source.name(language)), text.format(**told))
            for language, (title, text) in of.recovered.items()
        }
        _tell(workspace, connection, source, texts, f"{of.keys[1]}.{source.key}.{now_ms}")
    if what == "order" and (state.failures or state.gone_at):
        source_incidents.over(workspace, connection, source.key, "recovered")


def _tell_failing(
    workspace: Workspace,
    connection: Connection,
    source: Source,
    of: _List,
    failures: int,
    why: Class,
    message: str,
    now_ms: int,
) -> None:
    reasons = dict(zip(("zh", "en"), _CLASSES[why], strict=True))
    words = {"zh": "原因：{}。{} {}", "en": "Why: {}. {} {}"}
    texts = {
        language: (
            title.format(n=failures, name=source.name(language)),
            words[language].format(reasons[language], message[:300], then),
        )
        for language, (title, then) in of.failing.items()
    }
    _tell(workspace, connection, source, texts, f"{of.keys[0]}.{source.key}.{now_ms}")


def _tell(
    workspace: Workspace, connection: Connection, source: Source, texts: ops_alerts.Texts, key: str
) -> None:
    people = order_rate.owners(source)
    ops_alerts.tell(workspace, connection, texts, key, ways=source.alerts, people=people)
