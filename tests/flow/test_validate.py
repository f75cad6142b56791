import copy
import json
import time

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.engine.flow import forms
from headrace.engine.flow.lint import lint
from headrace.engine.flow.validate import NODES_MAX, PROBLEMS_MAX, schema, validate
from tests.flow.drawings import REFUND, TYPES, arrows, choice, flow, node, when


def found(document, **more):
    return [(problem.path, problem.code) for problem in validate(document, TYPES, **more)]


def errors_of(document, **more):
    return [
        (problem.path, problem.code)
        for problem in validate(document, TYPES, **more)
        if problem.severity == "error"
    ]


def simple(*nodes, ways=(), **more):
    """start → … → end, with these nodes between."""
    middle = [n["id"] for n in nodes]
    return flow(
        [node("start", "start"), *nodes, node("end", "end")],
        " > ".join(["start", *middle, "end"]),
        *ways,
        **more,
    )


def split_flow(*ways, **more):
    nodes = [node("start", "start"), node("split", "split"), node("a", "timer", {"mode": "for", "duration": "PT1H"}),
             node("b", "timer", {"mode": "for", "duration": "PT1H"}), node("join", "join"), node("end", "end")]  # fmt: skip
    return flow(nodes, *ways, **more)


def with_settings(type_name, **given_settings):
    return simple(node("n", type_name, given_settings))


def test_a_right_flow_has_no_problems():
    assert found(REFUND) == []


def test_the_published_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


# --- the document -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [None, 5, "x", [], True])
def test_what_is_no_object_is_one_problem(document):
    assert found(document) == [("", "type")]


def test_an_empty_object_lacks_everything_a_flow_has():
    assert found({}) == [
        (f"/{name}", "required") for name in ("edges", "format", "key", "name", "nodes")
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"format": 2}, ("/format", "const")),
        ({"key": "A Flow"}, ("/key", "pattern")),
        ({"key": "流程"}, ("/key", "pattern")),
        ({"name": {}}, ("/name", "min_properties")),
        ({"name": {"fr": "x"}}, ("/name/fr", "unknown_property")),
        ({"extra": 1}, ("/extra", "unknown_property")),
        ({"notes": [{"id": "n", "text": "x" * 5000, "position": {"x": 0, "y": 0}}]}, ("/notes/0/text", "max_length")),
        ({"notes": [{"id": "n", "text": "x", "position": {"x": 0, "y": 0}, "color": "red"}]}, ("/notes/0/color", "enum")),
        ({"sample": []}, ("/sample", "type")),
    ],
)  # fmt: skip
def test_what_breaks_the_file_format_is_told_with_its_place(change, problem):
    assert problem in errors_of({**REFUND, **change})


def test_a_problem_of_the_format_says_which_node_it_is_in():
    document = copy.deepcopy(REFUND)
    document["nodes"][1]["extra"] = 1

    [problem] = validate(document, TYPES)

    assert (problem.path, problem.code, problem.node) == (
        "/nodes/1/extra",
        "unknown_property",
        "check",
    )


@pytest.mark.parametrize(
    ("name", "count"), [("nodes", 10_000), ("edges", 10_000), ("notes", 10_000)]
)
def test_ten_thousand_of_anything_are_refused_at_once(name, count):
    began = time.thread_time()

    answer = found({**REFUND, name: [{}] * count})

    assert answer == [(f"/{name}", f"too_many_{name}")]
    assert time.thread_time() - began < 0.1


def test_the_largest_flow_allowed_is_checked_in_time():
    nodes = [node("start", "start")]
    nodes += [
        node(
            f"n{i}",
            "set_values",
            {"values": [{"name": f"v{i}", "value": f"v{i - 1} + 1" if i else "amount"}]},
        )
        for i in range(NODES_MAX - 2)
    ]
    nodes += [node("end", "end")]
    began = time.thread_time()

    problems = found(flow(nodes, " > ".join(n["id"] for n in nodes)))

    assert problems == []
    assert time.thread_time() - began < 5


