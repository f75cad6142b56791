"""T08, big tickets: who is asked at which amount, a substitute during leave, a silent level, and a quota of releases."""

from __future__ import annotations

from headrace.engine.clock import from_iso
from headrace.engine.service import organisation, substitutions, task_acts
from headrace.engine.service.actor import ENGINE, EVERYTHING, Actor
from headrace.engine.trials.bench import DAY, HOUR, SECOND, Trial, TrialBroken

LEVELS = ("region_hours", "area_hours", "finance_hours")
AMOUNTS = (100.00, 4_999.99, 5_000.00, 5_000.01)


def run(trial: Trial) -> None:
    """Flow A at every limit, flow B through leave and silence, flow C up to its quota."""
    trial.reached("finance_reviewer", "13900003333")
    _custom(trial)
    _matrix(trial)
    _discount(trial)
    _releases(trial)
    _month(trial)
    flows = ("custom-order-approval", "bulk-discount-approval")
    done = [one for flow in flows for one in trial.instances(flow) if one["status"] == "completed"]
    trial.measure(approved=len(done))


def _custom(trial: Trial) -> None:
    asked: list[str] = []
    made = [(amount, custom) for custom in (False, True) for amount in AMOUNTS]
    for number, (amount, custom) in enumerate(made):
        trial.start(
            "custom-order-approval",
            {"order_no": f"JJ-{number}", "customer": "陈女士", "amount": amount, "custom": custom},
        )
    trial.settle()
    for task in trial.todo("region_manager"):
        seen = trial.instance(task["instance_id"])["variables"]
        asked.append(f"{seen['amount']:.2f}" + ("+custom" if seen["custom"] else ""))
        trial.decide("region_manager", task)
    trial.settle()
    copies = [one for one in trial.notices("production") if one["kind"] == "cc"]
    waiting = trial.todo("production_lead", "confirm_schedule")
    trial.measure(asked=" ".join(sorted(asked)), cc=len(copies), confirm=len(waiting))
    trial.decide_all("production_lead", form={"ready_on": "2026-02-06"})


def _matrix(trial: Trial) -> None:
    """Amount, customer level and category together say who is asked."""
    cases: tuple[tuple[str, dict[str, str], float], ...] = (
        ("key", {"level": "key"}, 20_000.00),
        ("key", {"level": "key"}, 20_000.01),
        ("art", {"category": "艺术品"}, 3_000.00),
        ("art", {"category": "艺术品"}, 3_000.01),
        ("big", {}, 50_000.00),
        ("big", {}, 50_000.01),
    )
    found = []
    for number, (name, more, amount) in enumerate(cases):
        order = {"order_no": f"JZ-{number}", "customer": "陈女士", "amount": amount, **more}
        trial.start("custom-order-approval", order)
        trial.settle()
        asked = [
            word
            for login, word in (("region_manager", "region"), ("area_director", "area"))
            if trial.decide_all(login)
        ]
        found.append(f"{name} {amount:.2f} {' '.join(asked) or 'none'}")
    trial.measure(matrix=" / ".join(found))


def _discount(trial: Trial) -> None:
    """Level 2 is away with a substitute, level 3 says nothing for eight hours."""
    for person, above in (("region_manager", "area_director"), ("finance_reviewer", "boss")):
        supervisor = {"supervisor_id": trial.person(above)}
        organisation.change_person(trial.workspace, ENGINE, trial.person(person), supervisor)
    away = {
        "person_id": trial.person("area_director"),
        "substitute_id": trial.person("substitute"),
        "from_ms": trial.now_ms,
        "until_ms": trial.now_ms + 14 * DAY,
        "flows": ["bulk-discount-approval"],
    }
    substitutions.create(trial.workspace, ENGINE, away)
    begun = trial.now_ms
    instance = trial.start(
        "bulk-discount-approval",
        {
            "request_no": "ZK-1", "customer": "华东食品", "amount": 86_000, "discount": 12,
            "reason": "年货节铺货",
        },
    )  # fmt: skip
    trial.until(begun + 2 * HOUR)
    trial.decide_all("region_manager")
    trial.until(begun + 5 * HOUR)
    trial.decide_all("substitute")
    trial.until(begun + 13 * HOUR)
    trial.measure(still_level3=_holder(trial))
    trial.until(begun + 13 * HOUR + SECOND)
    trial.measure(moved=_holder(trial), notices=_ways(trial, instance))
    trial.until(begun + 14 * HOUR)
    trial.decide_all("finance_reviewer.2")
    page = trial.instance(instance)
    vote = page["variables"]["approve_area"]["votes"][0]
    names = {trial.person(login): login for login in ("substitute", "area_director")}
    hours = [_number(trial, name) for name in LEVELS]
    trial.measure(
        delegate=f"{names.get(vote['by'])} for {names.get(vote['on_behalf_of'])}",
        report=f"{' '.join(f'{one:g}' for one in hours)} = {_kept(trial):g}",
        hours=(from_iso(page["ended_at"]) - from_iso(page["started_at"])) / HOUR,
    )


def _number(trial: Trial, name: str) -> float:
    return float(trial.record("discounts", "ZK-1")[name])


def _kept(trial: Trial) -> float:
    return _number(trial, "total_hours")


def _month(trial: Trial) -> None:
    """The report comes by itself on the first of the month."""
    trial.later(31 * DAY)
    kept = next(one for one in trial.records("approval_reports") if one["count"])
    levels = " ".join(f"{float(kept[name]):g}" for name in LEVELS)
    trial.measure(
        month=f"{levels} = {float(kept['total_hours']):g}, target {float(kept['target_hours']):g}"
    )


def _holder(trial: Trial) -> str:
    found = [login for login in ("finance_reviewer", "finance_reviewer.2") if trial.todo(login)]
    return " ".join(found)


def _ways(trial: Trial, instance: str) -> str:
    """By which ways the one it was taken from is told, besides the app."""
    told = [
        one
        for one in trial.deliveries(instance)
        if one["user"] == trial.person("finance_reviewer") and one["kind"] == "escalated_from"
    ]
    texts = [one for one in trial.texted("13900003333") if one.template == "SMS_NOTICE"]
    letters = [one for one in trial.letters("超时已转走") if "finance_reviewer@" in str(one)]
    trial.measure(arrived=f"{len(letters)} mail, {len(texts)} sms")
    inbox = trial.notices("finance_reviewer")
    app = " + app" if any(one["kind"] == "escalated_from" for one in inbox) else ""
    return " ".join(sorted(one["way"] for one in told)) + app


def _releases(trial: Trial) -> None:
    for number in range(4):
        trial.start(
            "temporary-release", {"order_no": f"LS-{number}", "amount": 680, "reason": "急"}
        )
    trial.settle()
    lead = Actor(trial.person("frontline_lead"), "lead", ("frontline_lead",), EVERYTHING)
    tasks = [task["id"] for task in trial.todo("region_manager", "approve_release")]
    if len(tasks) != 4:
        raise TrialBroken(f"expected 4 releases to decide, but found {len(tasks)}")

    def release(task: str) -> str:
        reason = {"reason": "客户现场等货"}
        return trial.refused(lambda: task_acts.act(trial.workspace, lead, task, "exempt", reason))

    refused = [release(task) for task in tasks]
    trial.settle()
    trial.measure(
        quota=f"{refused.count('')} {refused[-1]}",
        released=len(trial.records("temporary_releases")),
    )
