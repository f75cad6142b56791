"""Events at nodes, nodes that undo, joins of every mode, regions and critical sections: what a drawing may not say."""

import copy
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.engine.flow.compile import compile_flow
from headrace.engine.flow.diff import diff
from headrace.engine.flow.model import canonical, from_json, to_json
from headrace.engine.flow.validate import EDGES_MAX, NODES_MAX, validate
from headrace.engine.registry import node_types
from tests.flow.drawings import T, arrows, flow, node, when
from tests.flow.test_validate import ODD, places

TYPES = node_types()
ASK = {"title": "?", "assignees": [{"kind": "role", "id": "lead"}]}
HOUR = {"mode": "for", "duration": "PT1H", "days": "all"}


def found(document):
    return [(problem.path, problem.code) for problem in validate(document, TYPES)]


def codes(document):
    return {problem.code for problem in validate(document, TYPES)}


def errors_of(document):
    return {p.code for p in validate(document, TYPES) if p.severity == "error"}


def event(event_id, kind, **more):
    return {"id": event_id, "kind": kind, **more}


def timer(event_id="late", **more):
    return event(event_id, "timer", **{"after": "PT1H", **more})


def wait(node_id, **more):
    return node(node_id, "timer", HOUR, **more)


def value(node_id, text="1", **more):
    return node(
        node_id, "set_values", {"values": [{"name": f"v_{node_id}", "value": text}]}, **more
    )


def started(nodes, *ways, **more):
    return flow([node("start", "start"), node("end", "end"), *nodes], *ways, **more)


def waiting_with(*events, ways=("late",), **more):
    """start → wait → end, with these events, whose exits lead to the end."""
    drawn = [f"wait:{way} > end" for way in ways]
    return started([wait("wait", events=list(events), **more)], "start > wait > end", *drawn)


# --- boundary events --------------------------------------------------------------------------------------


def test_an_event_is_an_exit_that_leads_somewhere():
    assert found(waiting_with(timer())) == []
    assert found(waiting_with(timer(), ways=())) == [("/nodes/2", "port_unconnected")]
    assert ("/edges/3/port", "port_taken") in found(waiting_with(timer(), ways=("late", "late")))
    assert ("/edges/2/port", "port_unknown") in found(waiting_with(ways=("late",)))


def test_an_event_exit_takes_one_arrow_also_at_a_split():
    document = started(
        [node("split", "split", events=[event("e", "error")]), value("a"), value("b")],
        "start > split > a > end", "split > b > end", "split:e > end", "split:e > a",
    )  # fmt: skip

    assert ("/edges/6/port", "port_taken") in found(document)


def test_the_title_of_an_exit_is_told():
    [problem] = validate(waiting_with(timer(title=T), ways=()), TYPES)

    assert problem.params["title"] == T


EVENTS = [
    # an event, the place inside it, the code
    (event("late", "timer"), "/after", "setting_missing"),
    (timer(at="now"), "/at", "setting_wrong"),
    (timer(after="P1M"), "/after", "setting_wrong"),
    (event("late", "timer", at="now +"), "/at", "expression_wrong"),
    (event("late", "timer", at="nothing_like_it"), "/at", "variable_unknown"),
    (event("late", "message"), "/name", "setting_missing"),
    (event("late", "signal", name="{{ a"), "/name", "template_wrong"),
    (event("late", "signal", name="{{ nothing_like_it }}"), "/name", "variable_unknown"),
    (event("late", "message", name="paid", key="order_no +"), "/key", "expression_wrong"),
    (event("late", "message", name="paid", key="nothing_like_it"), "/key", "variable_unknown"),
    (timer("out"), "/id", "event_id_taken"),
    (timer("wait"), "/id", "event_id_taken"),
    (timer("now"), "/id", "name_reserved"),
    (timer("amount"), "/id", "result_clash"),
    (timer(codes=["x"]), "/codes", "event_field_unused"),
    (event("late", "error", interrupting=False), "/interrupting", "event_field_unused"),
    (event("late", "nonsense"), "/kind", "enum"),
    (timer(wild=1), "/wild", "unknown_property"),
]


