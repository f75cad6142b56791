"""Orders come in once, whichever way they come: kept raw, mapped, merged, numbered, told to flows in the same transaction."""

import re
from decimal import Decimal
from threading import Thread

import pytest
import sqlalchemy as sa

from headrace.engine.errors import ValidationFailed
from headrace.engine.flow.order_tables import parse_number
from headrace.engine.service import instances, intake, records, sources
from headrace.engine.service.schedules import follow
from headrace.engine.store import intake as rows
from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import EVE, settle
from tests.orders import order, source_of

SQL = (t.messages.c.name, t.messages.c.key)


@pytest.fixture
def shop(house):
    return source_of(house)


def take(house, *orders, way="file", source="shop", **more):
    return intake.take(house.workspace, source, way, list(orders), **more)


def told(house):
    return [name for (name,) in house.rows(sa.select(t.messages.c.name).order_by(t.messages.c.id))]


def orders(house, table="orders"):
    found = records.listing(house.workspace, house.actor(EVE), table, limit=200)["items"]
    return {item["key"]: item for item in found}


def exceptions(house, status="open"):
    return [
        row
        for row in house.rows(sa.select(t.order_exceptions).order_by(t.order_exceptions.c.id))
        if status is None or row.status == status
    ]


def test_one_order_by_three_ways_is_one_row_and_one_event(shop):
    (first,) = take(shop, order("A-1"), way="push")
    (second,) = take(shop, order("A-1"), way="poll")
    (third,) = take(shop, order("A-1"), way="file")

    assert [first.outcome, second.outcome, third.outcome] == ["created", "same", "same"]
    assert first.number == second.number == third.number == "FL2026010900001"
    assert sorted(told(shop)) == ["order.created", "order.paid"]
    (record,) = orders(shop).values()
    assert record["key"] == "file:north:A-1"
    assert record["rev"] == 1
    assert record["value"]["way"] == "push"
    assert record["value"]["validated_at"]


def test_the_same_order_twice_in_one_call_is_one(shop):
    outcomes = take(shop, order("A-1"), order("A-1"), order("A-2"))

    assert [one.outcome for one in outcomes] == ["created", "same", "created"] or [
        one.outcome for one in outcomes
    ] == ["created", "updated", "created"]
    assert sorted(orders(shop)) == ["file:north:A-1", "file:north:A-2"]
    assert told(shop).count("order.created") == 2


def test_the_hash_is_over_the_platforms_time_and_not_over_ours(shop):
    take(shop, order("A-1"))
    before = next(iter(orders(shop).values()))["value"]["identity"]
    shop.later(s=3_600)
    take(shop, order("A-1", note="later", updated_at="2026-01-09T09:00:00Z"))

    assert next(iter(orders(shop).values()))["value"]["identity"] == before


def test_what_changed_is_told_with_what_was_before(shop):
    take(shop, order("A-1", state="unpaid"))
    take(shop, order("A-1", state="paid", updated_at="2026-01-09T08:02:00Z"))
    take(shop, order("A-1", state="paid", note="红色", updated_at="2026-01-09T08:03:00Z"))
    take(shop, order("A-1", state="cancelled", note="红色", updated_at="2026-01-09T08:04:00Z"))

    names = [name for name in told(shop) if name]
    assert sorted(names) == ["order.cancelled", "order.changed", "order.created", "order.paid"]
    rows_ = shop.rows(sa.select(t.messages.c.payload).where(t.messages.c.name == "order.cancelled"))
    assert '"previous":{"note"' not in rows_[0].payload
    assert '"state":"paid"' in rows_[0].payload


def test_what_nobody_mapped_stays(shop):
    take(shop, order("A-1", warehouse={"code": "HZ"}, seller_memo="VIP"))

    (record,) = orders(shop).values()
    assert record["value"]["extra"] == {"warehouse": {"code": "HZ"}, "seller_memo": "VIP"}


def test_an_unknown_status_waits_for_a_person_and_comes_in_when_the_map_is_mended(shop):
    (found,) = take(shop, order("A-1", status_code="WAIT_GROUP"))
    assert found.outcome == "exception"
    assert orders(shop) == {}
    assert told(shop) == []
    (odd,) = exceptions(shop)
    assert (odd.kind, odd.code, odd.times) == ("status_unknown", "WAIT_GROUP", 1)

    take(shop, order("A-1", status_code="WAIT_GROUP"))
    assert [row.times for row in exceptions(shop)] == [2]

    sources.change(
        shop.workspace, shop.actor(EVE), "shop", {"statuses": {"order": {"WAIT_GROUP": "held"}}}, 1
    )
    (found,) = take(shop, order("A-1", status_code="WAIT_GROUP"))
    assert found.outcome == "created"
    assert exceptions(shop) == []
    assert next(iter(orders(shop).values()))["value"]["state"] == "held"


