"""The statements of docs/scale.md that cut the history into months: the engine goes on as before, and old months can be dropped."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import House, furnished, settle

SCALE = Path(__file__).parents[2] / "docs" / "scale.md"


def statements() -> list[str]:
    """The SQL of the section on partitioned history, as it stands there."""
    text = SCALE.read_text().partition("### Partitioned history")[2]
    found = re.search(r"```sql\n(.*?)```", text, re.DOTALL)
    assert found
    lines = [line.partition("--")[0] for line in found[1].splitlines()]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]


def parts(house: House) -> list[str]:
    query = "SELECT tableoid::regclass::text AS part FROM history ORDER BY 1"
    return sorted({row.part for row in house.rows(sa.text(query))})


def test_history_in_months(migrated_postgresql_url: str) -> None:
    with furnished(migrated_postgresql_url) as house:
        house.publish(flow("slow").then("wait", "timer", duration="PT1M").then("done", "end"))
        before = house.start("slow")  # 2026-01-09
        house.write(lambda c: [c.exec_driver_sql(statement) for statement in statements()])
        house.later(s=40 * 86_400)
        after = house.start("slow")  # in February
        house.later(s=61)
        settle(house)

        assert [house.status(id_) for id_ in (before, after)] == ["completed", "completed"]
        assert parts(house) == ["history_2026_01", "history_2026_02"]
        kept = house.events(after)
        house.write(lambda c: c.exec_driver_sql("DROP TABLE history_2026_01"))
        assert house.events(after) == kept
        assert house.rows(sa.select(t.history.c.instance_id).distinct()) == [(after,)]
        house.write(lambda c: c.execute(t.instances.delete().where(t.instances.c.id == before)))
