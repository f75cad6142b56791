"""Patterns that several instances make together, in the store: every order of what can happen, the exact visits of each instance.

An instance in a store cannot be copied at a fork of its future; so each order is played from its beginning, with keys of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Literal

from headrace.engine.service import messages, tasks
from tests.builder import Flow, flow, user
from tests.fakes import ANN, House, settle
from tests.patterns.explore import visits_of

DECISION = [user(ANN)]


def visited(house: House, id_: str) -> str:
    """The nodes this instance has visited, with their number where it is not one, sorted."""
    found: Counter[str] = visits_of(house.events(id_))
    return " ".join(name if n == 1 else f"{name}*{n}" for name, n in sorted(found.items()))


def vote(house: House, id_: str, node: str = "") -> None:
    """Ann decides the task of this instance."""
    (task,) = [
        row["id"]
        for row in house.todo(ANN)
        if row["instance_id"] == id_ and node in ("", row["node"])
    ]
    tasks.decide(house.workspace, house.actor(ANN), task, "approved")
    settle(house)


def test_wcp_12_items_end_in_every_order_and_the_flow_has_gone_on(cabin: House) -> None:
    cabin.publish(flow("item").then("work", "approval", assignees=DECISION).then("done", "end"))
    cabin.publish(
        flow("many")
        .then("each", "subflow", flow="item", for_each="[1, 2, 3]", input={"n": "item"}, wait=False)
        .then("after", "set_values", values={"x": "1"})
        .then("done", "end")
    )
    for order in permutations(range(3)):
        id_ = cabin.start("many")
        settle(cabin)
        items = sorted(child["id"] for child in cabin.detail(id_)["children"])
        assert (len(items), cabin.status(id_)) == (3, "completed")
        for place in order:
            vote(cabin, items[place])

        assert visited(cabin, id_) == "after done each start"
        assert [visited(cabin, item) for item in items] == ["done start work"] * 3
        assert [cabin.status(item) for item in items] == ["completed"] * 3


def test_wcp_22_a_recursion_that_branches_comes_back_in_every_order(cabin: House) -> None:
    """As Fibonacci: a level starts two levels, side by side; the lowest wait for a person. fib(3) has three of these."""
    cabin.publish(
        flow("fib")
        .then("last", "condition", branches={"low": "n <= 1"})
        .then("both", "split")
        .then("one", "subflow", flow="fib", input={"n": "n - 1"})
        .then("meet", "join")
        .then("sum", "end", output={"value": "one.value + two.value"})
        .at("both").then("two", "subflow", flow="fib", input={"n": "n - 2"}).to("meet")
        .at("last", "low").then("ask", "approval", assignees=DECISION)
        .then("bottom", "end", output={"value": "1"})
    )  # fmt: skip
    upper, lowest = (
        "both last meet one one.completed start sum two two.completed",
        "ask bottom last start",
    )

    for order in permutations(range(3)):
        root = cabin.start("fib", {"n": 3})
        settle(cabin)
        levels = below(cabin, root)
        waiting = [id_ for id_ in levels if cabin.waiting(id_) == ["ask"]]
        assert (len(levels), len(waiting)) == (5, 3)
        for place in order:
            vote(cabin, waiting[place])

        assert cabin.detail(root)["output"] == {"value": 3}
        assert Counter(visited(cabin, id_) for id_ in levels) == {upper: 2, lowest: 3}


def below(house: House, id_: str) -> list[str]:
    """This instance and all it has started, downwards."""
    children = sorted(child["id"] for child in house.detail(id_)["children"])
    return [id_, *(found for child in children for found in below(house, child))]


Kind = Literal["message", "signal"]


def listener(kind: Kind) -> Flow:
    """Listens when somebody says so."""
    event = {"id": "came", "kind": kind, "name": "arrived", "key": "order_no"}
    return (
        flow("listener")
        .then("busy", "approval", assignees=DECISION)
        .then("listen", "receive", events=[event])
        .on("came")
        .then("done", "end")
    )


def told_among(house: House, kind: Kind, order: Sequence[str]) -> list[str]:
    """Two begin to listen and it is told, in this order; answers what each has visited."""
    key = "-".join((kind, *order))
    ids = {name: house.start("listener", {"order_no": key}) for name in ("a", "b")}
    for what in order:
        house.later(ms=1)
        if what == "told":
            messages.publish(house.workspace, house.actor(ANN), "arrived", kind=kind, key=key)
            settle(house)
        else:
            vote(house, ids[what], "busy")
    return [visited(house, id_) for id_ in ids.values()]


HEARD, DEAF = "busy done listen start", "busy start"
ORDERS = list(permutations(("a", "b", "told")))


def test_wcp_23_a_signal_is_heard_by_all_who_listen_then_in_every_order(cabin: House) -> None:
    cabin.publish(listener("signal"))
    for order in ORDERS:
        at = order.index("told")
        expected = [HEARD if order.index(name) < at else DEAF for name in ("a", "b")]
        assert told_among(cabin, "signal", order) == expected, order


def test_wcp_24_a_message_is_had_by_the_first_who_listens_in_every_order(cabin: House) -> None:
    cabin.publish(listener("message"))
    for order in ORDERS:
        first = next(name for name in order if name != "told")
        expected = [HEARD if name == first else DEAF for name in ("a", "b")]
        assert told_among(cabin, "message", order) == expected, order


def interleavings(rivals: str) -> Iterator[str]:
    """Comings (small) and leavings (large) of rivals for one key, first come first served: every order that can be."""

    def go_on(told: str, queue: str) -> Iterator[str]:
        left = [name for name in rivals if name not in told]
        if not left and not queue:
            yield told
        for name in left:
            yield from go_on(told + name, queue + name)
        if queue:
            yield from go_on(told + queue[0].upper(), queue[1:])

    return go_on("", "")


def test_wcp_39_one_at_a_time_in_every_order_of_coming_and_leaving(cabin: House) -> None:
    cabin.publish(
        flow("shelf")
        .then("come", "approval", assignees=DECISION)
        .then("enter", "lock", key="shelf", scope="workspace")
        .then("count", "approval", assignees=DECISION)
        .then("leave", "unlock", key="shelf", scope="workspace")
        .then("done", "end")
    )
    all_orders = list(interleavings("abc"))
    assert len(all_orders) == 30  # who comes first × a bracket for each
    # They are alike but for their age: the eldest first, and the youngest first.
    comings = {order: "".join(what for what in order if what.islower()) for order in all_orders}
    orders = [order for order in all_orders if comings[order] in {"abc", "cba"}]
    for order in orders:
        ids = {name: cabin.start("shelf", {"shelf": order}) for name in "abc"}
        queue: list[str] = []
        for what in order:
            cabin.later(ms=1)
            vote(cabin, ids[what.lower()], "count" if what.isupper() else "come")
            queue = queue[1:] if what.isupper() else [*queue, what]
            inside = [name for name in ids if cabin.waiting(ids[name]) == ["count"]]
            assert inside == queue[:1], order
        assert [visited(cabin, id_) for id_ in ids.values()] == [
            "come count done enter leave start"
        ] * 3
