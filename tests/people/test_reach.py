"""By which ways a person is reached, and what follows a failure."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.clock import from_iso, to_iso
from headrace.engine.people.reach import Sender, Trail, Way, begun, quiet_until, trail_of, ways

POST, DING, LARK, SMS = (
    Sender("post", "mail"),
    Sender("ops", "dingtalk"),
    Sender("lark", "feishu"),
    Sender("ali", "sms"),
)
ALL = [POST, DING, LARK, SMS]
PHONE = {"sms": {"address": "13800000000"}}
TEMPLATE = {"sms": {"template": "SMS_1"}}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str | None, dict[str, Any], list[str]]] = [
    # what, the person's settings, the workspace's, mail address, wish of the message → ways in order
    ("mail is there for everybody", {}, {}, "a@x.cn", {}, ["mail:post:a@x.cn"]),
    ("without an address not", {}, {}, None, {}, []),
    ("another address", {"addresses": {"mail": {"address": "b@x.cn"}}}, {}, "a@x.cn", {}, ["mail:post:b@x.cn"]),
    ("a group is a choice", {}, {"connections": {"dingtalk": "ops"}}, None, {}, ["dingtalk:ops:"]),
    ("mentioned by number", {"addresses": {"dingtalk": {"address": "138"}}}, {}, None, {}, ["dingtalk:ops:138"]),
    ("a robot that is gone", {"addresses": {"wecom": {"connection": "gone"}}}, {}, None, {}, []),
    (
        "the person's order",
        {"order": ["dingtalk", "mail"], "addresses": {"dingtalk": {"address": "138"}}},
        {"order": ["mail"]},
        "a@x.cn",
        {},
        ["dingtalk:ops:138", "mail:post:a@x.cn"],
    ),
    (
        "the workspace's order",
        {},
        {"order": ["feishu", "mail"], "connections": {"feishu": "lark"}},
        "a@x.cn",
        {},
        ["feishu:lark:", "mail:post:a@x.cn"],
    ),
    ("no text message without a template", {"addresses": PHONE}, {}, None, {}, []),
    ("a text message", {"addresses": PHONE}, TEMPLATE, None, {}, ["sms:ali:13800000000"]),
    (
        "first what the message wants",
        {"addresses": PHONE},
        TEMPLATE,
        "a@x.cn",
        {"first": "sms", "without": ["mail"]},
        ["sms:ali:13800000000"],
    ),
    (
        "and not what its sister takes",
        {"addresses": PHONE},
        TEMPLATE,
        "a@x.cn",
        {"first": "mail", "without": ["sms"]},
        ["mail:post:a@x.cn"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "mine", "standard", "email", "wish", "want"), CASES, ids=[c[0] for c in CASES]
)
def test_the_ways_of_a_person(
    why: str,
    mine: dict[str, Any],
    standard: dict[str, Any],
    email: str | None,
    wish: dict[str, Any],
    want: list[str],
) -> None:
    del why

    found = ways(mine, standard, email, ALL, wish)

    assert [f"{way.channel}:{way.connection}:{way.address}" for way in found] == want


def test_after_a_failure_the_next_way_is_tried_at_once() -> None:
    trail = begun([Way("dingtalk", "ops"), Way("mail", "post", "a@x.cn")])

    following, pause = trail.failed(retryable=False)

    assert following is not None
    assert (following.now["channel"], pause, following.again) == ("mail", False, ())


def test_what_may_work_later_is_tried_again_after_all_others() -> None:
    trail: Trail | None = begun([Way("dingtalk", "ops"), Way("mail", "post", "a@x.cn")])
    seen = []

    for _ in range(4):
        assert trail is not None
        trail, pause = trail_of(trail.as_json()).failed(
            retryable=trail.now["channel"] == "dingtalk"
        )
        seen.append((trail.now["channel"], pause, trail.rounds) if trail else None)

    # the mail address is wrong for good: it is not tried again
    assert seen == [
        ("mail", False, 0),
        ("dingtalk", True, 1),
        ("dingtalk", True, 2),
        ("dingtalk", True, 3),
    ]


def test_when_every_way_has_failed_for_good_it_has_failed() -> None:
    trail = begun([Way("mail", "post", "nobody@x.cn")])

    assert trail.failed(retryable=False) == (None, False)


QUIET = [
    # now in Beijing, kind → sent when
    ("2026-01-09T21:59", "task", None),
    ("2026-01-09T22:00", "task", "2026-01-10T08:00"),
    ("2026-01-10T07:59", "task", "2026-01-10T08:00"),
    ("2026-01-10T08:00", "task", None),
    ("2026-01-10T03:00", "remind", None),
]


@pytest.mark.parametrize(("now", "kind", "until"), QUIET)
def test_quiet_hours_hold_back_what_is_not_urgent(now: str, kind: str, until: str | None) -> None:
    mine = {"quiet": {"from": "22:00", "to": "08:00"}}

    found = quiet_until(mine, kind, from_iso(f"{now}:00+08:00"), "Asia/Shanghai")

    assert (found and to_iso(found)) == (until and to_iso(from_iso(f"{until}:00+08:00")))
