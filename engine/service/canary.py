"""Canaries: a new version for some starts first, compared with the version in force, taken back by itself when it does worse.

One canary a flow at a time. Both arms are counted from the same starts: those made while it ran (`instances.route_id`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.flow.routing import rule_problems
from headrace.engine.service import audit, schedules
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, routes, tasks

log = logging.getLogger(__name__)

SAMPLE_MAX = 1_000
"""Instances a version is judged by: its newest. Enough for 0.1 %, and read in milliseconds."""

SCAN_MAX = 4_000
"""Instances looked through for that without a canary, where versions lie mixed."""

CHECKED_MAX = 200
"""Canaries looked at in one check."""


# --- looking ---------------------------------------------------------------------------------------


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """The version in force, and the canary that runs."""
    actor.require("flows:read")
    with workspace.read() as connection:
        flow = _flow(connection, key)
        row = routes.running(connection, key)
        names = _names(workspace, connection)
    return {
        "published_version": flow.published_version,
        "running": None if row is None else _json(row, names),
    }


def listing(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """The canaries a flow has had, newest first."""
    actor.require("flows:read")
    with workspace.read() as connection:
        _flow(connection, key)
        rows = routes.page(connection, key, before=cursor, limit=limit + 1)
        names = _names(workspace, connection)
    return page([_json(row, names) for row in rows], limit, lambda route: str(route["id"]))


def compare(
    workspace: Workspace, actor: Actor, key: str, versions: Sequence[int] = ()
) -> dict[str, Any]:
    """Versions side by side. While a canary runs: its arms, from the starts made under it; else `versions` by their newest."""
    actor.require("flows:read")
    with workspace.read() as connection:
        flow = _flow(connection, key)
        route = routes.running(connection, key)
        if route is not None and not versions:
            arms = [route.baseline, *dict.fromkeys(rule["version"] for rule in route.rules)]
            told = [_of_route(connection, route.id, version) for version in arms]
        else:
            wanted = list(versions) or _two_newest(connection, key)
            told = [_of_version(connection, flow, version) for version in wanted]
    return {"route": None if route is None or versions else route.id, "versions": told}


def _of_route(connection: Connection, route: str, version: int) -> dict[str, Any]:
    rows = routes.newest_of_route(connection, route, version, SAMPLE_MAX)
    return summed_up(version, rows, sampled=len(rows) == SAMPLE_MAX)


def _of_version(connection: Connection, flow: Row[Any], version: int) -> dict[str, Any]:
    row = drafts.find_version(connection, flow.key, version)
    if row is None:
        raise NotFound(kind="flow version", id=f"{flow.key} {version}")
    following = drafts.find_version(connection, flow.key, version + 1)
    until = _NEVER if following is None or version == flow.published_version else _id_at(following)
    rows = routes.newest_between(connection, flow.key, _id_at(row), until, SCAN_MAX)
    own = [found for found in rows if found.version == version][:SAMPLE_MAX]
    return summed_up(version, own, sampled=len(rows) == SCAN_MAX or len(own) == SAMPLE_MAX)


_NEVER = "ins_z"


def _id_at(version: Row[Any]) -> str:
    """Before every id of an instance started since this version was published (ids begin with their moment)."""
    return f"ins_{version.published_at:012x}"


def _two_newest(connection: Connection, key: str) -> list[int]:
    return [row.version for row in drafts.versions(connection, key, before=None, limit=2)]


def summed_up(version: int, rows: Sequence[Any], *, sampled: bool) -> dict[str, Any]:
    """Counts, share of instances that ever had an incident, and how long those took that have ended (ms, nearest rank)."""
    took = sorted(row.ended_at - row.started_at for row in rows if row.ended_at is not None)
    failed = sum(1 for row in rows if row.failed)
    return {
        "version": version,
        "started": len(rows),
        "ended": len(took),
        "cancelled": sum(1 for row in rows if row.status == "cancelled"),
        "failed": failed,
        "failure_rate": round(failed / len(rows), 4) if rows else None,
        "p50_ms": _percentile(took, 50),
        "p95_ms": _percentile(took, 95),
        "sampled": sampled,
    }


def _percentile(ordered: Sequence[int], percent: int) -> int | None:
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


# --- beginning and ending --------------------------------------------------------------------------


def begin(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    rules: Sequence[Mapping[str, Any]],
    guard: Mapping[str, Any] | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Send some starts to another version from now on; over a running canary, change its rules (who was sent stays sent)."""
    actor.require("flows:publish")
    wrong = rule_problems(rules)
    if wrong:
        raise ValidationFailed(what="rules", count=len(wrong), problems=wrong)
    kept = [
        {name: rule[name] for name in ("version", "when", "weight") if name in rule}
        for rule in rules
    ]
    now = workspace.clock.now_ms()

    def write(connection: Connection) -> str:
        flow = _flow(connection, key, lock=True)
        if flow.published_version is None:
            raise Conflict(expected="a published version to compare with", found="none")
        _check_versions(connection, flow, [rule["version"] for rule in kept])
        running = routes.running(connection, key)
        values = {"rules": kept, "guard": dict(guard) if guard else None, "note": note}
        if running is not None:
            id_ = str(running.id)
            routes.update(connection, id_, values)
        else:
            id_ = workspace.id("rou")
            routes.insert(
                connection,
                {
                    **values,
                    "id": id_,
                    "flow_key": key,
                    "baseline": flow.published_version,
                    "status": "running",
                    "began_at": now,
                    "began_by": actor.user_id,
                },
            )
        action = "flows.canary_begin" if running is None else "flows.canary_change"
        audit.note(
            connection,
            workspace,
            actor,
            action,
            key,
            route=id_,
            versions=[r["version"] for r in kept],
        )
        return id_

    workspace.writer.call(write)
    workspace.forget_published(key)
    return detail(workspace, actor, key)