def test_data_nested_without_end_are_refused_not_fatal():
    deep = {}
    for _ in range(5_000):
        deep = {"a": deep}

    assert found(with_settings("set_values", values=deep))
    assert found({**REFUND, "input": deep})


@pytest.mark.parametrize(
    ("schema_", "problem"),
    [
        ({"type": "array"}, ("/input/type", "input_wrong")),
        ({"type": "object", "allOf": []}, ("/input/allOf", "form_keyword_unknown")),
        (
            {"type": "object", "properties": {"now": {"type": "string"}}},
            ("/input/properties/now", "name_reserved"),
        ),
        (
            {"type": "object", "properties": {"a": {"multipleOf": 0.01}}},
            ("/input/properties/a/multipleOf", "form_value_wrong"),
        ),
    ],
)
def test_an_input_nobody_can_fill_in_is_a_problem(schema_, problem):
    assert problem in errors_of(simple(input=schema_))


def test_an_input_that_expressions_cannot_name_is_warned_of():
    document = simple(
        input={
            "type": "object",
            "properties": {"order no": {"type": "string"}, "from": {"type": "string"}},
        }
    )

    assert [p for p in found(document) if p[1] == "name_unusable"] == [
        ("/input/properties/order no", "name_unusable"), ("/input/properties/from", "name_unusable"),
    ]  # fmt: skip


# --- names ------------------------------------------------------------------------------------------------


def test_an_id_given_twice_is_told_where_it_comes_again():
    document = simple()
    document["nodes"].append(document["nodes"][0])
    document["edges"].append(document["edges"][0])
    document["edges"][1] = {**document["edges"][1], "port": "out"}

    assert {("/nodes/2/id", "id_twice"), ("/edges/1/id", "id_twice")} <= set(errors_of(document))


def test_two_nodes_of_one_name_are_a_warning():
    document = copy.deepcopy(REFUND)
    document["nodes"][4]["name"] = document["nodes"][5]["name"]

    assert {problem.severity for problem in validate(document, TYPES)} == {"warning"}
    assert found(document) == [
        ("/nodes/5/name/zh", "name_twice"),
        ("/nodes/5/name/en", "name_twice"),
    ]


@pytest.mark.parametrize(
    ("given_node", "problem"),
    [
        (node("n", "set_values", result="amount"), ("/nodes/1/result", "result_clash")),
        (node("amount", "set_values"), ("/nodes/1/id", "result_clash")),
        (node("n", "set_values", result="now"), ("/nodes/1/result", "name_reserved")),
        (node("step", "set_values"), ("/nodes/1/id", "name_reserved")),
    ],
)
def test_a_result_must_not_hide_what_is_there(given_node, problem):
    assert errors_of(simple(given_node)) == [problem]


# --- nodes ------------------------------------------------------------------------------------------------


def test_an_unknown_node_type_names_the_closest_and_makes_no_other_problems():
    [problem] = validate(simple(node("n", "aproval")), TYPES)

    assert (problem.path, problem.code, problem.params["closest"]) == (
        "/nodes/1/type",
        "node_type_unknown",
        ["approval"],
    )


@pytest.mark.parametrize(
    ("type_name", "given_settings", "path", "code"),
    [
        ("condition", {}, "/branches", "setting_missing"),
        ("timer", {"mode": "never"}, "/mode", "setting_wrong"),
        ("timer", {"mode": "for", "duration": "P1M"}, "/duration", "setting_wrong"),
        ("timer", {"mode": "for", "wild": 1}, "/wild", "setting_wrong"),
        ("approval", {"due": 5}, "/due", "setting_wrong"),
        (
            "set_values",
            {"values": [{"name": "bad", "value": "1"}]},
            "/values",
            "setting_wrong",
        ),  # what the type itself checks
        (
            "set_values",
            {"values": [{"name": "x", "value": "1 +"}]},
            "/values/0/value",
            "expression_wrong",
        ),
        (
            "set_values",
            {"values": [{"name": "x", "value": "roundd(1)"}]},
            "/values/0/value",
            "expression_wrong",
        ),
        ("approval", {"title": "{{ amount"}, "/title", "template_wrong"),
        ("approval", {"title": "{{ amount | mony }}"}, "/title", "template_wrong"),
        (
            "approval",
            {"assignees": [{"kind": "expression", "value": "("}]},
            "/assignees/0/value",
            "expression_wrong",
        ),
        (
            "approval",
            {"form": {"type": "object", "allOf": []}},
            "/form/allOf",
            "form_keyword_unknown",
        ),
        ("subflow", {"flow": "nope"}, "/flow", "flow_unknown"),
    ],
)
def test_a_setting_that_cannot_work_is_told_with_its_place(type_name, given_settings, path, code):
    answer = errors_of(with_settings(type_name, **given_settings), known_flows=["order-intake"])

    assert (f"/nodes/1/settings{path}", code) in answer


