"""T07, refund approval: amounts at the limit, one above what was paid, one asked for twice, a silent approver, a lost answer."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from headrace.engine.sandbox.aliyun_sms import Message
from headrace.engine.service import public_pages, template_install
from headrace.engine.service.actor import ENGINE
from headrace.engine.trials.bench import DAY, HOUR, MINUTE, SECOND, Trial

AMOUNTS = ("0.01", "199.99", "200.00", "200.01", "5000.00")
FLOW = "refund-approval"
PHONE, OTHER_PHONE = "13900001111", "13900002222"


def run(trial: Trial) -> None:
    """Five refunds of one rich order, then the special cases one by one."""
    _paid(trial, "A-1", "6000.00")
    ids = {
        amount: trial.start(
            FLOW, _wish(f"R-{n}", "A-1", amount, **({"phone": PHONE} if n == 1 else {}))
        )
        for n, amount in enumerate(AMOUNTS, 1)
    }
    trial.settle()
    trial.measure(
        to_lead=len(trial.todo("cs_lead", "approve_lead")),
        to_finance=len(trial.todo("finance_manager", "approve_finance")),
    )
    seen = [_stage(trial, "R-1")]
    link = _link(trial)
    pages = [_on_page(trial, link, language) for language in ("zh", "en")]
    _above(trial)
    _no_amount(trial)
    again = trial.start(FLOW, _wish("R-2", "A-1", "199.99"))
    trial.measure(duplicate=again == ids["199.99"])
    # Everybody decides but the one who has R-1: nobody does anything with that for 25 hours.
    for task in trial.todo("cs_lead", "approve_lead"):
        if "R-1" not in _number(trial, task["instance_id"]):
            trial.decide("cs_lead", task)
    trial.decide_all("finance_manager")
    _idle(trial, ids["0.01"])
    (task,) = [task for task in trial.todo("cs_lead") if task["instance_id"] == ids["0.01"]]
    trial.trouble("alipay", "busy", times=1)  # it stays at "paying" until the next attempt
    trial.decide("cs_lead", task)
    trial.settle()
    for _ in range(2):
        seen.append(_stage(trial, "R-1"))
        pages += [_on_page(trial, link, language) for language in ("zh", "en")]
        trial.later(MINUTE)
    trial.measure(
        stages=" ".join(seen), page_stages=f"{' '.join(pages[::2])} / {' '.join(pages[1::2])}"
    )
    _lost(trial)
    _lost_at_wechat(trial)
    _guess(trial, link)
    trial.later(DAY)
    refunds = [
        refund
        for payment in trial.sandbox.world.payments.values()
        for refund in payment.refunds.values()
    ]
    cases = trial.records("refund_cases")
    trial.measure(
        refunded=sum(case["status"] == "refunded" for case in cases),
        money_back=f"{sum(refund.amount_fen for refund in refunds) / 100:.2f}",
        restocked=trial.record("inventory", "HW-101")["on_hand"],
        hanging=sum(one["status"] in {"waiting", "incident"} for one in trial.instances(FLOW)),
    )


STAGES = {
    "审批中", "退款中", "已退款", "Being approved", "Being paid", "Refunded",
}  # fmt: skip


def _link(trial: Trial) -> str:
    """The customer's page of R-1, from the text message."""
    told = _sent_link(trial, PHONE)
    path = f"/p/{told[0].values['code']}"
    _, text = trial.opened(path)
    eta = text.partition("预计完成 ")[2].split(" ")
    kept = ["¥0.01" if "¥0.01" in text else "", "****" if "****" in text else ""]
    shown = [part for part in ("商品破损", "R-1 ", PHONE, "A-1 ") if part in text]
    trial.measure(
        page_link=len(told), page_eta=" ".join(eta[:3]), page_shows=" ".join([*kept, *shown])
    )
    return path


def _sent_link(trial: Trial, phone: str) -> list[Message]:
    return [one for one in trial.texted(phone) if one.template == "SMS_REFUND_LINK"]


def _on_page(trial: Trial, path: str, language: str) -> str:
    """The stage that the page names as the present one, in this language."""
    _, text = trial.opened(path, language)
    before = {"zh": "当前进度", "en": "Now"}[language]
    rest = text.partition(f" {before} ")[2]
    return next((name for name in STAGES if rest.startswith(name)), rest[:20])


def _guess(trial: Trial, path: str) -> None:
    """What a stranger gets, one in a hurry, and one whose link was taken back or is old."""
    last = "A" if path[-1] != "A" else "B"
    said = [trial.opened(path[:-1] + last)[0]]
    said.append([trial.opened(f"/p/{'x' * 31}{n % 10}")[0] for n in range(20)][-1])
    said.append([trial.opened(path)[0] for _ in range(70)][-1])
    trial.later(10 * MINUTE)
    other = _sent_link(trial, OTHER_PHONE)[0]
    (instance,) = [one for one in trial.instances(FLOW) if _number(trial, one["id"]) == "R-8"]
    (page,) = public_pages.listing(trial.workspace, ENGINE, instance=instance["id"])["items"]
    public_pages.close(trial.workspace, ENGINE, page["id"])
    said.append(trial.opened(f"/p/{other.values['code']}")[0])
    trial.later(91 * DAY)
    said.append(trial.opened(path)[0])
    trial.measure(
        page_guess=" ".join(map(str, said)), page_audit=len(trial.audit("public_pages.create"))
    )


