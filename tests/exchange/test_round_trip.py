"""A flow of ours as BPMN and back is the same flow. `HEADRACE_EXCHANGE=full` tries 5,000 random ones (`make exchange`), else 60."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from headrace.engine.exchange.bpmn import read_bpmn
from headrace.engine.exchange.bpmn_out import to_bpmn
from tests.exchange import drawn
from tests.patterns.test_oracle import FIXED

FULL = os.environ.get("HEADRACE_EXCHANGE") == "full"
RANDOM = 5_000 if FULL else 60
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
TYPES = dict(drawn.of_every_type())


@pytest.mark.parametrize("path", drawn.files(), ids=lambda path: path.stem)
def test_what_comes_with_headrace_comes_back(path: Path) -> None:
    for language in ("zh", "en"):
        drawn.check(drawn.of_file(path), language)


@pytest.mark.parametrize("name", TYPES)
def test_every_node_type_comes_back_with_its_exits_and_events(name: str) -> None:
    drawn.check(TYPES[name])


@pytest.mark.parametrize("name", FIXED)
def test_patterns_come_back(name: str) -> None:
    drawn.check(FIXED[name]().document())


def test_random_processes_come_back() -> None:
    for seed in range(RANDOM):
        drawn.check(drawn.of_process(seed))


def test_drafts_that_are_half_done_come_back() -> None:
    for seed in range(RANDOM * 3):
        document = drawn.half_done(seed)
        found = read_bpmn(to_bpmn(document), "x")
        assert in_any_order(found.documents[0]) == in_any_order(document), seed


def in_any_order(document: drawn.Document) -> drawn.Document:
    """Of things with one id the order is nobody's."""
    lists = {name: sorted(map(repr_of, document[name])) for name in ("nodes", "edges")}
    return {**document, **lists}


def repr_of(value: object) -> str:
    return json.dumps(value, sort_keys=True)


# --- what other tools see and change -------------------------------------------------------------


def exported(name: str) -> str:
    return to_bpmn(drawn.of_file(drawn.ROOT / "flows" / name)).decode()


def test_elements_are_those_that_mean_the_same() -> None:
    wanted = {
        "approval": "userTask", "connector": "serviceTask", "operation": "serviceTask", "record": "serviceTask",
        "set_values": "scriptTask", "decide": "businessRuleTask", "subflow": "callActivity",
        "notification": "sendTask", "split": "parallelGateway", "join": "parallelGateway",
        "condition": "exclusiveGateway", "receive": "eventBasedGateway", "timer": "intermediateCatchEvent",
        "milestone": "intermediateCatchEvent", "publish": "intermediateThrowEvent",
        "compensate": "intermediateThrowEvent", "start": "startEvent", "schedule": "startEvent",
        "message_start": "startEvent", "webhook": "startEvent", "end": "endEvent", "lock": "task", "unlock": "task",
        "cancel": "task", "placeholder": "task", "database": "serviceTask", "customer_page": "task",
    }  # fmt: skip
    found = {}
    for name, settings in {
        name.split("/")[0]: TYPES[name] for name in TYPES if name.endswith("/exits")
    }.items():
        node = {key: value for key, value in settings["nodes"][0].items() if key != "events"}
        root = fromstring(
            to_bpmn({**settings, "nodes": [node, *settings["nodes"][1:]], "edges": []})
        )
        element = next(e for e in root.iter() if e.get("id") == "n")
        found[name] = element.tag.removeprefix(BPMN)

    assert found == wanted


def test_a_task_with_several_exits_has_a_choice_behind_it_that_says_when() -> None:
    root = fromstring(exported("hello-approval.json"))

    told = [e.text for e in root.iter(f"{BPMN}conditionExpression")]
    assert any(text and text.endswith('.decision == "approved"') for text in told)


def test_what_was_renamed_and_moved_elsewhere_is_taken_over() -> None:
    document = drawn.of_file(drawn.ROOT / "flows" / "wait-and-notify.json")
    node = next(node for node in document["nodes"] if node["type"] == "timer")
    text = to_bpmn(document).decode()
    before = f'name="{node["name"]["zh"]}"'
    x = node["position"]["x"] + 98
    assert before in text
    assert f'x="{x}"' in text
    text = text.replace(before, 'name="喝茶"').replace(f'x="{x}"', f'x="{x + 40}"', 1)

    found = read_bpmn(text.encode(), "x").documents[0]

    again = next(one for one in found["nodes"] if one["id"] == node["id"])
    assert again["name"] == {**node["name"], "zh": "喝茶"}
    assert again["settings"] == node["settings"]
    assert any(
        one["position"] != was["position"]
        for one, was in zip(found["nodes"], document["nodes"], strict=True)
    )


def test_a_task_drawn_into_ours_elsewhere_is_read_like_any_other() -> None:
    text = exported("wait-and-notify.json").replace(
        "</bpmn:process>", '<bpmn:task id="extra" name="More"/></bpmn:process>'
    )

    found = read_bpmn(text.encode(), "x")

    assert [n["type"] for n in found.documents[0]["nodes"] if n["name"].get("en") == "More"] == [
        "placeholder"
    ]
    assert [(line.fate, line.code) for line in found.report.lines if line.id == "extra"] == [
        ("placeholder", "no_kind")
    ]


def test_another_kind_of_element_is_not_given_our_settings() -> None:
    text = exported("wait-and-notify.json").replace("sendTask", "serviceTask")

    found = read_bpmn(text.encode(), "x")

    assert any(line.code == "own_retyped" for line in found.report.lines)
    assert any(node["type"] == "placeholder" for node in found.documents[0]["nodes"])
