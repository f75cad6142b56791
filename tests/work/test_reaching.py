"""Messages to people: by their own order of channels, the next one when one fails, every attempt in the receipt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import ValidationFailed
from headrace.engine.node import ConnectionInfo
from headrace.engine.service import breakers, channels, limits, mail_links, tasks
from headrace.engine.service.decisions import Caller
from headrace.engine.settings import Settings
from headrace.engine.store import tables as t
from headrace.engine.work import relay
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from tests.builder import flow, user
from tests.fakes import ANN, BOB, EVE, House
from tests.far_side import FarSide, far_side, says
from tests.servers import Mailbox

BASE = "https://flows.example.com"
HTTP = GuardedHttp(AddressGuard(["127.0.0.1"]))
TOO_FAST = says(200, json.dumps({"errcode": 130101, "errmsg": "send too fast"}))
BAD_SIGN = says(200, json.dumps({"errcode": 310000, "errmsg": "sign not match"}))
DONE = says(200, json.dumps({"errcode": 0, "errmsg": "ok"}))


class Office:
    """A house with a mail server and a chat robot on loopback, and people who may be reached."""

    def __init__(self, house: House, mailbox: Mailbox, robot: FarSide) -> None:
        self.house, self.mailbox, self.robot = house, mailbox, robot
        self.accounts = {
            "post": ConnectionInfo(
                "post",
                "smtp",
                {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "from": "flows@example.com"},
            ),
            "ops": ConnectionInfo("ops", "robot", {"kind": "dingtalk"}, {"url": f"{robot.url}/robot?access_token=k"}),
        }  # fmt: skip
        for account in self.accounts.values():
            self.connect(account)
        house.workspace.settings = Settings(Path(), "", 0, (), (), url=BASE)

    def connect(self, account: ConnectionInfo) -> None:
        self.accounts[account.key] = account
        row = {
            "key": account.key, "name": account.key, "connector": account.connector, "settings": dict(account.settings),
            "secrets": b"", "created_at": 0, "updated_at": 0, "updated_by": EVE,
        }  # fmt: skip
        self.house.write(lambda connection: connection.execute(t.connections.insert().values(row)))

    def wants(self, user_id: str, **settings: Any) -> None:
        channels.change_mine(self.house.workspace, self.house.actor(user_id), settings)

    def send(self, rounds: int = 4) -> None:
        """All senders, some times, at this moment."""
        for _ in range(rounds):
            relay.send_due(self.house.workspace, self.accounts.__getitem__, HTTP)

    def asks(self, title: str = "Refund of 199", who: str = ANN, **input_: Any) -> str:
        """Somebody is asked; answers the task's id."""
        drawing = flow("asks").then("ask", "approval", title=title, assignees=[user(who)])
        self.house.publish(drawing.then("done", "end"))
        self.house.start("asks", input_)
        return str(self.house.todo(who)[0]["id"])

    def messages(self, user_id: str) -> list[dict[str, Any]]:
        found = channels.messages(self.house.workspace, self.house.actor(user_id))
        return list(found["items"])

    def notes(self, user_id: str) -> list[Mapping[str, Any]]:
        found = tasks.notifications(self.house.workspace, self.house.actor(user_id))
        return list(found["items"])


@contextmanager
def an_office(house: House, mailbox: Mailbox, *answers: Any) -> Iterator[Office]:
    with far_side(*(answers or (DONE,))) as robot:
        yield Office(house, mailbox, robot)


# --- a new task -------------------------------------------------------------------------------------


