"""Keeping house in the background: batches go on, due times follow their calendars, records their tables, and once an hour what is
past its retention goes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from headrace.engine.service import (
    batches,
    calendars,
    data_tables,
    interfaces,
    purge,
    record_files,
    source_files,
    task_batches,
)
from headrace.engine.service.workspace import Workspace

log = logging.getLogger(__name__)

assert task_batches.RELEASE  # its kinds of batches are known as soon as somebody works on batches

LOOK_S = 0.5
"""How often batches are looked for."""

FOLLOW_EVERY_S = 2
"""How often is looked for due times that an older version of a calendar told."""

PURGE_EVERY_S = 3_600
PURGE_FIRST_S = 120
"""After a start others have more to do."""


class Keeper:
    """One a process; of several each batch and each purge has one at a time."""

    def __init__(self, workspace: Workspace, stopping: Callable[[], bool]) -> None:
        self._workspace = workspace
        self._stopping = stopping
        self._purge_at = workspace.clock.now_ms() + PURGE_FIRST_S * 1_000
        self._follow_at = 0

    def look(self) -> float:
        """Do what is due; answers how many seconds to rest."""
        due_at = batches.work(self._workspace)
        now_ms = self._workspace.clock.now_ms()
        if now_ms >= self._follow_at:
            more = calendars.follow(self._workspace) + data_tables.refill(self._workspace)
            more += record_files.work(self._workspace) + source_files.work(self._workspace)
            interfaces.watch(self._workspace)
            self._follow_at = now_ms + (0 if more else FOLLOW_EVERY_S * 1_000)
        if now_ms >= self._purge_at:
            self._purge_at = now_ms + PURGE_EVERY_S * 1_000
            purge.run(self._workspace, stopping=self._stopping)
        if due_at is None:
            return LOOK_S
        return min(LOOK_S, max(0.01, (due_at - self._workspace.clock.now_ms()) / 1_000))