def test_rules_of_the_clock_are_checked():
    document = simple()
    document["nodes"][0] = node(
        "start", "schedule", {"cron": "61 * * * *", "timezone": "Asia/Shanghia"}
    )

    assert errors_of(document) == [
        ("/nodes/0/settings/timezone", "setting_wrong"),
        ("/nodes/0/settings/cron", "cron_wrong"),
    ]


def test_a_setting_that_is_not_in_use_is_not_looked_at():
    assert found(with_settings("timer", mode="for", duration="PT1H", until="nope +")) == []


def test_a_flow_may_start_itself():
    assert found(with_settings("subflow", flow="a-flow"), known_flows=[]) == []


def test_which_flows_exist_is_only_asked_when_they_are_given():
    assert found(with_settings("subflow", flow="nope")) == []


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        ({"combinator": "and", "rules": []}, ("", "condition_empty")),
        ({"expression": "amount >"}, ("/expression", "expression_wrong")),
        (when("amout", ">", 5), ("", "variable_unknown")),
        ({"expression": "amout > 5"}, ("", "variable_unknown")),
    ],
)
def test_a_condition_that_cannot_be_meant_is_told(tree, problem):
    document = flow(
        [node("start", "start"), node("check", "condition", {"branches": [{"id": "big", "when": tree}]}), node("end", "end")],
        "start > check:big > end", "check:else > end",
    )  # fmt: skip
    path, code = problem

    assert errors_of(document) == [(f"/nodes/1/settings/branches/0/when{path}", code)]


# --- arrows -----------------------------------------------------------------------------------------------


def test_an_arrow_from_or_to_nowhere_is_told_at_its_end():
    document = simple()
    document["edges"] += [
        {"id": "x", "from": "strat", "port": "out", "to": "end"},
        {"id": "y", "from": "start", "port": "out", "to": "gone"},
    ]

    assert {("/edges/1/from", "edge_dangling"), ("/edges/2/to", "edge_dangling")} <= set(
        errors_of(document)
    )


@pytest.mark.parametrize(
    ("ways", "problems"),
    [
        (
            ["start > check:big > end", "check:else > end", "check:huge > end"],
            [("/edges/3/port", "port_unknown")],
        ),
        (["start > check:big > end"], [("/nodes/1", "port_unconnected")]),
        (
            ["start > check:big > end", "check:else > end", "check:else > other"],
            [("/edges/3/port", "port_taken")],
        ),
        (
            ["start > check:big > end", "check:else > end", "check:else > start"],
            [
                ("/edges/3/to", "edge_into_start"),
                ("/edges/3/port", "port_taken"),
                ("/nodes/0", "loop_without_wait"),
            ],
        ),
        (
            ["start > check:big > end", "check:else > end", "end > check"],
            [("/edges/3/from", "edge_out_of_end"), ("/nodes/1", "loop_without_wait")],
        ),
    ],
)
def test_an_arrow_that_cannot_be_is_told(ways, problems):
    nodes = [node("start", "start"), choice(), node("end", "end"), node("other", "end")]
    answer = [problem for problem in errors_of(flow(nodes, *ways)) if problem[1] != "unreachable"]

    assert answer == problems


