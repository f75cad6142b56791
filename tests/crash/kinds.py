"""One small flow a node type, each between two calls that the ledger counts: what the crash matrix runs.

A case of a kind is one start of its flow; `acts` are what people and other systems do meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.builder import Document, Flow, flow, user

APPROVER = "ann"
CALL = {"connection": "bank", "timeout_s": 3, "attempts": 20, "backoff_s": 0.1}
KEYED = {**CALL, "effect": "keyed"}
PROBED = {
    **CALL,
    "effect": "probe",
    "probe": {"method": "GET", "path": "/probed/{{ step.key }}", "done_when": "status == 200"},
}
BREAKER = '{"breaker": {"failures": 20, "open_s": 1, "open_max_s": 2}}'
"""Limits of the bank's connection."""
DECISION = {
    "title": {}, "policy": "first", "inputs": [{"name": "case", "kind": "text"}], "outputs": [{"name": "way", "kind": "text"}],
    "rules": [{"id": "r1", "when": {}, "then": {"way": "on"}}],
}  # fmt: skip
"""The decision table `cases`."""
STOCK = {
    "title": {"en": "Stock"}, "key_field": "sku", "display": "sku", "extra": "refuse",
    "fields": [{"name": "sku", "kind": "text", "required": True}, {"name": "on_hand", "kind": "integer", "min": 0}],
}  # fmt: skip
"""The table `stock`; there is one record, `s1`."""
STOCK_OF_S1 = 100_000
TAKE = {
    "operation": "adjust", "table": "stock", "key": "'s1'", "field": "on_hand", "by": "-1", "reservations": "holds",
}  # fmt: skip
"""One piece is taken, and noted in the table `holds`."""
CASE = [{"name": "case", "value": "case"}]


@dataclass(frozen=True)
class Kind:
    """What a node type is tried with."""

    documents: list[Document]
    effects: Callable[[str], set[str]]
    """Case → the calls that must have happened once each."""
    instances: int = 1
    """Instances a case makes, sub-flows included."""
    start: str = "hand"
    """hand, webhook, schedule, message: how a case begins."""
    message: str = ""
    """A message that somebody sends for each case until it is heard, under the case as key."""
    takes: int = 0
    """Pieces of `s1` that a case takes and keeps."""
    gives_back: int = 0
    """Pieces that a case takes and gives back."""


def both(name: str, case: str) -> set[str]:
    """The call before and the call after."""
    return {f"/keyed/{name}-a-{case}", f"/probed/{name}-b-{case}"}


def begun(key: str, start: str = "start", **settings: object) -> Flow:
    """Start, and the call before."""
    return flow(key, start, **settings).then(
        "first", "connector", path=f"/keyed/{key}-a-{{{{ case }}}}", **KEYED
    )


def ended(drawing: Flow, name: str) -> Document:
    """The call after, and the end."""
    return (
        drawing.then("last", "connector", path=f"/probed/{name}-b-{{{{ case }}}}", **PROBED)
        .then("done", "end")
        .document()
    )


def plain(name: str, type_: str, port: str | None = None, **settings: object) -> Kind:
    """The node between the two calls."""
    drawing = begun(name).then("it", type_, **settings)
    if port:
        drawing.on(port)
    return Kind([ended(drawing, name)], lambda case: both(name, case))


OPERATIONS = {"adjust", "release", "release_undone"}
"""What the node `record` does beside `create`: kinds of their own, more than one a node type."""