@pytest.mark.parametrize(("given_event", "place", "code"), EVENTS)
def test_what_is_wrong_with_an_event_is_told_at_its_place(given_event, place, code):
    document = waiting_with(given_event, ways=(given_event["id"],))

    assert (f"/nodes/2/events/0{place}", code) in found(document)


@pytest.mark.parametrize(
    "right",
    [
        timer(interrupting=False),
        event("late", "timer", at="default(order_no, now)"),
        event("late", "message", name="paid {{ order_no }}", key="order_no"),
        event("late", "signal", name="stop", interrupting=True),
    ],
)
def test_a_right_event_is_no_problem(right):
    assert errors_of(waiting_with(right)) == set()


def test_two_events_of_one_name_are_told():
    document = waiting_with(timer(), timer(after="PT2H"))

    assert ("/nodes/2/events/1/id", "event_id_taken") in found(document)


def test_an_event_may_not_be_called_as_an_exit_that_a_setting_makes():
    choice = node("check", "condition", {"branches": [{"id": "big", "when": when("amount", ">", 1)}]},
                  events=[event("big", "error")])  # fmt: skip
    document = started([choice], "start > check:big > end", "check:else > end")

    assert ("/nodes/2/events/0/id", "event_id_taken") in found(document)


def test_events_where_nobody_waits_are_warned_of():
    document = started(
        [value("set", events=[timer()]), node("split", "split", events=[event("oops", "error")])],
        "start > set > split > end", "set:late > end", "split:oops > end",
    )  # fmt: skip

    assert found(document) == [
        ("/nodes/2/events/0", "event_never"), ("/nodes/3/events/0", "event_never"),
    ]  # fmt: skip
    assert errors_of(document) == set()


@pytest.mark.parametrize("type_name", ["connector", "record", "approval", "lock", "receive"])
def test_events_fit_where_a_token_rests(type_name):
    document = started([node("n", type_name, dict(TYPES[type_name].example), events=[timer()])])

    assert "event_never" not in codes(document)


def test_an_end_has_no_events():
    document = started([], "start > end")
    document["nodes"][1]["events"] = [timer()]

    assert found(document) == [("/nodes/1/events/0", "event_at_end")]


def test_an_error_that_an_earlier_event_takes_is_warned_of():
    caught = [event("a", "error", codes=["x", "y"]), event("b", "error", codes=["y"])]

    assert ("/nodes/2/events/1", "event_shadowed") in found(waiting_with(*caught, ways="ab"))
    apart = [event("a", "error", codes=["x"]), event("b", "error")]
    assert found(waiting_with(*apart, ways="ab")) == []


def test_a_way_by_an_event_is_a_way():
    looping = started([wait("wait", events=[timer()])], "start > wait > wait", "wait:late > end")

    assert found(looping) == []
    assert ("/nodes/2", "no_way_to_end") in found(started([wait("wait")], "start > wait > wait"))


# --- variables of events ----------------------------------------------------------------------------------


def test_what_an_event_brings_is_known_behind_it_only():
    document = started(
        [wait("wait", events=[event("paid", "message", name="paid")]), value("after", "paid.amount"), value("other", "paid")],
        "start > wait:paid > after > end", "wait > other > end",
    )  # fmt: skip

    assert found(document) == [("/nodes/4/settings/values/0/value", "variable_later")]


def test_an_event_exit_that_leads_back_is_known_in_the_loop():
    document = started(
        [value("first", "default(late, 1)"), wait("wait", events=[timer()])],
        "start > first > wait > end",
        "wait:late > first",
    )

    assert found(document) == []


# --- nodes that undo --------------------------------------------------------------------------------------


def undone_by(handler, *ways, nodes=()):
    pay = wait("pay", events=[event("undo", "compensation")])
    return started([pay, handler, *nodes], "start > pay > end", "pay:undo > back", *ways)


def test_a_node_that_undoes_is_in_no_way_and_needs_none():
    assert found(undone_by(value("back"))) == []
    assert found(undone_by(node("back", "approval", ASK))) == []


def test_what_is_undone_is_known_there_and_nowhere_else():
    assert found(undone_by(value("back", "compensated.output"))) == []
    assert errors_of(started([value("n", "compensated.output")], "start > n > end")) == {
        "variable_unknown"
    }