def test_exits_that_hang_on_settings_are_not_guessed_while_the_settings_are_wrong():
    document = flow(
        [node("start", "start"), node("r", "record", {"operation": "fnd"}), node("end", "end")],
        "start > r:found > end",
    )

    assert errors_of(document) == [("/nodes/1/settings/operation", "setting_wrong")]


def test_exits_that_hang_on_a_setting_must_be_connected():
    document = flow(
        [node("start", "start"), node("r", "record", {"operation": "find"}), node("end", "end")],
        "start > r:found > end",
    )

    assert errors_of(document) == [("/nodes/1", "port_unconnected")]


def test_a_split_may_have_many_arrows():
    assert found(split_flow("start > split > a > join > end", "split > b > join")) == []


# --- the drawing as a whole -------------------------------------------------------------------------------


def test_a_flow_needs_a_start_and_an_end():
    assert set(errors_of(flow([]))) == {("/nodes", "no_start"), ("/nodes", "no_end")}


def test_a_node_no_token_comes_to_is_told():
    document = simple()
    document["nodes"].append(node("lost", "end"))

    assert errors_of(document) == [("/nodes/2", "unreachable")]


def test_a_node_from_which_no_end_is_reached_is_told():
    document = flow(
        [node("start", "start"), choice(), node("wait", "timer", {"mode": "for"}), node("end", "end")],
        "start > check:big > end", "check:else > wait > wait",
    )  # fmt: skip

    assert errors_of(document) == [("/nodes/2", "no_way_to_end")]


def test_a_loop_that_never_rests_names_its_nodes():
    document = flow(
        [node("start", "start"), node("count", "set_values"), choice(), node("end", "end")],
        "start > count > check:big > count", "check:else > end",
    )  # fmt: skip

    [problem] = validate(document, TYPES)

    assert (problem.code, problem.params["nodes"]) == ("loop_without_wait", ["count", "check"])


def test_a_loop_with_a_wait_may_turn():
    document = flow(
        [node("start", "start"), node("wait", "timer", {"mode": "for"}), choice(), node("end", "end")],
        "start > wait > check:big > wait", "check:else > end",
    )  # fmt: skip

    assert found(document) == []


def test_a_join_behind_exclusive_branches_never_fills():
    document = flow(
        [node("start", "start"), choice(), node("join", "join"), node("end", "end")],
        "start > check:big > join > end", "check:else > join",
    )  # fmt: skip

    assert errors_of(document) == [("/nodes/2", "join_never_fills")]


def test_a_join_behind_two_starts_never_fills():
    document = flow(
        [node("one", "start"), node("two", "start"), node("join", "join"), node("end", "end")],
        "one > join > end",
        "two > join",
    )

    assert errors_of(document) == [("/nodes/2", "join_never_fills")]


def test_a_join_fills_when_branches_of_a_split_choose_their_way_inside():
    document = flow(
        [
            node("start", "start"),
            node("split", "split"),
            choice(),
            node("a", "set_values"),
            node("b", "set_values"),
            node("join", "join"),
            node("end", "end"),
        ],
        "start > split > check:big > a > join > end",
        "check:else > end",
        "split > b > join",
    )

    assert errors_of(document) == []


def test_one_exclusive_entry_too_many_is_found_among_right_ones():
    document = flow(
        [
            node("start", "start"),
            node("split", "split"),
            choice(),
            node("b", "set_values"),
            node("join", "join"),
            node("end", "end"),
        ],
        "start > split > check:big > join > end",
        "check:else > join",
        "split > b > join",
    )

    [problem] = [p for p in validate(document, TYPES) if p.severity == "error"]

    assert (problem.code, problem.params["nodes"]) == ("join_never_fills", ["check", "check"])


def test_splits_inside_splits_fill_their_joins():
    document = flow(
        [node("start", "start"), node("s1", "split"), node("s2", "split"), node("a", "set_values"), node("b", "set_values"),
         node("c", "set_values"), node("j2", "join"), node("j1", "join"), node("end", "end")],
        "start > s1 > s2 > a > j2 > j1 > end", "s2 > b > j2", "s1 > c > j1",
    )  # fmt: skip

    assert found(document) == []


