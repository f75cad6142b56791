"""The sandbox on the wire: who may steer it, what is lost, and what an engine beside it may call."""

import json
import threading
from types import SimpleNamespace

import pytest
import urllib3
from cryptography.fernet import Fernet

from headrace.engine.clock import ManualClock
from headrace.engine.connector import ConnectionInfo
from headrace.engine.errors import AddressRefused
from headrace.engine.node import OutcomeUnknown
from headrace.engine.sandbox.demo import NAMES, fill, first_number
from headrace.engine.sandbox.server import Listening, Sandbox
from headrace.engine.service import connections
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.mail import greet_mail, send_mail
from headrace.engine.work.robot import send_robot

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture
def there(keys):
    listening = Listening(Sandbox(ManualClock(), keys, per_minute=20), 0, 0).start()
    yield listening
    listening.close()


def post(there, what, **value):
    url = f"{there.sandbox.base}/control/{what}"
    answer = HTTP.request("POST", url, json=value)
    return answer.status, answer.json()


def get(there, what):
    return HTTP.request("GET", f"{there.sandbox.base}/control/{what}").json()


def account(there, name):
    found = there.sandbox.accounts()[name]
    return ConnectionInfo("c", found.connector, found.settings, found.secrets)


def test_an_engine_may_call_exactly_these_addresses(there):
    guard = AddressGuard(there.addresses)

    assert guard.allows("127.0.0.1", "127.0.0.1", there.port)
    assert guard.allows("127.0.0.1", "127.0.0.1", there.sandbox.mail_port)
    assert not guard.allows("127.0.0.1", "127.0.0.1", 80)
    assert not guard.allows("127.0.0.1", "127.0.0.1")
    assert not guard.allows("127.0.0.1", "127.0.0.2", there.port)
    assert not guard.allows("sandbox", "10.0.0.1", there.port)
    assert not guard.allows("::1", "::1", there.port)
    with pytest.raises(AddressRefused):
        guard.connect("127.0.0.1", there.port + 1, 1)
    guard.connect("127.0.0.1", there.port, 5).close()


@pytest.mark.parametrize("entry", ["127.0.0.1:99999x", "999.1.1.1:80", "localhost:80"])
def test_what_is_no_address_with_a_port_allows_nothing_of_the_kind(entry):
    assert not AddressGuard([entry]).allows("127.0.0.1", "127.0.0.1", 80)


def test_an_answer_that_is_lost_leaves_the_outcome_unknown(there):
    http = GuardedHttp(AddressGuard(there.addresses))
    url = f"{there.sandbox.base}/wms/stock"
    assert post(there, "switches", simulator="wms", trouble="lost", times=1)[0] == 200

    with pytest.raises(OutcomeUnknown):
        http.request("GET", url, headers={}, timeout_s=5)
    assert http.request("GET", url, headers={}, timeout_s=5).status == 401


def test_a_robot_and_a_mailbox_take_what_the_engine_sends(there):
    guard = AddressGuard(there.addresses)
    robot = account(there, "dingtalk")

    assert send_robot(robot, "t", "x", there.sandbox.clock.now_ms(), GuardedHttp(guard)).ok
    box = account(there, "mail")
    assert greet_mail(box, guard).ok
    assert send_mail(box, ["ann@example.com"], "订单停了", "请看一下", guard=guard).ok
    post(there, "switches", simulator="mail", trouble="busy", times=1)
    assert send_mail(box, ["ann@example.com"], "t", "x", guard=guard).retryable

    seen = get(there, "log")["items"]
    assert [row["simulator"] for row in seen] == ["dingtalk", "mail", "mail"]
    assert "订单停了" in seen[1]["what"]
    assert "请看一下" in seen[1]["sent"]


def test_it_is_steered_by_json_under_its_own_name_only(there):
    base = there.sandbox.base
    assert HTTP.request("GET", f"{base}/").status == 200
    assert HTTP.request("GET", f"{base}/", headers={"host": "shop.example.com"}).status == 421
    assert HTTP.request("POST", f"{base}/control/rate", fields={"per_minute": "0"}).status == 415
    assert post(there, "rate", per_minute=10**9)[0] == 400
    assert post(there, "switches", simulator="taobao", trouble="unheard")[0] == 400
    assert post(there, "targets", simulator="shopify", url="http://example.com/")[0] == 400
    assert post(there, "unheard")[0] == 404


def test_orders_and_payments_can_be_made_by_hand(there):
    status, made = post(there, "orders", channel="pdd", total="12.50")
    assert (status, made["total_fen"]) == (200, 1_250)
    assert post(there, "payments", provider="alipay", out_trade_no="A-1", total="99.00")[0] == 200
    assert post(there, "rate", per_minute=0)[1] == {"per_minute": 0}
    state = get(there, "state")
    assert state["per_minute"] == 0
    assert set(state["simulators"]) == set(NAMES)
    assert set(get(there, "accounts")) == set(NAMES)


def test_a_slow_answer_ends_with_the_sandbox(there):
    post(there, "switches", simulator="wms", trouble="slow", seconds=50)
    asked = threading.Thread(
        target=lambda: HTTP.request("GET", f"{there.sandbox.base}/wms/stock"), daemon=True
    )
    asked.start()
    there.sandbox.end()

    asked.join(timeout=20)
    assert not asked.is_alive()


def test_connections_are_filled_in_again_at_every_start(cabin, keys):
    """Ports may differ from start to start; what a person named stays."""
    cabin.workspace.settings = SimpleNamespace(secret_keys=(Fernet.generate_key(),))
    sandbox = Sandbox(ManualClock(), keys, past_ms=0)
    sandbox.mail_port = 8025
    fill(cabin.workspace, sandbox)
    sandbox.base = "http://127.0.0.1:9999"
    fill(cabin.workspace, sandbox)

    found = connections.open_connection(cabin.workspace, "sandbox-taobao")
    assert found.settings["gateway"] == "http://127.0.0.1:9999/taobao/router/rest"
    assert found.secrets == sandbox.accounts()["taobao"].secrets
    for name in NAMES:
        assert connections.detail(cabin.workspace, f"sandbox-{name}")["key"]


def test_the_same_seed_gives_the_same_orders_however_often_one_looks(keys):
    def orders(steps):
        clock = ManualClock()
        sandbox = Sandbox(clock, keys, seed=3, past_ms=0)
        for _ in range(steps):
            clock.advance(s=3_600 // steps)
            sandbox.step()
        return list(sandbox.world.orders.values())

    assert json.dumps([repr(o) for o in orders(1)]) == json.dumps([repr(o) for o in orders(60)])
    assert 250 < len(orders(1)) < 470


def test_a_later_sandbox_gives_other_numbers():
    now = 1_767_945_600_000
    assert first_number(now + 3_600_000) - first_number(now) == 6_000
