"""A step that is entered and withdrawn in the same advance leaves nothing behind, whatever it was to wait for."""

from typing import Any

import pytest

from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import House, settle, unlike_history

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a job": ("connector", {}),
    "a record": ("record", {"values": {"a": "1"}}),
    "a task": ("approval", {}),
    "a timer": ("timer", {"duration": "PT1H"}),
    "a sub-flow": ("subflow", {"flow": "item"}),
    "sub-flows": ("subflow", {"flow": "item", "for_each": "[1, 2]"}),
    "a window of sub-flows": ("subflow", {"flow": "item", "for_each": "[1, 2]", "window": 1}),
    "events": (
        "receive",
        {
            "events": [
                {"id": "told", "kind": "message", "name": "told"},
                {"id": "late", "kind": "timer", "after": "PT1H"},
            ]
        },
    ),
    "a lock": ("lock", {"key": "'desk'", "scope": "workspace"}),
    "a milestone": ("milestone", {"condition": {"expression": "1 == 2"}}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_withdrawn_at_once_leaves_nothing_behind(house: House, kind: str) -> None:
    type_, settings = KINDS[kind]
    port = {"receive": "told", "record": "created", "approval": "approved"}.get(type_, "out")
    house.publish(flow("item").then("busy", "timer", duration="PT1H").then("done", "end"))
    house.publish(
        flow("at-once").then("fork", "split")
        .then("slow", type_, **settings).on(port).then("meet", "join", mode="first", rest="cancel").then("done", "end")
        .at("fork").to("meet")
    )  # fmt: skip

    id_ = house.start("at-once")
    settle(house)

    assert house.status(id_) == "completed"
    assert house.violations() == []
    for table in (t.jobs, t.timers, t.ready, t.subscriptions, t.locks, t.incidents):
        assert house.rows(table.select()) == []
    assert {row.status for row in house.rows(t.tasks.select())} <= {"cancelled"}
    children = house.rows(t.instances.select().where(t.instances.c.parent_id == id_))
    assert {child.status for child in children} <= {"cancelled"}
    with house.workspace.read() as connection:
        assert unlike_history(connection) == []
