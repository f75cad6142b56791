"""The same questions to every template and every sample flow: are they right, complete, and do their samples run as told?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from headrace import flows, templates
from headrace.engine.clock import ManualClock, from_iso
from headrace.engine.flow.compile import compile_flow
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.flow.forms import check_form
from headrace.engine.flow.order_tables import ORDERS, REFUNDS
from headrace.engine.flow.validate import validate
from headrace.engine.http.templates import FORMS
from headrace.engine.registry import connectors, node_types
from headrace.engine.service import bundles, template_sources
from headrace.engine.service.expectation import unmet
from headrace.engine.service.starts import prepare
from headrace.engine.service.testrun import run_test

TYPES = node_types()
HERE = Path(templates.__file__).parent
FOLDERS = sorted(path.parent for path in HERE.glob("*/template.json"))
LEARNING = sorted(Path(flows.__file__).parent.glob("*.json"))
NOW_MS = ManualClock().now_ms()
INTAKE = {"orders", "refunds"}
"""Tables that ways in for orders bring."""
NODE_WIDTH, NODE_HEIGHT, PORT_HEIGHT = 232, 64, 26
"""What a node takes on the designer's canvas; more than one exit adds a row each."""


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def template(key: str) -> dict[str, Any]:
    return read(HERE / key / "template.json")


def flow(folder: Path, key: str) -> dict[str, Any]:
    return read(folder / "flows" / f"{key}.json")


DRAWN = [path for folder in FOLDERS for path in sorted((folder / "flows").glob("*.json"))]
SAMPLES = [path for folder in FOLDERS for path in sorted((folder / "sample").glob("*.json"))]
KNOWN = {path.stem for path in [*DRAWN, *LEARNING]}

every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
every_flow = pytest.mark.parametrize("path", [*DRAWN, *LEARNING], ids=lambda p: p.stem)
every_sample = pytest.mark.parametrize(
    "path", SAMPLES, ids=lambda p: f"{p.parent.parent.name}/{p.stem}"
)

TEXT = {
    "type": "object",
    "properties": {n: {"type": "string", "minLength": 1} for n in ("zh", "en")},
    "required": ["zh", "en"],
    "additionalProperties": False,
}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


KEY = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{1,63}$"}
TEMPLATE = {
    **bundles.ABOUT,
    "required": ["key", "name", "description", "industry", "roles", "connections", "flows"],
}
"""What any template says, and what ours say besides."""

SAMPLE = closed(
    ["name", "flow", "input", "expect"],
    name=TEXT,
    flow=KEY,
    start_node={"type": "string"},
    at={"type": "string"},
    input={"type": "object"},
    decisions={"type": "object"},
    mocks={"type": "object"},
    expect=closed(
        ["status"],
        status={"enum": ["completed", "waiting", "incident", "refused"]},
        result={"type": "string"},
        visited={"type": "array"},
        not_visited={"type": "array"},
        variables={"type": "object"},
        dedup_key={"type": "string"},
        business_key={"type": "string"},
        notified={"type": "object"},
        not_notified={"type": "array"},
        lasts_ms={"type": "array"},
        problems={"type": "array"},
    ),
)


def test_the_first_release_has_these():
    codes = {template(f.name).get("code") for f in FOLDERS}
    assert codes >= {"T01", "T03", "T04", "T07", "T08"}
    assert {f.name for f in FOLDERS} >= {"exception-desk", "order-intake"}
    assert len(LEARNING) >= 3


# --- template.json --------------------------------------------------------------------------------


@every_folder
def test_it_says_what_it_is(folder):
    told = template(folder.name)

    jsonschema.validate(told, TEMPLATE)
    assert told["key"] == folder.name
    assert {f"{path.stem}.json" for path in (folder / "flows").glob("*.json")} == set(told["flows"])


@every_folder
def test_its_connections_are_ready_to_be_filled_in(folder):
    for connection in template(folder.name)["connections"]:
        connector = connectors()[connection["connector"]]
        jsonschema.Draft202012Validator(connector.settings).validate(connection["settings"])
        assert list(connector.check(connection["settings"])) == []