def test_a_value_that_is_none_does_not_stop_the_others(shop):
    outcomes = take(shop, order("A-1", total="twelve"), order("A-2"), {"total": 1})

    assert [one.outcome for one in outcomes] == ["exception", "created", "exception"]
    assert [row.kind for row in exceptions(shop)] == ["values_wrong", "unreadable"]
    assert outcomes[0].problems[0].path == "/total"


def test_money_is_exact(shop):
    take(shop, order("A-1", total=Decimal("10000000.01")), order("A-2", total="¥1,299.90"))

    found = orders(shop)
    assert found["file:north:A-1"]["value"]["total"] == 10000000.01
    assert found["file:north:A-2"]["value"]["total"] == 1299.9


@pytest.mark.parametrize(
    ("apart_s", "alerts"), [(30, 0), (300, 0), (301, 1)], ids=["30 s", "5:00", "5:01"]
)
def test_two_sources_that_differ(shop, apart_s, alerts):
    """R030: the newer one wins; beyond five minutes somebody is told."""
    source_of(shop, "other", shop="north", channel="file")
    take(shop, order("A-1", note="one", updated_at="2026-01-09T08:00:00Z"))
    at = f"2026-01-09T08:{apart_s // 60:02}:{apart_s % 60:02}Z"
    take(shop, order("A-1", note="two", updated_at=at), source="other")

    assert next(iter(orders(shop).values()))["value"]["note"] == "two"
    assert [row.kind for row in exceptions(shop)] == ["conflict"] * alerts


def test_a_state_that_would_go_back_is_held(shop):
    take(shop, order("A-1", state="shipped", updated_at="2026-01-09T08:00:00Z"))
    take(shop, order("A-1", state="paid", updated_at="2026-01-09T08:04:00Z"))
    assert exceptions(shop) == []
    take(shop, order("A-1", state="paid", updated_at="2026-01-09T08:09:01Z"))

    assert next(iter(orders(shop).values()))["value"]["state"] == "shipped"
    assert [row.kind for row in exceptions(shop)] == ["went_back"]


def test_an_old_message_that_comes_late_changes_nothing(shop):
    take(shop, order("A-1", state="shipped", updated_at="2026-01-09T10:00:00Z"))
    (late,) = take(shop, order("A-1", state="paid", updated_at="2026-01-09T08:00:00Z"))

    assert late.outcome == "same"
    assert next(iter(orders(shop).values()))["value"]["state"] == "shipped"
    assert "order.changed" not in told(shop)


def test_numbers_count_by_channel_and_day(shop):
    take(shop, order("A-1"), order("A-2"), order("B-1", created_at="2026-01-09T16:30:00Z"))

    numbers = {item["value"]["platform_order_id"]: item["value"]["number"] for item in orders(shop).values()}  # fmt: skip
    assert numbers == {
        "A-1": "FL2026010900001", "A-2": "FL2026010900002", "B-1": "FL2026011000001",
    }  # fmt: skip


def test_past_99999_numbers_get_longer_and_are_read_as_before(shop):
    shop.write(lambda c: rows.next_numbers(c, {("FL", "20260109"): 99_999}))
    take(shop, order("A-1"))

    (record,) = orders(shop).values()
    assert record["value"]["number"] == "FL20260109100000"
    assert parse_number("FL20260109100000") == ("FL", "20260109", 100_000)
    assert parse_number("TB2026010900123") == ("TB", "20260109", 123)
    assert re.fullmatch(r"[A-Z]{2}\d{8}\d{5}", "TB2026010900123")


def test_workers_at_once_never_get_the_same_number(shop):
    got = []

    def work():
        for _ in range(20):
            first = shop.write(lambda c: rows.next_numbers(c, {("TB", "20260109"): 5}))
            got.extend(range(first["TB", "20260109"], first["TB", "20260109"] + 5))

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == list(range(1, 801))


def test_refunds_come_in_likewise(shop):
    take(shop, order("A-1"))
    refund = {"refund_id": "R-1", "platform_order_id": "A-1", "amount": "12.50", "status_code": "1"}
    (first,) = take(shop, refund, kind="refund")
    (again,) = take(shop, refund, kind="refund")
    (after,) = take(shop, {**refund, "status_code": "2"}, kind="refund")

    assert [first.outcome, again.outcome, after.outcome] == ["created", "same", "updated"]
    assert told(shop)[-2:] != []
    assert sorted(told(shop)) == ["order.created", "order.paid", "refund.changed", "refund.requested"]  # fmt: skip
    (record,) = orders(shop, "refunds").values()
    assert record["value"]["order_key"] == "file:north:A-1"
    payload = shop.rows(sa.select(t.messages.c.payload).where(t.messages.c.name == "refund.requested"))[0].payload  # fmt: skip
    assert '"platform_order_id":"A-1"' in payload
    assert '"total":99' in payload


