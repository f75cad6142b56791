"""For-each over many items: a window of sub-flows at a time; the state keeps numbers, the items are rows (engine.md 5.12)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from headrace.engine.errors import HeadraceError
from headrace.engine.ids import new_id
from headrace.engine.node import Done, WaitForChildren
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.region import children_of
from headrace.engine.run.state import Items, Step

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run

WINDOW = 100
"""Sub-flows of one for-each that run at once when the drawing says nothing."""

WINDOW_MAX = 1_000
"""The most at once: those that run are part of the state."""

ITEMS_MAX = 100_000
"""Items of one for-each, those added later included."""


class Ends(Protocol):
    """How the items of a step ended that this advance does not know of itself."""

    def of(self, instance_id: str, step: int) -> Mapping[int, tuple[str, Any]]:
        """Index → (status, output)."""
        ...


class EndsKept:
    """Ends in memory: for test runs and tests; fed with every event."""

    def __init__(self) -> None:
        self._ends: dict[int, dict[int, tuple[str, Any]]] = {}

    def tell(self, events: Iterable[e.Event]) -> None:
        """Keep what these say of items."""
        for event in events:
            if isinstance(event, e.ItemEnded):
                self._ends.setdefault(event.step, {})[event.number] = (event.status, event.output)

    def of(self, instance_id: str, step: int) -> Mapping[int, tuple[str, Any]]:
        """Index → (status, output)."""
        return self._ends.get(step, {})


def wanted(wait: WaitForChildren) -> bool:
    """Does this for-each need rows of its own?"""
    return wait.wait and (
        wait.window is not None
        or wait.until is not None
        or wait.more
        or wait.collect != "all"
        or len(wait.children) > WINDOW
    )


def begin(run: Run, step: Step, wait: WaitForChildren) -> None:
    """Keep the items and start the first of them."""
    items = [[dict(child.input), child.business_key, child.dedup_key] for child in wait.children]
    window = max(1, min(WINDOW_MAX, wait.window or WINDOW))
    run.emit(
        e.ItemsAdded(
            step.id, wait.flow, 0, items, window, wait.until, wait.more, wait.collect, wait.version
        )
    )
    _go_on(run, step)


def add(run: Run, command: c.AddItems) -> None:
    """More items while it runs."""
    step = run.instance.steps.get(command.step)
    if step is None or step.items is None or not step.items.more:
        run.ignore(command, "the step takes no more items")
        return
    if step.items.total + len(command.items) > ITEMS_MAX:
        run.ignore(command, f"expected at most {ITEMS_MAX} items in all")
        return
    run.emit(e.ItemsAdded(step.id, step.items.flow, step.items.total, command.items))
    _go_on(run, step)


def close(run: Run, command: c.CloseItems) -> None:
    """No more items; or an end to all of them."""
    step = run.instance.steps.get(command.step)
    if step is None or step.items is None:
        run.ignore(command, "the step is no longer open")
        return
    if command.finish:
        _finish(run, step, command.by)
    else:
        run.emit(e.ItemsClosed(step.id, command.by))
        _go_on(run, step)


def ended(run: Run, step: Step, command: c.EndChild) -> None:
    """One has ended: perhaps enough have, perhaps another may begin."""
    assert step.items is not None
    index = step.items.running[command.child]
    run.emit(e.ItemEnded(step.id, index, command.child, command.status, command.output))
    if step.items.until is not None and _enough(run, step, step.items, command.output):
        _finish(run, step, "engine")
    elif not step.incident:
        _go_on(run, step)


def _enough(run: Run, step: Step, items: Items, last: Any) -> bool:
    extra = {
        "done": items.done, "failed": items.failed, "total": items.total, "running": len(items.running), "last": last,
    }  # fmt: skip
    assert items.until is not None
    try:
        return run.evaluator(step).expression(items.until, extra) is True
    except HeadraceError as trouble:
        if not step.incident:
            run.raise_incident(step, trouble.code, trouble.message)
        return False


def go_on_again(run: Run, step: Step) -> None:
    """A retry: those that have ended stay so, those that run go on."""
    items = step.items
    assert items is not None
    run.emit(e.ItemsAdded(step.id, items.flow, items.total, []))
    _go_on(run, step)


def _go_on(run: Run, step: Step) -> None:
    items = step.items
    assert items is not None
    room = min(items.window - len(items.running), items.total - items.started)
    if room > 0:
        first = items.started
        children = [[index, _child_id(run, step, index)] for index in range(first, first + room)]
        run.emit(e.ItemsStarted(step.id, items.flow, children, items.version))
    elif not items.running and items.started == items.total and not items.more:
        _done(run, step)


def _finish(run: Run, step: Step, by: str) -> None:
    run.emit(e.ItemsClosed(step.id, by, children_of(step)))
    _done(run, step)


def _done(run: Run, step: Step) -> None:
    items = step.items
    assert items is not None
    counts = {"total": items.total, "done": items.done, "failed": items.failed}
    if items.collect == "counts":
        run.done(step, Done(counts))
        return
    ends = dict(run.ends.of(run.instance.id, step.id))
    for event in run.events:
        if isinstance(event, e.ItemEnded) and event.step == step.id:
            ends[event.number] = (event.status, event.output)
    results = [_told(ends.get(index)) for index in range(items.total)]
    run.settle(step, run.kept_small(run.flow.nodes[step.node], Done(results)))


def _told(end: tuple[str, Any] | None) -> dict[str, Any]:
    status, output = end or ("cancelled", None)
    return {"status": status, "output": output}


def _child_id(run: Run, step: Step, index: int) -> str:
    """Follows from the parent's: the same advance done again gives the same, a retry of the step others."""
    return child_id(run.instance.id, step.id, index, run.instance.seq, run.now_ms)


def child_id(instance_id: str, step: int, index: int, seq: int, now_ms: int) -> str:
    """The id of a sub-flow's instance."""
    seed = hashlib.sha256(f"{instance_id}.{step}.{index}.{seq}".encode()).digest()
    return new_id("ins", now_ms, seed[:10])
