"""The README's commands do what the README says."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TALK_S = 60


def test_the_calls_of_the_readme_take_an_order_through(base_url: str, tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    script = re.search(r"```bash\n(.*?)```", text, re.DOTALL)
    assert script is not None
    commands = script[1].replace("http://127.0.0.1:8000", base_url)

    said = subprocess.run(
        ["bash", "-eu", "-c", commands],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=TALK_S,
    ).stdout

    answers = [json.loads(line) for line in said.splitlines() if line.strip()]
    _, first, again, listed, decided = answers
    assert first["instances"][0]["duplicate"] is False
    assert again["instances"] == [{"id": first["instances"][0]["id"], "duplicate": True}]
    assert listed["items"][0]["status"] == "waiting"
    assert decided["task"]["status"] == "approved"
