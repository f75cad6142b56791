"""The organisation: who may change it, what may never be, and what follows from a change by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headrace.engine.errors import (
    Conflict,
    DepartmentInUse,
    Forbidden,
    NotFound,
    PostInUse,
    ValidationFailed,
)
from headrace.engine.service import (
    audit,
    batches,
    calendars,
    flows,
    org_watch,
    organisation,
    pools,
    rotas,
    staffing,
    substitutions,
    tasks,
    users,
    who,
)
from headrace.engine.service.actor import EVERYTHING, Actor, permissions_of
from headrace.engine.service.workspace import FRESH_MS, Workspace
from headrace.engine.store import organisation as organisation_rows
from headrace.engine.store import tables as t
from headrace.engine.store import users as user_rows
from headrace.engine.wakeup import Wakeup
from headrace.engine.work.sweeper import Sweeper
from tests.builder import flow, role
from tests.fakes import ANN, BOB, CID, EVE, NOON, TYPES, House, ScriptedWorld, settle

ADA = Actor("usr_ada", "Ada", ("administrator",), EVERYTHING)
HOUR = 3_600_000
DAY = 24 * HOUR


def approver(user_id: str) -> Actor:
    return Actor(user_id, user_id, ("approver",), permissions_of(("approver",)))


def code(refused: pytest.ExceptionInfo[ValidationFailed]) -> str:
    [problem] = refused.value.problems
    return problem.code


def department(house: House, name: str, **more: Any) -> str:
    made = organisation.create_department(house.workspace, ADA, {"name": name, **more})
    return str(made["id"])


def place(house: House, user_id: str, **values: Any) -> dict[str, Any]:
    return organisation.change_person(house.workspace, ADA, user_id, values)


def away(
    house: House, who_: str, by: str | None, from_: int = 0, until: int = DAY, **more: Any
) -> Any:
    values = {
        "person_id": who_, "substitute_id": by, "from_ms": house.now_ms + from_,
        "until_ms": house.now_ms + until, **more,
    }  # fmt: skip
    return substitutions.create(house.workspace, ADA, values)


# --- departments, posts, people -----------------------------------------------------------------


def test_a_tree_of_departments_with_heads_and_people(house: House) -> None:
    top = department(house, "All", heads=[ANN])
    sales = department(house, "Sales", parent_id=top, heads=[BOB, EVE])
    place(house, EVE, departments=[sales, top])
    place(house, BOB, departments=[sales])

    found = {one["name"]: one for one in organisation.departments(house.workspace, ADA)["items"]}

    assert [head["name"] for head in found["Sales"]["heads"]] == ["Bob", "Eve"]
    assert (found["All"]["people"], found["All"]["people_all"]) == (1, 3)
    inside = organisation.people(house.workspace, ADA, department=top)["items"]
    deep = organisation.people(house.workspace, ADA, department=top, deep=True)["items"]
    assert [one["name"] for one in inside] == ["Eve"]
    assert [one["name"] for one in deep] == ["Bob", "Eve"]


def test_a_department_is_never_below_itself(house: House) -> None:
    a = department(house, "A")
    b = department(house, "B", parent_id=a)
    c = department(house, "C", parent_id=b)

    with pytest.raises(ValidationFailed) as refused:
        organisation.change_department(house.workspace, ADA, a, {"parent_id": c})
    assert code(refused) == "department_cycle"
    assert refused.value.problems[0].params["names"] == ["A", "C", "B", "A"]
    with pytest.raises(ValidationFailed):
        organisation.change_department(house.workspace, ADA, a, {"parent_id": a})


def test_departments_have_a_depth_a_name_of_their_own_and_no_slash(cabin: House) -> None:
    above = department(cabin, "0")
    for n in range(1, organisation.DEPTH_MAX):
        above = department(cabin, str(n), parent_id=above)
    refusals: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"name": "too deep", "parent_id": above}, ValidationFailed),
        ({"name": "0"}, Conflict),
        ({"name": "a/b"}, ValidationFailed),
        ({"name": "x", "parent_id": "moon"}, ValidationFailed),
        ({"name": "x", "heads": ["moon"]}, ValidationFailed),
    ]
    for values, error in refusals:
        with pytest.raises(error):
            organisation.create_department(cabin.workspace, ADA, values)


def test_only_what_is_empty_can_be_taken_away(cabin: House) -> None:
    top = department(cabin, "All")
    below = department(cabin, "Below", parent_id=top)
    post = organisation.create_post(cabin.workspace, ADA, {"name": "Clerk"})["id"]
    place(cabin, EVE, departments=[below], posts=[post])

    with pytest.raises(DepartmentInUse):
        organisation.delete_department(cabin.workspace, ADA, top)
    with pytest.raises(DepartmentInUse):
        organisation.delete_department(cabin.workspace, ADA, below)
    with pytest.raises(PostInUse):
        organisation.delete_post(cabin.workspace, ADA, post)

    place(cabin, EVE, departments=[], posts=[])
    for id_ in (below, top):
        organisation.delete_department(cabin.workspace, ADA, id_)
    organisation.delete_post(cabin.workspace, ADA, post)
    with pytest.raises(NotFound):
        organisation.delete_post(cabin.workspace, ADA, post)


def test_nobody_is_above_their_own_superior(house: House) -> None:
    place(house, EVE, supervisor_id=BOB)
    place(house, BOB, supervisor_id=ANN)

    with pytest.raises(ValidationFailed) as refused:
        place(house, ANN, supervisor_id=EVE)
    assert code(refused) == "supervisor_cycle"
    assert refused.value.problems[0].params["names"] == ["Ann", "Eve", "Bob", "Ann"]
    with pytest.raises(ValidationFailed):
        place(house, ANN, supervisor_id=ANN)


def test_colleagues_are_seen_by_all_and_their_mail_only_by_some(cabin: House) -> None:
    seen = organisation.people(cabin.workspace, approver(BOB), search="ann")["items"]
    full = organisation.people(cabin.workspace, ADA, search="ann@")["items"]

    assert [(one["name"], one["email"], one["login"]) for one in seen] == [("Ann", None, None)]
    assert [(one["name"], one["email"]) for one in full] == [("Ann", "ann@example.com")]
    assert organisation.people(cabin.workspace, approver(BOB), search="ann@")["items"] == []


def test_people_come_in_pages_by_name(cabin: House) -> None:
    names: list[str] = []
    cursor = None
    while True:
        found = organisation.people(cabin.workspace, ADA, cursor=cursor, limit=1)
        names += [one["name"] for one in found["items"]]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert names == ["Ann", "Bob", "Cid", "Eve"]
    assert organisation.people(cabin.workspace, ADA, state="left")["items"][0]["name"] == "Cid"
    assert organisation.people(cabin.workspace, ADA, cursor="made-up")["items"]


def test_who_may_not_change_the_organisation_does_not(cabin: House) -> None:
    bob, workspace = approver(BOB), cabin.workspace
    attempts: list[Callable[[], Any]] = [
        lambda: organisation.create_department(workspace, bob, {"name": "x"}),
        lambda: organisation.create_post(workspace, bob, {"name": "x"}),
        lambda: organisation.change_person(workspace, bob, BOB, {"supervisor_id": None}),
        lambda: rotas.create(workspace, bob, {"name": "x"}),
        lambda: staffing.change_rules(workspace, bob, {"backup": "warn"}),
        lambda: users.set_members(workspace, bob, "boss", [BOB], "backup"),
        lambda: pools.set_pool(workspace, bob, "boss", None),
    ]
    for attempt in attempts:
        with pytest.raises(Forbidden):
            attempt()


# --- the directory stays cheap ---------------------------------------------------------------------


def test_the_directory_is_read_again_only_when_something_changed(cabin: House) -> None:
    workspace = cabin.workspace
    with workspace.read() as connection:
        first = workspace.directory(connection)
        cabin.later(ms=FRESH_MS + 1)
        assert workspace.directory(connection) is first
    department(cabin, "Sales")
    with workspace.read() as connection:
        second = workspace.directory(connection)

    assert second is not first
    assert [one.name for one in second.departments.values()] == ["Sales"]


def test_another_process_hears_of_a_change_within_a_second(house: House) -> None:
    other = Workspace(house.database, None, house.clock, TYPES, Wakeup(), b"")  # type: ignore[arg-type]
    with other.read() as connection:
        before = other.directory(connection)
    place(house, EVE, supervisor_id=BOB)

    house.later(ms=FRESH_MS + 1)

    with other.read() as connection:
        after = other.directory(connection)
    assert before.people[EVE].supervisor is None
    assert after.people[EVE].supervisor == BOB


def test_a_snapshot_of_what_was_undone_is_not_kept(house: House) -> None:
    """The number inside a transaction that is rolled back is never the number of another change."""
    workspace = house.workspace

    def undone(connection: Any) -> None:
        users_ = t.users.update().where(t.users.c.id == EVE).values(name="Never")
        connection.execute(users_)
        organisation_rows.changed(connection)
        workspace.forget_directory()
        assert workspace.directory(connection).name(EVE) == "Never"
        raise Conflict(expected="nothing", found="a change of mind")

    with pytest.raises(Conflict):
        house.write(undone)
    house.write(lambda c: user_rows.update(c, EVE, {"name": "Evelyn"}))
    house.later(ms=FRESH_MS + 1)

    with workspace.read() as connection:
        assert workspace.directory(connection).name(EVE) == "Evelyn"


# --- substitutions ---------------------------------------------------------------------------------


def test_everybody_sets_their_own_substitute_and_only_administrators_others(cabin: House) -> None:
    own = {"substitute_id": EVE, "from_ms": NOON, "until_ms": NOON + DAY}
    made = substitutions.create(cabin.workspace, approver(BOB), own)

    assert (made["person"]["name"], made["substitute"]["name"], made["state"]) == (
        "Bob",
        "Eve",
        "now",
    )
    with pytest.raises(Forbidden):
        substitutions.create(cabin.workspace, approver(BOB), {**own, "person_id": ANN})
    with pytest.raises(Forbidden):
        substitutions.delete(cabin.workspace, approver(EVE), made["id"])
    seen = substitutions.listing(cabin.workspace, approver(EVE), person=BOB)["items"]
    assert [one["may_change"] for one in seen] == [False]  # acts in it, so sees it
    assert substitutions.listing(cabin.workspace, approver(ANN))["items"] == []


def test_both_names_are_in_the_audit(cabin: House) -> None:
    away(cabin, BOB, EVE, note="holidays")

    [entry] = audit.listing(cabin.workspace, ADA, action="substitutions.")["items"]
    assert (entry["params"]["person"], entry["params"]["substitute"]) == ("Bob", "Eve")


WINDOWS = [
    # an existing one from 0 to 10 h, of all or of flow f; a new one
    ((0, 10), None, (10, 20), None, True),  # one after the other
    ((0, 10), None, (-5, 0), None, True),
    ((0, 10), None, (9, 20), None, False),
    ((0, 10), None, (2, 3), None, False),
    ((0, 10), None, (-5, 20), None, False),
    ((0, 10), ["f"], (2, 3), ["g"], True),  # other flows
    ((0, 10), ["f"], (2, 3), ["f", "g"], False),
    ((0, 10), None, (2, 3), ["f"], True),  # one for a flow goes before one for all
]


@pytest.mark.parametrize(("first", "flows_", "second", "others", "fine"), WINDOWS)
def test_two_at_once_are_refused(
    cabin: House, first: Any, flows_: Any, second: Any, others: Any, fine: bool
) -> None:
    for key in ("f", "g"):
        cabin.publish(flow(key).then("done", "end"))
    away(cabin, BOB, EVE, (first[0] + 10) * HOUR, (first[1] + 10) * HOUR, flows=flows_)
    more = {"from_": (second[0] + 10) * HOUR, "until": (second[1] + 10) * HOUR, "flows": others}
    if fine:
        away(cabin, BOB, ANN, **more)
        return
    with pytest.raises(ValidationFailed) as refused:
        away(cabin, BOB, ANN, **more)
    assert code(refused) == "substitution_overlap"


def test_substitutes_in_a_circle_are_refused_by_name(house: House) -> None:
    away(house, ANN, BOB)
    away(house, BOB, EVE)

    with pytest.raises(ValidationFailed) as refused:
        away(house, EVE, ANN, HOUR, 2 * HOUR)
    assert code(refused) == "substitution_cycle"
    assert refused.value.problems[0].params["names"] == ["Eve", "Ann", "Bob", "Eve"]
    assert "Eve → Ann → Bob → Eve" in refused.value.problems[0].message
    away(house, EVE, ANN, DAY, 2 * DAY)  # when the others are back it is none


def test_a_circle_needs_a_flow_in_common(cabin: House) -> None:
    for key in ("f", "g"):
        cabin.publish(flow(key).then("done", "end"))
    away(cabin, ANN, BOB, flows=["f"])

    away(cabin, BOB, ANN, flows=["g"])
    with pytest.raises(ValidationFailed):
        away(cabin, BOB, ANN, HOUR, 2 * HOUR, flows=["f"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"by": BOB}, "substitution_cycle"),
    ({"by": CID}, "substitute_inactive"),
    ({"by": "usr_moon"}, "user_unknown"),
    ({"by": EVE, "until": 0}, "substitution_window"),
    ({"by": EVE, "from_": -2 * DAY, "until": -DAY}, "substitution_window"),
    ({"by": EVE, "until": 401 * DAY}, "substitution_too_long"),
    ({"by": EVE, "flows": ["moon"]}, "flow_unknown"),
]


@pytest.mark.parametrize(("values", "expected"), WRONG)
def test_what_makes_no_sense_is_refused(cabin: House, values: Any, expected: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        away(cabin, BOB, **values)
    assert code(refused) == expected


def test_one_that_holds_is_ended_one_to_come_goes_and_one_that_is_over_stays(cabin: House) -> None:
    now, coming = away(cabin, BOB, EVE, -HOUR, HOUR), away(cabin, ANN, EVE, HOUR, DAY)
    for one in (now, coming):
        substitutions.delete(cabin.workspace, ADA, one["id"])

    [left] = substitutions.listing(cabin.workspace, ADA)["items"]
    assert (left["id"], left["state"], left["may_change"]) == (now["id"], "past", False)
    with pytest.raises(Conflict):
        substitutions.change(cabin.workspace, ADA, now["id"], {"note": "x"})


# --- F8: on leave, with a substitute ------------------------------------------------------------------


def asking(house: House, *assignees: Any, **more: Any) -> str:
    house.publish(
        flow("leave")
        .then("ask", "approval", title="?", assignees=list(assignees), **more)
        .then("done", "end")
    )
    return house.start("leave")


def handed_over(house: House) -> None:
    """Let the batches that move tasks do so."""
    for _ in range(8):
        batches.work(house.workspace)
        house.later(s=1)
    settle(house, ScriptedWorld())


def seats(house: House, id_: str) -> list[tuple[str, str | None, str]]:
    query = t.task_actors.select().where(t.task_actors.c.instance_id == id_)
    found = house.rows(query.order_by(t.task_actors.c.task_id, t.task_actors.c.seat))
    return [(row.user_id, row.on_behalf_of, row.status) for row in found]


def test_a_new_task_of_somebody_on_leave_goes_to_the_substitute(house: House) -> None:
    """F8, R092: B on behalf of A."""
    away(house, BOB, EVE)

    id_ = asking(house, {"kind": "user", "id": BOB})

    assert seats(house, id_) == [(EVE, BOB, "open")]
    [todo] = tasks.listing(house.workspace, approver(EVE))["items"]
    assert todo["on_behalf_of"] in ("Bob", {"id": BOB, "name": "Bob"})


def test_open_tasks_follow_when_the_leave_begins(house: House) -> None:
    id_ = asking(house, {"kind": "user", "id": BOB})
    away(house, BOB, EVE, HOUR, DAY)
    assert seats(house, id_) == [(BOB, None, "open")]

    house.later(s=3_600)
    Sweeper(house.workspace).sweep()
    handed_over(house)

    assert (EVE, BOB, "open") in seats(house, id_)
    assert not [one for one in seats(house, id_) if one[0] == BOB and one[2] == "open"]


def test_open_tasks_of_somebody_away_without_a_substitute_go_to_the_backup(house: House) -> None:
    id_ = asking(house, {"kind": "user", "id": BOB}, backup=[{"kind": "user", "id": EVE}])
    away(house, BOB, None, HOUR, DAY)

    house.later(s=3_600)
    Sweeper(house.workspace).sweep()
    handed_over(house)

    assert seats(house, id_) == [(BOB, None, "moved"), (EVE, None, "open")]


def test_where_one_is_enough_nobody_stands_in_for_who_is_away(cabin: House) -> None:
    id_ = asking(
        cabin, {"kind": "user", "id": BOB}, {"kind": "user", "id": ANN}, backup=[{"kind": "user", "id": EVE}]
    )  # fmt: skip
    away(cabin, BOB, None)
    handed_over(cabin)

    assert seats(cabin, id_) == [(ANN, None, "open"), (BOB, None, "open")]


def test_who_is_back_takes_what_the_substitute_has_not_decided(house: House) -> None:
    held, own = asking(house, {"kind": "user", "id": BOB}), "other"
    drawing = flow(own).then("ask", "approval", assignees=[{"kind": "user", "id": EVE}])
    house.publish(drawing.then("done", "end"))
    made = away(house, BOB, EVE, 0, HOUR)
    eves = house.start(own)
    handed_over(house)
    assert (EVE, BOB, "open") in seats(house, held)
    with pytest.raises(Conflict):  # it holds still
        substitutions.give_back(house.workspace, approver(BOB), made["id"])
    house.later(s=3_600)
    house.workspace.forget_directory()
    assert substitutions.detail(house.workspace, approver(BOB), made["id"])["still_held"] == 1
    with pytest.raises(Forbidden):
        substitutions.give_back(house.workspace, approver(EVE), made["id"])

    told = substitutions.give_back(house.workspace, approver(BOB), made["id"])
    handed_over(house)

    assert told["count"] == 1
    assert seats(house, held)[-1] == (BOB, None, "open")
    assert [one for one in seats(house, held) if one[2] == "open"] == [(BOB, None, "open")]
    assert seats(house, eves) == [(EVE, None, "open")]  # what is hers stays hers
    [seen] = substitutions.listing(house.workspace, approver(BOB), state="past")["items"]
    assert seen["still_held"] == 0
    again = substitutions.give_back(house.workspace, approver(BOB), made["id"])
    assert again == {"count": 0, "batch_id": None}


# --- R097: somebody leaves ----------------------------------------------------------------------------


def test_open_tasks_of_somebody_who_leaves_go_to_the_backup(house: House) -> None:
    house.write(lambda c: user_rows.insert_role(c, "duty", {"en": "Duty"}, system=False))
    users.set_members(house.workspace, ADA, "duty", [BOB])
    users.set_members(house.workspace, ADA, "duty", [EVE], "backup")
    id_ = asking(house, role("duty"))
    assert seats(house, id_) == [(BOB, None, "open")]

    place(house, BOB, active=False)
    handed_over(house)

    assert (EVE, None, "open") in seats(house, id_)
    assert organisation.person(house.workspace, ADA, BOB)["left_at"] is not None


def test_a_last_day_is_kept_by_the_clock(house: House) -> None:
    place(house, BOB, left_at=house.now_ms + DAY)
    org_watch.watch(house.workspace)
    assert organisation.person(house.workspace, ADA, BOB)["active"]

    house.later(s=24 * 3_600)
    org_watch.watch(house.workspace)

    assert not organisation.person(house.workspace, ADA, BOB)["active"]
    back = place(house, BOB, left_at=None)
    assert (back["active"], back["left_at"]) == (True, None)


def test_a_role_that_loses_its_last_member_raises_one_alert_within_a_minute(house: House) -> None:
    users.prepare(house.workspace)
    users.set_members(house.workspace, ADA, "operator", [ANN])
    house.write(
        lambda c: user_rows.insert_role(c, "duty", {"en": "Duty", "zh": "值班"}, system=False)
    )
    users.set_members(house.workspace, ADA, "duty", [BOB])
    house.publish(
        flow("asks")
        .then("ask", "approval", title="?", assignees=[role("duty")])
        .then("done", "end")
    )
    Sweeper(house.workspace).sweep()

    place(house, BOB, active=False)
    for _ in range(6):
        house.later(s=10)
        Sweeper(house.workspace).sweep()

    told = house.rows(t.notifications.select().where(t.notifications.c.user_id == ANN))
    assert [row.title for row in told if "Duty" in row.title or "值班" in row.title] == [
        "角色「值班」没有在职的人"
    ]
    [gap] = [one for one in org_watch.gaps(house.workspace, ADA)["items"] if one["role"] == "duty"]
    assert (gap["flows"], gap["primary"], gap["backup"]) == (["asks"], 0, 0)

    place(house, BOB, active=True)
    house.later(s=10)
    Sweeper(house.workspace).sweep()
    place(house, BOB, active=False)
    house.later(s=10)
    Sweeper(house.workspace).sweep()
    assert (
        len(house.rows(t.notifications.select().where(t.notifications.c.user_id == ANN)))
        == len(told) + 1
    )


# --- R096: publishing ---------------------------------------------------------------------------------


PUBLISH = [
    # members, backups, what the node has, the rule → what is said
    ([], [], {}, "refuse", [("role_empty", "error")]),
    ([CID], [EVE], {}, "refuse", [("role_empty", "error")]),  # only somebody who has left
    ([BOB], [], {}, "refuse", [("role_no_backup", "error")]),
    ([BOB], [CID], {}, "refuse", [("role_no_backup", "error")]),
    ([BOB], [], {}, "warn", [("role_no_backup", "warning")]),
    ([], [], {}, "warn", [("role_empty", "error")]),  # a warning only about backups
    ([BOB], [EVE], {}, "refuse", []),
    ([BOB], [], {"backup": [{"kind": "user", "id": EVE}]}, "refuse", []),
]


@pytest.mark.parametrize(("members", "backups", "more", "rule", "expected"), PUBLISH)
def test_a_flow_whose_role_has_nobody_is_not_published(
    cabin: House, members: Any, backups: Any, more: Any, rule: str, expected: Any
) -> None:
    workspace = cabin.workspace
    users.prepare(workspace)
    users.set_members(workspace, ADA, "approver", [BOB, EVE])
    users.create_role(workspace, ADA, "duty", {"zh": "值班", "en": "Duty"})
    users.set_members(workspace, ADA, "duty", members)
    users.set_members(workspace, ADA, "duty", backups, "backup")
    staffing.change_rules(workspace, ADA, {"backup": rule})
    drawn = flow("asks").then("ask", "approval", title="?", assignees=[role("duty")], **more)
    document = drawn.then("done", "end").at("ask", "rejected").to("done").document()
    flows.create(workspace, ADA, document=document)

    found = [
        p for p in flows.check(workspace, ADA, "asks")["problems"] if p["code"].startswith("role_")
    ]

    assert [(p["code"], p["severity"]) for p in found] == expected
    assert all((p["params"]["role"], p["node"]) == ("duty", "ask") for p in found)
    if any(severity == "error" for _, severity in expected):
        with pytest.raises(ValidationFailed):
            flows.publish(workspace, ADA, "asks")
    else:
        assert flows.publish(workspace, ADA, "asks")["version"] == 1
    # Trying needs nobody.
    assert flows.test(workspace, ADA, "asks", input_={})["status"] != "refused"


def test_members_who_may_not_decide_are_a_warning(cabin: House) -> None:
    users.set_members(cabin.workspace, ADA, "boss", [EVE], "backup")
    document = flow("asks").then("ask", "approval", assignees=[role("boss")]).document()

    with cabin.workspace.read() as connection:
        found = staffing.problems(cabin.workspace, connection, document)

    assert [(p.code, p.severity) for p in found] == [("role_may_not_decide", "warning")]


def test_a_fallback_of_the_workspace_must_exist(cabin: House) -> None:
    staffing.change_rules(cabin.workspace, ADA, {"fallback": [{"kind": "user", "id": EVE}]})
    assert staffing.rules(cabin.workspace, ADA)["fallback"] == [{"kind": "user", "id": EVE}]
    with pytest.raises(ValidationFailed):
        staffing.change_rules(cabin.workspace, ADA, {"fallback": [{"kind": "role", "id": "moon"}]})

    id_ = asking(cabin, role("nobody_is_here"))

    assert seats(cabin, id_) == [(EVE, None, "open")]


# --- rotas --------------------------------------------------------------------------------------------

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLAN: dict[str, Any] = {
    "key": "duty",
    "name": "Duty",
    "timezone": "Asia/Shanghai",
    "calendar": "china",
    "starts_on": "2026-01-05",
    "shifts": [
        {"id": "day", "name": "Day", "from": "09:00", "to": "18:00", "on": "work"},
        {"id": "night", "name": "Night", "from": "18:00", "to": "09:00"},
    ],
    "weeks": [{day: {"day": [ANN], "night": ["role:boss", EVE]} for day in WEEK}],
    "exceptions": [{"date": "2026-01-10", "shift": "night", "people": [CID], "note": "swapped"}],
}


def test_a_rota_tells_who_is_on_duty_and_where_nobody_is(house: House) -> None:
    calendars.prepare(house.workspace)
    made = rotas.create(house.workspace, ADA, PLAN)

    assert [one["name"] for one in made["on_duty"]]
    plan = rotas.duty(house.workspace, ADA, "duty", "2026-01-09", "2026-01-11")
    slots = [(one["date"], one["shift"], one["gap"], one["exception"]) for one in plan["slots"]]
    assert slots == [
        ("2026-01-09", "day", False, False),
        ("2026-01-09", "night", False, False),
        ("2026-01-10", "night", True, True),  # only somebody who has left
        ("2026-01-11", "night", False, False),  # a Sunday: no day shift
    ]
    assert [one["name"] for one in plan["slots"][2]["inactive"]] == ["Cid"]
    with pytest.raises(ValidationFailed):
        rotas.duty(house.workspace, ADA, "duty", "2026-01-01", "2026-12-31")


WRONG_PLANS: list[tuple[dict[str, Any], str]] = [
    ({"timezone": "Moon/Base"}, "/timezone"),
    ({"starts_on": "2026-01-06"}, "/starts_on"),
    ({"starts_on": "2026-02-30"}, "/starts_on"),
    ({"calendar": "moon"}, "/calendar"),
    ({"calendar": None}, "/calendar"),
    ({"weeks": [{"mon": {"late": [ANN]}}]}, "/weeks/0/mon/late"),
    ({"weeks": [{"mon": {"day": ["usr_moon"]}}]}, "/weeks/0/mon/day"),
    ({"weeks": [{"mon": {"day": ["role:moon"]}}]}, "/weeks/0/mon/day"),
    ({"shifts": [PLAN["shifts"][0]] * 2}, "/shifts/1/id"),
    ({"exceptions": [PLAN["exceptions"][0]] * 2}, "/exceptions/1"),
    ({"exceptions": [{"date": "2026-13-01", "shift": "day", "people": []}]}, "/exceptions/0/date"),
]


@pytest.mark.parametrize(("change", "path"), WRONG_PLANS)
def test_a_wrong_plan_is_refused_with_its_place(cabin: House, change: Any, path: str) -> None:
    calendars.prepare(cabin.workspace)
    with pytest.raises(ValidationFailed) as refused:
        rotas.create(cabin.workspace, ADA, {**PLAN, **change})
    assert path in [problem.path for problem in refused.value.problems]


def test_a_task_at_two_in_the_night_of_a_holiday_goes_to_whom_the_rota_names(house: House) -> None:
    """F13, R110: not to the owner of the day shift."""
    calendars.prepare(house.workspace)
    nights = [{day: {"day": [ANN], "night": [EVE]} for day in WEEK}]
    rotas.create(house.workspace, ADA, {**PLAN, "weeks": nights, "exceptions": []})
    house.clock.set(1_790_791_200_000)  # type: ignore[attr-defined] # 2026-10-01T02:00+08:00, National Day
    house.workspace.forget_directory()

    id_ = asking(house, {"kind": "rota", "id": "duty"})

    assert seats(house, id_) == [(EVE, None, "open")]


# --- who would get this? --------------------------------------------------------------------------


def test_who_would_get_this_is_told_step_by_step_for_a_draft_and_a_moment(cabin: House) -> None:
    place(cabin, EVE, supervisor_id=BOB)
    away(cabin, BOB, ANN, DAY, 2 * DAY)
    drawn = flow("asks").then("ask", "approval", title="?", assignees=[{"kind": "supervisor"}])
    document = drawn.then("done", "end").document()
    asked: dict[str, Any] = {"document": document, "node": "ask", "initiator": EVE}

    today = who.of_node(cabin.workspace, ADA, **asked)
    tomorrow = who.of_node(cabin.workspace, ADA, **asked, at_ms=cabin.now_ms + DAY)

    assert [(one["id"], one["on_behalf_of"]) for one in today["people"]] == [(BOB, None)]
    [one] = tomorrow["people"]
    assert (one["id"], one["on_behalf_of"]) == (ANN, {"id": BOB, "name": "Bob"})
    assert [why["code"] for why in one["why"]] == ["supervisor", "substitute"]
    assert one["why"][1]["text"] == {
        "zh": "Bob不在，由Ann代理",
        "en": "Bob is away, Ann acts for them",
    }
    nobody = who.of_node(cabin.workspace, ADA, **{**asked, "initiator": ANN})
    assert (nobody["people"], nobody["incident"]["code"]) == ([], "nobody_to_ask")
    with pytest.raises(NotFound):
        who.of_node(cabin.workspace, ADA, **{**asked, "node": "done"})


def test_all_nodes_of_a_flow_are_answered_at_once(cabin: House) -> None:
    cabin.publish(
        flow("two")
        .then("one", "approval", title="?", assignees=[{"kind": "user", "id": BOB}])
        .then("two", "approval", title="?", assignees=[{"kind": "field", "path": "boss"}])
        .then("done", "end")
    )

    found = who.of_flow(cabin.workspace, ADA, flow="two", data={"boss": "eve"})["items"]

    assert [(one["node"], [p["name"] for p in one["people"]]) for one in found] == [
        ("one", ["Bob"]),
        ("two", ["Eve"]),
    ]


def test_nothing_is_raised_for_any_drawing(cabin: House) -> None:
    for document in (
        {},
        {"nodes": 3},
        {"nodes": [{"type": "approval", "id": "a", "settings": {}}]},
    ):
        who.of_flow(cabin.workspace, ADA, document={"key": "x", **document})
        assert staffing.roles_asked(document, TYPES) == set()


# --- R107: help at a peak -------------------------------------------------------------------------


def test_more_people_help_while_too_many_tasks_wait(house: House) -> None:
    users.create_role(house.workspace, ADA, "duty", {"en": "Duty"})
    users.set_members(house.workspace, ADA, "duty", [BOB])
    pools.set_pool(house.workspace, ADA, "duty", {"limit": 2, "people": [EVE, BOB]})
    first = asking(house, role("duty"))
    others = [house.start("leave") for _ in range(1)]

    assert pools.watch(house.workspace) == 0  # two wait: not more than two
    others.append(house.start("leave"))
    assert pools.watch(house.workspace) == 1
    assert pools.watch(house.workspace) == 0
    assert [p["id"] for p in users.role(house.workspace, "duty")["helping"]] == [EVE]
    later = house.start("leave")

    assert {user for user, _, _ in seats(house, first)} == {BOB}
    assert {user for user, _, _ in seats(house, later)} == {BOB, EVE}
    for id_ in (first, *others):
        tasks.decide(house.workspace, house.actor(BOB), f"{id_}.2", "approved")
    assert pools.watch(house.workspace) == 1
    assert users.role(house.workspace, "duty")["helping"] == []
    assert {user for user, _, _ in seats(house, later)} == {BOB, EVE}  # keeps what he has
