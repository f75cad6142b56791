"""What the designer's mapping editor writes means to the engine what the screen says of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.flow.evaluate import Evaluator

ROOT = Path(__file__).parent.parent.parent
SAMPLES = json.loads((ROOT / "designer/web/src/editor/mapping/samples.json").read_text())


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample["text"] for sample in SAMPLES])
def test_a_drawn_line_is_worked_out_as_it_is_shown(sample: dict[str, Any]) -> None:
    value = Evaluator(sample["sample"]).expression(sample["text"])

    assert value == sample["value"]