def test_a_node_that_undoes_sees_what_was_made_later():
    document = undone_by(value("back", "v_late + 1"))
    document["nodes"].append(value("late"))
    document["edges"] = arrows("start > pay > late > end", "pay:undo > back")

    assert found(document) == []


HANDLERS = [
    # the node that undoes, more arrows, the code and its place
    (node("back", "end"), (), ("/edges/2/to", "handler_wrong")),
    (node("back", "join"), (), ("/edges/2/to", "handler_wrong")),
    (node("back", "split"), (), ("/edges/2/to", "handler_wrong")),
    (value("back"), ("back > end",), ("/edges/3/from", "handler_left")),
    (value("back"), ("pay > back",), ("/edges/3/to", "handler_entered")),
    (value("back"), ("other:undo > back",), ("/edges/3/to", "handler_entered")),
]


@pytest.mark.parametrize(("handler", "ways", "problem"), HANDLERS)
def test_a_node_that_undoes_has_one_arrow_and_no_other(handler, ways, problem):
    other = wait("other", events=[event("undo", "compensation")])

    assert problem in found(undone_by(handler, *ways, nodes=[other]))


def test_a_node_is_undone_by_one_other():
    document = waiting_with(event("a", "compensation"), event("b", "compensation"), ways=("a", "b"))

    assert ("/nodes/2/events/1", "compensation_twice") in found(document)


def test_the_arrow_to_what_undoes_is_no_way():
    """Else the loop would be one, and the end reached by it."""
    document = undone_by(value("back"))

    assert compile_flow(document, TYPES).nodes["pay"].handler == "back"
    document["edges"] = arrows("start > pay", "pay:undo > back")
    assert "port_unconnected" in errors_of(document)


# --- loops ------------------------------------------------------------------------------------------------


def test_a_bound_of_visits_lets_a_loop_turn():
    def looping(**more):
        check = node(
            "check", "condition", {"branches": [{"id": "again", "when": when("amount", ">", 1)}]}
        )
        return started(
            [value("n", **more), check], "start > n > check:again > n", "check:else > end"
        )  # fmt: skip

    assert found(looping(visits_max=10)) == []
    assert errors_of(looping()) == {"loop_without_wait"}
    assert "minimum" in errors_of(looping(visits_max=0))


def test_a_lap_by_an_event_of_a_node_that_waits_may_turn():
    document = started([wait("wait", events=[timer()])], "start > wait > end", "wait:late > wait")

    assert found(document) == []


# --- joins ------------------------------------------------------------------------------------------------


def choice(mode="first", node_id="check"):
    branches = [
        {"id": name, "when": when("amount", ">", limit)} for name, limit in (("a", 1), ("b", 2))
    ]
    return node(node_id, "condition", {"branches": branches, "mode": mode})


def chosen(takes, /, **join):
    """A choice of two branches and else, whose branches meet."""
    return started(
        [choice(takes), node("join", "join", join)],
        "start > check:a > join > end", "check:b > join", "check:else > end",
    )  # fmt: skip


def parallel(*ways, **join):
    return started(
        [node("split", "split"), wait("a"), wait("b"), node("join", "join", join)],
        "start > split > a > join > end", "split > b > join", *ways,
    )  # fmt: skip


def test_only_a_join_for_all_can_starve():
    assert errors_of(chosen("first", mode="all")) == {"join_never_fills"}
    for mode in ({"mode": "first"}, {"mode": "inclusive"}, {"mode": "count", "n": 1}):
        assert errors_of(chosen("first", **mode)) == set()


def test_a_join_for_all_behind_an_inclusive_choice_may_starve():
    assert found(chosen("all", mode="all")) == [("/nodes/3", "join_may_starve")]
    assert found(chosen("all", mode="inclusive")) == []


def test_else_never_comes_with_a_branch():
    document = started(
        [choice("all"), node("join", "join")],
        "start > check:a > join > end", "check:else > join", "check:b > end",
    )  # fmt: skip

    assert errors_of(document) == {"join_never_fills"}


