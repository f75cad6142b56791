"""Hot writes as the driver takes them: the same rows as by SQLAlchemy, on both databases."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from headrace.engine.store import tables as t
from headrace.engine.store.many import write

_MOVED = (
    t.inbox.update()
    .where(t.inbox.c.instance_id == bindparam("b_id"), t.inbox.c.applied_rev.is_(None))
    .values(applied_rev=bindparam("b_rev") + 1, kind="Moved")
)
_AMONG = t.inbox.delete().where(
    t.inbox.c.instance_id == bindparam("b_id"), t.inbox.c.kind.in_(("Moved", "Gone"))
)


def rows(connection):
    query = sa.select(t.inbox.c.instance_id, t.inbox.c.kind, t.inbox.c.applied_rev)
    return [tuple(row) for row in connection.execute(query.order_by(t.inbox.c.instance_id))]


def test_inserts_updates_with_fixed_values_and_lists(house):
    def operation(connection):
        new = {"kind": "New", "payload": '["100%"]', "created_at": 1}
        write(connection, t.inbox, [{"instance_id": id_, **new} for id_ in ("a", "b", "c")])
        moved = write(connection, _MOVED, [{"b_id": "a", "b_rev": 1}, {"b_id": "b", "b_rev": 2}])
        then = rows(connection)
        write(connection, _AMONG, [{"b_id": "a"}, {"b_id": "b"}, {"b_id": "c"}])
        left = rows(connection)
        connection.execute(t.inbox.delete())  # they belong to no instance
        return moved.rowcount, then, left

    counted, then, left = house.workspace.writer.call(operation)

    assert counted in (2, -1)
    assert then == [("a", "Moved", 2), ("b", "Moved", 3), ("c", "New", None)]
    assert left == [("c", "New", None)]
