"""Tokens of shops: renewed by machine before they end, one at a time, encrypted; when that fails people hear what to do, once."""

import threading

import pytest
import sqlalchemy as sa

from headrace.engine.service import connections
from headrace.engine.service.secrets import unseal
from headrace.engine.store import tables as t
from tests.fakes import EVE

RENEWING = ("taobao", "jd", "pdd", "doudian", "wechat_shop")
HOUR = 3_600


def token(street, name):
    shown = connections.detail(street.house.workspace, name)["token"]
    return shown or {}


def secret(street, name, which="access_token"):
    return connections.open_connection(street.house.workspace, name).secrets[which]


def on(street, hours, name):
    """Hour after hour; answers how often a pull failed."""
    failures = 0
    for _ in range(hours):
        street.house.later(s=HOUR)
        street.look()
        failures += street.state(name).failures
    return failures


@pytest.mark.parametrize("name", RENEWING)
def test_a_token_is_renewed_before_it_ends_and_no_pull_ever_fails(street, name):
    street.shop(name)
    street.look()
    first = secret(street, name)

    assert on(street, 40, name) == 0

    assert secret(street, name) != first
    found = token(street, name)
    assert found["expires_at"] > found["renewed_at"]
    assert found["trouble"] is None
    row = street.house.rows(sa.select(t.connections.c.secrets).where(t.connections.c.key == name))[
        0
    ]
    assert secret(street, name).encode() not in bytes(row.secrets)
    assert unseal(street.house.workspace, row.secrets)["access_token"] == secret(street, name)
    assert street.told() == []


@pytest.mark.parametrize("name", RENEWING)
def test_a_token_that_dies_in_mid_page_is_renewed_and_the_pull_goes_on(street, name):
    street.shop(name)
    ids = {street.order(name) for _ in range(230)}
    street.house.later(s=5 * 60)
    street.switch(name, "token_dead", skip=1)

    street.look()

    assert set(street.orders()) == ids
    assert street.state(name).failures == 0
    assert street.pulls(name)[-1].status == "ok"
    assert secret(street, name).endswith("-1")


def test_a_refresh_token_for_one_use_is_used_once_by_however_many(street):
    """Two processes find it dead at the same time: one asks, the other takes what came."""
    street.shop("taobao")
    street.switch("taobao", "token_dead")
    other = street.another("two").renewer
    account = connections.open_connection(street.house.workspace, "taobao")
    found = []

    def meanwhile():
        street.during = lambda: None
        found.append(threading.Thread(target=lambda: found.append(other.renewed(account))))
        found[0].start()

    street.during = meanwhile
    mine = street.poller.renewer.renewed(account)
    found[0].join()

    assert mine.secrets["access_token"] == "sandbox-taobao-session-1"
    assert found[1].secrets["access_token"] == "sandbox-taobao-session-1"
    assert secret(street, "taobao", "refresh_token") == "sandbox-taobao-refresh-1"
    assert sum("refresh" in call or call.endswith("/router/rest") for call in street.calls) == 1


def test_a_dead_authorisation_is_told_at_once_with_what_to_do_and_only_once(street):
    street.ops()
    street.shop("jd")
    street.look()
    actor = street.house.actor(EVE)
    connections.change(
        street.house.workspace, actor, "jd", {"secrets": {"refresh_token": "used up"}}
    )
    street.switch("jd", "token_dead")
    street.house.later(s=900)
    street.look()

    (told,) = street.house.rows(
        sa.select(t.outbox.c.title, t.outbox.c.text).where(t.outbox.c.channel == "robot")
    )
    assert "无法自动续期" in told.title
    assert "重新授权" in told.text
    assert "jd" in told.text
    assert "used up" not in told.text
    assert token(street, "jd")["trouble"]
    for _ in range(4):
        street.house.later(s=900)
        street.look()
    robots = [title for _, title in street.told("robot")]
    assert len([title for title in robots if "续期" in title]) == 1

    # A person authorises again; what was missed is read.
    id_ = street.order("jd")
    street.switch("jd", "token_dead", times=0)
    connections.change(
        street.house.workspace, actor, "jd", {"secrets": {"refresh_token": "sandbox-jd-refresh"}}
    )
    assert token(street, "jd")["trouble"] is None
    street.house.later(s=900)
    street.look()
    assert id_ in street.orders()


def test_no_answer_is_tried_again_and_told_after_the_third(street):
    street.ops()
    street.shop("pdd")
    street.look()
    for minutes in (0, 2, 10, 30):
        street.switch("pdd", "lost", times=1)
        street.house.later(s=13 * HOUR if minutes == 0 else minutes * 60)
        street.poller.renewer.look()

    assert [title for _, title in street.told("robot") if "续期" in title]
    assert len(street.told("robot")) == 1
    street.house.later(s=HOUR)
    street.poller.renewer.look()
    assert secret(street, "pdd").endswith("-5")  # four were made over there, and their answers lost
    assert "恢复" in street.told("robot")[-1][1]


def test_a_shop_without_a_token_gets_one_where_its_secret_is_enough(street):
    street.shop("wechat_shop")
    actor = street.house.actor(EVE)
    connections.change(
        street.house.workspace, actor, "wechat_shop", {"secrets": {"access_token": ""}}
    )
    id_ = street.order("wechat_shop")
    street.house.later(s=300)
    street.look()

    assert id_ in street.orders()


def test_an_account_that_goes_takes_what_was_known_of_its_token_along(street):
    street.shop("taobao")
    assert token(street, "taobao")["next_at"]
    connections.delete(street.house.workspace, street.house.actor(EVE), "taobao")
    assert street.poller.renewer.look() == 0
