"""Files of other tools: what becomes of each element, that none is dropped in silence, and that nothing makes us fall."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.exchange.files import read_files
from headrace.engine.exchange.report import WORDS, Imported
from headrace.engine.flow.validate import validate
from headrace.engine.registry import node_types
from headrace.engine.service.flows import shape_problems

FULL = os.environ.get("HEADRACE_EXCHANGE") == "full"
MUTANTS = 40_000 if FULL else 2_000
SAMPLES = sorted((Path(__file__).parent / "samples").iterdir())
XML = [path for path in SAMPLES if path.suffix in {".bpmn", ".xml"}]
TYPES = node_types()

every_sample = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)


def read(name: str) -> Imported:
    path = Path(__file__).parent / "samples" / name
    [found] = read_files([(name, path.read_bytes())])
    return found


def flow(found: Imported, place: int = 0) -> dict[str, dict[str, Any]]:
    return {node["id"]: node for node in found.documents[place]["nodes"]}


def arrows(found: Imported, place: int = 0) -> set[str]:
    return {f"{e['from']}.{e['port']}>{e['to']}" for e in found.documents[place]["edges"]}


def codes(found: Imported, id_: str) -> set[tuple[str, str]]:
    return {(line.fate, line.code) for line in found.report.lines if line.id == id_}


# --- all of them ---------------------------------------------------------------------------------


@every_sample
def test_every_element_is_told_of(path: Path) -> None:
    found = read(path.name)
    told = {line.id for line in found.report.lines}

    text = path.read_text("utf-8", errors="replace").partition("<bpmndi:BPMNDiagram")[0]
    ids = set(re.findall(r'<(?!bpmndi|dc:|di:)[\w:]+[^<>]*?\sid="([^"]+)"', text))
    ids |= set(re.findall(r'^  \{"id": "(\d+)"', text, re.MULTILINE))
    assert len(ids) > 9
    assert ids - told == set()
    assert {line.code for line in found.report.lines} <= WORDS.keys()
    assert all("…" not in line.message or "…" in WORDS[line.code] for line in found.report.lines)


@every_sample
def test_it_can_be_kept_and_what_is_open_stops_a_publish(path: Path) -> None:
    found = read(path.name)

    for document in found.documents:
        assert shape_problems(document) == []
        problems = validate(document, TYPES)
        allowed = {
            "placeholder_left", "expression_open", "unreachable", "no_way_to_end", "setting_missing",
        }  # fmt: skip
        assert {problem.code for problem in problems if problem.severity == "error"} <= allowed
        held = [node["id"] for node in document["nodes"] if node["type"] == "placeholder"]
        assert {p.node for p in problems if p.code == "placeholder_left"} == set(held)


@every_sample
def test_no_secret_comes_along(path: Path) -> None:
    assert "very-secret" not in str([read(path.name).documents, read(path.name).report.lines])


@pytest.mark.timeout(3_600 if FULL else 300)
def test_nothing_makes_us_fall() -> None:
    texts = [(path.name, path.read_bytes()) for path in SAMPLES]
    for seed in range(MUTANTS):
        dice = random.Random(seed)
        name, data = dice.choice(texts)
        for found in read_files([(name, mutated(data, dice))]):
            for document in found.documents:
                if not shape_problems(document) and seed % 20 == 0:
                    validate(document, TYPES)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Values changed places, pieces went or came twice, bytes fell over."""
    kind = dice.random()
    if kind < 0.6:
        parts = re.split(rb'("[^"<>]*")', data)
        places = [place for place in range(1, len(parts), 2) if len(parts[place]) < 80]
        for _ in range(dice.randint(1, 8)):
            one, other = dice.choice(places), dice.choice(places)
            parts[one], parts[other] = parts[other], parts[one]
        return b"".join(parts)
    if kind < 0.85:
        parts = re.split(rb"(<[^<>]+>)", data)
        for _ in range(dice.randint(1, 4)):
            one, other = dice.randrange(len(parts)), dice.randrange(len(parts))
            parts[one] = (
                b""
                if dice.random() < 0.6 or not parts[other].endswith(b"/>")
                else parts[one] + parts[other]
            )
        return b"".join(parts)
    broken = bytearray(data)
    for _ in range(dice.randint(1, 10)):
        broken[dice.randrange(len(broken))] = dice.randrange(256)
    return bytes(broken[: dice.randrange(len(broken))] if dice.random() < 0.3 else broken)


# --- Flowable, Activiti --------------------------------------------------------------------------


def test_flowable() -> None:
    found = read("flowable.bpmn20.xml")
    nodes = flow(found)

    assert nodes["apply"]["settings"]["assignees"] == [{"kind": "initiator"}]
    assert nodes["apply"]["settings"]["form"]["properties"]["days"]["type"] == "integer"
    assert nodes["gw"]["settings"]["branches"][0]["when"] == {"expression": "apply.form.days > 3"}
    assert nodes["boss"]["settings"]["assignees"] == [{"kind": "role", "id": "manager"}]
    assert nodes["boss"]["events"] == [
        {"id": "timer", "kind": "timer", "after": "PT24H", "interrupting": False}
    ]
    assert (nodes["sign"]["settings"]["mode"], nodes["sign"]["settings"]["ratio"]) == ("ratio", 60)
    assert {"gw.way>boss", "gw.else>sign", "boss.timer>mail", "start.out>apply"} <= arrows(found)


# --- Camunda -------------------------------------------------------------------------------------


