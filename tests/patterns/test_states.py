"""What depends on the state of the whole: patterns 16 to 18, 39 and 40."""

from itertools import permutations

from headrace.engine.run import events as e
from headrace.engine.service import tasks
from headrace.engine.work.sweeper import Sweeper
from tests.builder import Flow, flow, user
from tests.fakes import ANN, Case, House, settle
from tests.patterns.explore import completed, endings, explored, first, positions, ways


def test_wcp_16_deferred_choice() -> None:
    """The first event wins, the others are as if they had never been."""
    drawing = (
        flow("deferred")
        .then("first", "receive", events=[
            {"id": "paid", "kind": "message", "name": "paid", "key": "order_no"},
            {"id": "recalled", "kind": "signal", "name": "recalled"},
            {"id": "late", "kind": "timer", "after": "PT1H"},
        ])
        .on("paid").then("ship", "connector").then("done", "end")
        .at("first", "recalled").then("stop", "end")
        .at("first", "late").then("remind", "connector").to("first")
    )  # fmt: skip

    found = endings(drawing, {"first": ("paid", "recalled", "late*1")}, order_no="A-1")

    assert found == {
        completed("start first ship done"),
        completed("start first stop"),
        completed("start first remind first ship done"),
        completed("start first remind first stop"),
    }


def one_at_a_time(*branches: str) -> Flow:
    """Every work of every branch is done under the same lock of the instance; each branch comes when it comes."""
    drawing = flow("one-at-a-time").then("fork", "split")
    for index, names in enumerate(branches):
        drawing.at("fork")
        for name in names.split():
            drawing.then(f"{name}_comes", "timer", duration="PT1S")
            drawing.then(f"{name}_in", "lock", key="'desk'", scope="instance")
            drawing.then(name, "connector")
            drawing.then(f"{name}_out", "unlock", key="'desk'", scope="instance")
        if index:
            drawing.to("meet")
        else:
            drawing.then("meet", "join")
    return drawing.at("meet").then("done", "end")


def works_done(case: Case, names: str) -> str:
    """In which order."""
    return "".join(event.node for event in case.of(e.StepDone) if event.node in names)


def test_wcp_17_interleaved_parallel_routing() -> None:
    """Any order that keeps a before b, never two at a time."""
    drawing = one_at_a_time("a b", "c")

    for case in positions(drawing):
        assert len({"a", "b", "c"} & set(case.waiting)) <= 1
    assert endings(drawing) == {
        completed(
            "start fork a_comes a_in a a_out b_comes b_in b b_out c_comes c_in c c_out meet done"
        )
    }
    assert {works_done(case, "abc") for case in ways(first(drawing))} == {"abc", "acb", "cab"}


def test_wcp_18_milestone() -> None:
    """`change` may be done while `confirm` waits and not once it is done; `edit` waiting is not enough."""
    drawing = (
        flow("milestone").then("fork", "split")
        .then("edit", "connector").then("confirm", "connector").then("ship", "connector").then("done", "end")
        .at("fork").then("wish", "timer", duration="PT1S").then("still_open", "milestone", node="confirm")
        .then("change", "connector").then("changed", "end")
        .at("still_open", "missed").then("too_late", "end")
    )  # fmt: skip
    whole = "start fork edit confirm ship done wish still_open"

    for case in positions(drawing):
        assert case.waiting != ["confirm", "still_open"]  # reached, and nothing moved
    assert endings(drawing) == {
        completed(f"{whole} change changed"),
        completed(f"{whole} too_late"),
    }
    for case in ways(first(drawing)):
        done = [event.node for event in case.of(e.StepDone)]
        in_time = done.index("wish") < done.index("confirm")
        assert ("change" in done) == in_time


def test_wcp_39_critical_section_within_an_instance() -> None:
    """Two sections of two works each: while one is in, the other waits, whatever the order."""
    drawing = flow("sections").then("fork", "split")
    for name in "ab":
        drawing.at("fork").then(f"{name}_comes", "timer", duration="PT1S")
        drawing.then(f"{name}_in", "lock", key="'stock'", scope="instance")
        drawing.then(f"{name}_reads", "connector").then(f"{name}_writes", "connector")
        drawing.then(f"{name}_out", "unlock", key="'stock'", scope="instance")
        drawing.then(f"{name}_done", "end")

    found = explored(drawing)

    assert found.endings == {
        completed(
            "start fork a_comes a_in a_reads a_writes a_out a_done b_comes b_in b_reads b_writes b_out b_done"
        )
    }
    for case in positions(drawing):
        inside = {node[0] for node in case.waiting if node.endswith(("_reads", "_writes"))}
        assert len(inside) <= 1


