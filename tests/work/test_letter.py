"""The body of a mail about a task: the buttons there are, and what they say of themselves."""

from __future__ import annotations

import pytest

from headrace.engine.work import letter
from headrace.engine.work.letter import Link

APPROVE = Link("approved", "https://x/a", "2026-01-16 16:00 (Asia/Shanghai)")
REJECT = Link("rejected", "https://x/r", "2026-01-16 16:00 (Asia/Shanghai)")
SHIP = Link("approved", "https://x/a", "2026-01-16", {"zh": "发货", "en": "Ship it"})
OPEN = Link("open", "https://x/t")


@pytest.mark.parametrize(
    ("links", "zh", "en"),
    [
        ([APPROVE, REJECT, OPEN], "点「同意」「拒绝」会", "“Approve” “Reject”: a page"),
        ([REJECT, OPEN], "点「拒绝」会", "“Reject”: a page"),  # a form must be filled in to approve
        ([SHIP, OPEN], "点「发货」会", "“Ship it”: a page"),  # the words of the drawing
    ],
)
def test_a_letter_names_the_buttons_it_has(links: list[Link], zh: str, en: str) -> None:
    assert zh in letter.plain("", links, "zh")
    assert zh in letter.html("", "", links, "zh")
    assert en in letter.plain("", links, "en")


def test_without_a_decision_there_is_nothing_to_confirm() -> None:
    assert "confirm" not in letter.plain("", [OPEN], "en")
    assert "确认" not in letter.html("", "", [OPEN], "zh")
