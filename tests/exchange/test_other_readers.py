"""What we export is read by others: the schema of the standard, and the reader of bpmn-js."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from headrace.engine.exchange.bpmn_out import to_bpmn
from tests.exchange import drawn

MODDLE = drawn.ROOT / "designer" / "web" / "node_modules" / "bpmn-moddle"


@pytest.fixture(scope="module")
def exported() -> dict[str, bytes]:
    found = {path.stem: to_bpmn(drawn.of_file(path)) for path in drawn.files()}
    found |= {name: to_bpmn(document) for name, document in drawn.of_every_type()}
    found |= {f"process {seed}": to_bpmn(drawn.of_process(seed)) for seed in range(20)}
    return found


def test_it_is_valid_by_the_schema_of_bpmn(exported: dict[str, bytes]) -> None:
    schema = etree.XMLSchema(etree.parse(str(MODDLE / "resources" / "bpmn" / "xsd" / "BPMN20.xsd")))

    for name, data in exported.items():
        assert schema.validate(etree.fromstring(data)) or name == "", (
            name,
            str(schema.error_log)[:500],
        )


SCRIPT = """
import { readFileSync } from "node:fs";
import { BpmnModdle } from "MODULE";
const told = {};
for (const [name, xml] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const { rootElement, warnings } = await new BpmnModdle().fromXML(xml);
  const plane = rootElement.diagrams[0].plane;
  told[name] = {
    warnings: warnings.map((one) => one.message),
    nodes: rootElement.rootElements.find((one) => one.$type === "bpmn:Process").flowElements?.length ?? 0,
    drawn: plane.planeElement.filter((one) => one.bpmnElement).length,
    shapes: plane.planeElement.length,
  };
}
console.log(JSON.stringify(told));
"""


def test_the_reader_of_bpmn_js_takes_it_without_a_warning(
    exported: dict[str, bytes], tmp_path: Path
) -> None:
    module = (MODDLE / "dist" / "index.js").as_uri()
    script = tmp_path / "read.mjs"
    script.write_text(SCRIPT.replace("MODULE", module))
    given = json.dumps({name: data.decode() for name, data in exported.items()})

    done = subprocess.run(
        ["node", str(script)], input=given, capture_output=True, text=True, check=True, timeout=60
    )

    told = json.loads(done.stdout)
    assert {name: one["warnings"] for name, one in told.items() if one["warnings"]} == {}
    assert all(one["shapes"] == one["drawn"] and one["nodes"] > 0 for one in told.values())