@every_folder
def test_every_role_and_connection_a_flow_names_comes_with_it(folder):
    told = template(folder.name)
    roles = {role["key"] for role in told["roles"]}
    connections = {connection["key"] for connection in told["connections"]}
    for name in told["flows"]:
        for node in read(folder / "flows" / name)["nodes"]:
            assert set(named(node["settings"], "role")) <= roles, node["id"]
            if "connection" in node["settings"]:
                assert node["settings"]["connection"] in connections, node["id"]


@every_folder
def test_every_table_a_flow_names_comes_with_it_or_is_the_orders(folder):
    bundle = bundles.from_folder(folder)
    tables = {table["key"] for table in bundle.tables} | INTAKE
    decisions = {table["key"] for table in bundle.decision_tables}
    for drawn in bundle.flows:
        wanted = bundles.references(drawn, TYPES)
        assert wanted["tables"] <= tables, drawn["key"]
        assert wanted["decision_tables"] <= decisions, drawn["key"]


def test_templates_that_share_a_table_mean_the_same_table():
    meant: dict[str, Any] = {}
    for folder in FOLDERS:
        for table in bundles.from_folder(folder).tables:
            assert meant.setdefault(table["key"], table) == table, (folder.name, table["key"])


def test_orders_and_refunds_are_drawn_as_the_intake_draws_them():
    meant = {"orders": ORDERS, "refunds": REFUNDS}
    for folder in FOLDERS:
        for table in bundles.from_folder(folder).tables:
            if table["key"] in INTAKE:
                assert table["definition"] == meant[table["key"]], folder.name


@every_folder
def test_its_sources_need_nothing_that_does_not_come_along(folder):
    bundle = bundles.from_folder(folder)
    tables = {table["key"] for table in bundle.tables}
    for source in bundle.sources:
        assert template_sources.named(source)["tables"] <= tables, source["key"]
        assert source["channel"] in connectors() or "connection" not in source
        assert set(source["title"]) == {"zh", "en"}


@every_folder
def test_it_packs_into_a_file_and_comes_out_the_same(folder):
    bundle = bundles.from_folder(folder)

    again = bundles.from_zip(bundles.to_zip(bundle), TYPES)

    assert bundles.to_zip(again) == bundles.to_zip(bundle)
    assert again.samples == bundle.samples
    assert bundles.problems(bundle, TYPES, FORMS) == []


def named(settings: Any, kind: str) -> Iterator[str]:
    if isinstance(settings, Mapping):
        if settings.get("kind") == kind:
            yield settings["id"]
        settings = list(settings.values())
    if isinstance(settings, list):
        for item in settings:
            yield from named(item, kind)


@every_folder
def test_every_flow_has_samples(folder):
    sampled = {read(path)["flow"] for path in (folder / "sample").glob("*.json")}

    assert sampled == {Path(name).stem for name in template(folder.name)["flows"]}


# --- flows ----------------------------------------------------------------------------------------


@every_flow
def test_a_flow_has_no_problem_at_all(path):
    problems = validate(read(path), TYPES, known_flows=KNOWN)

    assert [problem.as_json() for problem in problems] == []


@every_flow
def test_a_flow_is_named_after_its_file_and_speaks_both_languages(path):
    document = read(path)

    assert document["key"] == path.stem
    for text in (
        document["name"],
        document["description"],
        *(n["name"] for n in document["nodes"]),
    ):
        assert set(text) == {"zh", "en"}
    for name, schema in fields(document["input"]):
        assert set(schema["x-title"]) == {"zh", "en"}, name
    assert all(re.search("[a-z]", note["text"]) for note in document.get("notes", ()))


def fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, below in schema.get("properties", {}).items():
        yield name, below
        yield from fields(below)
        yield from fields(below.get("items", {}))


