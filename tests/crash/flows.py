"""What the crash tests run: every kind of wait, each call with a name of its own, so that the ledger can tell twice from lost."""

from __future__ import annotations

from tests.builder import Document, flow, user

APPROVER = "ann"
KINDS = ("pay", "refund", "order", "parcels")
"""Flows that are started from outside; case n is of kind n modulo 4."""

CHILDREN = 2
"""Sub-flows of a `parcels`."""

_CALL = {"connection": "bank", "timeout_s": 3, "attempts": 20, "backoff_s": 0.2}
_KEYED = {**_CALL, "effect": "keyed"}
_PROBED = {
    **_CALL,
    "effect": "probe",
    "probe": {"method": "GET", "path": "/probed/{{ step.key }}", "done_when": "status == 200"},
}
_ASK = {"assignees": [user(APPROVER)], "title": "{{ case }}/0"}


def drawings() -> list[Document]:
    """All flows; a case of `pay` whose number can be divided by five is rejected once and asked again."""
    pay = (
        flow("pay", business_key="case")
        .then("pay", "connector", path="/keyed/pay-{{ case }}", **_KEYED)
        .then("rounds", "set_values", values={"rounds": "default(rounds, 0) + 1"})
        .then("wait", "timer", duration="PT1S")
        .then("ask", "approval", **{**_ASK, "title": "{{ case }}/{{ rounds }}"})
        .then("ship", "connector", path="/probed/ship-{{ case }}", **_PROBED)
        .then("done", "end")
        .at("ask", "rejected").to("rounds")
    )  # fmt: skip
    refund = (
        flow("refund", business_key="case")
        .then("fork", "split")
        .then("refund", "connector", path="/probed/refund-{{ case }}", **_PROBED)
        .then("meet", "join")
        .then("note", "record", key="case", values={"by": "step.key"})
        .then("done", "end")
        .at("fork").then("wait", "timer", duration="PT4S").to("meet")
        .at("fork").then("ask", "approval", **_ASK).to("meet")
        .at("ask", "rejected").then("no", "end", result="rejected")
        .at("note", "exists").then("twice", "end", result="twice")
    )  # fmt: skip
    order = (
        flow("order", business_key="case")
        .then("sub", "subflow", flow="parcel", input=[{"name": "case", "value": "case"}])
        .then("ask", "approval", **_ASK)
        .then("done", "end")
        .at("ask", "rejected").to("ask")
    )  # fmt: skip
    parcels = (
        flow("parcels", business_key="case")
        .then("sub", "subflow", flow="parcel", for_each="['a', 'b']", dedup_key="case + item",
              input=[{"name": "case", "value": "case + '-' + item"}])
        .then("wait", "timer", duration="PT2S")
        .then("done", "end")
    )  # fmt: skip
    parcel = (
        flow("parcel", business_key="case")
        .then("label", "connector", path="/keyed/label-{{ case }}", **_KEYED)
        .then("wait", "timer", duration="PT1S")
        .then("done", "end")
    )
    return [drawing.document() for drawing in (pay, refund, order, parcels, parcel)]


def expected_effects(cases: int) -> set[str]:
    """The paths that must have happened once each when so many cases have ended."""
    expected: set[str] = set()
    for number in range(cases):
        name = case_name(number)
        match kind(number):
            case "pay":
                expected |= {f"/keyed/pay-{name}", f"/probed/ship-{name}"}
            case "refund":
                expected.add(f"/probed/refund-{name}")
            case "order":
                expected.add(f"/keyed/label-{name}")
            case "parcels":
                expected |= {f"/keyed/label-{name}-{item}" for item in "ab"}
    return expected


def expected_instances(cases: int) -> int:
    """With their sub-flows."""
    extra = {"order": 1, "parcels": CHILDREN}
    return cases + sum(extra.get(kind(number), 0) for number in range(cases))


def kind(number: int) -> str:
    return KINDS[number % len(KINDS)]


def case_name(number: int) -> str:
    return f"c{number:04d}"


def decision(title: str) -> str:
    """What the approver says to `case/round`."""
    case, _, rounds = title.partition("/")
    return "rejected" if rounds == "1" and int(case[1:]) % 20 == 0 else "approved"
