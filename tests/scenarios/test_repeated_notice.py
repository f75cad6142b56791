"""F4: in December 2025 repeated payment notices were booked twice, 47 orders of them (T11).

The same notice at 0 ms, 3 s, 4 min and 25 h, twenty at once, and after a crash between the commit and the answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest

from headrace.engine.sandbox.pushes import Push, Pushing
from headrace.engine.sandbox.world import Fact
from headrace.engine.service import hooks
from headrace.engine.trials.bench import HOUR, MINUTE, SECOND, Trial
from headrace.engine.trials.opening import trial
from tests.scenarios import door

ORDERS = 47 if os.environ.get("HEADRACE_SCENARIOS") == "full" else 9
FEN, STOCK = 9_900, 100
NODES = {"alipay": "alipay", "wechat_pay": "wechat"}
WORDS = {"alipay": (200, b"success"), "wechat_pay": (200, None)}
"""What the provider wants to hear: Alipay exactly these letters, WeChat Pay 200 whatever is in it."""


@pytest.fixture
def till() -> Iterator[Trial]:
    with trial(4, full=False) as made:
        made.install("payment-callback")
        yield made


def paid(till: Trial, provider: str, number: str) -> Fact:
    """An order waits for 99.00, and somebody pays it over there."""
    order = {"number": number, "total": "99.00", "provider": provider, "items": [{"sku": "HW-101", "quantity": 1}]}  # fmt: skip
    till.tell("order.created", {"order": order}, key=number)
    till.settle()
    till.sandbox.world.pay(provider, number, FEN, till.now_ms)
    return Fact(0, till.now_ms, "paid", provider, number)


def notice(till: Trial, fact: Fact) -> Push:
    """As the provider sends it now: the same number of the notice, signed at this moment where it signs the time."""
    simulator = till.sandbox.simulators[fact.channel]
    assert isinstance(simulator, Pushing)
    push = simulator.push(fact, "", till.now_ms)
    assert push is not None
    return push


def send(till: Trial, push: Push) -> Any:
    path = f"/hooks/payment-notify/{NODES[push.simulator]}"
    return door.post(till, path, push.body, dict(push.headers))


def heard(till: Trial, push: Push) -> bool:
    answer = send(till, push)
    status, word = WORDS[push.simulator]
    return answer.status_code == status and word in (None, answer.data)


def once(till: Trial, number: str, orders: int = 1) -> None:
    """One transition, one piece of stock, one entry in the books."""
    till.settle()
    assert till.record("payments", number)["status"] == "paid"
    assert till.record("inventory", "HW-101")["on_hand"] == STOCK - orders
    booked = [one for one in till.instances("payment-settle") if one["business_key"] == number]
    assert [one["result"] for one in booked] == ["paid"]
    assert sum(one["key"] == number for one in till.messages("order.paid")) == 1


@pytest.mark.parametrize("provider", sorted(NODES))
def test_f4_the_same_notice_at_0_ms_3_s_4_min_and_25_h_is_booked_once(
    till: Trial, provider: str
) -> None:
    fact = paid(till, provider, "A-1")
    first = notice(till, fact)
    assert heard(till, first)
    assert heard(till, first)  # at once, before anything else has happened
    for pause in (3 * SECOND, 4 * MINUTE - 3 * SECOND, 25 * HOUR - 4 * MINUTE):
        till.later(pause)
        assert heard(till, notice(till, fact))
        once(till, "A-1")
    assert till.now_ms - fact.at_ms >= 25 * HOUR


def test_f4_twenty_at_the_same_moment_are_booked_once(till: Trial) -> None:
    push = notice(till, paid(till, "alipay", "A-1"))
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: heard(till, push), range(20)))
    once(till, "A-1")


def test_f4_a_crash_after_the_commit_and_before_the_answer_is_followed_by_a_duplicate(
    till: Trial,
) -> None:
    push = notice(till, paid(till, "alipay", "A-1"))
    with patch.object(hooks, "reply", side_effect=ConnectionResetError("killed")):
        assert send(till, push).data != b"success"
    till.settle()
    assert till.record("payments", "A-1")["status"] == "paid"  # it was committed
    till.later(4 * MINUTE)
    assert heard(till, push)
    once(till, "A-1")


def test_f4_forty_seven_duplicates_are_forty_seven_payments(till: Trial) -> None:
    numbers = [f"A-{n}" for n in range(ORDERS)]
    pushes = [notice(till, paid(till, "alipay", number)) for number in numbers]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda push: heard(till, push), [*pushes, *pushes]))
    till.later(25 * HOUR)
    assert all(heard(till, push) for push in pushes)
    for number in numbers:
        once(till, number, orders=ORDERS)
