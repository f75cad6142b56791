"""T08 as told: who is asked at which amount, a substitute during leave, a silent level, and the hours it all takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headrace import templates
from headrace.engine.clock import from_iso, to_iso
from headrace.engine.service import decision_tables, substitutions, task_acts
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.store import tables as t
from tests.fakes import ANN, EVE, NOON, House, settle
from tests.service.staff import holders, join, told

TEMPLATE = Path(templates.__file__).parent / "big-ticket-approval"
HOUR = 3_600_000
STAFF = {
    # role: primary, backup
    "region_manager": ("rae", "rob"),
    "area_director": ("art", "amy"),
    "finance_reviewer": ("fei", "fan"),
    "production_lead": ("pat", "pia"),
    "production": ("pam", "pol"),
    "frontline_lead": ("lou", "lin"),
}
ABOVE = {"rae": "art", "art": "boss", "fei": "boss", "pat": "boss"}
REQUEST = {"request_no": "ZK-1", "customer": "华东食品", "amount": 86_000, "discount": 12, "reason": "年货节铺货"}  # fmt: skip


@pytest.fixture
def company(house: House) -> House:
    """The template's flows and roles, every role with a primary and a backup; Eve applies for things."""

    def write(connection: sa.Connection) -> None:
        people = {name for pair in STAFF.values() for name in pair} | {"boss", "sub"}
        for name in sorted(people):
            superior = ABOVE.get(name)
            connection.execute(
                t.users.insert().values(
                    id=f"usr_{name}", login=name, name=name.title(), email=f"{name}@example.com", password_hash="x",
                    active=True, created_at=NOON, supervisor_id=superior and f"usr_{superior}", language="en",
                )
            )  # fmt: skip
        for role, (primary, backup) in STAFF.items():
            connection.execute(t.roles.insert().values(key=role, title={"en": role}, system=False))
            join(connection, role, f"usr_{primary}", "primary")
            join(connection, role, f"usr_{backup}", "backup")

    house.write(write)
    house.workspace.forget_directory()
    for path in (TEMPLATE / "decision-tables").glob("*.json"):
        drawn = json.loads(path.read_text("utf-8"))
        admin = house.actor(EVE)
        made = decision_tables.create(house.workspace, admin, drawn["key"], drawn["definition"])
        decision_tables.publish(house.workspace, admin, drawn["key"], revision=made["revision"])
    for path in (TEMPLATE / "flows").glob("*.json"):
        house.publish(json.loads(path.read_text("utf-8")))
    return house


def at(house: House, after_ms: int) -> None:
    house.later(ms=NOON + after_ms - house.now_ms)
    settle(house)


# --- flow A -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("custom", [False, True])
@pytest.mark.parametrize(("amount", "asked"), [(100, []), (4999.99, []), (5000.00, []), (5000.01, ["usr_rae"])])  # fmt: skip
def test_only_above_5000_the_regional_manager_is_asked(
    company: House, amount: float, asked: list[str], custom: bool
) -> None:
    id_ = company.start(
        "custom-order-approval",
        {"order_no": "JJ-1", "customer": "陈女士", "amount": amount, "custom": custom},
    )

    assert [who for who in holders(company) if who != "usr_pat"] == asked
    if asked:
        company.decide("usr_rae", node="approve_region")
    if custom:
        assert copies(company) == ["usr_pam"]
        assert told(company, "usr_pam") == ["cc"]
        company.decide("usr_pat", node="confirm_schedule", form={"ready_on": "2026-02-06"})
    assert company.status(id_) == "completed"
    assert company.detail(id_)["result"] == "approved"


# --- flow B -----------------------------------------------------------------------------------------