def test_camunda_7() -> None:
    found = read("camunda7.bpmn")
    nodes = flow(found)

    assert nodes["start_1"]["type"] == "message_start"
    assert nodes["check"]["settings"]["title"] == "Check {{ order_no }}"
    assert nodes["check"]["settings"]["assignees"] == [{"kind": "role", "id": "cs_lead"}]
    assert nodes["check"]["settings"]["form"]["required"] == ["kind"]
    assert nodes["good"]["settings"]["branches"][0]["when"] == {"expression": "check.form.ok"}
    assert {
        "good.yes>pay",
        "good.else>refused",
        "pay.compensate>take_back",
        "pay.error_2>refused",
    } <= arrows(found)
    assert nodes["tell"]["settings"]["mode"] == "all"
    assert nodes["together"]["settings"] == {"mode": "inclusive"}
    assert nodes["close"]["settings"]["for_each"] == "lines"
    assert nodes["close"]["settings"]["window"] == 1
    assert found.documents[0]["input"]["properties"]["amount"] == {"type": "number"}
    assert codes(found, "f_rate") == {("placeholder", "condition_open")}
    assert ("left_out", "settings_left") in codes(found, "check")
    assert codes(found, "Escalation_1") == {("left_out", "definition_unused")}


def test_camunda_8_and_a_sub_process_for_each() -> None:
    found = read("camunda8.bpmn")
    nodes, inner = flow(found), flow(found, 1)

    assert nodes["every_hour"]["settings"]["cron"] == "0 * * * *"
    assert nodes["look"]["settings"]["assignees"][0] == {"kind": "expression", "value": "owner"}
    assert nodes["sum"]["settings"]["values"] == [{"name": "free", "value": "on_hand - reserved"}]
    assert [event["kind"] for event in nodes["wait"]["settings"]["events"]] == ["message", "timer"]
    assert nodes["wait"]["settings"]["events"][0]["key"] == "order_no"
    assert nodes["each"]["settings"]["flow"] == found.documents[1]["key"]
    assert {"name": "line", "value": "item"} in nodes["each"]["settings"]["input"]
    assert nodes["stop"]["settings"] == {"terminate": True}
    assert inner["big"]["settings"]["branches"][0]["when"] == {"expression": "line.count > limit"}
    assert codes(found, "slow") == {("placeholder", "time_open"), ("carried", "event_here")} or codes(found, "slow") == {
        ("placeholder", "time_open")
    }  # fmt: skip


def test_a_plain_drawing_keeps_its_ways() -> None:
    found = read("drawing_only.bpmn")

    assert {
        "t1.approved>t1_split",
        "t1.rejected>t1_split",
        "t1_split.out>st",
        "st.out>g1",
    } <= arrows(found)
    # What a gateway brings together is one way for the join behind it.
    assert {"t2.out>merge", "t3.out>merge", "merge.out>pj", "t4.out>pj"} <= arrows(found)
    assert codes(found, "esub") == {("placeholder", "kind_open")}
    assert codes(found, "p2") == {("left_out", "pool_empty")}
    assert codes(found, "f12") == {("left_out", "arrow_lost")}


# --- n8n -----------------------------------------------------------------------------------------


def test_n8n() -> None:
    found = read("n8n.json")
    nodes = flow(found)

    assert nodes["webhook"]["settings"]["values"] == [
        {"name": "amount", "value": "body.amount"}, {"name": "order_no", "value": "body.order_no"},
    ]  # fmt: skip
    assert nodes["amounts"]["settings"]["values"][1] == {
        "name": "label",
        "value": '"Order " + text(order_no)',
    }
    assert (
        nodes["large"]["settings"]["branches"][0]["when"]["expression"]
        == '(amount > 500) and (source == "shop")'
    )
    call = nodes["tell_erp"]["settings"]
    assert (call["path"], call["effect"], call["attempts"]) == ("/orders/{{ label }}", "once", 4)
    assert call["headers"] == [{"name": "X-Shop", "value": "1"}]
    assert nodes["merge"]["settings"] == {"mode": "inclusive"}
    assert nodes["wait_a_day"]["settings"]["duration"] == "P1D"
    assert nodes["nightly"]["settings"]["cron"] == "30 2 * * *"
    assert nodes["close"]["settings"]["flow"] == "close-order"
    assert {
        "tell_erp.error>stop",
        "merge.out>each",
        "each.loop>close",
        "route.else>agent",
    } <= arrows(found)
    assert ("left_out", "credentials") in codes(found, "4")
    assert codes(found, "16") >= {("left_out", "sub_node")}


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b"hello", "JSON or XML"),
        (b'{"a": ', "line 1, column 7"),
        (b'[{"key": "a"}]', "a format number"),
        (b"[]", "an empty list"),
        (b"[" * 100_000, "levels"),
        (b'{"format": 1, "key": NaN}', "NaN"),
        (b'{"key": "\\u0000"}', "U+0000"),
        (b"<a><b></a>", "line 1, column 9"),
        (b"<html/>", "BPMN 2.0 (definitions), but found html"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DTD"),
        (b"<a>" * 100 + b"</a>" * 100, "60 levels"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "XML"),
        (b"PK\x03\x04 and nothing", "ZIP"),
        ("€".encode("utf-16"), "XML"),
        (b'{"n": "\xff"}', "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(data: bytes, found: str) -> None:
    [told] = read_files([("x", data)])

    assert told.documents == []
    assert found in told.wrong[0].message
    assert told.wrong[0].path.startswith("x")