def _paid(trial: Trial, order_no: str, paid: str, provider: str = "alipay") -> None:
    """A payment at a provider, and our record of it."""
    fen = round(float(paid) * 100)
    made = trial.sandbox.world.pay(provider, order_no, fen, trial.now_ms)
    row = {
        "order_no": order_no, "paid": paid, "due": paid, "status": "paid", "provider": provider,
        "transaction_no": made.trade_no, "paid_at": trial.now,
    }  # fmt: skip
    template_install.seed(trial.workspace, "payments", [row])


def _wish(refund_id: str, order_no: str, amount: str, **more: object) -> dict[str, object]:
    return {
        "refund_id": refund_id, "order_no": order_no, "amount": float(amount), "reason": "商品破损", **more,
    }  # fmt: skip


def _stage(trial: Trial, refund_id: str) -> str:
    return str(trial.record("refund_cases", refund_id)["status"])


def _number(trial: Trial, instance: str) -> str:
    return str(trial.instance(instance)["variables"]["refund_id"])


def _above(trial: Trial) -> None:
    """One cent more than was paid."""
    id_ = trial.start(FLOW, _wish("R-6", "A-1", "6000.01"))
    trial.settle()
    trial.measure(over_amount=trial.instance(id_)["result"])


def _no_amount(trial: Trial) -> None:
    """A shop's refund says no amount: that is a person's, and no silence."""
    refund = {"refund_id": "R-9", "platform_order_id": "A-1", "reason": "少件"}
    trial.tell("refund.requested", {"refund": refund, "order": None}, key="R-9")
    trial.settle()
    (asked,) = [one for one in trial.todo("cs_lead") if "R-9" in one["title"]]
    trial.decide("cs_lead", asked, form={"amount": 50})
    trial.settle()
    (then,) = [one for one in trial.todo("cs_lead") if one["instance_id"] == asked["instance_id"]]
    trial.measure(no_amount=f"{asked['node']} waiting, then {then['node']}")
    trial.decide("cs_lead", then, "rejected")
    trial.settle()


def _idle(trial: Trial, instance: str) -> None:
    """25 hours: the superior is told after 24, and not before."""
    begun = trial.now_ms
    trial.until(begun + 24 * HOUR)
    trial.measure(early=len(trial.notices("supervisor", "0.01")))
    trial.until(begun + 24 * HOUR + SECOND)
    trial.measure(reminded=len(trial.notices("supervisor", "0.01")))
    trial.until(begun + 25 * HOUR)
    assert trial.instance(instance)["status"] == "waiting"


def _lost(trial: Trial) -> None:
    """The refund is made over there, and its answer never comes; goods come back with it."""
    _paid(trial, "A-2", "300.00")
    trial.start(FLOW, _wish("R-7", "A-2", "250.00", sku="HW-101", quantity=2))
    trial.settle()
    trial.trouble("alipay", "lost", times=1)
    before = len(trial.wire.calls)
    trial.decide_all("finance_manager")
    payment = trial.sandbox.world.payments["alipay", "A-2"]
    trial.measure(lost_did=len(payment.refunds))
    trial.later(MINUTE)
    asked = [_method(body) for _, _, body in trial.wire.calls[before:]]
    trial.measure(
        first_after_lost=asked[1] if len(asked) > 1 else "none",
        refunds_after_lost=len(payment.refunds),
    )
    trial.decide_all("qc")


def _lost_at_wechat(trial: Trial) -> None:
    """The same at the other provider: it is asked by its own number before anything is sent again."""
    _paid(trial, "A-3", "300.00", "wechat_pay")
    trial.start(FLOW, _wish("R-8", "A-3", "120.00", phone=OTHER_PHONE))
    trial.settle()
    trial.trouble("wechat_pay", "lost", times=1)
    trial.decide_all("cs_lead")
    before = len(trial.wire.calls)
    trial.later(MINUTE)
    asked = [
        f"{method} {urlsplit(url).path.removeprefix('/wechat_pay')}"
        for method, url, _ in trial.wire.calls[before:]
        if "/wechat_pay/" in url
    ]
    trial.measure(
        wechat_first_after_lost=asked[0] if asked else "none",
        wechat_refunds=len(trial.sandbox.world.payments["wechat_pay", "A-3"].refunds),
    )


def _method(body: bytes) -> str:
    return parse_qs(body.decode()).get("method", [""])[0]