def test_three_levels_with_leave_and_silence_take_less_than_two_days(company: House) -> None:
    """Level 2 is on leave and has a substitute, level 3 is silent for 8 hours: it moves at 8:00:01, with two notices."""
    with_mail(company)
    substitutions.create(
        company.workspace,
        company.actor(ANN),
        {
            "person_id": "usr_art", "substitute_id": "usr_sub", "from_ms": NOON, "until_ms": NOON + 14 * 24 * HOUR,
            "flows": ["bulk-discount-approval"],
        },
    )  # fmt: skip
    company.workspace.forget_directory()
    id_ = company.start("bulk-discount-approval", REQUEST)

    at(company, 2 * HOUR)
    company.decide("usr_rae")
    assert holders(company) == ["usr_sub"]
    (seat,) = company.rows(
        sa.select(t.task_actors.c.on_behalf_of).where(t.task_actors.c.status == "open")
    )
    assert seat.on_behalf_of == "usr_art"
    at(company, 5 * HOUR)
    company.decide("usr_sub")

    at(company, 13 * HOUR)
    assert holders(company) == ["usr_fei"]
    at(company, 13 * HOUR + 1_000)
    assert holders(company) == ["usr_fan"]
    assert notices(company, "usr_fei") == ["mail", "sms"]
    at(company, 14 * HOUR)
    company.decide("usr_fan")
    settle(company)

    found = company.detail(id_)
    assert (found["status"], found["result"]) == ("completed", "approved")
    hours = report(found)
    assert hours == {"approve_region": 2.0, "approve_area": 3.0, "review_finance": 9.0, "all": 14.0}
    assert hours["all"] < 48
    vote = found["variables"]["approve_area"]["votes"][0]
    assert (vote["by"], vote["on_behalf_of"]) == ("usr_sub", "usr_art")


@pytest.mark.parametrize("level", [1, 2, 3])
def test_all_three_are_needed_and_a_no_goes_back_with_its_reason(
    company: House, level: int
) -> None:
    """R101: rejected at any level it returns to the applicant, who reads why, changes it and goes through all levels again."""
    people = ["usr_rae", "usr_art", "usr_fei"]
    id_ = company.start("bulk-discount-approval", REQUEST)
    for person in people[: level - 1]:
        company.decide(person)
    company.decide(people[level - 1], "rejected", comment="折扣太高，最多 8%")

    (task,) = company.todo(EVE)
    assert task["node"] == "revise"
    shown = {row["value"] for row in task["summary"]}
    assert "折扣太高，最多 8%" in shown
    assert told(company, EVE) == ["rejected"]

    company.decide(EVE, form={"discount": 8, "reason": "降到 8%"})
    for person in people:
        assert company.status(id_) == "waiting"
        company.decide(person)

    settle(company)
    assert company.detail(id_)["variables"]["discount"] == 8
    assert company.status(id_) == "completed"


# --- flow C -----------------------------------------------------------------------------------------


def test_a_frontline_lead_lets_it_pass_with_a_reason_three_times_a_month(company: House) -> None:
    lead = Actor("usr_lou", "Lou", ("frontline_lead",), EVERYTHING)
    for number in range(4):
        company.start(
            "temporary-release", {"order_no": f"LS-{number}", "amount": 680, "reason": "急"}
        )
    tasks = [task["id"] for task in company.todo("usr_rae")]

    for task in tasks[:3]:
        task_acts.act(company.workspace, lead, task, "exempt", {"reason": "客户现场等货"})
    with pytest.raises(Exception, match="3") as refused:
        task_acts.act(company.workspace, lead, tasks[3], "exempt", {"reason": "再来一次"})

    assert getattr(refused.value, "code", "") == "quota_used_up"
    assert len(company.todo("usr_rae")) == 1
    settle(company)
    columns = t.records.c
    query = (
        sa.select(columns.key)
        .join(t.data_tables, t.data_tables.c.no == columns.table_no)
        .where(t.data_tables.c.key == "temporary_releases")
    )
    kept = company.rows(query)
    assert len(kept) == 3


# --- helpers ----------------------------------------------------------------------------------------


def report(found: dict[str, Any]) -> dict[str, float]:
    """Hours at each stage, and from beginning to end."""
    hours = {
        step["node"]: (from_iso(step["ended_at"]) - from_iso(step["started_at"])) / HOUR
        for step in found["steps"]
        if step["node"] in {"approve_region", "approve_area", "review_finance"}
    }
    whole = from_iso(found["ended_at"]) - from_iso(found["started_at"])
    assert to_iso(NOON) == found["started_at"]
    return {**hours, "all": whole / HOUR}


def copies(house: House) -> list[str]:
    columns = t.task_actors.c
    rows = house.rows(sa.select(columns.user_id).where(columns.kind == "cc"))
    return sorted(row.user_id for row in rows)


def with_mail(house: House) -> None:
    row = {
        "key": "post", "name": "post", "connector": "smtp", "settings": {}, "secrets": b"", "created_at": 0,
        "updated_at": 0, "updated_by": ANN,
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.connections.insert().values(row)))


def notices(house: House, user_id: str) -> list[str]:
    """By which ways somebody hears that a task was moved away."""
    columns = t.outbox.c
    query = sa.select(columns.details).where(
        columns.user_id == user_id, columns.kind == "escalated_from"
    )
    return sorted(row.details["way"]["first"] for row in house.rows(query))