def test_an_event_that_does_not_end_the_step_makes_one_token_more():
    def beside(interrupting):
        return started(
            [wait("wait", events=[timer(interrupting=interrupting)]), node("join", "join")],
            "start > wait > join > end", "wait:late > join",
        )  # fmt: skip

    assert found(beside(False)) == [("/nodes/3", "join_may_starve")]
    assert found(beside(True)) == [("/nodes/3", "join_never_fills")]


def test_branches_that_meet_without_a_join_run_twice():
    def beside(interrupting):
        return started(
            [wait("wait", events=[timer(interrupting=interrupting)]), value("n")],
            "start > wait > n > end", "wait:late > n",
        )  # fmt: skip

    assert found(beside(False)) == [("/nodes/3", "runs_twice")]
    assert found(beside(True)) == []
    twice = started(
        [choice("all"), value("n")], "start > check:a > n > end", "check:b > n", "check:else > n"
    )
    assert found(twice) == [("/nodes/3", "runs_twice")]  # fmt: skip


@pytest.mark.parametrize("mode", ["first", "count", "percent", "inclusive", "tokens"])
def test_a_join_of_any_mode_is_where_branches_may_meet(mode):
    assert found(parallel(mode=mode, n=1, percent=50)) == []


def test_a_join_cannot_wait_for_more_than_lead_to_it():
    assert found(parallel(mode="count", n=3)) == [("/nodes/5/settings/n", "join_needs_too_many")]
    assert found(parallel(mode="count", n=2)) == []
    assert found(parallel(mode="tokens", n=2)) == []
    assert found(parallel(mode="tokens", n=3)) == [("/nodes/5", "join_may_starve")]
    assert "setting_wrong" in errors_of(parallel(mode="percent", percent=101))


def test_a_join_that_counts_tokens_may_have_one_arrow():
    def single(**join):
        return started(
            [node("split", "split", {"copies": 3}), node("join", "join", join)],
            "start > split > join > end",
        )  # fmt: skip

    assert found(single(mode="tokens", n=3)) == []
    assert found(single(mode="all")) == [("/nodes/3", "join_of_one")]


def test_two_joins_that_wait_for_one_another_are_warned_of():
    def circle(second):
        return started(
            [node("split", "split"), node("j1", "join", {"mode": "inclusive"}), node("j2", "join", {"mode": second}),
             wait("w"), choice(), choice(node_id="or")],
            "start > split > j1 > w > check:a > j2 > or:a > j1", "split > j2", "check:b > end", "check:else > end",
            "or:b > end", "or:else > end",
        )  # fmt: skip

    assert ("/nodes/3", "inclusive_circle") in found(circle("inclusive"))
    assert "inclusive_circle" not in codes(circle("first"))


def test_a_branch_that_can_end_before_its_join_is_warned_of():
    def with_exit(**end):
        document = started(
            [node("split", "split"), choice(), wait("b"), node("join", "join"), node("stop", "end", end)],
            "start > split > check:a > join > end", "split > b > join", "check:b > join", "check:else > stop",
        )  # fmt: skip
        return {code for code in codes(document) if code != "join_never_fills"}

    assert with_exit() == {"branch_strays"}
    assert with_exit(terminate=True) == set()  # nobody is left who would wait


def test_what_comes_behind_the_join_is_no_straying():
    document = parallel()
    document["nodes"] += [choice(), node("other", "end")]
    document["edges"] = arrows(
        "start > split > a > join > check:a > end", "split > b > join", "check:b > other", "check:else > other"
    )  # fmt: skip

    assert found(document) == []


# --- nodes that name others -------------------------------------------------------------------------------


def naming(type_name, given, *more):
    return started([wait("wait"), node("n", type_name, given), *more], "start > wait > n > end")


