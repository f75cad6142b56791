"""The audit of decisions: who decided what, for whom, when, with what before and after; a chain that tells when it was touched.

Every vote and every act on a task comes here from the events of its advance (`note`), also those of timers and rules, and seats
that count as approved when a task opens, so that none can be forgotten. Rows are tied to the chain at the end of the writer's
transaction: processes on one PostgreSQL queue for the row of the chain's end, each for the length of one commit, and a group of
256 votes asks for it once.

What `verify` finds: a row that was changed, taken out, put in or moved, rows missing at the end (the end is signed), and
content taken away without a record of it. What it cannot find by the database alone: all of it put back to an earlier, complete
state, with the end as it was signed then. For that ends are kept outside (`headrace audit verify` notes each it has seen).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.run import events as e
from headrace.engine.run.state import Instance
from headrace.engine.run.task_about import ENGINE
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import decisions as rows
from headrace.engine.store import tasks
from headrace.engine.store.tables import metadata
from headrace.engine.store.writer import Gathered

PURGED = "purged"
"""The action of the row that says which rows lost their content."""

VERIFIED_AT_ONCE = 1_000
REDACTED_AT_ONCE = 500

_LENGTHS = {
    name: getattr(metadata.tables["decisions"].c[name].type, "length", None)
    for name in rows.CONTENT
}


@dataclass(slots=True)
class Caller:
    """How a wish came in; noted with the decision it leads to."""

    via: str = "rule"
    ip: str | None = None
    client: str | None = None
    batch_id: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    """What the form and the data people watch were, before."""


RULE = Caller()
"""Nobody: a timer, or a rule of the drawing."""


@contextmanager
def told_by(workspace: Workspace, caller: Caller) -> Iterator[None]:
    """What is decided inside is this caller's; only for operations of the writer."""
    earlier, workspace.caller = workspace.caller, caller
    try:
        yield
    finally:
        workspace.caller = earlier


# --- adding ----------------------------------------------------------------------------------------


def note(
    workspace: Workspace, connection: Connection, decided: Sequence[tuple[Instance, e.Event]]
) -> None:
    """Every vote and act of a group of advances into the chain, in the very transaction."""
    found: list[dict[str, Any]] = []
    for instance, event in decided:
        if isinstance(event, e.TaskOpened):
            found += _passed(instance, event)
        else:
            found.append(_row(instance, event, workspace.caller or RULE))
    known = tasks.titles(connection, list({row["task_id"] for row in found}))
    for row in found:
        title, node = known.get(row["task_id"], (None, None))
        add(workspace, {**row, "title": title, "node": row["node"] or node})


def add(workspace: Workspace, row: Mapping[str, Any]) -> None:
    """One more row of the chain; only for operations of the writer."""
    append: Gathered = workspace.operations.setdefault("decisions", partial(_append, workspace))
    workspace.writer.defer(append, {"at": workspace.clock.now_ms(), **row})


PASSED = "passed"
"""The action of a seat that counts as approved when its task opens: why says `after.reason`."""


def _passed(instance: Instance, event: e.TaskOpened) -> list[dict[str, Any]]:
    """A row for each seat that a rule has approved (who started it, the same person again, a vote kept from the round before)."""
    step = instance.steps.get(event.step)
    return [
        _about(instance, event.step, RULE)
        | {
            "actor": ENGINE,
            "on_behalf_of": seat["user"],
            "action": PASSED,
            "after": canonical({"decision": seat["decision"], "reason": seat.get("reason")}),
            "seat": seat["id"],
            "round": (event.task or {}).get("round", 1),
            "node": step.node if step is not None else None,
        }
        for seat in event.seats
        if seat.get("decision") and seat.get("reason")
    ]


def _about(instance: Instance, step: int, caller: Caller) -> dict[str, Any]:
    """Which task of which instance, and how it came."""
    return {
        "via": caller.via,
        "ip": caller.ip,
        "client": caller.client,
        "batch_id": caller.batch_id,
        "before": canonical(caller.before) if caller.before else None,
        "task_id": f"{instance.id}.{step}",
        "instance_id": instance.id,
        "flow_key": instance.flow_key,
        "version": instance.version,
        "business_key": instance.business_key,
    }


