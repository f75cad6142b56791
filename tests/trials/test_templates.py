"""Every template keeps what it promises: in an empty workspace, beside the sandbox, by its own numbers.

Short runs by default; `make templates` takes as many orders as the requirements say.
"""

from __future__ import annotations

import os

import pytest

from headrace.engine.service import templates
from headrace.engine.trials.check import Row, check, table

FULL = os.environ.get("HEADRACE_TEMPLATES") == "full"
TRIED = [key for key, template in templates.all_templates().items() if template.expect]


@pytest.mark.slow
@pytest.mark.parametrize("key", TRIED)
def test_a_template_keeps_what_it_promises(key: str) -> None:
    rows = check([key], full=FULL)

    print(table(rows))
    assert rows
    assert [row for row in rows if not row.ok] == []


def test_what_is_otherwise_or_not_measured_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that measures wrongly, or nothing, is no trial that passes."""
    from headrace.engine.trials import check as checking

    def run(trial: object) -> None:
        trial.measure(to_lead=4, stranger=1)  # type: ignore[attr-defined]

    monkeypatch.setattr(checking, "_module", lambda _: run)
    rows = {row.name["en"]: row for row in check(["refund-approval"])}

    lead = rows["0.01, 199.99, 200.00 go to the CS lead"]
    assert (lead.ok, lead.expected, lead.found) == (False, "3", "4")
    assert not rows["200.01, 5,000.00 go to finance"].ok
    assert rows["200.01, 5,000.00 go to finance"].found == "not measured"
    assert not rows["stranger"].ok


def test_the_table_counts_what_is_otherwise() -> None:
    rows = [
        Row("a", "T1", {"en": "one"}, "1", "1", ok=True),
        Row("a", "T1", {"en": "two"}, "2", "3", ok=False),
    ]

    assert table(rows).endswith("2 checks of 1 templates, 1 not as expected")
