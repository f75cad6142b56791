"""The table of patterns in `docs/patterns.md` and the tests say the same."""

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "patterns.md"

ROW = re.compile(r"\| (\d+) \| ([^|]+) \| (setting|combination) \| [^|]+ \| `(\w+)` \|")


def rows() -> list[tuple[int, str, str, str]]:
    """Number, name, by, test."""
    found = [ROW.fullmatch(line) for line in DOCS.read_text("utf-8").splitlines()]
    return [(int(row[1]), row[2], row[3], row[4]) for row in found if row]


def named() -> list[str]:
    """The names of all tests of patterns."""
    return [
        name
        for file in sorted(HERE.glob("test_*.py"))
        for name in re.findall(r"^def (test_wcp_\w+)\(", file.read_text("utf-8"), re.MULTILINE)
    ]


def test_all_43_patterns_are_in_the_table_once() -> None:
    assert [number for number, *_ in rows()] == list(range(1, 44))
    assert len({name for _, name, *_ in rows()}) == 43


def test_every_row_names_a_test_of_its_number() -> None:
    known = named()

    assert len(known) == len(set(known))
    for number, _, _, test in rows():
        assert test in known
        assert test.startswith(f"test_wcp_{number:02d}_")


def test_every_test_of_a_pattern_is_of_one_in_the_table() -> None:
    assert {int(test[9:11]) for test in named()} == set(range(1, 44))


def test_the_sum_below_the_table_is_right() -> None:
    by = [by for _, _, by, _ in rows()]

    said = f"{by.count('setting')} by a setting, {by.count('combination')} by a combination."
    assert said in DOCS.read_text("utf-8")