def kinds() -> dict[str, Kind]:
    """Node type → how it is tried; every type must be here, and the operations named in `OPERATIONS`."""
    child = (
        flow("child")
        .then("call", "connector", path="/keyed/child-{{ case }}", **KEYED)
        .then("done", "end")
        .document()
    )
    parallel = begun("split").then("fork", "split")
    parallel.then("left", "timer", duration="PT1S").then("meet", "join")
    parallel.at("fork").then(
        "right", "approval", assignees=[user(APPROVER)], title="{{ case }}"
    ).to("meet").at("meet")
    sub = begun("subflow").then(
        "it", "subflow", flow="child", for_each="['a', 'b', 'c']", window=2, dedup_key="case + '-' + item",
        input=[{"name": "case", "value": "case + '-' + item"}],
    )  # fmt: skip
    wait = begun("receive").then(
        "it", "receive", events=[{"id": "paid", "kind": "message", "name": "paid", "key": "case"}]
    )
    tell = begun("publish").then("fork", "split").then(
        "it", "receive", events=[{"id": "told", "kind": "message", "name": "told", "key": "case"}]
    ).on("told").then("meet", "join")  # fmt: skip
    tell.at("fork").then(
        "say", "publish", kind="message", name="told", key="case", dedup="case"
    ).to("meet").at("meet")
    stone = begun("milestone").then("fork", "split").then("rest", "timer", duration="PT1S").then(
        "meet", "join"
    )  # fmt: skip
    stone.at("fork").then("it", "milestone", node="rest").to("meet").at("meet")
    held = begun("lock").then("it", "lock", key="'till'", scope="workspace")
    held.then("inside", "connector", path="/keyed/lock-i-{{ case }}", **KEYED).then(
        "leave", "unlock", key="'till'", scope="workspace"
    )
    gone = begun("cancel").then("fork", "split").then("never", "timer", duration="PT1H").then(
        "end_1", "end"
    )  # fmt: skip
    gone.at("fork").then("it", "cancel", nodes=["never"])
    undone = flow("compensate").then(
        "first", "connector", path="/keyed/compensate-a-{{ case }}", **KEYED
    )
    undone.event("undo", "compensation").then("it", "compensate")
    undone_last = undone.then(
        "last", "connector", path="/probed/compensate-b-{{ case }}", **PROBED
    ).then("done", "end")
    undone_last.at("first", "undo").then(
        "back", "connector", path="/keyed/compensate-u-{{ case }}", **KEYED
    )
    given_back = begun("release").then("take", "record", **TAKE).on("done").then(
        "it", "record", operation="release", table="stock", of="take.reservation"
    ).on("out")  # fmt: skip
    taken = begun("release_undone").then("take", "record", **TAKE)
    taken.event("undo", "compensation").on("done").then("it", "compensate")
    taken_last = taken.then(
        "last", "connector", path="/probed/release_undone-b-{{ case }}", **PROBED
    ).then("done", "end")
    taken_last.at("take", "undo").then("back", "record", operation="release", table="stock")
    asked = {"assignees": [user(APPROVER)], "title": "{{ case }}"}
    hook = begun("webhook", "webhook", values={"case": "body.case"}, dedup_key="case")
    split = Kind([ended(parallel, "split")], lambda case: both("split", case))
    two = Kind([ended(held, "lock")], lambda case: {*both("lock", case), f"/keyed/lock-i-{case}"})
    return {
        "start": plain("start", "set_values", values={"seen": "case"}),
        "set_values": plain("set_values", "set_values", values={"seen": "case"}),
        "decide": plain("decide", "decide", table="cases", inputs=CASE),
        "end": plain("end", "set_values", values={"seen": "1"}),
        "connector": Kind(
            [
                ended(
                    begun("connector").then(
                        "it", "connector", path="/keyed/connector-c-{{ case }}", **KEYED
                    ),
                    "connector",
                )
            ],
            lambda case: {*both("connector", case), f"/keyed/connector-c-{case}"},
        ),
        "condition": plain("condition", "condition", branches={"yes": "case != ''"}, port="yes"),
        "customer_page": plain(
            "customer_page", "customer_page", table="stock", key="'s1'", stage="on_hand"
        ),
        "record": plain("record", "record", key="case", values={"by": "step.key"}),
        "adjust": Kind(
            [ended(begun("adjust").then("it", "record", **TAKE).on("done"), "adjust")],
            lambda case: both("adjust", case),
            takes=1,
        ),
        "release": Kind(
            [ended(given_back, "release")], lambda case: both("release", case), gives_back=1
        ),
        "release_undone": Kind(
            [taken_last.document()], lambda case: both("release_undone", case), gives_back=1
        ),
        "notification": plain("notification", "notification", to=[user(APPROVER)]),
        "timer": plain("timer", "timer", duration="PT1S"),
        "approval": Kind(
            [
                ended(
                    begun("approval")
                    .then("it", "approval", **asked)
                    .then("again", "approval", **asked),
                    "approval",
                )
            ],
            lambda case: both("approval", case),
        ),
        "split": split,
        "join": split,
        "subflow": Kind(
            [child, ended(sub, "subflow")],
            lambda case: {*both("subflow", case), *(f"/keyed/child-{case}-{i}" for i in "abc")},
            instances=4,
        ),
        "receive": Kind(
            [ended(wait.on("paid"), "receive")], lambda case: both("receive", case), message="paid"
        ),
        "publish": Kind([ended(tell, "publish")], lambda case: both("publish", case)),
        "message_start": Kind(
            [ended(begun("message_start", "message_start", name="begin"), "message_start")],
            lambda case: both("message_start", case),
            start="message",
        ),
        "milestone": Kind([ended(stone, "milestone")], lambda case: both("milestone", case)),
        "lock": two,
        "unlock": two,
        "cancel": Kind([ended(gone, "cancel")], lambda case: both("cancel", case)),
        "compensate": Kind(
            [undone_last.document()],
            lambda case: {*both("compensate", case), f"/keyed/compensate-u-{case}"},
        ),
        "webhook": Kind(
            [ended(hook, "webhook")], lambda case: both("webhook", case), start="webhook"
        ),
        "operation": plain(
            "operation",
            "operation",
            connection="shop",
            operation="woocommerce.order",
            params=[{"name": "order_id", "value": "'1'"}],
            timeout_s=3,
            attempts=20,
            backoff_s=0.1,
        ),
        "database": plain(
            "database",
            "database",
            connection="books",
            action="insert",
            table="sold",
            values=CASE,
            timeout_s=10,
            attempts=20,
            backoff_s=0.1,
        ),
        "schedule": Kind(
            [
                ended(
                    begun(
                        "schedule",
                        "schedule",
                        cron="0 0 1 1 *",
                        misfire="once",
                        values={"case": "'c000'"},
                    ),
                    "schedule",
                )
            ],
            lambda case: both("schedule", case),
            start="schedule",
        ),
    }
