"""The table of the study, printed and kept in `docs/task-study.md` between its two marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.e2e.study.hand import Count

DOCUMENT = Path(__file__).parent.parent.parent.parent / "docs" / "task-study.md"
BEGIN, END = "<!-- counted by make study -->", "<!-- end of what make study counts -->"


@dataclass(frozen=True)
class Row:
    """One task by one hand."""

    name: str
    title: str
    by: str
    count: Count
    seen: str


def table(rows: list[Row]) -> str:
    """In Markdown."""
    head = (
        "| task | by | actions | clicks | drags | keys pressed | texts typed | letters in them | run |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
    )
    lines = [
        f"| {row.name} {row.title} | {row.by} | **{row.count.actions}** | {row.count.clicks} | {row.count.drags} "
        f"| {row.count.presses} | {row.count.texts} | {row.count.letters} | {row.seen} |"
        for row in rows
    ]
    return head + "\n".join(lines) + "\n"


def write(rows: list[Row], *, keep: bool) -> None:
    """Printed always; kept when all of it was done."""
    if not rows:
        return
    text = table(rows)
    print(f"\n{text}")
    if not keep or not DOCUMENT.exists():
        return
    old = DOCUMENT.read_text()
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