def test_a_join_of_a_loop_is_filled_by_the_split_of_the_same_loop():
    document = split_flow(
        "start > split > a > join > check:big > split", "split > b > join", "check:else > end"
    )
    document["nodes"].append(choice())

    assert found(document) == []


def test_branches_that_meet_without_a_join_are_warned_of():
    document = split_flow("start > split > a > tell > join > end", "split > b > tell")
    document["nodes"].append(node("tell", "set_values"))

    assert ("/nodes/6", "runs_twice") in found(document)


def test_branches_may_end_at_one_end():
    document = split_flow("start > split > a > end", "split > b > end")
    document["nodes"] = [n for n in document["nodes"] if n["id"] != "join"]

    assert found(document) == []


# --- variables --------------------------------------------------------------------------------------------


def reads(text, *before, **more):
    return simple(
        *before, node("n", "set_values", {"values": [{"name": "x", "value": text}]}), **more
    )


@pytest.mark.parametrize(
    "text", ["amount", "instance.initiator", "now", "step.key", "default(order_no, now)"]
)
def test_inputs_and_reserved_names_are_known_everywhere(text):
    assert found(reads(text)) == []


def test_an_unknown_variable_names_the_closest():
    [problem] = validate(reads("amout > 5"), TYPES)

    assert (problem.code, problem.node, problem.params["closest"]) == (
        "variable_unknown",
        "n",
        ["amount"],
    )
    assert problem.severity == "error"


def test_an_unknown_variable_behind_default_is_a_warning():
    [problem] = validate(reads("default(amout, 5)"), TYPES)

    assert (problem.code, problem.severity) == ("variable_unknown", "warning")


def test_results_of_nodes_before_are_known_by_name_or_id():
    assert (
        found(
            reads(
                "answer.status + other.x",
                node("call", "connector", result="answer"),
                node("other", "connector"),
            )
        )
        == []
    )


def test_a_result_of_a_later_node_is_told_as_such():
    document = simple(
        node("n", "set_values", {"values": [{"name": "x", "value": "later.status"}]}),
        node("later", "connector"),
    )

    assert errors_of(document) == [("/nodes/1/settings/values/0/value", "variable_later")]


def test_in_a_loop_everything_may_come_before():
    document = flow(
        [
            node("start", "start"),
            node("wait", "timer", {"mode": "until", "until": "default(check.branch, now)"}),
            choice(),
            node("end", "end"),
        ],
        "start > wait > check:big > wait",
        "check:else > end",
    )

    assert found(document) == []


def test_values_set_before_are_known_and_later_rows_use_earlier_ones():
    rows = [{"name": "net", "value": "amount * 0.9"}, {"name": "half", "value": "net / 2"}]

    assert found(reads("net + half", node("calc", "set_values", {"values": rows}))) == []


def test_fields_sent_outside_are_no_variables():
    called = node("call", "connector", {"values": [{"name": "sent", "value": "1"}]})

    assert errors_of(reads("sent", called)) == [
        ("/nodes/2/settings/values/0/value", "variable_unknown")
    ]


def test_a_call_that_comes_in_is_seen_by_its_start_only():
    document = reads("order + item.id")
    document["nodes"][0] = node("start", "webhook", {
        "items": "body.list", "values": [{"name": "order", "value": "item.id"}], "dedup_key": "order + headers.x",
    })  # fmt: skip

    [problem] = validate(document, TYPES)

    assert (problem.node, problem.params["name"]) == ("n", "item")


def test_the_item_of_a_loop_is_known_where_there_is_one():
    rows = [{"name": "sku", "value": "item.sku + text(index)"}]

    assert found(with_settings("subflow", flow="x", for_each="[1]", input=rows)) == []
    assert (
        errors_of(with_settings("subflow", flow="x", input=rows))
        == [("/nodes/1/settings/input/0/value", "variable_unknown")] * 2
    )