def test_wcp_39_critical_section_across_instances(house: House) -> None:
    """Three instances want the same shelf: one at a time has it, whoever ends first, and a fourth another shelf."""
    house.publish(
        flow("shelf")
        .then("enter", "lock", key="shelf", scope="workspace")
        .then("count", "approval", assignees=[user(ANN)])
        .then("leave", "unlock", key="shelf", scope="workspace")
        .then("done", "end")
        .at("count", "rejected").to("leave")
    )  # fmt: skip
    rivals = [house.start("shelf", {"shelf": "A1"}) for _ in range(3)]
    other = house.start("shelf", {"shelf": "B2"})
    settle(house)

    assert house.waiting(other) == ["count"]
    for turn in range(3):
        inside = [id_ for id_ in rivals if house.waiting(id_) == ["count"]]
        assert inside == [rivals[turn]]  # first come, first served
        vote(house, inside[0])
        settle(house)

    assert [house.status(id_) for id_ in rivals] == ["completed"] * 3


def test_wcp_39_a_section_is_left_when_its_instance_is_cancelled(house: House) -> None:
    house.publish(
        flow("shelf")
        .then("enter", "lock", key="'A1'", scope="workspace")
        .then("count", "approval", assignees=[user(ANN)])
        .then("leave", "unlock", key="'A1'", scope="workspace")
        .then("done", "end")
        .at("count", "rejected").to("leave")
    )  # fmt: skip
    holder, waiting = house.start("shelf"), house.start("shelf")
    settle(house)
    assert house.waiting(waiting) == ["enter"]

    house.cancel(holder)
    settle(house)

    assert house.waiting(waiting) == ["count"]


def test_wcp_39_a_section_left_by_an_end_is_told_and_not_waited_for_for_ever(house: House) -> None:
    """A branch ends inside its section, so nobody will ever unlock: the sweeper finds that the rest waits for itself."""
    house.publish(
        flow("lost-key").then("fork", "split")
        .then("a_in", "lock", key="'desk'", scope="instance").then("a", "approval", assignees=[user(ANN)])
        .then("a_out", "unlock", key="'desk'", scope="instance").then("done", "end")
        .at("a", "rejected").then("gone", "end")
        .at("fork").then("b_in", "lock", key="'desk'", scope="instance").then("b_out", "unlock", key="'desk'", scope="instance")
        .to("done")
    )  # fmt: skip
    id_ = house.start("lost-key")
    settle(house)
    house.decide(ANN, "rejected")
    settle(house)
    assert house.waiting(id_) == ["b_in"]

    Sweeper(house.workspace).sweep()

    assert [found["code"] for found in house.incidents(id_)] == ["lock_deadlock"]
    house.skip(id_)
    settle(house)
    assert house.status(id_) == "completed"


def test_wcp_39_two_that_wait_for_each_others_keys_are_told(house: House) -> None:
    def both(key: str, first_: str, second: str) -> Flow:
        return (
            flow(key)
            .then("one", "lock", key=f"'{first_}'", scope="workspace")
            .then("ask", "approval", assignees=[user(ANN)])
            .then("two", "lock", key=f"'{second}'", scope="workspace")
            .then("done", "end")
            .at("ask", "rejected").to("done")
        )  # fmt: skip

    house.publish(both("there", "A1", "B2"))
    house.publish(both("back", "B2", "A1"))
    there, back = house.start("there"), house.start("back")
    settle(house)
    for id_ in (there, back):
        vote(house, id_)
    settle(house)
    assert (house.waiting(there), house.waiting(back)) == (["two"], ["two"])

    Sweeper(house.workspace).sweep()

    found = [one["code"] for id_ in (there, back) for one in house.incidents(id_)]
    assert found == ["lock_deadlock"]  # one of the two; the other goes on when it is gone
    house.cancel(there if house.incidents(there) else back)
    settle(house)
    assert sorted((house.status(there), house.status(back))) == ["cancelled", "completed"]


def vote(house: House, id_: str) -> None:
    """Ann decides the task of this instance."""
    (task,) = [task["id"] for task in house.todo(ANN) if task["instance_id"] == id_]
    tasks.decide(house.workspace, house.actor(ANN), task, "approved")


def test_wcp_40_interleaved_routing() -> None:
    """Each once, in any order, never two at a time."""
    drawing = one_at_a_time("a", "b", "c")

    for case in positions(drawing):
        assert len({"a", "b", "c"} & set(case.waiting)) <= 1
    visits = " ".join(f"{name}_comes {name}_in {name} {name}_out" for name in "abc")
    assert endings(drawing) == {completed(f"start fork {visits} meet done")}
    assert {works_done(case, "abc") for case in ways(first(drawing))} == set(
        map("".join, permutations("abc"))
    )