NAMED = [
    ("cancel", {"nodes": ["wiat"]}, "/nodes/0", "node_unknown"),
    ("cancel", {"nodes": ["wait", "n"]}, "/nodes/1", "node_itself"),
    ("cancel", {"nodes": []}, "/nodes", "setting_wrong"),
    ("cancel", {}, "/nodes", "setting_missing"),
    ("milestone", {"node": "nope"}, "/node", "node_unknown"),
    ("milestone", {"node": "start"}, "/node", "node_never_waits"),
    ("milestone", {"node": "n"}, "/node", "node_itself"),
    ("milestone", {}, "/node", "setting_missing"),
    ("compensate", {"back_to": "nope"}, "/back_to", "node_unknown"),
    ("compensate", {"nodes": ["wait"]}, "/nodes/0", "nothing_to_undo"),
    ("compensate", {}, "", "nothing_to_undo"),
    ("compensate", {"nodes": ["wait"], "back_to": "wait"}, "/back_to", "setting_wrong"),
]


@pytest.mark.parametrize(("type_name", "given_settings", "place", "code"), NAMED)
def test_a_node_that_is_named_must_be_there_and_fit(type_name, given_settings, place, code):
    path = f"/nodes/3/settings{place}" if place else "/nodes/3"

    assert (path, code) in found(naming(type_name, given_settings))


def test_the_closest_node_is_named():
    [problem] = validate(naming("cancel", {"nodes": ["wiat"]}), TYPES)

    assert (problem.node, problem.params["closest"]) == ("n", ["wait"])


def test_what_can_be_undone_may_be_named():
    document = naming("compensate", {"nodes": ["wait"]}, value("back"))
    document["nodes"][2]["events"] = [event("undo", "compensation")]
    document["edges"] += [{"id": "u", "from": "wait", "port": "undo", "to": "back"}]

    assert found(document) == []


# --- critical sections ------------------------------------------------------------------------------------


def section(*ways, leave="'k'", scope=None):
    more = {"scope": scope} if scope else {}
    return started(
        [node("lock", "lock", {"key": "'k'"}), node("unlock", "unlock", {"key": leave, **more}), choice(), wait("w")],
        *ways,
    )  # fmt: skip


def section_codes(*ways, **more):
    return codes(section(*ways, **more)) - {"unreachable", "port_unconnected"}


def test_a_lock_is_left_on_every_way():
    straight = "start > lock > w > unlock > end"

    assert section_codes(straight) == set()
    assert section_codes(straight, scope="workspace") == set()
    assert section_codes("start > lock > check:a > unlock > end", "check:else > end") == {
        "lock_kept"
    }
    assert section_codes("start > lock > w > check:a > lock", "check:else > unlock > end") == {
        "lock_kept"
    }


def test_a_section_is_left_by_the_key_it_was_entered_by():
    straight = "start > lock > unlock > end"

    assert section_codes(straight, leave="'other'") == {"lock_kept", "unlock_without_lock"}
    assert section_codes(straight, scope="instance") == {"lock_kept", "unlock_without_lock"}
    assert section_codes("start > unlock > lock > end") == {"lock_kept", "unlock_without_lock"}


# --- waiting for events -----------------------------------------------------------------------------------


def receiving(*events, ways=()):
    drawn = [f"n:{way} > end" for way in ways]
    return started([node("n", "receive", {"events": list(events)})], "start > n:paid > end", *drawn)


PAID = event("paid", "message", name="order.paid", key="order_no")


def test_every_event_waited_for_is_an_exit():
    assert found(receiving(PAID)) == []
    assert found(receiving(PAID, timer(), ways=["late"])) == []
    assert found(receiving(PAID, timer())) == [("/nodes/2", "port_unconnected")]


@pytest.mark.parametrize(
    ("events", "place", "code"),
    [
        ([], "/events", "setting_wrong"),
        ([PAID, event("late", "timer")], "/events/1/after", "setting_missing"),
        ([PAID, timer(at="now")], "/events/1/at", "setting_wrong"),
        ([PAID, timer(after="soon")], "/events/1/after", "setting_wrong"),
        ([PAID, event("x", "signal")], "/events/1/name", "setting_missing"),
        ([PAID, event("x", "signal", name="a", key="(")], "/events/1/key", "expression_wrong"),
        ([PAID, event("x", "error")], "/events/1/kind", "setting_wrong"),
        ([PAID, PAID], "/events/1/id", "setting_wrong"),
    ],
)
def test_what_is_wrong_with_an_event_waited_for_is_told(events, place, code):
    assert (f"/nodes/2/settings{place}", code) in found(receiving(*events))


