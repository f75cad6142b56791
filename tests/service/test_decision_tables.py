"""Decision tables in a workspace: drawn, published with a date, asked by flows, and told in history."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, Forbidden, ValidationFailed
from headrace.engine.service import decision_tables, flows
from headrace.engine.service.actor import Actor
from tests.builder import Flow, flow
from tests.fakes import ANN, House
from tests.flow.test_decision_tables import R054, ROUTE, SHOP, table

NUMBER = {"name": "amount", "kind": "number"}
GRADES = table(
    [("<= 200", "auto"), ("(200..1000]", "lead"), ("> 1000", "boss")], (NUMBER,), (ROUTE,)
)


def published(
    house: House, key: str = "grades", definition: dict[str, Any] = GRADES, **told: Any
) -> dict[str, Any]:
    """A table with a version in force."""
    actor = admin(house)
    made = decision_tables.create(house.workspace, actor, key, definition)
    return decision_tables.publish(house.workspace, actor, key, revision=made["revision"], **told)


def admin(house: House) -> Actor:
    return house.actor(ANN)


def changed(house: House, definition: dict[str, Any], **told: Any) -> dict[str, Any]:
    actor = admin(house)
    now = decision_tables.detail(house.workspace, actor, "grades")
    saved = decision_tables.save(house.workspace, actor, "grades", definition, now["revision"])
    return decision_tables.publish(
        house.workspace, actor, "grades", revision=saved["revision"], **told
    )


def asks(**more: Any) -> Flow:
    inputs = [{"name": "amount", "value": "amount"}]
    return (
        flow("asks")
        .then("grade", "decide", table="grades", inputs=inputs, **more)
        .then("done", "end")
    )


def grade(house: House, id_: str) -> Any:
    return house.detail(id_)["variables"]["grade"]


def test_a_flow_asks_and_history_knows_which_rows_hit(house: House) -> None:
    published(house)
    house.publish(asks())

    assert grade(house, house.start("asks", {"amount": 500})) == {
        "route": "lead", "matched": True, "rows": [2], "notes": [], "table": "grades", "version": 1,
    }  # fmt: skip


def test_the_version_is_the_one_in_force_and_old_ones_may_be_pinned_or_dated(house: House) -> None:
    published(house)
    began = to_iso(house.now_ms)
    house.later(s=3600)
    tomorrow = to_iso(house.now_ms + 86_400_000)
    changed(house, table([("-", "boss")], (NUMBER,), (ROUTE,)), valid_from=tomorrow)
    house.publish(asks())
    house.publish(_named(asks(version=1), "pinned"))
    house.publish(_named(asks(at=f"'{began}'"), "dated"))

    assert grade(house, house.start("asks", {"amount": 5}))["version"] == 1
    house.later(s=86_401)
    assert grade(house, house.start("asks", {"amount": 5}))["version"] == 2
    assert grade(house, house.start("pinned", {"amount": 5}))["version"] == 1
    assert grade(house, house.start("dated", {"amount": 5}))["version"] == 1


def _named(drawing: Flow, key: str) -> Any:
    return {**drawing.document(), "key": key}


def test_a_scheduled_version_may_be_withdrawn_and_one_in_force_may_not(house: House) -> None:
    published(house)
    changed(
        house, table([("-", "boss")], (NUMBER,), (ROUTE,)), valid_from=to_iso(house.now_ms + 5_000)
    )
    actor = admin(house)
    assert decision_tables.withdraw(house.workspace, actor, "grades", 2)["state"] == "withdrawn"
    with pytest.raises(Conflict):
        decision_tables.withdraw(house.workspace, actor, "grades", 1)
    house.later(s=10)
    told = decision_tables.versions(house.workspace, actor, "grades")["items"]
    assert [(v["version"], v["state"]) for v in told] == [(2, "withdrawn"), (1, "in_force")]
    assert {c["what"] for c in told[0]["changes"]} == {"row_removed", "cell"}


def test_what_no_row_knows_leaves_by_its_port_or_asks_a_person(house: House) -> None:
    published(house, definition=table([("> 100", "boss")], (NUMBER,), (ROUTE,)))
    house.publish(asks())
    (incident,) = house.incidents(house.start("asks", {"amount": 5}))
    assert incident["code"] == "no_row_matches"

    drawing = asks().document()
    drawing["key"] = "careful"
    drawing["nodes"].append(
        {"id": "other", "type": "end", "name": {"en": "Other"}, "settings": {"result": "rejected"}}
    )
    drawing["edges"].append({"id": "e9", "from": "grade", "port": "no_match", "to": "other"})
    house.publish(drawing)
    id_ = house.start("careful", {"amount": 5})
    assert (grade(house, id_)["matched"], grade(house, id_)["rows"]) == (False, [])


def test_a_wrong_input_is_an_incident_that_names_it(house: House) -> None:
    published(house)
    house.publish(asks())
    (incident,) = house.incidents(house.start("asks", {"amount": "much"}))
    assert incident["code"] == "decision_input_wrong"
    assert "amount" in incident["message"]


def test_r054_orders_land_in_the_branch_of_their_row(house: House) -> None:
    published(house, "routing", R054)
    routes = ["cold", "risk", "manual"]
    drawing = flow("router").then(
        "route", "decide", table="routing", route="route",
        inputs=[{"name": name, "value": name} for name in ("shop", "goods", "amount")],
        branches=[{"id": f"to_{name}", "value": name} for name in routes],
    )  # fmt: skip
    document = drawing.then("done", "end").document()
    for name in routes:
        document["nodes"].append(
            {"id": name, "type": "end", "name": {"en": name}, "settings": {"result": "completed"}}
        )
        document["edges"].append(
            {"id": f"e_{name}", "from": "route", "port": f"to_{name}", "to": name}
        )
    house.publish(document)
    for order, node in (
        (("tmall", "food", 1), "cold"), (("tmall", "electronics", 2000), "risk"),
        (("pdd", "electronics", 1), "manual"), (("jd", "clothes", 1), "done"),
    ):  # fmt: skip
        id_ = house.start("router", dict(zip(("shop", "goods", "amount"), order, strict=True)))
        assert node in {getattr(event, "node", "") for event in house.events(id_)}, order


def test_asking_costs_no_query_while_nothing_changed(house: House) -> None:
    published(house)
    house.publish(asks())
    house.start("asks", {"amount": 5})
    asked: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        if "decision" in statement:
            asked.append(statement)

    sa.event.listen(
        house.database,
        "before_cursor_execute",
        note,
    )
    house.start("asks", {"amount": 500})
    assert asked == []


def test_publishing_refuses_what_contradicts_itself_or_is_wrong(house: House) -> None:
    with pytest.raises(ValidationFailed) as refused:
        published(house, definition=table([("> 1", "a"), ("> 2", "b")], (NUMBER,), (ROUTE,)))
    assert [(p.path, p.code) for p in refused.value.problems] == [("/rules/1", "rows_overlap")]
    with pytest.raises(ValidationFailed) as refused:
        published(house, "other", table([("amazon", "a")], (SHOP,), (ROUTE,)))
    assert [p.code for p in refused.value.problems] == ["cell_option"]


def test_two_people_do_not_write_over_each_other(house: House) -> None:
    actor = admin(house)
    decision_tables.create(house.workspace, actor, "grades", GRADES)
    decision_tables.save(house.workspace, actor, "grades", {**GRADES, "policy": "first"}, 1)
    with pytest.raises(Conflict):
        decision_tables.save(house.workspace, actor, "grades", {**GRADES, "policy": "any"}, 1)
    with pytest.raises(Conflict):
        decision_tables.create(house.workspace, actor, "grades", GRADES)


def test_a_flow_that_asks_what_is_not_there_is_not_published(house: House) -> None:
    def codes(drawing: Flow) -> list[str]:
        found = flows.problems(house.workspace, drawing.document())
        return [p.code for p in found if p.code.startswith("decision")]

    assert codes(asks()) == ["decision_unknown"]
    decision_tables.create(house.workspace, admin(house), "grades", GRADES)
    assert codes(asks()) == ["decision_unpublished"]
    decision_tables.publish(house.workspace, admin(house), "grades", revision=1)
    assert codes(asks()) == []
    assert codes(
        flow("asks").then("grade", "decide", table="grades", inputs=[]).then("done", "end")
    ) == ["decision_input"]


def test_a_table_in_use_stays(house: House) -> None:
    published(house)
    actor = admin(house)
    flows.create(house.workspace, actor, document=asks().document())
    (user,) = decision_tables.detail(house.workspace, actor, "grades")["used_by"]
    assert (user["key"], user["nodes"]) == ("asks", ["grade"])
    with pytest.raises(Conflict):
        decision_tables.remove(house.workspace, actor, "grades")


def test_who_may_not_publish_does_not(house: House) -> None:
    reader = Actor(ANN, "Ann", frozenset(), frozenset({"flows:read"}))
    with pytest.raises(Forbidden):
        decision_tables.create(house.workspace, reader, "grades", GRADES)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_leave_as_a_file_and_come_back(house: House, kind: Any) -> None:
    published(house, "routing", R054)
    actor = admin(house)
    data = decision_tables.write_sheet(house.workspace, actor, "routing", kind, "zh")
    told = decision_tables.read_sheet(house.workspace, actor, "routing", data)
    assert told["problems"] == []
    assert [rule["then"]["route"] for rule in told["rules"]] == [
        rule["then"]["route"] for rule in R054["rules"]
    ]
