"""Is this process fit to be asked? Each check says what it expected and what it found; nothing here is secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.exc import SQLAlchemyError

from headrace.engine.errors import HeadraceError
from headrace.engine.service import disk
from headrace.engine.service.workspace import Workspace
from headrace.engine.store.migrations import head, revision
from headrace.engine.store.writer import Writer

FRESH_S = 1.0
"""Anybody may ask, without signing in: so often it is really looked, at most."""

WRITER_STUCK_S = 10.0
"""A transaction takes milliseconds; one that has not ended after so long does not end by itself."""

Threads = Callable[[], Mapping[str, bool]]


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer."""

    name: str
    ok: bool
    reason: str = ""


@dataclass(slots=True)
class _Kept:
    checks: list[Check] = field(default_factory=list)
    at_s: float = 0.0
    probe: Future[Any] | None = None
    probed_s: float = 0.0


_kept: WeakKeyDictionary[Writer, _Kept] = WeakKeyDictionary()


def ready(workspace: Workspace, threads: Threads | None = None) -> list[Check]:
    """Database reachable and of this version, writer working, disk not low, threads alive."""
    kept = _kept.setdefault(workspace.writer, _Kept())
    now_s = time.monotonic()
    if not kept.checks or now_s - kept.at_s >= FRESH_S:
        kept.checks = [
            _database(workspace),
            _writer(workspace, kept, now_s),
            _disk(workspace),
            _threads(threads),
        ]
        kept.at_s = now_s
    return kept.checks


def forget(workspace: Workspace) -> None:
    """Look again the next time."""
    _kept.pop(workspace.writer, None)


def _database(workspace: Workspace) -> Check:
    try:
        found = revision(workspace.database)
    except SQLAlchemyError as trouble:
        # Not the driver's words: they may hold the address.
        return Check("database", False, f"cannot be reached ({type(trouble).__name__})")
    if found != _head():
        return Check("database", False, f"expected revision {_head()}, but found {found}")
    return Check("database", True)


@cache
def _head() -> str:
    return head()


def _writer(workspace: Workspace, kept: _Kept, now_s: float) -> Check:
    """One empty operation is always under way: when it does not come back, nothing does."""
    if kept.probe is not None and not kept.probe.done():
        waited_s = now_s - kept.probed_s
        if waited_s >= WRITER_STUCK_S:
            return Check("writer", False, f"an operation has been waiting for {waited_s:.0f} s")
        return Check("writer", True)
    try:
        kept.probe, kept.probed_s = workspace.writer.submit(lambda _: None), now_s
    except (HeadraceError, RuntimeError) as trouble:
        return Check("writer", False, str(trouble))
    return Check("writer", True)


def _disk(workspace: Workspace) -> Check:
    found = disk.trouble(workspace)
    return Check("disk", found is None, found.message if found else "")


def _threads(threads: Threads | None) -> Check:
    if threads is None:
        return Check("threads", True, "none run in this process")
    dead = sorted(name for name, alive in threads().items() if not alive)
    return Check("threads", not dead, f"not alive: {', '.join(dead)}" if dead else "")
