"""Tell those who look after the installation when a task had to go past the role it was drawn for: everybody in it has left, is
inactive or away (R097, F3). At most once an hour a node; the task itself has gone to a backup, a superior or the fallback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people.directory import Directory
from headrace.engine.service.actor import ALERTED_ROLES
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import alerts
from headrace.engine.store.rows import Unstaffed

ALERT_EVERY_MS = 3_600_000
"""People are told of one node at most so often; its tasks are in the list of whoever has them now."""

ORIGINS: Mapping[str, Mapping[str, str]] = {
    "backup": {"zh": "备岗", "en": "the backup"},
    "superior": {"zh": "上级", "en": "the superior"},
    "fallback": {"zh": "兜底处理人", "en": "the fallback"},
}


def tell(
    workspace: Workspace,
    connection: Connection,
    found: Iterable[Unstaffed],
    flows: Mapping[str, CompiledFlow],
    directory: Directory,
) -> None:
    """In the transaction that made the tasks: whoever looks sees both or neither."""
    now_ms = workspace.clock.now_ms()
    for one in found:
        flow = flows[one.instance_id]
        key = f"unstaffed:{flow.key}:{one.node}"
        if now_ms - workspace.alerted.get(key, -ALERT_EVERY_MS) < ALERT_EVERY_MS:
            continue
        workspace.alerted[key] = now_ms
        node = flow.nodes[one.node]
        roles = [who["id"] for who in node.settings.get("assignees", ()) if who["kind"] == "role"]
        who = {user for role in ALERTED_ROLES for user in directory.roles.get(role, ())}
        texts = {}
        for language in ("zh", "en"):
            name = node.name.get(language) or one.node
            titles = [directory.title("role", role).get(language) or role for role in roles]
            texts[language] = _words(language, name, ", ".join(titles), one, directory)
        alerts.tell(connection, who, texts, now_ms)


def _words(
    language: str, name: str, roles: str, one: Unstaffed, directory: Directory
) -> tuple[str, str]:
    to, origin = directory.name(one.user), ORIGINS[one.origin][language]
    if language == "zh":
        whom = f"角色「{roles}」" if roles else "指定的处理人"
        return (
            f"「{name}」无人在岗",
            f"{whom}中没有在岗的人（已离职、停用或请假），新任务转给了{origin} {to}。请到「组织」里补上人员，再重发待办。",
        )
    whom = f"Nobody of the role “{roles}”" if roles else "None of those it names"
    return (
        f"Nobody is there for “{name}”",
        f"{whom} is there (left, inactive or away), so new tasks go to {origin}, {to}. Add people in the organisation,"
        " then send the to-dos again.",
    )
