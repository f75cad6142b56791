"""Pages for customers: one link a visit, what is drawn and nothing else, refused to those who guess."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from headrace.engine.errors import Forbidden, NotFound
from headrace.engine.node import TableAnswer
from headrace.engine.service import audit, data_tables, public_pages
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.pace import Pace
from headrace.engine.store import records
from tests.builder import flow
from tests.fakes import House, ScriptedWorld, settle

DAY = 86_400_000
TABLE = {
    "title": {"zh": "退款单", "en": "Refunds"},
    "key_field": "no",
    "display": "no",
    "fields": [
        {"name": "no", "kind": "text", "title": {"zh": "单号", "en": "Number"}, "required": True},
        {
            "name": "status",
            "kind": "enum",
            "title": {"zh": "进度", "en": "Stage"},
            "options": [
                {"value": "reviewing", "title": {"zh": "审批中", "en": "Being approved"}},
                {"value": "paying", "title": {"zh": "退款中", "en": "Being paid"}},
                {"value": "refunded", "title": {"zh": "已退款", "en": "Refunded"}},
                {"value": "rejected", "title": {"zh": "未退款", "en": "Not refunded"}},
            ],
        },
        {"name": "amount", "kind": "money", "title": {"zh": "金额", "en": "Amount"}, "currency": "CNY"},
        {"name": "phone", "kind": "text", "title": {"zh": "电话", "en": "Phone"}},
        {"name": "by", "kind": "date_time", "title": {"zh": "预计", "en": "By"}},
    ],
}  # fmt: skip
PAGE = {
    "table": "refunds", "key": "no", "stage": "status", "stages": ["reviewing", "paying", "refunded"], "eta": "by",
    "title": {"zh": "退款进度", "en": "Your refund"}, "show": [{"field": "amount"}, {"field": "no", "mask": "tail"}],
}  # fmt: skip


def note(house: House, **values: Any) -> None:
    told = {"no": "TB2026010900123", "status": "reviewing", "amount": "199.90", "phone": "13900001111",
            "by": "2099-01-12T08:00:00Z", **values}  # fmt: skip
    house.workspace.writer.call(
        lambda connection: records.apply(
            connection, "upsert", "refunds", told["no"], told, step_key=secrets.token_hex(8),
            instance_id=None, now_ms=house.clock.now_ms(), node=None,
        )
    )  # fmt: skip


def linked(house: House, **settings: Any) -> str:
    """A flow makes a page; answers the code of its link."""
    if data_tables.listing(house.workspace, ENGINE)["items"] == []:
        data_tables.create(house.workspace, ENGINE, "refunds", TABLE)
    note(house)
    house.publish(flow("links").then("page", "customer_page", **{**PAGE, **settings}).then("done", "end"))  # fmt: skip
    id_ = house.start("links", {"no": "TB2026010900123"})
    settle(house, ScriptedWorld(200))
    return str(house.detail(id_)["variables"]["page"]["code"])


def made(house: House, step: str, instance: str | None = None) -> TableAnswer:
    """What the node asks for, asked by hand."""
    who = records.Who("engine", step_key=step, instance_id=instance)
    told = {"key": "TB2026010900123", "about": {"stage": "status"}, "good_for": "P1D"}
    answer: TableAnswer = house.write(
        lambda connection: public_pages.make(house.workspace, connection, "refunds", told, who)
    )
    return answer


def look(house: House, code: str, **more: Any) -> public_pages.Page:
    return public_pages.look(house.workspace, more.pop("pace", None) or Pace(), code, "10.0.0.9", **more)  # fmt: skip


def test_a_page_shows_the_record_as_it_stands_now(house: House) -> None:
    code = linked(house)
    first = look(house, code)
    note(house, status="paying")

    page = look(house, code)

    assert (first.stage["zh"], page.stage["zh"], page.stage["en"]) == ("审批中", "退款中", "Being paid")  # fmt: skip
    assert [one.state for one in page.stages] == ["done", "now", "ahead"]
    assert page.eta == "2099-01-12T08:00:00.000Z"
    assert [(one.title["en"], one.text["zh"]) for one in page.lines] == [
        ("Amount", "¥199.90"),
        ("Number", "****0123"),
    ]


def test_what_is_not_drawn_is_not_shown(cabin: House) -> None:
    page = look(cabin, linked(cabin))

    assert "13900001111" not in repr(page)
    assert "TB20260109" not in repr(page)


def test_a_stage_beside_the_good_way_is_named_without_steps(cabin: House) -> None:
    code = linked(cabin)
    note(cabin, status="rejected")

    page = look(cabin, code)

    assert (page.stage["en"], page.stages) == ("Not refunded", ())


def test_a_late_one_says_so_and_a_finished_one_has_all_steps_done(cabin: House) -> None:
    code = linked(cabin)
    note(cabin, by="2020-01-01T00:00:00Z")
    assert look(cabin, code).late

    note(cabin, by=None, status="refunded")

    page = look(cabin, code)
    assert ([one.state for one in page.stages], page.eta, page.late) == (["done"] * 3, "", False)


def test_another_try_of_the_visit_gets_the_same_link_and_one_audit_entry(house: House) -> None:
    linked(house)

    answers = [made(house, "s1") for _ in range(2)]

    assert answers[0].output == answers[1].output
    found = audit.listing(house.workspace, ENGINE, action="public_pages.create")["items"]
    assert len(found) == 2  # of the flow, and of this visit
    assert answers[0].output["code"] not in repr(found)


@pytest.mark.parametrize("at", [0, 7, 19, 20, 31])
def test_one_letter_changed_is_no_link(cabin: House, at: int) -> None:
    code = linked(cabin)
    wrong = code[:at] + ("A" if code[at] != "A" else "B") + code[at + 1 :]

    assert look(cabin, wrong).state == "forged"


@pytest.mark.parametrize("code", ["", "x", "链接" * 16, "x" * 31, "x" * 33, "\0" * 32])
def test_what_is_no_code_is_no_link(cabin: House, code: str) -> None:
    assert look(cabin, code).state == "forged"


def test_a_guess_asks_the_database_nothing_and_soon_must_wait(cabin: House) -> None:
    pace = Pace()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(cabin.workspace), "read", lambda _: pytest.fail("it was asked"))
        states = [look(cabin, "x" * 32, pace=pace).state for _ in range(12)]

    assert states == ["forged"] * 10 + ["too_many"] * 2


def test_guesses_of_one_do_not_shut_out_who_has_a_link(cabin: House) -> None:
    code, pace = linked(cabin), Pace()
    for _ in range(20):
        look(cabin, "x" * 32, pace=pace)

    assert look(cabin, code, pace=pace).state == "open"


def test_a_page_asked_for_too_often_says_when_to_come_back(cabin: House) -> None:
    code, pace = linked(cabin), Pace()
    pages = [look(cabin, code, pace=pace) for _ in range(61)]

    assert (pages[59].state, pages[60].state) == ("open", "too_many")
    assert 1 <= pages[60].retry_after_s <= 60


def test_a_link_ends_when_it_was_meant_to(cabin: House) -> None:
    code = linked(cabin, good_for="P2D")
    cabin.later(ms=2 * DAY - 1)
    assert look(cabin, code).state == "open"

    cabin.later(ms=1)

    assert look(cabin, code).state == "expired"


def test_a_link_can_be_taken_back_by_who_operates(cabin: House) -> None:
    linked(cabin)
    code = made(cabin, "s1", instance="ins_1").output["code"]
    (shown,) = public_pages.listing(cabin.workspace, ENGINE, instance="ins_1")["items"]
    assert shown["url"].endswith(f"/p/{code}")
    with pytest.raises(Forbidden):
        public_pages.close(cabin.workspace, Actor("u", "u", ("approver",)), shown["id"])

    public_pages.close(cabin.workspace, ENGINE, shown["id"])

    assert look(cabin, code).state == "closed"
    assert len(audit.listing(cabin.workspace, ENGINE, action="public_pages.close")["items"]) == 1
    with pytest.raises(NotFound):
        public_pages.close(cabin.workspace, ENGINE, "nothing")


def test_a_page_may_ask_for_the_last_digits_first(cabin: House) -> None:
    code, pace = linked(cabin, tail="phone"), Pace()

    states = [look(cabin, code, pace=pace, tail=tail).state for tail in (None, "1112", "", "１１１１", "1111")]  # fmt: skip

    assert states == ["ask", "wrong_tail", "wrong_tail", "wrong_tail", "open"]
    assert look(cabin, code, pace=pace, tail="0000").state == "wrong_tail"
    assert look(cabin, code, pace=pace, tail="1111").state == "too_many"


def test_a_record_that_is_not_there_is_an_incident(cabin: House) -> None:
    linked(cabin)

    id_ = cabin.start("links", {"no": "TB-nothing"})
    settle(cabin, ScriptedWorld(200))

    assert [found["code"] for found in cabin.incidents(id_)] == ["record_missing"]