def end(
    workspace: Workspace, actor: Actor, key: str, *, version: int | None = None, reason: str = ""
) -> dict[str, Any]:
    """End the canary: with `version` that one comes in force (promoted), else all starts go to the baseline again."""
    actor.require("flows:publish")

    def write(connection: Connection) -> None:
        flow = _flow(connection, key, lock=True)
        route = routes.running(connection, key)
        if route is None:
            raise Conflict(expected="a canary that runs", found="none", current={"running": None})
        if version is not None and version != route.baseline:
            _put_in_force(workspace, connection, actor, flow, version)
            _close(workspace, connection, actor, route, "promoted", reason)
        else:
            _close(workspace, connection, actor, route, "stopped", reason)

    workspace.writer.call(write)
    workspace.forget_published(key)
    return detail(workspace, actor, key)


def activate(
    workspace: Workspace, actor: Actor, key: str, version: int, *, reason: str = ""
) -> dict[str, Any]:
    """Roll back or forward: new instances get this version from now on, and a running canary ends. Running ones stay."""
    actor.require("flows:publish")

    def write(connection: Connection) -> None:
        flow = _flow(connection, key, lock=True)
        route = routes.running(connection, key)
        if version != flow.published_version:
            _put_in_force(workspace, connection, actor, flow, version)
        elif route is None:
            raise Conflict(
                expected="another version than the one in force", found=f"version {version}"
            )
        if route is not None:
            status = "rolled_back" if version == route.baseline else "promoted"
            _close(workspace, connection, actor, route, status, reason)

    workspace.writer.call(write)
    workspace.forget_published(key)
    return detail(workspace, actor, key)


def set_status(
    workspace: Workspace, actor: Actor, key: str, version: int, status: str
) -> dict[str, Any]:
    """active, deprecated (said on screens) or retired: never in force again. One that starts can get now cannot be retired."""
    actor.require("flows:publish")

    def write(connection: Connection) -> None:
        _flow(connection, key, lock=True)
        row = drafts.find_version(connection, key, version)
        if row is None:
            raise NotFound(kind="flow version", id=f"{key} {version}")
        if status == "retired" and version in routes.named_in(connection, key):
            raise Conflict(
                expected="a version that new instances do not get",
                found=f"version {version}, which is in force or in a canary",
            )
        if row.status != status:
            drafts.update_version_status(connection, key, version, status)
            audit.note(
                connection,
                workspace,
                actor,
                "flows.version_status",
                key,
                version=version,
                status=status,
            )

    workspace.writer.call(write)
    return {"version": version, "status": status}


def refuse_while_running(connection: Connection, key: str) -> None:
    """Raise `Conflict` while a canary compares with the version in force."""
    if routes.running(connection, key) is not None:
        raise Conflict(
            expected="no canary that runs, or a version published beside it",
            found="a running canary",
        )


def _put_in_force(
    workspace: Workspace, connection: Connection, actor: Actor, flow: Row[Any], version: int
) -> None:
    _check_versions(connection, flow, [version])
    row = drafts.find_version(connection, flow.key, version)
    assert row is not None, "looked up just before"
    drafts.update(connection, flow.key, {"published_version": version})
    schedules.follow(connection, jsontext.loads(row.document), workspace.clock.now_ms())
    workspace.changed.add("timers")
    audit.note(
        connection,
        workspace,
        actor,
        "flows.activate",
        flow.key,
        version=version,
        before=flow.published_version,
    )


