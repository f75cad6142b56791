"""What the checks say of joins is what the engine does: random drawings, every choice taken, on the real core."""

import itertools
import random
import time

import pytest

from headrace.engine.flow.validate import validate
from headrace.engine.registry import node_types
from tests.fakes import Case
from tests.flow.drawings import flow, node

TYPES = node_types()
STARVES = {"join_may_starve", "branch_strays"}
EXITS = {"split": ("out", "out"), "first": ("a", "else"), "all": ("a", "b", "else")}
PLAIN = ("split", "split", "join", "first", "set_values")
MODES = (
    {},
    {"mode": "first"},
    {"mode": "count", "n": 2},
    {"mode": "percent", "percent": 50},
    {"mode": "inclusive"},
    {"mode": "tokens", "n": 2},
)


def drawing(seed, kinds, modes):
    """Up to eight nodes, each with arrows to one of the next three: no loops, and every choice is a variable."""
    r = random.Random(seed)
    ids = [f"n{i}" for i in range(r.randint(3, 8))]
    nodes, ways, names = [node("start", "start")], ["start > n0"], []
    for place, id_ in enumerate(ids):
        kind, later = r.choice(kinds), [*ids[place + 1 :], "end"][:3]
        ports = EXITS.get(kind, ("out",))
        targets = [r.choice(later) for _ in ports]
        ways += [f"{id_}:{port} > {to}" for port, to in dict.fromkeys(zip(ports, targets, strict=True))]  # fmt: skip
        nodes.append(_node(r, id_, kind, modes, names))
    return _reached(flow([*nodes, node("end", "end")], *ways)), names


def _node(r, id_, kind, modes, names):
    if kind in ("first", "all"):
        new = [f"{id_}_{port}" for port in EXITS[kind][:-1]]
        names += new
        branches = [{"id": name[-1], "when": {"expression": name}} for name in new]
        return node(id_, "condition", {"branches": branches, "mode": kind})
    if kind == "set_values":
        return node(id_, kind, {"values": [{"name": "x", "value": "1"}]})
    if kind == "split" and len(modes) > 1:
        return node(id_, kind, {"copies": r.choice((1, 1, 2))})
    return node(id_, kind, dict(r.choice(modes)) if kind == "join" else {})


def _reached(document):
    """Without what no token comes to; an edge given twice keeps one id."""
    reached = {"start"}
    for _ in document["nodes"]:
        reached |= {edge["to"] for edge in document["edges"] if edge["from"] in reached}
    edges = [edge for edge in document["edges"] if edge["from"] in reached]
    numbered = [{**edge, "id": f"e{i}"} for i, edge in enumerate(edges)]
    nodes = [item for item in document["nodes"] if item["id"] in reached]
    return {**document, "nodes": nodes, "edges": numbered, "input": {"type": "object"}}


def sticks(document, names):
    choices = itertools.product([True, False], repeat=len(names))
    runs = (Case(document, restart=False, **dict(zip(names, c, strict=True))) for c in choices)
    return any(run.instance.incidents for run in runs)


def compared(seeds, kinds, modes):
    """(what the checks say, what the engine does) for each drawing that may be published."""
    for seed in seeds:
        document, names = drawing(seed, kinds, modes)
        found = validate(document, TYPES)
        if len(names) <= 6 and not any(problem.severity == "error" for problem in found):
            told = {problem.code for problem in found}
            yield seed, bool(told & STARVES), sticks(document, names)


@pytest.mark.parametrize("part", range(4))
def test_a_join_is_doubted_exactly_when_it_can_wait_for_ever(part):
    answers = list(compared(range(part * 150, part * 150 + 150), PLAIN, ({},)))

    assert [seed for seed, doubted, stuck in answers if doubted != stuck] == []
    assert 0 < sum(stuck for _, _, stuck in answers) < len(answers)


@pytest.mark.parametrize("part", range(2))
def test_with_joins_of_every_mode_none_is_missed(part):
    answers = list(compared(range(part * 150, part * 150 + 150), (*PLAIN, "all"), MODES))

    assert [seed for seed, doubted, stuck in answers if stuck and not doubted] == []
    assert any(stuck for _, _, stuck in answers)


def test_a_drawing_with_too_many_choices_is_answered_all_the_same():
    """Each of 60 branches goes to one of two joins: 2^60 ways."""
    nodes = [node("start", "start"), node("s", "split"), node("end", "end")]
    nodes += [node(name, "join", {"mode": "inclusive"}) for name in "jk"]
    ways = ["start > s", "j > end", "k > end"]
    for place in range(60):
        branches = [{"id": "a", "when": {"expression": "amount > 1"}}]
        nodes.append(node(f"c{place}", "condition", {"branches": branches}))
        ways += [f"s > c{place}:a > j", f"c{place}:else > k"]
    began = time.thread_time()

    assert validate(flow(nodes, *ways), TYPES) == []
    assert time.thread_time() - began < 3


def test_a_split_in_a_loop_comes_to_an_end():
    nodes = [node("start", "start"), node("s", "split"), node("w", "timer", {"mode": "for", "duration": "PT1H"}),
             node("j", "join"), node("end", "end")]  # fmt: skip
    found = validate(flow(nodes, "start > s > w > s", "s > j > end", "s > j"), TYPES)

    assert [problem.code for problem in found if problem.severity == "error"] == []