@every_flow
def test_a_flow_is_drawn_from_left_to_right_without_overlaps(path):
    document = read(path)
    boxes = [(n["id"], n["position"], NODE_WIDTH, height_of(n)) for n in document["nodes"]]
    boxes += [
        (n["id"], n["position"], n["size"]["width"], n["size"]["height"])
        for n in document.get("notes", ())
    ]
    for index, (id_, at, width, height) in enumerate(boxes):
        for other, there, its_width, its_height in boxes[index + 1 :]:
            apart = (
                at["x"] + width <= there["x"]
                or there["x"] + its_width <= at["x"]
                or at["y"] + height <= there["y"]
                or there["y"] + its_height <= at["y"]
            )
            assert apart, f"{id_} lies on {other}"
    x = {n["id"]: n["position"]["x"] for n in document["nodes"]}
    starts = {n["id"] for n in document["nodes"] if TYPES[n["type"]].starts}
    assert all(x[start] == min(x.values()) for start in starts)


def height_of(node: Mapping[str, Any]) -> int:
    ports = len(TYPES[node["type"]].ports_for(node["settings"]))
    return NODE_HEIGHT + (ports * PORT_HEIGHT + 8 if ports > 1 else 0)


@every_flow
def test_its_own_sample_is_a_valid_input(path):
    document = read(path)

    if "sample" in document:
        assert check_form(document["input"], document["sample"]) == []


# --- samples --------------------------------------------------------------------------------------


@every_sample
def test_a_sample_says_what_it_is(path):
    jsonschema.validate(read(path), SAMPLE)


@every_sample
def test_a_sample_runs_as_told(path):
    sample = read(path)
    expect = sample["expect"]

    answer = run_sample(path.parent.parent, sample)

    assert expect
    assert unmet(expect, answer) == []


def run_sample(folder: Path, sample: Mapping[str, Any]) -> dict[str, Any]:
    return run_test(
        flow(folder, sample["flow"]),
        TYPES,
        sample["input"],
        start_node=sample.get("start_node"),
        decisions=sample.get("decisions"),
        mocks=sample.get("mocks"),
        now_ms=from_iso(sample["at"]) if "at" in sample else NOW_MS,
        decide=bundles.deciding(bundles.from_folder(folder)),
    )


PAYLOADS = HERE.parent.parent / "shared" / "data" / "payloads"
"""What platforms publish as examples; not ours to ship, so asked only where it is at hand."""

REAL = [
    # file, where a call of that kind begins, dedup key and total of its one order
    ("shopify/order.json", "shopify", "order:shopify:shopify:450789469", 409.94),
    ("woocommerce/orders_1.json", "woocommerce", "order:woocommerce:example.com:727", 29.35),
    (
        "doudian/OrderSearchListResponse.json",
        "doudian",
        "order:doudian:77977:4781320682406083640",
        5,
    ),
]


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the platforms' examples are not at hand")
@pytest.mark.parametrize(("file", "start", "dedup_key", "total"), REAL, ids=lambda v: str(v))
def test_what_a_platform_really_sends_becomes_an_order(file, start, dedup_key, total):
    intake = compile_flow(flow(HERE / "order-intake", "order-intake"), TYPES)
    call = {"body": read(PAYLOADS / file), "headers": {}, "query": {}}
    items = intake.nodes[start].settings.get("items", "[body]")

    begun = [
        prepare(intake, start, {**call, "item": item}, now_ms=NOW_MS)
        for item in Evaluator(call).expression(items)
    ]

    assert [(b.dedup_key, b.input["order"]["total"]) for b in begun] == [(dedup_key, total)]


@pytest.mark.parametrize("path", LEARNING, ids=lambda p: p.stem)
def test_a_flow_for_learning_runs_to_its_end(path):
    document = read(path)

    answer = run_test(document, TYPES, document["sample"], now_ms=NOW_MS)

    assert answer["status"] == "completed", answer


@pytest.mark.parametrize("amount", [0, -1, -0.01])
def test_r099_nothing_or_less_than_nothing_is_refused_as_a_refund(amount: float) -> None:
    schema = flow(HERE / "refund-approval", "refund-approval")["input"]
    asked = {"refund_id": "R1", "order_no": "T1", "paid": 10, "amount": amount, "reason": "late"}

    (problem,) = check_form(schema, asked)

    assert (problem.path, problem.code) == ("/amount", "minimum")
    assert check_form(schema, {**asked, "amount": 0.01}) == []