def _check_versions(connection: Connection, flow: Row[Any], versions: Sequence[int]) -> None:
    for index, version in enumerate(versions):
        row = drafts.find_version(connection, flow.key, version)
        if row is None:
            raise NotFound(kind="flow version", id=f"{flow.key} {version}")
        found = "the version in force" if version == flow.published_version else row.status
        if found in {"the version in force", "retired"}:
            message = f"Expected another version that is not retired, but found {version}: {found}."
            problem = Problem(
                f"/rules/{index}/version", "version_not_routable", {"version": version}, message
            )
            raise ValidationFailed(what="version", count=1, problems=[problem])


def _close(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    route: Row[Any],
    status: str,
    reason: str,
) -> bool:
    """Answers False where somebody else has ended it first."""
    closed = routes.update(
        connection,
        route.id,
        {
            "status": status,
            "ended_at": workspace.clock.now_ms(),
            "ended_by": actor.user_id,
            "reason": reason,
        },
    )
    if closed:
        audit.note(
            connection,
            workspace,
            actor,
            "flows.canary_end",
            route.flow_key,
            route=route.id,
            how=status,
            reason=reason,
        )
    return closed


# --- taking back by itself -------------------------------------------------------------------------


def check_canaries(workspace: Workspace) -> int:
    """Take back every canary that does worse than its guard allows; answers how many. Any process, as often as it likes."""
    with workspace.read() as connection:
        worse = []
        for route in routes.all_running(connection, CHECKED_MAX):
            why = _worse(connection, route)
            if why is not None:
                worse.append((route, why))
    taken = 0
    for route, why in worse:
        taken += workspace.writer.call(partial(_take_back, workspace, route, why))
        workspace.forget_published(route.flow_key)
    return taken


def _worse(connection: Connection, route: Row[Any]) -> dict[str, Any] | None:
    base: dict[str, Any] | None = None
    for version in dict.fromkeys(rule["version"] for rule in route.rules):
        canary = _of_route(connection, route.id, version)
        if canary["started"] < route.guard["instances"]:
            continue
        base = base or _of_route(connection, route.id, route.baseline)
        if too_bad(route.guard, canary, base):
            return {"canary": canary, "baseline": base}
    return None


def too_bad(
    guard: Mapping[str, Any], canary: Mapping[str, Any], baseline: Mapping[str, Any]
) -> bool:
    """More than `rate` percent failed, and more than `factor` times the baseline's share, of at least `instances`."""
    if canary["started"] < guard["instances"]:
        return False
    rate = canary["failed"] / canary["started"] * 100
    usual = baseline["failed"] / baseline["started"] * 100 if baseline["started"] else 0.0
    return bool(rate > guard["rate"] and rate > guard["factor"] * usual)


def _take_back(
    workspace: Workspace, route: Row[Any], why: Mapping[str, Any], connection: Connection
) -> int:
    canary, base = why["canary"], why["baseline"]
    reason = (
        f"version {canary['version']}: {canary['failed']} of {canary['started']} instances with an incident, "
        f"version {base['version']}: {base['failed']} of {base['started']}"
    )
    if not _close(workspace, connection, ENGINE, route, "rolled_back", reason):
        return 0
    log.warning("the canary of flow %s was taken back: %s", route.flow_key, reason)
    tasks.insert_notification(
        connection,
        {
            "user_id": route.began_by,
            "title": f"灰度已自动回滚 · Canary taken back: {route.flow_key}",
            "text": (
                f"版本 {canary['version']} 有 {canary['failed']}/{canary['started']} 个实例出现异常"
                f"（版本 {base['version']}：{base['failed']}/{base['started']}），新实例已全部回到版本 {base['version']}。"
                f" · {reason}. New instances get version {base['version']} again."
            ),
            "created_at": workspace.clock.now_ms(),
        },
    )
    workspace.changed.add("history")
    return 1


# --- for answers -----------------------------------------------------------------------------------


def _json(row: Row[Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "baseline": row.baseline,
        "rules": row.rules,
        "guard": row.guard,
        "status": row.status,
        "note": row.note,
        "began_at": to_iso(row.began_at),
        "began_by": names.get(row.began_by, row.began_by),
        "ended_at": iso_or_none(row.ended_at),
        "ended_by": names.get(row.ended_by, row.ended_by) if row.ended_by else None,
        "reason": row.reason,
    }


def _flow(connection: Connection, key: str, *, lock: bool = False) -> Row[Any]:
    row = drafts.find(connection, key, lock=lock)
    if row is None:
        raise NotFound(kind="flow", id=key)
    return row


def _names(workspace: Workspace, connection: Connection) -> Mapping[str, str]:
    people = workspace.directory(connection).people
    return {id_: person.name for id_, person in people.items()}
