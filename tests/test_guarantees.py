"""The promises name tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/guarantees.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))


def test_there_are_twelve_promises_and_each_names_its_proof() -> None:
    rows = re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", TEXT, re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 13))
    assert all("`tests/" in proof for _, proof in rows)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_it_names_exists(file: str, name: str) -> None:
    found = (ROOT / file).read_text("utf-8")

    assert not name or f"def {name}(" in found


def test_the_commands_it_names_exist() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    named = set(re.findall(r"`make ([a-z]+)", TEXT))
    folders = re.findall(r"`(tests/\w+)`", TEXT)

    assert named
    assert named <= targets
    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)
