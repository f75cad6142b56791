"""Who decides: a table a rule, and what holds whatever the organisation looks like."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.errors import ExpressionError
from headrace.engine.people.assign import (
    PEOPLE_MAX,
    SUBSTITUTES_MAX,
    Asked,
    Assignment,
    assign,
    backups,
    resolve,
    superiors,
)
from headrace.engine.people.directory import Department, Directory, Person, Substitution
from headrace.engine.people.reasons import TEXTS, Reason
from headrace.engine.people.rota import OwnSlot, Rota, Shift
from headrace.engine.people.working_hours import STANDARD

NOW = 1_000_000
DAY = 86_400_000


def person(id_: str, **more: Any) -> Person:
    return Person(id_, f"login_{id_}", id_.upper(), **more)


# The company: cy leads the whole, ha sales with eve and ivo in it, hb finance with bo; gone has left.
PEOPLE = [
    person("cy", departments=("all",), posts=("director",)),
    person("ha", departments=("sales",), posts=("manager",)),
    person("hb", departments=("finance",), posts=("manager",)),
    person("eve", departments=("east", "finance")),
    person("ivo", departments=("east",), posts=("clerk",), supervisor="gone"),
    person("bo", departments=("finance",), posts=("clerk",)),
    person("gone", departments=("east",), posts=("manager",), active=False, supervisor="ha"),
    person("lone"),
]
COMPANY = Directory(
    {one.id: one for one in PEOPLE},
    {"lead": ("bo", "gone"), "left": ("gone",), "both": ("bo", "eve"), "empty": ()},
    {one.login: one.id for one in PEOPLE},
    {"lead": ("ivo",), "left": ("ivo", "gone")},
    {
        "all": Department("all", "All", None, ("cy",)),
        "sales": Department("sales", "Sales", "all", ("ha",)),
        "east": Department("east", "East", "sales", ()),
        "finance": Department("finance", "Finance", "all", ("hb",)),
        "void": Department("void", "Void", None, ()),
        "headless": Department("headless", "Headless", "void", ("gone",)),
    },
    {"role:lead": {"zh": "组长", "en": "Lead"}},
)


def with_(company: Directory = COMPANY, **changes: Any) -> Directory:
    return Directory(
        **({name: getattr(company, name) for name in company.__dataclass_fields__} | changes)
    )


def away(user: str, by: str | None, **more: Any) -> Substitution:
    told = {"from_ms": NOW - DAY, "until_ms": NOW + DAY, "flows": None, **more}
    return Substitution(f"s_{user}", user, by, **told)


def absent(*substitutions: Substitution) -> Directory:
    found: dict[str, tuple[Substitution, ...]] = {}
    for one in substitutions:
        found[one.user] = (*found.get(one.user, ()), one)
    return with_(substitutions=found)


VALUES = {
    "order.owner": "bo",
    "order.owners": ["bo", "login_eve", "bo"],
    "order.nobody": None,
    "order.none": [],
    "order.stranger": "xx",
    "order.role": "role:lead",
    "order.post": ["post:clerk"],
    "order.department": "department:finance",
    "chosen.signer": ["eve"],
    "chosen.two": ["eve", "bo", "ha"],
}


def evaluate(source: str) -> Any:
    if source not in VALUES:
        raise ExpressionError(reason=f"nothing called {source}")
    return VALUES[source]


def asked(initiator: str | None = "eve", **more: Any) -> Asked:
    told: dict[str, Any] = {
        "now_ms": NOW,
        "flow": "f",
        "initiator": initiator,
        "evaluate": evaluate,
    }
    return Asked(**(told | more))


def who(*assignees: dict[str, Any], directory: Directory = COMPANY, **more: Any) -> Assignment:
    context = more.pop("asked", None) or asked(more.pop("initiator", "eve"))
    return assign(assignees, directory, context, **more)


def user(id_: str) -> dict[str, Any]:
    return {"kind": "user", "id": id_}


def role(key: str) -> dict[str, Any]:
    return {"kind": "role", "id": key}


def codes(found: Assignment) -> list[str]:
    return [step.code for step in found.steps]


KINDS: list[tuple[dict[str, Any], list[str]]] = [
    (user("bo"), ["bo"]),
    (user("login_bo"), ["bo"]),
    (role("lead"), ["bo"]),  # gone has left
    (role("both"), ["bo", "eve"]),
    ({"kind": "initiator"}, ["eve"]),
    # heads
    ({"kind": "department_head", "id": "finance"}, ["hb"]),
    ({"kind": "department_head", "id": "east"}, ["ha"]),  # nobody leads it: the one above
    ({"kind": "department_head"}, ["ha"]),  # eve's main department is east
    ({"kind": "department_head", "of": {"user": "bo"}}, ["hb"]),
    ({"kind": "department_head", "of": {"user": "hb"}}, ["hb"]),  # he is the head himself
    ({"kind": "department_head", "of": {"expression": "order.owner"}}, ["hb"]),
    ({"kind": "department_head", "of": "approver"}, ["hb"]),
    # superiors: eve → ha → cy; ivo → gone → ha → cy
    ({"kind": "supervisor"}, ["ha"]),
    ({"kind": "supervisor", "level": 1}, ["ha"]),
    ({"kind": "supervisor", "level": 2}, ["cy"]),
    ({"kind": "supervisor", "level": 3}, ["cy"]),  # there are two: the highest
    ({"kind": "supervisor", "of": {"user": "ivo"}}, ["ha"]),  # gone's place is empty: the next above
    ({"kind": "supervisor", "of": {"user": "ivo"}, "level": 2}, ["ha"]),
    ({"kind": "supervisor", "of": {"user": "ivo"}, "level": 3}, ["cy"]),
    ({"kind": "supervisor", "to_post": "director"}, ["cy"]),
    ({"kind": "supervisor", "to_post": "manager"}, ["ha"]),
    ({"kind": "supervisor", "level": 2, "chain": True}, ["ha", "cy"]),
    ({"kind": "supervisor", "level": 9, "chain": True}, ["ha", "cy"]),
    ({"kind": "supervisor", "to_post": "director", "chain": True}, ["ha", "cy"]),
    ({"kind": "supervisor", "to_post": "clerk", "chain": True}, ["ha", "cy"]),  # nobody: to the top
    ({"kind": "supervisor", "of": {"user": "ivo"}, "level": 3, "chain": True}, ["ha", "cy"]),
    # posts and departments
    ({"kind": "post", "id": "clerk"}, ["bo", "ivo"]),
    ({"kind": "post", "id": "manager"}, ["ha", "hb"]),
    ({"kind": "post", "id": "manager", "department": "finance"}, ["hb"]),
    ({"kind": "post", "id": "manager", "department": "east"}, ["ha"]),  # looked for above
    ({"kind": "post", "id": "clerk", "department": "sales"}, ["ivo"]),  # and below
    ({"kind": "department", "id": "finance"}, ["bo", "eve", "hb"]),
    ({"kind": "department", "id": "sales"}, ["ha"]),
    ({"kind": "department", "id": "sales", "deep": True}, ["eve", "ha", "ivo"]),
    # data
    ({"kind": "field", "path": "order.owner"}, ["bo"]),
    ({"kind": "field", "path": "order.owners"}, ["bo", "eve"]),
    ({"kind": "expression", "value": "order.role"}, ["bo"]),
    ({"kind": "expression", "value": "order.post"}, ["bo", "ivo"]),
    ({"kind": "expression", "value": "order.department"}, ["bo", "eve", "hb"]),
    ({"kind": "chosen", "name": "signer"}, ["eve"]),
    ({"kind": "chosen", "name": "two", "max": 2}, ["eve", "bo"]),
    ({"kind": "chosen", "name": "two", "among": [role("both")]}, ["eve", "bo"]),
    ({"kind": "role_backup", "id": "lead"}, ["ivo"]),
]  # fmt: skip


@pytest.mark.parametrize(("assignee", "expected"), KINDS)
def test_each_kind_finds_its_people(assignee: dict[str, Any], expected: list[str]) -> None:
    found = who(assignee, asked=asked(approver="bo"))

    assert (found.users, found.incident) == (expected, None)
    for one in found.people:
        assert one.origin == "assigned"
        assert one.why
        assert all(text for reason in one.why for text in reason.texts.values())


NOBODY: list[tuple[dict[str, Any], str]] = [
    (user("xx"), "user_unknown"),
    (role("empty"), "role_empty"),
    (role("moon"), "role_empty"),
    ({"kind": "department_head", "id": "moon"}, "department_unknown"),
    ({"kind": "department_head", "id": "void"}, "no_head"),
    ({"kind": "department_head", "of": {"user": "lone"}}, "no_department"),
    ({"kind": "department_head", "of": {"user": "xx"}}, "no_person_meant"),
    ({"kind": "supervisor", "of": {"user": "lone"}}, "no_superior"),
    ({"kind": "supervisor", "of": {"user": "cy"}}, "no_superior"),
    ({"kind": "supervisor", "to_post": "clerk"}, "post_not_above"),
    ({"kind": "post", "id": "moon"}, "post_empty"),
    ({"kind": "post", "id": "clerk", "department": "void"}, "post_empty"),
    ({"kind": "post", "id": "clerk", "department": "moon"}, "department_unknown"),
    ({"kind": "department", "id": "moon"}, "department_unknown"),
    ({"kind": "department", "id": "headless"}, "department_empty"),
    ({"kind": "field", "path": "order.nobody"}, "value_empty"),
    ({"kind": "field", "path": "order.none"}, "value_empty"),
    ({"kind": "field", "path": "order.stranger"}, "user_unknown"),
    ({"kind": "field", "path": "order.typo"}, "value_wrong"),
    ({"kind": "chosen", "name": "other"}, "nobody_chosen"),
    ({"kind": "chosen", "name": "signer", "among": [user("bo")]}, "not_among"),
    ({"kind": "rota", "id": "moon"}, "rota_unknown"),
    ({"kind": "dice"}, "kind_unknown"),
]


@pytest.mark.parametrize(("assignee", "step"), NOBODY)
def test_nobody_is_an_incident_that_says_what_was_tried(
    assignee: dict[str, Any], step: str
) -> None:
    found = who(assignee)

    assert found.people == ()
    assert found.incident is not None
    assert found.incident.code == "nobody_to_ask"
    assert step in codes(found)
    tried = [code for code in codes(found) if code.startswith("ask_")]
    assert tried == ["ask_backup", "ask_superior", "ask_fallback"]


def test_without_an_initiator_nobody_is_guessed() -> None:
    assert who({"kind": "initiator"}, initiator=None).incident is not None
    assert who({"kind": "supervisor"}, initiator=None).incident is not None


def test_a_chain_asks_one_after_the_other_and_a_level_all_at_once() -> None:
    chain = who({"kind": "supervisor", "level": 2, "chain": True})
    level = who({"kind": "supervisor", "level": 2})

    assert [one.stage for one in chain.people] == [0, 1]
    assert [one.stage for one in level.people] == [0]


# --- nobody: backup → superior → fallback → incident ---------------------------------------------

POLICY = [
    # who is asked, what the node has, who gets it, why
    ([role("left")], {}, ["ivo"], "backup"),  # the role's backup; gone is not one any more
    ([user("gone")], {"backup": [user("bo")]}, ["bo"], "backup"),  # the node's
    ([role("left")], {"backup": [user("bo")]}, ["ivo", "bo"], "backup"),
    ([user("gone")], {}, ["ha"], "superior"),
    ([user("gone")], {"fallback": [user("bo")]}, ["ha"], "superior"),  # a superior comes first
    ([role("empty")], {"fallback": [user("bo")]}, ["bo"], "fallback"),
    ([role("empty")], {"fallback": [user("gone")]}, [], None),
    ([user("xx")], {"fallback": [role("both")]}, ["bo", "eve"], "fallback"),
    ([user("gone"), user("bo")], {"fallback": [user("cy")]}, ["bo"], "assigned"),
]  # fmt: skip


@pytest.mark.parametrize(("assignees", "more", "expected", "origin"), POLICY)
def test_when_nobody_is_there_others_are_asked_in_order(
    assignees: list[Any], more: dict[str, Any], expected: list[str], origin: str | None
) -> None:
    found = who(*assignees, **more)

    assert found.users == expected
    assert {one.origin for one in found.people} == ({origin} if origin else set())
    assert (found.incident is None) == bool(expected)


def test_the_fallback_of_the_workspace_comes_after_that_of_the_node() -> None:
    directory = with_(fallback=(user("cy"),))

    assert who(role("empty"), directory=directory).users == ["cy"]
    assert who(role("empty"), directory=directory, fallback=[user("bo")]).users == ["bo"]
    assert who(role("empty"), directory=directory, fallback=[user("gone")]).users == ["cy"]


EACH = [
    ([user("bo"), user("gone")], {}, ["bo", "ha"]),  # gone must sign: his superior does
    ([user("bo"), user("xx")], {}, []),  # nobody in his place: an incident, not one signature less
    ([user("bo"), user("xx")], {"fallback": [user("cy")]}, ["bo", "cy"]),
    ([user("bo"), {"kind": "field", "path": "order.none"}], {}, ["bo"]),  # the data want nobody
    ([user("bo"), {"kind": "chosen", "name": "other", "min": 0}], {}, ["bo"]),
    ([user("bo"), {"kind": "chosen", "name": "other"}], {}, []),
    ([role("lead")], {}, ["bo", "ivo"]),  # gone has a backup
]


@pytest.mark.parametrize(("assignees", "more", "expected"), EACH)
def test_where_all_must_sign_nobody_is_left_out(
    assignees: list[Any], more: dict[str, Any], expected: list[str]
) -> None:
    found = who(*assignees, each=True, **more)

    assert found.users == expected
    assert (found.incident is None) == bool(expected)


# --- the one who started it -----------------------------------------------------------------------

SAME = [
    ("allow", "eve", ["eve"]),
    ("superior", "eve", ["ha"]),
    ("superior", "cy", ["bo"]),  # has no superior: the backup
    ("backup", "eve", ["bo"]),
    ("backup", "cy", ["bo"]),
]


@pytest.mark.parametrize(("rule", "starter", "expected"), SAME)
def test_who_started_it_decides_only_where_that_is_allowed(
    rule: Any, starter: str, expected: list[str]
) -> None:
    found = who(user(starter), initiator=starter, same_initiator=rule, backup=[user("bo")])

    assert found.users == expected


def test_who_started_it_is_passed_over_by_rule() -> None:
    found = who(user("eve"), user("bo"), same_initiator="skip")

    assert [(one.user, one.by_rule) for one in found.people] == [
        ("eve", "same_initiator"),
        ("bo", None),
    ]


def test_others_stay_where_they_were_when_who_started_it_is_replaced() -> None:
    found = who(user("bo"), user("eve"), user("hb"), same_initiator="superior")

    assert found.users == ["bo", "ha", "hb"]
    assert found.people[1].why[0].code == "same_initiator_replaced"


def test_a_substitute_who_started_it_does_not_decide_either() -> None:
    directory = absent(away("bo", "eve"))

    assert who(user("bo"), directory=directory, same_initiator="superior").users == ["ha"]


def test_nobody_instead_of_who_started_it_is_an_incident() -> None:
    found = who(user("lone"), initiator="lone", same_initiator="superior")

    assert found.incident is not None


def test_the_same_in_a_chain_keeps_its_turn() -> None:
    chain = {"kind": "supervisor", "of": {"user": "eve"}, "level": 2, "chain": True}

    found = who(chain, initiator="ha", same_initiator="superior")

    assert [(one.user, one.stage) for one in found.people] == [("cy", 0)]


# --- substitutes ---------------------------------------------------------------------------------

WINDOW = [
    (NOW - DAY, NOW + DAY, "hb"),
    (NOW, NOW + 1, "hb"),  # from the first moment on
    (NOW - 1, NOW, "bo"),  # and not at the last one: back
    (NOW + 1, NOW + DAY, "bo"),
]


@pytest.mark.parametrize(("from_ms", "until_ms", "expected"), WINDOW)
def test_a_substitution_holds_from_its_begin_until_before_its_end(
    from_ms: int, until_ms: int, expected: str
) -> None:
    directory = absent(away("bo", "hb", from_ms=from_ms, until_ms=until_ms))

    assert who(user("bo"), directory=directory).users == [expected]


def test_b_decides_on_behalf_of_a() -> None:
    [one] = who(user("bo"), directory=absent(away("bo", "hb"))).people

    assert (one.user, one.on_behalf_of, one.origin) == ("hb", "bo", "substitute")
    assert [reason.code for reason in one.why] == ["user", "substitute"]
    assert one.why[1].text("zh") == "BO不在，由HB代理"


def test_a_substitution_for_a_flow_goes_before_one_for_all() -> None:
    directory = absent(away("bo", "hb"), away("bo", "cy", flows=frozenset({"f"})))

    assert who(user("bo"), directory=directory).users == ["cy"]
    assert who(user("bo"), directory=directory, asked=asked(flow="g")).users == ["hb"]


def test_a_substitution_for_other_flows_changes_nothing() -> None:
    directory = absent(away("bo", "hb", flows=frozenset({"g"})))

    assert who(user("bo"), directory=directory).users == ["bo"]


def test_substitutes_of_substitutes_are_followed_to_the_first_who_is_there() -> None:
    [one] = who(user("bo"), directory=absent(away("bo", "hb"), away("hb", "cy"))).people

    assert (one.user, one.on_behalf_of) == ("cy", "bo")


CIRCLES = [
    ([away("bo", "bo")], "substitution_circle"),
    ([away("bo", "hb"), away("hb", "bo")], "substitution_circle"),
    ([away("bo", "hb"), away("hb", "cy"), away("cy", "hb")], "substitution_circle"),
    ([away("bo", "gone")], "substitute_inactive"),
    ([away("bo", "xx")], "substitute_inactive"),
    ([away("bo", None)], "away"),
    ([away("bo", "hb"), away("hb", None)], "away"),
]


@pytest.mark.parametrize(("substitutions", "step"), CIRCLES)
def test_where_nobody_acts_the_policy_finds_somebody(
    substitutions: list[Substitution], step: str
) -> None:
    found = who(role("lead"), directory=absent(*substitutions))

    assert (found.users, found.people[0].origin) == (["ivo"], "backup")
    assert step in codes(found)


def test_a_chain_of_substitutes_has_an_end() -> None:
    people = {f"p{n}": person(f"p{n}") for n in range(10)}
    subs = {f"p{n}": (away(f"p{n}", f"p{n + 1}"),) for n in range(SUBSTITUTES_MAX + 1)}
    longest = {f"p{n}": (away(f"p{n}", f"p{n + 1}"),) for n in range(SUBSTITUTES_MAX)}

    assert who(user("p0"), directory=Directory(people, substitutions=longest)).users == ["p5"]
    assert who(user("p0"), directory=Directory(people, substitutions=subs)).incident is not None


def test_one_seat_a_person_the_own_right_first_and_the_other_named() -> None:
    directory = absent(away("bo", "hb"))

    [one] = who(user("bo"), user("hb"), directory=directory).people

    assert (one.user, one.on_behalf_of) == ("hb", None)
    assert one.why[-1].text("en") == "Acts for BO as well"


def test_too_many_is_an_incident() -> None:
    people = {f"p{n}": person(f"p{n}", departments=("d",)) for n in range(PEOPLE_MAX + 1)}
    directory = Directory(people, departments={"d": Department("d", "D")})

    found = who({"kind": "department", "id": "d"}, directory=directory)

    assert found.incident is not None
    assert found.incident.params == {"found": PEOPLE_MAX + 1, "limit": PEOPLE_MAX}


# --- duty ----------------------------------------------------------------------------------------

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 9, 28)


def ms(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def rota(**more: Any) -> Rota:
    """By day ha on business days, by night bo; on days off by day eve. The 3rd of October is set by hand."""
    week = {
        name: {"day": ("ha",), "night": ("bo",), "off": ("eve",)}
        for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    }
    told: dict[str, Any] = {
        "key": "duty", "name": "Duty", "zone": SHANGHAI, "starts_on": MONDAY,
        "shifts": (
            Shift("day", "Day", 9 * 60, 18 * 60, "work"),
            Shift("night", "Night", 18 * 60, 9 * 60),
            Shift("off", "Off", 9 * 60, 18 * 60, "rest"),
        ),
        "weeks": (week,),
        "own": {
            (date(2026, 10, 3), "night"): OwnSlot(("hb",), "swapped"),
            (date(2026, 10, 4), "off"): OwnSlot(()),
        },
        "calendar": STANDARD,
    }  # fmt: skip
    return Rota(**(told | more))


DUTY = [
    # a Wednesday before the holidays
    ("2026-09-30T08:59:59", ["bo"]),  # the night's, who began on Tuesday
    ("2026-09-30T09:00:00", ["ha"]),
    ("2026-09-30T17:59:59", ["ha"]),
    ("2026-09-30T18:00:00", ["bo"]),
    # National Day, a Thursday: nobody of the day shift
    ("2026-10-01T02:00:00", ["bo"]),  # F13, R110
    ("2026-10-01T10:00:00", ["eve"]),
    # by hand
    ("2026-10-03T20:00:00", ["hb"]),
    ("2026-10-04T02:00:00", ["hb"]),  # still the shift of the 3rd
    ("2026-10-04T10:00:00", []),  # nobody
    ("2026-10-04T18:00:00", ["bo"]),
    # before the plan begins
    ("2026-09-27T12:00:00", []),
    ("2026-09-28T08:00:00", []),
    ("2026-09-28T09:00:00", ["ha"]),
]


@pytest.mark.parametrize(("at", "expected"), DUTY)
def test_who_is_on_duty_at_a_moment(at: str, expected: list[str]) -> None:
    directory = with_(rotas={"duty": rota()})

    found = who({"kind": "rota", "id": "duty"}, directory=directory, asked=asked(now_ms=ms(at)))

    assert found.users == expected
    assert {one.origin for one in found.people} <= {"rota"}
    assert ("rota_gap" in codes(found)) == (not expected)


def test_a_gap_goes_to_the_backup() -> None:
    at = ms("2026-10-04T10:00:00")
    directory = with_(rotas={"duty": rota()})

    found = who(
        {"kind": "rota", "id": "duty"},
        directory=directory,
        asked=asked(now_ms=at),
        backup=[user("cy")],
    )

    assert [(one.user, one.origin) for one in found.people] == [("cy", "backup")]


def test_a_role_may_be_on_duty_and_who_is_away_is_represented() -> None:
    week = {"mon": {"day": ("role:both",)}}
    substitutions = {"bo": (away("bo", "cy", from_ms=0, until_ms=2**60),)}
    plan = rota(weeks=(week,), shifts=(Shift("day", "Day", 0, 24 * 60),), own={}, calendar=None)
    directory = with_(rotas={"duty": plan}, substitutions=substitutions)

    found = who(
        {"kind": "rota", "id": "duty"},
        directory=directory,
        asked=asked(now_ms=ms("2026-09-28T23:59:59")),
    )

    assert [(one.user, one.on_behalf_of, one.origin) for one in found.people] == [
        ("cy", "bo", "rota"),
        ("eve", None, "rota"),
    ]


def test_weeks_take_turns() -> None:
    weeks = tuple({"mon": {"day": (who_,)}} for who_ in ("ha", "bo"))
    plan = rota(weeks=weeks, shifts=(Shift("day", "Day", 9 * 60, 18 * 60),), own={})

    mondays = [MONDAY + timedelta(weeks=ahead) for ahead in range(4)]
    turns = [slot.who for monday in mondays for slot in plan.slots(monday)]

    assert turns == [("ha",), ("bo",), ("ha",), ("bo",)]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 7, 1), 24)],
)
def test_a_shift_over_a_change_of_the_clocks_is_as_long_as_the_wall_says(
    day: date, hours: int
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    plan = rota(
        zone=berlin, starts_on=date(2026, 1, 5), own={}, calendar=None,
        shifts=(Shift("long", "Long", 12 * 60, 12 * 60),),
        weeks=({name: {"long": ("ha",)} for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},),
    )  # fmt: skip

    [slot] = plan.slots(day)

    assert (slot.until_ms - slot.from_ms) / 3_600_000 == hours
    assert datetime.fromtimestamp(slot.until_ms / 1000, UTC).astimezone(berlin).hour == 12


# --- escalation, messages ------------------------------------------------------------------------


def test_backups_and_superiors_for_those_who_are_silent() -> None:
    assert [one.user for one in backups([role("lead")], COMPANY, asked(), backup=[user("cy")])] == [
        "ivo",
        "cy",
    ]
    assert [one.user for one in superiors(["eve", "bo"], COMPANY, asked())] == ["ha", "hb"]
    assert [one.user for one in superiors(["eve"], COMPANY, asked(), without=["ha"])] == ["cy"]
    assert superiors(["cy"], COMPANY, asked()) == []
    assert [one.user for one in superiors(["eve"], absent(away("ha", "bo")), asked())] == ["bo"]


def test_messages_go_to_those_meant_and_expressions_may_fail() -> None:
    directory = absent(away("bo", "hb"))

    found = resolve([user("bo"), role("left")], directory, initiator="eve", evaluate=evaluate)
    assert [one.id for one in found] == ["bo"]
    with pytest.raises(ExpressionError):
        resolve(
            [{"kind": "expression", "value": "typo"}], COMPANY, initiator=None, evaluate=evaluate
        )


def test_every_reason_has_its_words() -> None:
    for code, texts in TEXTS.items():
        assert set(texts) == {"zh", "en"}, code
        assert texts["zh"].count("{") == texts["en"].count("{"), code
    assert Reason("role", {"role": {"zh": "组长", "en": "Lead"}}).texts == {
        "zh": "角色「组长」的主责人",
        "en": "Primary member of the role “Lead”",
    }


# --- whatever the organisation looks like ----------------------------------------------------------

IDS = [f"p{n}" for n in range(7)]
MAYBE = st.one_of(st.none(), st.sampled_from([*IDS, "stranger"]))
PLACES = [f"d{n}" for n in range(4)]


@st.composite
def organisations(draw: st.DrawFn) -> Directory:
    people = {
        id_: Person(
            id_, id_, id_,
            active=draw(st.booleans()),
            departments=tuple(draw(st.lists(st.sampled_from(PLACES), max_size=2, unique=True))),
            posts=tuple(draw(st.lists(st.sampled_from(["x", "y"]), max_size=2, unique=True))),
            supervisor=draw(MAYBE),
        )
        for id_ in IDS
    }  # fmt: skip
    some = st.lists(st.sampled_from(IDS), max_size=3, unique=True).map(tuple)
    departments = {
        id_: Department(id_, id_, draw(st.one_of(st.none(), st.sampled_from(PLACES))), draw(some))
        for id_ in PLACES
    }
    flows = st.one_of(st.none(), st.just(frozenset({"f"})), st.just(frozenset({"g"})))
    substitutions = {
        id_: (Substitution(id_, id_, draw(MAYBE), NOW - 1, NOW + 1, draw(flows)),)
        for id_ in draw(st.lists(st.sampled_from(IDS), unique=True))
    }
    return Directory(
        people, {"r": draw(some), "q": draw(some)}, {}, {"r": draw(some)}, departments, {},
        substitutions, fallback=draw(st.sampled_from([(), (user("p0"),)])),
    )  # fmt: skip


ASSIGNEES = st.sampled_from(
    [
        *(user(id_) for id_ in IDS),
        role("r"),
        role("q"),
        {"kind": "initiator"},
        {"kind": "supervisor", "level": 2},
        {"kind": "supervisor", "level": 4, "chain": True},
        {"kind": "supervisor", "to_post": "x", "of": {"user": "p1"}},
        {"kind": "department_head"},
        {"kind": "department_head", "id": "d1"},
        {"kind": "post", "id": "x", "department": "d2"},
        {"kind": "department", "id": "d0", "deep": True},
    ]
)


@given(
    organisations(),
    st.lists(ASSIGNEES, min_size=1, max_size=4),
    st.sampled_from(["allow", "skip", "superior", "backup"]),
    st.booleans(),
    st.lists(ASSIGNEES, max_size=2),
    st.sampled_from([None, *IDS]),
)
def test_whoever_is_asked_is_active_is_there_and_it_is_said_why(
    directory: Directory,
    assignees: list[Any],
    same: Any,
    each: bool,
    more: list[Any],
    initiator: str | None,
) -> None:
    context = Asked(NOW, "f", initiator, None, lambda _: None)
    found = assign(
        assignees, directory, context, backup=more, fallback=more, same_initiator=same, each=each
    )

    assert bool(found.people) != bool(found.incident)  # somebody, or an incident: never silence
    assert len(set(found.users)) == len(found.users)
    for one in found.people:
        assert directory.people[one.user].active
        assert one.on_behalf_of != one.user
        assert one.why
        # Whoever is away for this flow has somebody act for them, so is not asked.
        assert not any(s.holds(NOW, "f") for s in directory.substitutions.get(one.user, ()))
        assert one.user != initiator or same in {"allow", "skip"}
        assert (one.by_rule is not None) == (one.user == initiator and same == "skip")
    again = assign(
        assignees, directory, context, backup=more, fallback=more, same_initiator=same, each=each
    )
    assert again == found