def _row(instance: Instance, event: Any, caller: Caller) -> dict[str, Any]:
    row = _about(instance, event.step, caller)
    step = instance.steps.get(event.step)
    node = getattr(event, "node", None) or (step.node if step is not None else None)
    match event:
        case e.VoteCast():
            after: dict[str, Any] = {"decision": event.decision}
            if event.form:
                after["form"] = event.form
            if closes := getattr(event, "closes", ""):
                after["closes"] = closes
            return row | {
                "actor": event.user,
                "on_behalf_of": getattr(event, "on_behalf_of", None),
                "action": event.decision,
                "comment": event.comment or None,
                "after": canonical(after),
                "seat": getattr(event, "seat", None),
                "round": getattr(event, "round", None),
                "node": node,
            }
        case _:
            details = dict(getattr(event, "details", None) or {})
            comment = details.pop("text", None) or details.pop("comment", None)
            seats = [_seat(seat) for seat in getattr(event, "seats", ())]
            return row | {
                "actor": event.by,
                "on_behalf_of": details.get("on_behalf_of"),
                "action": event.action,
                "comment": comment,
                "after": canonical({**details, **({"seats": seats} if seats else {})}),
                "round": details.get("round"),
                "node": node,
            }


_SEAT = ("seat", "id", "user", "on_behalf_of", "origin", "stage", "status", "decision")


def _seat(seat: Mapping[str, Any]) -> dict[str, Any]:
    return {name: seat[name] for name in _SEAT if seat.get(name) is not None}


def _append(
    workspace: Workspace, connection: Connection, found: Sequence[Mapping[str, Any]]
) -> Sequence[Any]:
    """Tie these rows to the end of the chain, and sign the new end."""
    end = rows.head(connection, lock=True)
    if end is None:
        rows.begin(connection)
        end = rows.head(connection, lock=True)
        assert end is not None
    seq, before = end.seq, end.hash
    added = []
    for one in found:
        seq += 1
        row = {name: _short(name, one.get(name)) for name in rows.CONTENT}
        row |= {"seq": seq, "salt": secrets.token_hex(16), "redacted_at": None}
        row["digest"] = digest(row)
        before = row["hash"] = chained(seq, before, row["digest"])
        added.append(row)
    at = workspace.clock.now_ms()
    signature = sign(keys(workspace)[0], seq, before, at)
    rows.add(connection, added, {"seq": seq, "hash": before, "at": at, "signature": signature})
    workspace.changed.add("decisions")
    return ()


def _short(name: str, value: Any) -> Any:
    length = _LENGTHS[name]
    return value[:length] if length and isinstance(value, str) else value


# --- the arithmetic of the chain -------------------------------------------------------------------


