"""Instances through the service: starting once, looking, cancelling, sub-flows, and what one does not do to another."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Conflict, NotFound, ValidationFailed
from headrace.engine.run import advance as loop
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.service import instances
from headrace.engine.store import inbox
from headrace.engine.store import tables as t
from tests.builder import Flow, flow
from tests.fakes import ANN, NOON, House, ScriptedWorld, settle


def asks(key: str = "asks") -> Flow:
    return (
        flow(key)
        .then("ask", "approval")
        .then("done", "end")
        .at("ask", "rejected")
        .then("no", "end", result="no")
    )


def waits(key: str = "waits", duration: str = "PT1H") -> Flow:
    return (
        flow(key)
        .then("wait", "timer", duration=duration)
        .then("done", "end", output={"n": "default(n, 0)"})
    )


def test_a_start_without_a_wait_ends_in_the_same_commit(house: House) -> None:
    house.publish(flow("quick").then("done", "end"))

    found = house.detail(house.start("quick"))

    assert (found["status"], found["seq"]) == ("completed", 4)


def test_an_unpublished_flow_starts_nothing(cabin: House) -> None:
    with pytest.raises(NotFound):
        cabin.start("unheard-of")


def test_input_that_breaks_the_flows_rules_starts_nothing(cabin: House) -> None:
    document = asks().document()
    document["input"] = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
    }
    cabin.publish(document)

    with pytest.raises(ValidationFailed):
        cabin.start("asks", {"n": "many"})

    assert cabin.rows(sa.select(t.instances.c.id)) == []


def test_the_same_dedup_key_answers_with_the_same_instance(house: House) -> None:
    house.publish(asks())

    first = house.started("asks", dedup_key="order-1")
    second = house.started("asks", dedup_key="order-1")

    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.id == second.id


def test_a_dedup_key_counts_for_one_flow_only(cabin: House) -> None:
    cabin.publish(asks("one"))
    cabin.publish(asks("two"))

    assert not cabin.started("one", dedup_key="k").duplicate
    assert not cabin.started("two", dedup_key="k").duplicate


def test_twenty_at_once_with_one_dedup_key_start_one(house: House) -> None:
    house.publish(asks())

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: house.started("asks", dedup_key="k"), range(20)))

    assert len({started.id for started in found}) == 1
    assert [started.duplicate for started in found].count(False) == 1
    assert len(house.rows(sa.select(t.instances.c.id))) == 1


def test_keys_are_worked_out_from_the_input(cabin: House) -> None:
    cabin.publish(
        flow("keyed", business_key="order_no", dedup_key="'shop-' + order_no").then("done", "end")
    )

    found = cabin.detail(cabin.start("keyed", {"order_no": "A-1"}))

    assert (found["business_key"], found["dedup_key"]) == ("A-1", "shop-A-1")
    assert cabin.started("keyed", {"order_no": "A-1"}).duplicate


@pytest.mark.parametrize("order_no", ["", "x" * 201, None])
def test_a_key_without_or_with_too_much_text_starts_nothing(
    order_no: str | None, cabin: House
) -> None:
    cabin.publish(flow("keyed", dedup_key="order_no").then("done", "end"))

    with pytest.raises(ValidationFailed):
        cabin.start("keyed", {"order_no": order_no})


def test_a_cancelled_instance_keeps_nothing_open(house: House) -> None:
    house.publish(
        flow("much").then("fork", "split").then("ask", "approval", reminder={"after": "PT1H", "to": [{"kind": "initiator"}]})
        .then("done", "end").at("ask", "rejected").to("done")
        .at("fork").then("wait", "timer", duration="PT1H").to("done")
        .at("fork").then("pay", "connector").to("done")
    )  # fmt: skip
    id_ = house.start("much")
    assert house.waiting(id_) == ["ask", "wait", "pay"]

    house.cancel(id_)

    assert house.status(id_) == "cancelled"
    assert house.rows(sa.select(t.timers)) == house.rows(sa.select(t.jobs)) == []
    assert house.todo(ANN) == []


def test_a_second_cancel_is_told_that_it_is_over(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    house.cancel(id_)

    with pytest.raises(Conflict):
        house.cancel(id_)


def test_what_comes_after_the_end_does_not_move_the_end(house: House) -> None:
    house.publish(waits("child"))
    house.publish(
        flow("parent").then("sub", "subflow", flow="child", wait=False).then("done", "end")
    )
    id_ = house.start("parent")
    settle(house)
    ended_at = house.detail(id_)["ended_at"]

    house.later(s=3600)
    settle(house)

    assert len(house.events(id_, e.ResultIgnored)) == 1
    assert house.detail(id_)["ended_at"] == ended_at


# --- sub-flows -------------------------------------------------------------------------------------


def parent(**settings: object) -> Flow:
    return (
        flow("parent")
        .then("sub", "subflow", flow="child", **settings)
        .then("done", "end", output={"sub": "sub"})
    )


def test_a_parent_waits_for_its_sub_flow_and_gets_its_output(house: House) -> None:
    house.publish(waits("child"))
    house.publish(parent(input={"n": "7"}))
    id_ = house.start("parent")
    settle(house)
    assert house.waiting(id_) == ["sub"]
    assert [child["status"] for child in house.detail(id_)["children"]] == ["waiting"]

    house.later(s=3600)
    settle(house)

    assert house.detail(id_)["output"] == {"sub": {"n": 7}}


def test_each_item_gets_a_sub_flow_and_a_known_key_starts_none(house: House) -> None:
    house.publish(waits("child", "PT1S"))
    house.publish(parent(for_each="['a', 'b', 'a']", input={"n": "item"}, dedup_key="item"))
    id_ = house.start("parent")
    settle(house)
    house.later(s=1)
    settle(house)

    results = house.detail(id_)["variables"]["sub"]
    assert [row["status"] for row in results] == ["completed", "completed", "duplicate"]
    assert len(house.detail(id_)["children"]) == 2
    assert house.status(id_) == "completed"


def test_one_bad_item_fails_alone(house: House) -> None:
    child = waits("child", "PT1S").document()
    child["input"] = {"type": "object", "properties": {"n": {"type": "integer"}}}
    house.publish(child)
    house.publish(parent(for_each="[1, 'two', 3]", input={"n": "item"}))
    id_ = house.start("parent")
    settle(house)
    house.later(s=1)
    settle(house)

    results = house.detail(id_)["variables"]["sub"]
    assert [row["status"] for row in results] == ["completed", "failed", "completed"]


def test_a_sub_flow_that_is_not_there_is_an_incident_and_a_retry_finds_it_later(
    house: House,
) -> None:
    house.publish(parent())
    id_ = house.start("parent")
    settle(house)
    assert [found["code"] for found in house.incidents(id_)] == ["subflow_failed"]

    house.publish(waits("child", "PT1S"))
    house.retry(id_)
    settle(house)
    house.later(s=1)
    settle(house)

    assert house.status(id_) == "completed"


def test_a_cancel_reaches_children_and_their_children(house: House) -> None:
    house.publish(waits("grandchild"))
    house.publish(flow("child").then("sub", "subflow", flow="grandchild").then("done", "end"))
    house.publish(parent(for_each="[1, 2]"))
    id_ = house.start("parent")
    settle(house)
    assert len(house.rows(sa.select(t.instances.c.id))) == 5

    house.cancel(id_)
    settle(house)

    assert {row.status for row in house.rows(sa.select(t.instances.c.status))} == {"cancelled"}
    assert house.rows(sa.select(t.timers)) == []


def test_a_child_that_is_started_and_cancelled_in_one_go_leaves_no_timer(house: House) -> None:
    house.publish(waits("child"))
    house.publish(parent())
    id_ = house.start("parent")  # the child's start rests in its inbox

    house.cancel(id_)  # and so does its cancel
    settle(house)

    assert house.rows(sa.select(t.timers)) == []


def test_a_cancelled_child_is_the_parents_incident(house: House) -> None:
    house.publish(waits("child"))
    house.publish(parent())
    id_ = house.start("parent")
    settle(house)

    house.cancel(house.detail(id_)["children"][0]["id"])
    settle(house)

    assert [found["code"] for found in house.incidents(id_)] == ["subflow_cancelled"]


# --- budgets ---------------------------------------------------------------------------------------


def test_a_long_way_takes_several_advances_and_gets_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "STEPS_MAX", 3)
    drawing = flow("long")
    for number in range(10):
        drawing.then(f"n{number}", "set_values", values={"n": str(number)})
    house.publish(drawing.then("done", "end"))
    id_ = house.start("long")
    assert house.status(id_) == "running"
    assert house.violations() == []

    settle(house)

    assert house.status(id_) == "completed"
    assert house.rows(sa.select(t.ready)) == []


def test_a_long_story_is_read_to_its_end_and_from_its_middle(
    cabin: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.engine.store.history.PAGE", 2)
    cabin.publish(asks_again())
    id_ = cabin.start("again")
    for _ in range(6):
        cabin.decide(ANN, "rejected")
    cabin.decide(ANN)

    whole = instances.history(cabin.workspace, cabin.actor(ANN), id_)["items"]
    assert [item["seq"] for item in whole] == list(range(1, len(whole) + 1))
    for after in (0, 1, 5, len(whole) - 1, len(whole)):
        rest = instances.history(cabin.workspace, cabin.actor(ANN), id_, after=after)["items"]
        assert rest == whole[after:]


def asks_again() -> Flow:
    return flow("again").then("ask", "approval").then("done", "end").at("ask", "rejected").to("ask")


# --- one that cannot be advanced -------------------------------------------------------------------


def break_it(house: House) -> None:
    """Its version asks for a node type that is gone: the package that had it was removed."""
    text = sa.func.replace(t.flow_versions.c.document, '"type":"timer"', '"type":"gone"')
    house.write(
        lambda connection: connection.execute(
            t.flow_versions.update()
            .where(t.flow_versions.c.flow_key == "broken")
            .values(document=text)
        )
    )
    house.workspace._compiled.clear()


def mend_it(house: House) -> None:
    text = sa.func.replace(t.flow_versions.c.document, '"type":"gone"', '"type":"timer"')
    house.write(
        lambda connection: connection.execute(t.flow_versions.update().values(document=text))
    )
    house.workspace._compiled.clear()


def test_an_instance_that_cannot_be_advanced_holds_up_no_other(house: House) -> None:
    house.publish(waits("broken"))
    house.publish(waits("sound"))
    broken, sound = house.start("broken"), house.start("sound")
    break_it(house)

    house.later(s=3600)
    settle(house)

    assert house.rows(sa.select(t.instances.c.status).where(t.instances.c.id == sound)) == [
        ("completed",)
    ]
    (incident,) = house.rows(sa.select(t.incidents))
    assert (incident.instance_id, incident.code) == (broken, "engine_failed")
    assert house.violations() == []


def test_an_instance_that_was_set_aside_goes_on_by_itself_when_it_can(house: House) -> None:
    house.publish(waits("broken"))
    id_ = house.start("broken")
    break_it(house)
    house.later(s=3600)
    settle(house)
    mend_it(house)

    house.later(s=60)
    settle(house)

    assert house.status(id_) == "completed"
    assert house.rows(sa.select(t.incidents.c.resolution)) == [("solved",)]


def test_an_instance_that_was_set_aside_goes_on_at_once_by_hand(house: House) -> None:
    house.publish(waits("broken"))
    id_ = house.start("broken")
    break_it(house)
    house.later(s=3600)
    settle(house)
    mend_it(house)

    house.retry(id_)

    assert house.status(id_) == "completed"


def test_text_the_database_cannot_hold_stops_one_instance_only(
    migrated_postgresql_url: str,
) -> None:
    house = House(migrated_postgresql_url)
    house.publish(flow("nul").then("wait", "timer", duration="PT1S").then("ask", "approval", title="{{ name }}")
                  .then("done", "end").at("ask", "rejected").to("done"))  # fmt: skip
    bad, good = house.start("nul", {"name": "a\0b"}), house.start("nul", {"name": "ab"})

    house.later(s=1)
    settle(house)

    assert house.waiting(good) == ["ask"]
    assert [found["code"] for found in house.incidents(bad)] == ["engine_failed"]
    assert house.violations() == []
    house.close()


def test_a_result_for_an_instance_that_is_set_aside_is_kept_and_the_call_not_made_again(
    house: House,
) -> None:
    house.publish(
        flow("broken")
        .then("pay", "connector")
        .then("wait", "timer", duration="PT1H")
        .then("done", "end")
    )
    id_ = house.start("broken")
    world = ScriptedWorld(200)
    world.during = lambda: break_it(house)
    settle(house, world)
    assert house.violations() == []
    world.during = lambda: None
    mend_it(house)

    house.later(s=60)
    settle(house, world)

    assert len(world.calls) == 1
    assert house.waiting(id_) == ["wait"]


# --- looking ---------------------------------------------------------------------------------------


def test_everybody_sees_only_what_he_started_unless_he_may_see_all(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks")
    stranger = replace(cabin.actor(ANN), permissions=frozenset())

    assert instances.listing(cabin.workspace, stranger)["items"] == []
    assert len(instances.listing(cabin.workspace, cabin.actor(ANN))["items"]) == 1


def test_a_list_is_turned_page_by_page(cabin: House) -> None:
    cabin.publish(asks())
    started = [cabin.start("asks", business_key=f"B-{n}") for n in range(5)]
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = instances.listing(cabin.workspace, cabin.actor(ANN), cursor=cursor, limit=2)
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert sorted(seen) == sorted(started)
    assert cursor is None


def test_a_list_is_searched_by_the_beginning_of_the_business_number(cabin: House) -> None:
    cabin.publish(asks())
    for number in ("A-1", "A-2", "B-1"):
        cabin.start("asks", business_key=number)

    found = instances.listing(cabin.workspace, cabin.actor(ANN), search="A-")["items"]

    assert sorted(item["business_key"] for item in found) == ["A-1", "A-2"]


def test_a_wish_for_nobody_is_laid_to_rest(house: House) -> None:
    house.write(
        lambda connection: inbox.put(connection, [("ins_none", c.Cancel("why", ANN))], NOON)
    )

    settle(house)

    assert house.rows(sa.select(t.ready)) == []
