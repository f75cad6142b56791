"""Who has a drawing open: people see each other, and which draft the server has."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.errors import Conflict, Forbidden, NotFound, ValidationFailed
from headrace.engine.service import editing, flows
from headrace.engine.service.actor import Actor
from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import House

ANN = Actor("usr_ann", "Ann", (), frozenset({"flows:read", "flows:write"}))
BOB = Actor("usr_bob", "Bob", (), frozenset({"flows:read", "flows:write"}))
AT_REST: dict[str, Any] = {"cursor": None, "selection": [], "look": "canvas"}
AT_PAY = {"cursor": {"x": 10, "y": 20.5}, "selection": ["pay"], "look": "canvas"}


@pytest.fixture
def drawn(house: House) -> House:
    flows.create(house.workspace, ANN, document=flow("order").then("done", "end").document())
    return house


def others(drawn: House, actor: Actor, client: str, doing: Any = AT_REST) -> list[Any]:
    return list(editing.say(drawn.workspace, actor, "order", client, doing)["others"])


def test_two_people_see_each_other(drawn: House) -> None:
    assert others(drawn, ANN, "tab-of-ann", AT_PAY) == []
    [seen] = others(drawn, BOB, "tab-of-bob")
    [back] = others(drawn, ANN, "tab-of-ann")

    assert (seen["client"], seen["user_id"], seen["cursor"]) == (
        "tab-of-ann",
        "usr_ann",
        {"x": 10, "y": 20.5},
    )
    assert seen["selection"] == ["pay"]
    assert back["client"] == "tab-of-bob"


def test_who_falls_silent_is_shown_no_longer_and_forgotten(drawn: House) -> None:
    others(drawn, ANN, "tab-of-ann")
    drawn.later(s=editing.SILENT_MS / 1000 + 1)
    assert others(drawn, BOB, "tab-of-bob") == []
    drawn.later(s=editing.FORGET_MS / 1000 + 1)
    others(drawn, BOB, "next-of-bob")

    with drawn.workspace.read() as connection:
        rows = connection.execute(t.editors.select()).all()
    assert [row.client for row in rows] == ["next-of-bob"]


def test_who_leaves_is_gone_at_once(drawn: House) -> None:
    others(drawn, ANN, "tab-of-ann")
    with pytest.raises(NotFound):
        editing.leave(drawn.workspace, BOB, "order", "tab-of-ann")
    assert len(others(drawn, BOB, "tab-of-bob")) == 1, "only one's own tab can be closed"
    editing.leave(drawn.workspace, ANN, "order", "tab-of-ann")

    assert others(drawn, BOB, "tab-of-bob") == []


def test_a_draft_of_somebody_else_shows_by_its_mark(drawn: House) -> None:
    before = editing.say(drawn.workspace, BOB, "order", "tab-of-bob", AT_REST)["etag"]
    document = flows.detail(drawn.workspace, ANN, "order")["draft"]["document"]
    kept = flows.save(
        drawn.workspace, ANN, "order", {**document, "name": {"en": "Order, new"}}, before
    )

    assert editing.say(drawn.workspace, BOB, "order", "tab-of-bob", AT_REST)["etag"] == kept["etag"]
    assert kept["etag"] != before


def test_an_idle_tab_writes_seldom(drawn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    others(drawn, ANN, "tab-of-ann")
    written: list[Any] = []
    monkeypatch.setattr(
        "headrace.engine.store.editors.say", lambda _connection, values: written.append(values)
    )
    for _ in range(5):
        others(drawn, ANN, "tab-of-ann")
    assert written == []
    others(drawn, ANN, "tab-of-ann", AT_PAY)

    assert len(written) == 1


def test_the_tab_of_another_person_and_wrong_names_are_refused(drawn: House) -> None:
    others(drawn, ANN, "tab-of-ann")
    with pytest.raises(Conflict):
        others(drawn, BOB, "tab-of-ann")
    with pytest.raises(ValidationFailed):
        others(drawn, BOB, "../../x")
    with pytest.raises(NotFound):
        editing.say(drawn.workspace, BOB, "no-such", "tab-of-bob", AT_REST)
    with pytest.raises(Forbidden):
        editing.say(drawn.workspace, Actor("usr_x", "X"), "order", "tab-of-x", AT_REST)


def test_a_crowd_is_bounded(drawn: House) -> None:
    for number in range(editing.SHOWN_MAX + 5):
        others(drawn, ANN, f"tab-number-{number:02}")

    assert len(others(drawn, BOB, "tab-of-bob")) <= editing.SHOWN_MAX + 1
