"""T11, payment notices: twice each at 0 ms, 3 s and 4 min, twenty at once, one forged, one of another amount, one never told."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode

from headrace.engine import jsontext
from headrace.engine.sandbox import proofs, wechat_pay
from headrace.engine.sandbox.calls import Said
from headrace.engine.sandbox.pushes import Push, Pushing
from headrace.engine.sandbox.world import Fact
from headrace.engine.service import records
from headrace.engine.service.actor import ENGINE
from headrace.engine.trials.bench import MINUTE, SECOND, Trial, TrialBroken

ORDERS = 47
PAUSES_MS = (0, 3 * SECOND, 4 * MINUTE)
BURST = 20
FEN = 9_900


def run(trial: Trial) -> None:
    """Notices of real simulators, signed by their keys, in all the ways they come."""
    trial.person("watcher", ("operator",))
    providers = {number: trial.dice.choice(("alipay", "wechat_pay")) for number in range(ORDERS)}
    providers[0] = "alipay"  # the one that comes twenty times at once
    answers: list[tuple[str, Said]] = []
    for number, provider in providers.items():
        _due(trial, f"A-{number}", provider)
    trial.settle()
    again: dict[int, list[Push]] = {pause: [] for pause in PAUSES_MS}
    for number, provider in providers.items():
        push = _paid(trial, provider, f"A-{number}", FEN)
        answers.append((provider, _send(trial, push)))
        again[PAUSES_MS[number % 3]].append(push)
    begun = trial.now_ms
    for pause, pushes in again.items():
        trial.until(begun + pause)
        answers += [(push.simulator, _send(trial, push)) for push in pushes]
    answers += _burst(trial)
    trial.settle()
    _forged(trial)
    _mismatch(trial)
    _stranger(trial)
    _reply_lost(trial)
    _silent(trial)
    trial.later(10 * MINUTE)
    ours = {f"A-{number}" for number in providers}
    paid = {one["key"] for one in trial.records("payments") if one["status"] == "paid"}
    booked = [
        one["business_key"] for one in trial.instances("payment-settle") if one["result"] == "paid"
    ]
    repeated = [said for provider, said in answers[ORDERS:] if provider == "alipay"]
    stock = trial.record("inventory", "HW-101")["on_hand"]
    trial.measure(
        paid=len(paid & ours),
        notices=len(answers),
        success=bool(repeated) and all((a.status, a.body) == (200, b"success") for a in repeated),
        bookings=sum(one in ours for one in booked),
        stock=100 - stock - len(paid - ours),  # those of the other cases took one each
        paid_events=sum(one["key"] in ours for one in trial.messages("order.paid")),
        hanging=len(trial.open_instances()),
    )


def _due(trial: Trial, order_no: str, provider: str) -> None:
    order = {
        "number": order_no, "total": "99.00", "provider": provider, "items": [{"sku": "HW-101", "quantity": 1}],
    }  # fmt: skip
    trial.tell("order.created", {"order": order}, key=order_no)


def _paid(trial: Trial, provider: str, order_no: str, fen: int) -> Push:
    """Somebody pays over there; the notice of it."""
    trial.sandbox.world.pay(provider, order_no, fen, trial.now_ms)
    simulator = trial.sandbox.simulators[provider]
    fact = Fact(0, trial.now_ms, "paid", provider, order_no)
    push = simulator.push(fact, "", trial.now_ms) if isinstance(simulator, Pushing) else None
    if push is None:
        raise TrialBroken(f"expected a notice of {provider}, but found none")
    return push


def _send(trial: Trial, push: Push, body: bytes | None = None) -> Said:
    node = {"alipay": "alipay", "wechat_pay": "wechat"}[push.simulator]
    return trial.pushed("payment-notify", node, push.headers, body or push.body)


def _burst(trial: Trial) -> list[tuple[str, Said]]:
    """The same notice twenty times at the same moment."""
    push = _paid(trial, "alipay", "A-0", FEN)
    with ThreadPoolExecutor(BURST) as pool:
        return [("alipay", said) for said in pool.map(lambda _: _send(trial, push), range(BURST))]


def _forged(trial: Trial) -> None:
    """A real notice about an order that nobody has paid, with the number changed."""
    _due(trial, "A-forged", "alipay")
    trial.settle()
    before = _state(trial)
    push = _paid(trial, "alipay", "A-0", FEN)
    said = _send(trial, push, push.body.replace(b"A-0", b"A-forged"))
    if dict(parse_qsl(push.body.decode()))["out_trade_no"] != "A-0":
        raise TrialBroken("expected a notice of A-0")
    trial.settle()
    trial.measure(forged=said.status, forged_changed=sum(before[k] != v for k, v in _state(trial).items()))  # fmt: skip


def _state(trial: Trial) -> Mapping[str, str]:
    kept = [*trial.records("payments"), *trial.records("payment_notifies"), *trial.records("inventory")]  # fmt: skip
    return {one["key"]: str(sorted(one.items(), key=str)) for one in kept}


def _mismatch(trial: Trial) -> None:
    """One yuan less than is due, at both providers; one of them had been noted wrongly, and is put right."""
    said: list[str] = []
    pushes: dict[str, Push] = {}
    for provider, order_no in (("alipay", "A-less"), ("wechat_pay", "W-less")):
        _due(trial, order_no, provider)
        trial.settle()
        pushes[order_no] = _paid(trial, provider, order_no, FEN - 100)
        for _ in range(2):
            answer = _send(trial, pushes[order_no])
            trial.settle()
            said.append(f"{answer.status} {_word(answer)}")
    trial.measure(
        mismatch=trial.record("payments", "A-less")["status"],
        mismatch_said=" / ".join(said),
        alarms=f"{len(trial.notices('finance_ops', 'A-less'))} {len(trial.notices('finance_ops', 'W-less'))}",
    )
    page = records.by_key(trial.workspace, ENGINE, "payments", "A-less")
    records.change(trial.workspace, ENGINE, "payments", page["id"], {"due": "98.00"}, page["rev"])
    answer = _send(trial, pushes["A-less"])
    trial.settle()
    trial.measure(righted=f"{_word(answer)} {trial.record('payments', 'A-less')['status']}")


def _word(said: Said) -> str:
    """What a provider makes of the answer: SUCCESS, FAIL, or its whole body."""
    text = said.body.decode()
    return str(jsontext.loads(said.body)["code"]) if text.startswith("{") else text


def _stranger(trial: Trial) -> None:
    """Signed as it should be, of the right amount, and about another app or another merchant."""
    for order_no, provider in (("A-other", "alipay"), ("W-other", "wechat_pay")):
        _due(trial, order_no, provider)
    trial.settle()
    keys = trial.sandbox.simulators["alipay"].keys.service
    trial.sandbox.world.pay("alipay", "A-other", FEN, trial.now_ms)
    fields = dict(parse_qsl(_paid(trial, "alipay", "A-other", FEN).body.decode()))
    fields = {k: v for k, v in fields.items() if k not in {"sign", "sign_type"}}
    fields["app_id"] = "2021009900009999"
    signed = {**fields, "sign": keys.sign(proofs.alipay_notice(fields)), "sign_type": "RSA2"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    # It is not told success, so it comes again; the third time people hear of it.
    body = urlencode(signed).encode()
    said = [trial.pushed("payment-notify", "alipay", form, body) for _ in range(3)]
    with patch.object(wechat_pay, "MCHID", "1900000009"):
        second = _send(trial, _paid(trial, "wechat_pay", "W-other", FEN))
    trial.settle()
    states = [trial.record("payments", order)["status"] for order in ("A-other", "W-other")]
    told = len(trial.notices("watcher", "app_id 2021009900009999"))
    alarms = len(trial.notices("finance_ops", "W-other"))
    trial.measure(stranger=f"{said[-1].status} {second.status} {' '.join(states)} {told} {alarms}")


def _reply_lost(trial: Trial) -> None:
    """It is in the store, and nobody hears so: the process goes between commit and reply."""
    _due(trial, "A-lost", "alipay")
    trial.settle()
    push = _paid(trial, "alipay", "A-lost", FEN)
    _send(trial, push)  # what is said here is lost
    again = _send(trial, push)
    trial.settle()
    last = _send(trial, push)
    trial.settle()
    booked = [one for one in trial.instances("payment-settle") if one["business_key"] == "A-lost"]
    told = [one for one in trial.messages("order.paid") if one["key"] == "A-lost"]
    word = _word(again) if _word(again) == _word(last) else f"{_word(again)}/{_word(last)}"
    status = trial.record("payments", "A-lost")["status"]
    trial.measure(reply_lost=f"{word} {status} {len(booked)} {len(told)}")


def _silent(trial: Trial) -> None:
    """It is paid, and nobody says so."""
    _due(trial, "A-silent", "wechat_pay")
    trial.settle()
    begun = trial.now_ms
    trial.later(MINUTE)
    trial.sandbox.world.pay("wechat_pay", "A-silent", FEN, trial.now_ms)
    while trial.record("payments", "A-silent")["status"] != "paid" and trial.now_ms < begun + 20 * MINUTE:  # fmt: skip
        trial.later(SECOND)
    (watch,) = [one for one in trial.instances("payment-watch") if one["business_key"] == "A-silent"]  # fmt: skip
    status = trial.record("payments", "A-silent")["status"]
    trial.measure(
        rescued=f"{status} {watch['result']}", rescue_minutes=(trial.now_ms - begun) / MINUTE
    )