def test_a_setting_can_name_what_it_sees_besides():
    types = dict(TYPES)
    seen = {**TYPES["set_values"].settings, "x-variables": ["extra"]}
    types["set_values"] = type(TYPES["end"])(
        **{
            **{f: getattr(TYPES["set_values"], f) for f in TYPES["set_values"].__slots__},
            "settings": seen,
        }
    )

    assert validate(reads("extra.x"), types) == []


def test_members_of_an_input_that_declares_its_fields_are_checked():
    order = {"type": "object", "properties": {"number": {"type": "string"}}}
    closed = {**order, "additionalProperties": False}
    loose = validate(
        reads("order.numbr", input={"type": "object", "properties": {"order": order}}), TYPES
    )
    strict = validate(
        reads("order.numbr", input={"type": "object", "properties": {"order": closed}}), TYPES
    )

    assert [(p.code, p.severity, p.params["closest"]) for p in loose + strict] == [
        ("variable_unknown", "warning", ["number"]), ("variable_unknown", "error", ["number"]),
    ]  # fmt: skip


def test_an_input_that_declares_nothing_may_hold_anything():
    assert errors_of(reads("anything", input={})) == []


def test_fields_of_a_template_are_checked():
    document = with_settings(
        "approval", title="{{ amout }} {% for x in order_no %}{{ x }}{% endfor %}"
    )
    document["edges"] = arrows("start > n:approved > end", "n:rejected > end")

    assert errors_of(document) == [("/nodes/1/settings/title", "variable_unknown")]


# --- all at once ------------------------------------------------------------------------------------------


def test_one_broken_node_does_not_hide_the_problems_of_others():
    document = simple(
        node("a", "timer", {"mode": "never"}),
        node("b", "set_values", {"values": [{"name": "x", "value": "nope"}]}),
        node("c", "nope"),
    )

    assert {code for _, code in found(document)} == {
        "setting_wrong",
        "variable_unknown",
        "node_type_unknown",
    }


def test_errors_stand_before_warnings():
    document = simple(
        node("a", "set_values", {"values": [{"name": "x", "value": "default(nope, 1) + nope2"}]})
    )

    assert [problem.severity for problem in validate(document, TYPES)] == ["error", "warning"]


def test_a_hostile_document_gives_a_list_that_can_be_read():
    nodes = [
        node(f"n{i}", "set_values", {"values": [{"name": "x", "value": f"u{i}"}] * 20})
        for i in range(500)
    ]

    assert len(validate(flow(nodes), TYPES)) == PROBLEMS_MAX


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        yield from places(item, (*path, key))


PLACES = [path for path in places(REFUND) if path]
ODD = st.sampled_from(
    [
        None,
        0,
        -1,
        1.5,
        True,
        "",
        "x",
        "start",
        "{{",
        "amount >",
        [],
        {},
        [[]],
        [{}],
        {"a": 1},
        ["x"],
        {"rules": [{}]},
        "\ud800",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=4))
def test_any_document_is_answered_and_every_problem_can_be_sent(changes):
    document = copy.deepcopy(REFUND)
    for path, odd in changes:
        place = document
        for key in path[:-1]:
            inside = isinstance(place, dict | list) and (
                key in place
                if isinstance(place, dict)
                else isinstance(key, int) and key < len(place)
            )
            place = place[key] if inside else {}
        if isinstance(place, dict) or (
            isinstance(place, list) and isinstance(path[-1], int) and path[-1] < len(place)
        ):
            place[path[-1]] = copy.deepcopy(odd)

    for problem in validate(document, TYPES, known_flows=["x"]):
        json.dumps(problem.as_json())
        assert problem.message.startswith("Expected")


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda below: (
            st.lists(below, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "properties",
                        "items",
                        "required",
                        "enum",
                        "pattern",
                        "oneOf",
                        "const",
                        "format",
                        "minimum",
                    ]
                ),
                below,
                max_size=3,
            )
        ),
    )
)
def test_any_form_schema_is_linted_and_what_passes_can_be_used(schema_):
    problems = list(lint(schema_))
    if not problems:
        forms.check_form(schema_, {"a": 1})
