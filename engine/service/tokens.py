"""API tokens: for programs. Each stands for the user who made it, cut down to its scopes, and is shown once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.service import access, audit
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import signins

SCOPES: Mapping[str, Mapping[str, str]] = {
    "flows:read": {"zh": "查看流程", "en": "See flows"},
    "flows:write": {"zh": "编辑流程", "en": "Change flows"},
    "flows:publish": {"zh": "发布流程", "en": "Publish flows"},
    "flows:override": {
        "zh": "测试用例未通过也发布",
        "en": "Publish although test cases are red",
    },
    "instances:read": {"zh": "查看流程实例", "en": "See instances"},
    "instances:start": {"zh": "发起流程实例", "en": "Start instances"},
    "instances:operate": {"zh": "处理异常、取消实例", "en": "Cancel instances, solve incidents"},
    "tasks:decide": {"zh": "处理待办", "en": "Decide tasks"},
    "tasks:release": {"zh": "绿色通道批量放行", "en": "Let many tasks pass at once"},
    "templates:install": {"zh": "安装模板", "en": "Install templates"},
    "connections:read": {"zh": "查看连接", "en": "See connections"},
    "connections:write": {"zh": "管理连接", "en": "Change connections"},
    "users:read": {"zh": "查看用户和角色", "en": "See users and roles"},
    "users:write": {"zh": "管理用户和角色", "en": "Change users and roles"},
    "tokens:write": {"zh": "管理 API 令牌", "en": "Make and revoke API tokens"},
    "records:read": {"zh": "查看业务数据", "en": "See business records"},
    "records:write": {"zh": "修改业务数据", "en": "Change business records"},
    "tables:write": {"zh": "设计数据表", "en": "Draw tables"},
    "audit:read": {"zh": "查看操作日志", "en": "See who changed what"},
    "retention:write": {
        "zh": "设置保留期限、依法留存",
        "en": "Set retention, hold back from purging",
    },
    "calendars:write": {"zh": "管理工作日历", "en": "Change business calendars"},
}
"""What a token may be given, and in words. The same names as the permissions of users."""

assert frozenset(SCOPES) == EVERYTHING, (
    "every permission is a scope with words, and the other way round"
)

_HINT = 8  # letters of a token that tell it from others


def scopes() -> dict[str, Any]:
    """What a token may be given."""
    return {
        "items": [{"name": name, "title": dict(title)} for name, title in SCOPES.items()],
        "next_cursor": None,
    }


def listing(
    workspace: Workspace, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Tokens that work, newest first; never the tokens themselves."""
    actor.require("tokens:write")
    with workspace.read() as connection:
        rows = signins.tokens(connection, before=cursor, limit=limit + 1)
    return page([_shown(row._asdict()) for row in rows], limit, lambda token: str(token["id"]))


def create(
    workspace: Workspace,
    actor: Actor,
    name: str,
    wanted: Sequence[str],
    expires_at: int | None = None,
) -> dict[str, Any]:
    """A new token; the answer is the only place where it can ever be read."""
    actor.require("tokens:write")
    _check(actor, wanted, expires_at, workspace.clock.now_ms())
    token = access.TOKEN_PREFIX + secrets.token_urlsafe(32)
    values = {
        "id": workspace.id("tok"),
        "name": name,
        "sha256": access.sha256(token),
        "hint": token[:_HINT],
        "user_id": actor.user_id,
        "scopes": sorted(set(wanted)),
        "created_at": workspace.clock.now_ms(),
        "expires_at": expires_at,
    }

    def write(connection: Connection) -> None:
        signins.insert_token(connection, values)
        audit.note(
            connection, workspace, actor, "tokens.create", str(values["id"]),
            name=name, scopes=values["scopes"],
        )  # fmt: skip

    workspace.writer.call(write)
    return {**_shown({**values, "last_used_at": None}), "token": token}


def revoke(workspace: Workspace, actor: Actor, token_id: str) -> None:
    """Make a token worthless, at once."""
    actor.require("tokens:write")

    def write(connection: Connection) -> None:
        if not signins.revoke_token(connection, token_id, workspace.clock.now_ms()):
            raise NotFound(kind="token", id=token_id)
        audit.note(connection, workspace, actor, "tokens.revoke", token_id)

    workspace.writer.call(write)
    access.forget_tokens(workspace)


def _check(actor: Actor, wanted: Sequence[str], expires_at: int | None, now: int) -> None:
    problems = [
        Problem(f"/scopes/{i}", "scope_unknown", {"scope": s}, f"Expected a scope, but found {s}.")
        for i, s in enumerate(wanted)
        if s not in SCOPES
    ]
    problems += [
        Problem(
            f"/scopes/{i}", "scope_not_owned", {"scope": s},
            f"Expected a permission you have yourself, but found {s}.",
        )
        for i, s in enumerate(wanted)
        if s in SCOPES and not actor.may(s)
    ]  # fmt: skip
    if problems:
        raise ValidationFailed(what="list of scopes", count=len(problems), problems=problems)
    if expires_at is not None and expires_at <= now:
        raise Conflict(expected="an end in the future", found=to_iso(expires_at))


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": values["id"],
        "name": values["name"],
        "hint": values["hint"],
        "user_id": values["user_id"],
        "scopes": values["scopes"],
        "created_at": to_iso(values["created_at"]),
        "expires_at": iso_or_none(values["expires_at"]),
        "last_used_at": iso_or_none(values["last_used_at"]),
    }