def test_the_name_of_a_message_is_no_variable():
    document = receiving({**PAID, "name": "paid_now", "key": "paid_now"})

    assert errors_of(document) == {"variable_unknown"}


def test_a_message_that_starts_is_mapped_from_what_it_brings():
    start = {"name": "order.paid", "values": [{"name": "no", "value": "payload.no + message.key"}]}
    document = flow(
        [node("start", "message_start", start), value("n", "no"), node("end", "end")],
        "start > n > end",
    )

    assert found(document) == []
    document["nodes"][1] = value("n", "payload")
    assert errors_of(document) == {"variable_unknown"}


# --- unknown types, sizes, anything at all ----------------------------------------------------------------


def test_an_unknown_type_does_not_silence_the_others():
    document = started(
        [node("x", "no_such"), value("lost"), wait("trap")], "start > x > end", "x > trap > trap"
    )

    assert found(document) == [
        ("/nodes/2/type", "node_type_unknown"), ("/nodes/3", "port_unconnected"), ("/nodes/3", "unreachable"),
        ("/nodes/4", "no_way_to_end"),
    ]  # fmt: skip


def test_an_unknown_type_could_be_a_start_an_end_a_split_or_a_wait():
    nodes = [node("x", "no_such"), value("a"), value("b"), node("join", "join")]

    assert errors_of(flow(nodes, "x > a > join > x", "x > b > join")) == {"node_type_unknown"}


def test_the_largest_drawing_of_splits_and_joins_is_checked_in_time():
    """Every second a split, every other a join for all, arrows wherever they may be."""
    kinds = ["split", "join"]
    nodes = [node("start", "start"), node("end", "end")]
    nodes += [node(f"n{i}", kinds[i % 2]) for i in range(NODES_MAX - 2)]
    ways = ["start > n0", f"n{NODES_MAX - 3} > end"]
    for step in (1, 3, 50):
        ways += [f"n{i} > n{i + step}" for i in range(NODES_MAX - 2 - step)]
    document = flow(nodes, *ways[:EDGES_MAX])
    began = time.thread_time()

    validate(document, TYPES)

    assert time.thread_time() - began < 10


WHOLE = undone_by(value("back", "compensated.step"))
WHOLE["nodes"][2]["events"] += [
    timer(),
    event("paid", "message", name="m", key="order_no"),
    event("e", "error", codes=["x"]),
]
WHOLE["nodes"][2]["visits_max"] = 3
WHOLE["edges"] = arrows("start > pay > end", "pay:undo > back", "pay:late > end", "pay:paid > end", "pay:e > end")  # fmt: skip
PLACES = [path for path in places(WHOLE) if path]


def test_the_whole_is_right():
    assert found(WHOLE) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=4))
def test_any_drawing_with_events_is_answered(changes):
    document = copy.deepcopy(WHOLE)
    for path, odd in changes:
        put(document, path, copy.deepcopy(odd))

    for problem in validate(document, TYPES):
        json.dumps(problem.as_json())
        assert problem.message.startswith("Expected")


def put(document, path, value_):
    place = document
    for key in path[:-1]:
        try:
            place = place[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(place, dict) or (isinstance(place, list) and path[-1] in range(len(place))):
        place[path[-1]] = value_


# --- files ------------------------------------------------------------------------------------------------


def test_events_and_bounds_survive_reading_and_writing():
    again = to_json(from_json(WHOLE))

    assert again == WHOLE
    assert canonical(again) == canonical(WHOLE)


def test_the_order_of_events_is_kept():
    """The first error event that fits takes it."""
    turned = copy.deepcopy(WHOLE)
    turned["nodes"][2]["events"].reverse()

    assert canonical(turned) != canonical(WHOLE)


def test_a_changed_event_and_bound_are_told_as_differences():
    other = copy.deepcopy(WHOLE)
    other["nodes"][2]["events"][1]["after"] = "PT2H"
    other["nodes"][2]["visits_max"] = 4

    [changed] = diff(WHOLE, other)

    assert (changed.id, changed.quiet) == ("pay", False)
    assert {one.path for one in changed.fields} == {"/events/late/after", "/visits_max"}