def canonical(value: Any) -> str:
    """JSON with one way to write everything: sorted names, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def digest(row: Mapping[str, Any]) -> str:
    """Of all that a row says; names without a value count for nothing, so that columns may be added later."""
    said = {name: row[name] for name in rows.CONTENT if row[name] is not None}
    return hashlib.sha256(f"{row['salt']}\n{canonical(said)}".encode()).hexdigest()


def chained(seq: int, before: str, digest_: str) -> str:
    """The hash of a row: its place, the hash before, its own digest."""
    return hashlib.sha256(f"{seq}\n{before}\n{digest_}".encode()).hexdigest()


def sign(key: bytes, seq: int, hash_: str, at: int) -> str:
    """The end of the chain, signed; nobody makes one who has the database alone."""
    return hmac.new(key, f"decisions\n{seq}\n{hash_}\n{at}".encode(), hashlib.sha256).hexdigest()


def keys(workspace: Workspace) -> tuple[bytes, ...]:
    """The first signs, all are good."""
    return tuple(getattr(workspace.settings, "secret_keys", None) or (workspace.secret_key,))


# --- verifying -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Verified:
    """What a walk along the chain has found."""

    checked: int = 0
    redacted: int = 0
    seq: int = 0
    hash: str = rows.GENESIS
    wrong: int | None = None
    """The first row that is not what it should be."""
    why: str = ""
    expected: str = ""
    found: str = ""

    @property
    def ok(self) -> bool:
        """Nothing was wrong."""
        return not self.why

    def fail(self, seq: int | None, why: str, expected: str, found: str) -> Verified:
        """The first thing that is wrong ends the walk."""
        self.wrong, self.why, self.expected, self.found = seq, why, expected, found
        return self


def verify(
    connection: Connection,
    secret_keys: Sequence[bytes],
    ends: Mapping[int, str] | None = None,
) -> Verified:
    """Walk the whole chain. `ends`: seq → hash of ends seen earlier and kept elsewhere; each must still be there."""
    told = Verified()
    end = rows.head(connection)
    if end is not None and end.seq and not _signed(end, secret_keys):
        return told.fail(
            end.seq, "signature", "the end signed with this workspace's key", "another"
        )
    taken: set[int] = set()
    while True:
        some = rows.after(connection, told.seq, end.seq if end else None, VERIFIED_AT_ONCE)
        for row in some:
            _look(told, row, taken)
            if not told.ok:
                return told
            kept = (ends or {}).get(row.seq)
            if kept is not None and kept != row.hash:
                return told.fail(row.seq, "end", f"the hash {kept}, seen earlier", row.hash)
        if len(some) < VERIFIED_AT_ONCE:
            break
    return _at_the_end(connection, told, end, taken, ends or {})


def _signed(end: Row[Any], secret_keys: Sequence[bytes]) -> bool:
    return any(
        hmac.compare_digest(sign(key, end.seq, end.hash, end.at), end.signature)
        for key in secret_keys
    )


def _look(told: Verified, row: Row[Any], taken: set[int]) -> None:
    """One row: its place, its content, its tie to the one before."""
    if row.seq != told.seq + 1:
        told.fail(told.seq + 1, "missing", f"row {told.seq + 1}", f"row {row.seq}")
        return
    known = dict(row._mapping)
    if row.redacted_at is not None:
        left = [name for name in rows.CONTENT if name != "at" and known[name] is not None]
        if left:
            told.fail(row.seq, "content", "no content, as it was taken away", ", ".join(left))
            return
        told.redacted += 1
        taken.add(row.seq)
    elif (found := digest(known)) != row.digest:
        told.fail(row.seq, "content", f"the digest {row.digest}", found)
        return
    if (found := chained(row.seq, told.hash, row.digest)) != row.hash:
        told.fail(row.seq, "link", f"the hash {found}", row.hash)
        return
    if row.action == PURGED and row.after:
        for first, last in json.loads(row.after).get("rows", ()):
            taken.difference_update(range(first, last + 1))
    told.checked += 1
    told.seq, told.hash = row.seq, row.hash


def _at_the_end(
    connection: Connection,
    told: Verified,
    end: Row[Any] | None,
    taken: set[int],
    ends: Mapping[int, str],
) -> Verified:
    promised = end.seq if end else 0
    if told.seq != promised:
        return told.fail(told.seq + 1, "missing", f"row {promised} as the last", f"row {told.seq}")
    if end is not None and end.hash != told.hash:
        return told.fail(told.seq, "end", f"the hash {end.hash}", told.hash)
    if taken:
        first = min(taken)
        return told.fail(first, "redacted", "a record of its redaction", "none")
    if beyond := [seq for seq in ends if seq > told.seq]:
        first = min(beyond)
        return told.fail(first, "missing", f"row {first}, seen earlier", f"{told.seq} as the last")
    now = rows.head(connection)
    last = rows.last_seq(connection)
    if last > (now.seq if now else 0):
        return told.fail(last, "behind", f"no row behind {promised}", f"row {last}")
    return told


# --- redacting -------------------------------------------------------------------------------------


def redact_some(workspace: Workspace, before_ms: int, connection: Connection) -> int:
    """Take the content of the oldest rows away, with a record in the chain that says which; answers how many."""
    seqs = sorted(rows.older(connection, before_ms, REDACTED_AT_ONCE))
    if not seqs:
        return 0
    now_ms = workspace.clock.now_ms()
    rows.redact(connection, seqs, now_ms)
    told = {"rows": _ranges(seqs), "before": before_ms}
    add(workspace, {"actor": "engine", "action": PURGED, "via": "rule", "after": canonical(told)})
    return len(seqs)


def _ranges(seqs: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for seq in seqs:
        if found and found[-1][1] == seq - 1:
            found[-1][1] = seq
        else:
            found.append([seq, seq])
    return found