def test_a_new_task_tells_its_people_in_the_app_and_by_mail(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        task = office.asks("Refund of <b>199</b>")
        office.send()

        (letter,) = mailbox.wait(1)
    assert letter["To"] == "ann@example.com"
    assert letter["Subject"] == "待您处理：Refund of <b>199</b>"
    plain, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    link = f"{BASE}/tasks/todo/{task}"
    assert link in plain.get_content()
    assert f'href="{link}"' in html.get_content()
    assert "<b>199</b>" not in html.get_content()
    assert "Refund of &lt;b&gt;199&lt;/b&gt;" in html.get_content()
    (note,) = office.notes(ANN)
    assert (note["title"], note["read"]) == ("待您处理：Refund of <b>199</b>", False)
    (message,) = office.messages(ANN)
    assert (message["status"], [a["channel"] for a in message["attempts"]]) == ("sent", ["mail"])


def test_everybody_reads_their_own_language(house: House, mailbox: Mailbox) -> None:
    english = t.users.update().where(t.users.c.id == BOB).values(language="en")
    house.write(lambda connection: connection.execute(english))
    with an_office(house, mailbox) as office:
        office.asks(who=BOB)
        office.send()

        (letter,) = mailbox.wait(1)
    assert letter["Subject"] == "For you to decide: Refund of 199"
    body = letter.get_body(("plain",))
    assert body is not None
    assert "Flow: asks" in body.get_content()
    assert "Open the task: " in body.get_content()


def test_who_is_told_is_told_once_and_not_what_they_did(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        office.asks(who=EVE)  # Eve has started it herself
        office.send()

    assert office.notes(EVE) == []
    assert office.messages(EVE) == []


def test_what_is_decided_need_not_be_read(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        office.asks()
        house.decide(ANN)

    assert [note["read"] for note in office.notes(ANN)] == [True]


def test_without_a_connection_nothing_is_kept_to_be_sent(house: House) -> None:
    house.publish(flow("asks").then("ask", "approval", assignees=[user(ANN)]).then("done", "end"))

    house.start("asks")

    assert house.rows(sa.select(t.outbox.c.id)) == []
    assert len(house.rows(sa.select(t.notifications.c.id))) == 1


def test_a_mail_can_be_answered_by_a_link_that_asks_first(house: House, mailbox: Mailbox) -> None:
    house.write(_approver)
    house.workspace.forget_directory()
    with an_office(house, mailbox) as office:
        office.asks()
        office.send()
        (letter,) = mailbox.wait(1)

    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        found = re.findall(rf"{BASE}/mail/decide/([^\s\"<]+)", body.get_content())
        assert len(found) == 2
        assert "2026-01-16 16:00 (Asia/Shanghai)" in body.get_content()
    # Reading the mail, or a scanner that opens every link, decides nothing.
    assert mail_links.look(house.workspace, found[0]).state == "open"
    assert len(house.todo(ANN)) == 1

    mail_links.decide(house.workspace, found[0], "fine", Caller("mail"))
    assert house.todo(ANN) == []
    assert mail_links.look(house.workspace, found[0]).state == "used"


def _approver(connection: sa.Connection) -> None:
    connection.execute(
        t.roles.insert().values(key="approver", title={"en": "Approver"}, system=True)
    )
    connection.execute(t.role_members.insert().values(role="approver", user_id=ANN))


def test_nobody_is_offered_a_link_for_what_is_not_theirs_to_decide(
    house: House, mailbox: Mailbox
) -> None:
    with an_office(house, mailbox) as office:
        office.asks()
        house.decide(ANN)  # before the mail has left
        office.send()
        (letter,) = mailbox.wait(1)

    body = letter.get_body(("plain",))
    assert body is not None
    assert "/mail/decide/" not in body.get_content()
    assert f"{BASE}/tasks/todo/" in body.get_content()


# --- the next channel -------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [TOO_FAST, BAD_SIGN], ids=["too fast", "bad signature"])
def test_http_200_with_an_error_is_a_failure_and_the_next_channel_is_tried(
    house: House, mailbox: Mailbox, refusal: Any
) -> None:
    with an_office(house, mailbox, refusal, DONE) as office:
        office.wants(
            ANN, order=["dingtalk", "mail"], addresses={"dingtalk": {"address": "13800000000"}}
        )

        office.asks()
        office.send()

        mailbox.wait(1)
        assert len(office.robot.seen) == 1
        said = json.loads(office.robot.seen[0].body)
    assert said["at"]["atMobiles"] == ["13800000000"]
    assert f"{BASE}/tasks/todo/" in said["text"]["content"]
    (message,) = office.messages(ANN)
    assert message["status"] == "sent"
    first, second = message["attempts"]
    assert (first["channel"], first["ok"], first["to"]) == ("dingtalk", False, "13800000000")
    assert first["answer"].startswith('HTTP 200 {"errcode": ')
    assert (second["channel"], second["ok"], second["to"]) == ("mail", True, "ann@example.com")


def test_when_nothing_works_it_is_tried_again_and_then_stays_to_be_seen(
    house: House, mailbox: Mailbox
) -> None:
    mailbox.refuse = "451 later"
    with an_office(house, mailbox, TOO_FAST) as office:
        office.wants(ANN, order=["dingtalk", "mail"], addresses={"dingtalk": {"address": "138"}})
        office.asks()
        for _ in range(12):
            office.send(2)
            house.later(s=700)

    (message,) = office.messages(ANN)
    assert message["status"] == "failed"
    tried = [attempt["channel"] for attempt in message["attempts"]]
    assert tried[:4] == ["dingtalk", "mail", "dingtalk", "mail"]
    assert len(tried) <= 2 * relay.ATTEMPTS_MAX


def test_a_channel_that_rests_is_passed_over(house: House, mailbox: Mailbox) -> None:
    """A breaker that is open is no reason to wait when there is another way."""
    with an_office(house, mailbox) as office:
        office.wants(ANN, order=["dingtalk", "mail"], addresses={"dingtalk": {"address": "138"}})
        told = breakers.Told("ops", "robot", "127.0.0.1", True, False, "down", "t", 0)
        for _ in range(5):
            house.write(lambda connection: breakers.record(house.workspace, connection, [told]))

        office.asks()
        office.send()

        mailbox.wait(1)
        assert office.robot.seen == []
    attempts = office.messages(ANN)[0]["attempts"]
    assert [(row["channel"], row["ok"]) for row in attempts] == [
        ("dingtalk", False),
        ("mail", True),
    ]
    assert "rests" in attempts[0]["answer"]


def test_a_flood_of_tasks_is_one_message_in_the_group(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        office.wants(ANN, order=["dingtalk"], addresses={"dingtalk": {"address": "138"}})
        rate = {"operations": {"send": {"calls": 15, "per_s": 60, "burst": 5}}}
        limits.put(house.workspace, house.actor(EVE), "ops", rate)
        office.asks("Refund {{ n }}", n=39)
        for number in range(39):
            house.start("asks", {"n": number})
        for _ in range(20):
            office.send(1)
            house.later(s=1)

        assert len(office.robot.seen) < 12
    sent = office.messages(ANN)
    assert {message["status"] for message in sent} == {"sent"}
    assert len(sent) == 40
    assert any(message["attempts"][0].get("together", 0) > 10 for message in sent)


# --- what a person has set --------------------------------------------------------------------------


def test_what_a_person_turns_off_stays_in_the_app(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        office.wants(ANN, off=["task"])
        office.asks()
        office.send()

    assert len(office.notes(ANN)) == 1
    assert office.messages(ANN) == []
    assert mailbox.letters == []


def test_quiet_hours_hold_messages_back(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        office.wants(ANN, quiet={"from": "15:00", "to": "17:00"})  # it is four o'clock in Beijing
        office.asks()
        office.send()
        assert mailbox.letters == []

        house.later(s=3_600)
        office.send()

        mailbox.wait(1)


def test_a_person_sees_what_works(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        office.wants(ANN, order=["feishu", "mail"], addresses={"sms": {"address": "13800000000"}})

        found = channels.mine(house.workspace, house.actor(ANN))

    works = {row["channel"]: (row["used"], row["reaches"]) for row in found["channels"]}
    assert works == {
        "feishu": (True, False),
        "mail": (True, True),
        "dingtalk": (False, False),  # a robot is nobody's way by itself
        "wecom": (False, False),
        "sms": (False, False),
    }
    assert found["channels"][1]["standard_address"] == "ann@example.com"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"order": ["mail", "mail"]}, "/order"),
        ({"addresses": {"mail": {"connection": "ops"}}}, "/addresses/mail/connection"),
        ({"quiet": {"from": "22:00", "to": "08:00", "timezone": "Mars"}}, "/quiet/timezone"),
    ],
)
def test_what_cannot_be_is_refused(cabin: House, mailbox: Mailbox, wrong: Any, path: str) -> None:
    with an_office(cabin, mailbox) as office, pytest.raises(ValidationFailed) as found:
        office.wants(ANN, **wrong)

    assert [problem.path for problem in found.value.problems] == [path]


def test_a_test_message_goes_by_that_channel_only(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        channels.test_mine(house.workspace, house.actor(ANN), "mail")
        office.send()

        (letter,) = mailbox.wait(1)
        assert letter["Subject"] == "测试消息"
        with pytest.raises(ValidationFailed):
            channels.test_mine(house.workspace, house.actor(ANN), "sms")


# --- text messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "ok"),
    [
        ({"Code": "OK", "BizId": "1", "Message": "OK"}, True),
        ({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发流控"}, False),
    ],
)
def test_a_text_message_is_judged_by_its_body(
    house: House, mailbox: Mailbox, body: dict[str, str], ok: bool
) -> None:
    with an_office(house, mailbox) as office, far_side(says(200, json.dumps(body))) as aliyun:
        secrets = {"access_key_id": "LTAI-x", "access_key_secret": "y"}
        settings = {"sign_name": "订单中心", "gateway": aliyun.url}
        office.connect(ConnectionInfo("ali", "aliyun_sms", settings, secrets))
        usual = {"sms": {"template": "SMS_1", "values": {"title": "title"}}}
        channels.change_workspace(house.workspace, house.actor(ANN), usual)
        office.wants(ANN, order=["sms", "mail"], addresses={"sms": {"address": "13800000000"}})

        office.asks()
        office.send()

        assert "PhoneNumbers=13800000000" in aliyun.seen[0].path
        assert len(mailbox.letters) == (0 if ok else 1)
    attempts = [(row["channel"], row["ok"]) for row in office.messages(ANN)[0]["attempts"]]
    assert attempts == ([("sms", True)] if ok else [("sms", False), ("mail", True)])


def test_no_address_of_ours_no_link(house: House, mailbox: Mailbox) -> None:
    with an_office(house, mailbox) as office:
        house.workspace.settings = replace(house.workspace.settings, url="")
        office.asks()
        office.send()

        (letter,) = mailbox.wait(1)
    body = letter.get_body(("plain",))
    assert body is not None
    assert "http" not in body.get_content()