def begun(house, name="order.created"):
    drawing = flow("picks", "message_start", name=name, business_key="payload.order.number")
    document = drawing.then("ask", "approval").then("done", "end").at("ask", "rejected").to("done")
    made = document.document()
    house.publish(made)
    house.write(lambda connection: follow(connection, made, house.now_ms))


def test_a_flow_begins_with_the_order_once(shop):
    begun(shop)
    take(shop, order("A-1"), order("A-2"))
    take(shop, order("A-1"))
    settle(shop)

    items = instances.listing(shop.workspace, shop.actor(EVE), flow="picks")["items"]
    assert sorted(item["business_key"] for item in items) == ["FL2026010900001", "FL2026010900002"]
    assert shop.detail(items[0]["id"])["variables"]["order"]["channel"] == "file"


def test_a_step_that_waits_for_its_order_hears(shop):
    event = {"id": "paid", "kind": "message", "name": "order.paid", "key": "'file:north:A-1'"}
    drawing = flow("waits").then("wait", "receive", events=[event]).on("paid")
    shop.publish(drawing.then("done", "end").document())
    id_ = shop.start("waits")
    settle(shop)
    take(shop, order("A-1"))
    settle(shop)

    assert shop.status(id_) == "completed"


def test_a_failure_of_one_call_takes_nothing_of_others_along(shop, monkeypatch):
    monkeypatch.setattr(intake, "send_many", _broken)
    with pytest.raises(RuntimeError):
        take(shop, order("A-1"))
    monkeypatch.undo()

    assert orders(shop) == {}
    assert told(shop) == []
    assert shop.rows(sa.select(t.order_numbers)) == []
    assert take(shop, order("A-1"))[0].number == "FL2026010900001"


def _broken(*_):
    raise RuntimeError("the power is gone")


def test_two_identical_requests_are_two_rows_of_one_digest_without_secrets(shop):
    for _ in range(2):
        raw = intake.Raw(b'{"a":1}', {"x-shop-hmac": "abc", "host": "here"}, {"sign": "x"})
        take(shop, order("A-1"), way="push", raw=raw)

    first, second = shop.rows(sa.select(t.inflows).order_by(t.inflows.c.id))
    assert (first.verdict, second.verdict) == ("taken", "duplicate")
    assert first.digest == second.digest
    assert first.headers == {"x-shop-hmac": "•••", "host": "here"}
    assert first.query == {"sign": "•••"}
    assert first.body == b'{"a":1}'
    assert first.keys == ["file:north:A-1"]


def test_a_file_of_many_is_taken_in_slices(shop):
    outcomes = take(shop, *(order(f"A-{n}") for n in range(250)))

    assert {one.outcome for one in outcomes} == {"created"}
    assert len({one.number for one in outcomes}) == 250


def test_a_source_says_what_is_wrong_with_it(shop):
    with pytest.raises(ValidationFailed) as wrong:
        sources.create(
            shop.workspace,
            shop.actor(EVE),
            {
                "key": "bad", "channel": "file", "title": {}, "ways": {"poll": {"enabled": True, "every": "PT1S"}},
                "statuses": {"1": "gone"}, "fields": {"total": {"from": "a", "kind": "yen"}},
            },
        )  # fmt: skip

    paths = sorted(problem.path for problem in wrong.value.problems)
    assert paths == ["/fields/order/total", "/statuses/order/1", "/ways/poll", "/ways/poll/every"]


def test_the_map_of_a_source_stands_over_the_platforms(shop):
    source_of(
        shop, "erp", shop="erp",
        fields={"platform_order_id": "单号", "total": {"from": "金额", "kind": "fen"},
                "note": "买家.留言", "created_at": "时间"},
        statuses={"已付": "paid"},
    )  # fmt: skip
    row = {
        "单号": "E-1", "金额": 1250, "买家": {"留言": "加急", "昵称": "x"}, "时间": "2026/01/09 16:00:00",
        "status_code": "已付",
    }  # fmt: skip
    take(shop, row, source="erp")

    value = orders(shop)["file:erp:E-1"]["value"]
    assert (value["total"], value["note"], value["state"]) == (12.5, "加急", "paid")
    assert value["created_at"] == "2026-01-09T08:00:00.000Z"
    assert value["extra"] == {"买家": {"昵称": "x"}}
