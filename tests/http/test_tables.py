"""Tables over HTTP: drawn, filled, changed by two at once, filtered, masked, taken in from files and given out."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest

from headrace.engine.service import data_tables, record_files
from tests.http.conftest import Api, Browser

BUYERS: dict[str, Any] = {
    "title": {"zh": "买家", "en": "Buyers"},
    "key_field": "no",
    "display": "name",
    "extra": "refuse",
    "fields": [
        {"name": "no", "kind": "text", "title": {"zh": "编号", "en": "No."}, "required": True, "index": True},
        {"name": "name", "kind": "text", "title": {"zh": "姓名", "en": "Name"}, "search": True, "index": True},
        {"name": "phone", "kind": "phone", "title": {"zh": "电话", "en": "Phone"}, "mask": "phone", "index": True,
         "unmask": ["cs_lead"]},
        {"name": "spent", "kind": "money", "title": {"zh": "消费", "en": "Spent"}, "index": True, "min": 0},
    ],
}  # fmt: skip


def drawn(api: Api, **more: Any) -> Browser:
    ada = api.browser("ada")
    reply = ada.post("/api/tables", {"key": "buyers", "definition": {**BUYERS, **more}})
    assert reply.status == 201, reply.json
    return ada


def made(browser: Browser, **values: Any) -> dict[str, Any]:
    reply = browser.post("/api/tables/buyers/records", {"values": values})
    assert reply.status == 201, reply.json
    return reply.json  # type: ignore[no-any-return]


def test_of_two_who_change_a_record_the_later_one_sees_what_the_first_did(api: Api) -> None:
    ada = drawn(api)
    row = made(ada, no="B1", name="张三", spent="12.50")
    oscar = api.browser("oscar")
    where = f"/api/tables/buyers/records/{row['id']}"

    first = ada.patch(where, {"values": {"spent": "20"}, "rev": 1})
    late = oscar.patch(where, {"values": {"spent": "30"}, "rev": 1})

    assert (first.status, first.json["rev"], first.json["value"]["spent"]) == (200, 2, 20)
    assert (late.status, late.code) == (409, "conflict")
    assert late.json["error"]["params"]["current"]["value"]["spent"] == 20
    told = ada.get(f"{where}/history").json["items"]
    assert [(one["kind"], one["by"]["name"]) for one in told] == [
        ("update", "Ada"),
        ("create", "Ada"),
    ]
    assert told[0]["changes"] == [{"field": "spent", "before": 12.5, "after": 20}]


def test_what_is_wrong_stands_at_its_field(api: Api) -> None:
    ada = drawn(api)
    made(ada, no="B1")

    wrong = ada.post(
        "/api/tables/buyers/records", {"values": {"no": "B2", "spent": "1.234", "odd": 1}}
    )
    twice = ada.post("/api/tables/buyers/records", {"values": {"no": "B1"}})

    assert wrong.status == 422
    assert set(wrong.problems) == {("/spent", "decimals"), ("/odd", "unknown_property")}
    assert twice.status == 409


def test_stars_are_made_on_the_server_and_never_written_back(api: Api) -> None:
    ada = drawn(api)
    row = made(ada, no="B1", name="张三", phone="13800001234")
    where = f"/api/tables/buyers/records/{row['id']}"

    assert row["value"]["phone"] == "138****1234"
    ada.patch(where, {"values": {"phone": "138****1234", "name": "李四"}, "rev": 1})
    filtered = ada.get(
        '/api/tables/buyers/records?filter=[{"field":"phone","value":"13800001234"}]'
    )
    told = ada.get(f"{where}/history").json["items"]

    assert filtered.status == 422  # who may not see it may not guess it, either
    assert [c["after"] for one in told for c in one["changes"] if c["field"] == "phone"] == [
        "138****1234"
    ]
    ann_sees = drawn_for_cs(api)
    assert ann_sees["value"] == {"no": "B1", "name": "李四", "phone": "13800001234"}


def drawn_for_cs(api: Api) -> dict[str, Any]:
    def lead(connection: Any) -> None:
        from headrace.engine.store import users

        users.set_roles(connection, "usr_ann", ["operator", "cs_lead"])

    api.workspace.writer.call(lead)
    api.workspace.forget_directory()
    found: dict[str, Any] = api.browser("ann").get("/api/tables/buyers/by-key/B1").json
    return found


def test_a_table_says_who_may(api: Api) -> None:
    ada = drawn(api, access={"read": ["cs_lead"], "write": ["cs_lead"]})
    made(ada, no="B1")
    oscar = api.browser("oscar")

    assert oscar.get("/api/tables").json["items"] == []
    assert oscar.get("/api/tables/buyers/records").status == 403
    assert oscar.post("/api/tables/buyers/records", {"values": {"no": "B2"}}).status == 403
    assert api.browser("ann").get("/api/tables").status == 403


def test_a_list_is_filtered_sorted_counted_and_paged(api: Api) -> None:
    ada = drawn(api)
    for number in range(7):
        made(ada, no=f"B{number}", name="红色张" if number % 2 else "蓝", spent=number)
    asked = quote(json.dumps([{"field": "spent", "op": ">=", "value": 2}]))

    first = ada.get(f"/api/tables/buyers/records?filter={asked}&sort=-spent&limit=3").json
    rest = ada.get(
        f"/api/tables/buyers/records?filter={asked}&sort=-spent&limit=3&cursor={first['next_cursor']}"
    ).json
    red = ada.get(f"/api/tables/buyers/records?search={quote('红')}&sort=spent").json

    assert [row["key"] for row in (*first["items"], *rest["items"])] == [
        "B6",
        "B5",
        "B4",
        "B3",
        "B2",
    ]
    assert rest["next_cursor"] is None
    assert [row["key"] for row in red["items"]] == ["B1", "B3", "B5"]
    assert ada.get(f"/api/tables/buyers/count?filter={asked}").json == {"count": 5, "more": False}
    assert ada.get("/api/tables/buyers/records?sort=odd").status == 422
    assert ada.get("/api/tables/buyers/records?filter={}").status == 422


def test_many_are_changed_all_or_none_and_deleted_ones_come_back(api: Api) -> None:
    ada = drawn(api)
    ids = [made(ada, no=f"B{n}", spent=n)["id"] for n in range(3)]

    assert (
        ada.post("/api/tables/buyers/change", {"ids": ids, "values": {"spent": -1}}).status == 422
    )
    assert (
        ada.post("/api/tables/buyers/change", {"ids": ids, "values": {"spent": 9}}).json["changed"]
        == 3
    )
    assert (
        ada.post("/api/tables/buyers/delete", {"filter": [{"field": "spent", "value": 9}]}).json[
            "ids"
        ]
        == ids
    )
    assert ada.get("/api/tables/buyers/records").json["items"] == []
    assert ada.post("/api/tables/buyers/restore", {"ids": ids}).json["changed"] == 3
    assert len(ada.get("/api/tables/buyers/records").json["items"]) == 3


def test_a_field_of_another_kind_says_first_which_records_do_not_fit(api: Api) -> None:
    ada = drawn(api)
    made(ada, no="B1", name="12")
    made(ada, no="B2", name="twelve")
    fields = [
        {**f, "kind": "integer", "search": False} if f["name"] == "name" else f
        for f in BUYERS["fields"]
    ]
    new = {**BUYERS, "fields": fields}

    told = ada.post("/api/tables/buyers/check", new).json
    refused = ada.put("/api/tables/buyers", {"definition": new, "version": 1})
    stale = ada.put("/api/tables/buyers", {"definition": new, "version": 7, "misfits": "clear"})
    done = ada.put("/api/tables/buyers", {"definition": new, "version": 1, "misfits": "clear"})

    assert [(m["field"], m["count"], m["sample"][0]["key"]) for m in told["misfits"]] == [
        ("name", 1, "B2")
    ]
    assert [c["what"] for c in told["changes"]] == ["retyped"]
    assert (refused.status, refused.problems) == (422, [("/fields/name", "records_do_not_fit")])
    assert stale.status == 409
    assert (done.status, done.json["version"], done.json["refilling"]) == (200, 2, False)
    rows = {
        row["key"]: row["value"].get("name")
        for row in ada.get("/api/tables/buyers/records").json["items"]
    }
    assert rows == {"B1": 12, "B2": None}
    history = ada.get("/api/tables/buyers/history").json["items"]
    assert {"field": "name", "before": "twelve", "after": None} in [
        c for one in history for c in one["changes"]
    ]
    versions = ada.get("/api/tables/buyers/versions").json["items"]
    assert [(v["version"], [c["what"] for c in v["changes"]]) for v in versions] == [
        (2, ["retyped"]),
        (1, []),
    ]


def test_a_hidden_field_keeps_its_data(api: Api) -> None:
    ada = drawn(api)
    made(ada, no="B1", name="张三")
    hidden = {**BUYERS, "fields": [{**f, "hidden": f["name"] == "name"} for f in BUYERS["fields"]]}

    ada.put("/api/tables/buyers", {"definition": hidden, "version": 1})
    assert "name" not in ada.get("/api/tables/buyers/records").json["items"][0]["value"]
    ada.put("/api/tables/buyers", {"definition": BUYERS, "version": 2})

    assert ada.get("/api/tables/buyers/records").json["items"][0]["value"]["name"] == "张三"


def test_views_are_ones_own_or_shared(api: Api) -> None:
    ada, oscar = drawn(api), api.browser("oscar")
    content = {
        "filter": [{"field": "spent", "op": ">", "value": 5}],
        "sort": "-spent",
        "columns": ["no"],
    }
    mine = ada.post("/api/tables/buyers/views", {"title": "Mine", "content": content}).json
    ours = ada.post(
        "/api/tables/buyers/views", {"title": "Ours", "content": content, "shared": True}
    ).json

    assert [v["title"] for v in oscar.get("/api/tables/buyers/views").json["items"]] == ["Ours"]
    assert oscar.delete(f"/api/tables/buyers/views/{mine['id']}").status == 404
    assert oscar.delete(f"/api/tables/buyers/views/{ours['id']}").status == 403
    assert ada.delete(f"/api/tables/buyers/views/{ours['id']}").status == 204


# --- files -----------------------------------------------------------------------------------------

LINES = "编号,姓名,电话,消费\nB1,张三,13800001234,12.50\nB2,'=1+1,,￥1\\,200\nB3,王五,13900001234,abc\n".replace(
    "\\,", ""
)


def test_a_gbk_file_comes_in_with_its_wrong_lines_told(api: Api) -> None:
    ada = drawn(api)
    file = ada.post(
        "/api/tables/buyers/imports?name=a.csv", LINES.encode("gbk"), content_type="text/csv"
    ).json
    where = f"/api/tables/buyers/imports/{file['id']}"
    plan = {"mapping": file["mapping"]}

    told = ada.post(f"{where}/preview", plan).json
    stopped = ada.post(f"{where}/apply", plan)
    before = len(ada.get("/api/tables/buyers/records").json["items"])
    done = ada.post(f"{where}/apply", {**plan, "wrong": "skip"})
    again = ada.post(f"{where}/apply", {**plan, "wrong": "skip"})

    assert file["mapping"] == ["no", "name", "phone", "spent"]
    assert (told["counts"]["created"], told["counts"]["wrong"]) == (2, 1)
    assert [(e["line"], e["field"], e["value"], e["code"]) for e in told["errors"]] == [
        (4, "spent", "abc", "type")
    ]
    assert (stopped.status, before) == (409, 0)
    assert (done.json["status"], done.json["counts"]) == ("done", {"created": 2, "wrong": 1})
    assert again.status == 409
    rows = {row["key"]: row["value"] for row in ada.get("/api/tables/buyers/records").json["items"]}
    assert (rows["B1"]["spent"], rows["B2"]["spent"], rows["B2"]["name"]) == (12.5, 1200, "=1+1")
    assert ada.get("/api/tables/buyers/history").json["items"][0]["kind"] == "import"


def test_the_same_file_twice_changes_nothing(api: Api) -> None:
    ada = drawn(api)
    data = "编号,姓名\n" + "".join(f"B{n},甲{n}\n" for n in range(50))
    counts = []
    for _ in range(2):
        file = ada.post("/api/tables/buyers/imports", data.encode(), content_type="text/csv").json
        where = f"/api/tables/buyers/imports/{file['id']}/apply"
        counts.append(ada.post(where, {"mapping": file["mapping"]}).json["counts"])

    assert counts == [{"created": 50}, {"same": 50}]


def test_a_large_file_goes_on_where_it_stood(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_files, "AT_ONCE", 10)
    monkeypatch.setattr(record_files, "SLICE", 100)
    ada = drawn(api)
    data = "no,name\n" + "".join(f"B{n},n{n}\n" for n in range(250))
    file = ada.post("/api/tables/buyers/imports", data.encode(), content_type="text/csv").json
    where = f"/api/tables/buyers/imports/{file['id']}"

    begun = ada.post(f"{where}/apply", {"mapping": file["mapping"]}).json
    record_files.work(api.workspace, slices=2)
    between = ada.get(where).json
    record_files.work(api.workspace, slices=2)

    assert (begun["status"], begun["done"]) == ("running", 0)
    assert (between["status"], between["done"]) == ("running", 200)
    assert ada.get(where).json["counts"] == {"created": 250}
    assert ada.get("/api/tables/buyers/count").json["count"] == 250


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_goes_out_comes_in_again_and_no_cell_is_a_formula(api: Api, kind: str) -> None:
    ada = drawn(api)
    made(ada, no="B1", name="=HYPERLINK(1)", spent="12.50")
    made(ada, no="B2", name="+1")

    data = ada.get(f"/api/tables/buyers/export?format={kind}&language=zh").data
    ids = [row["id"] for row in ada.get("/api/tables/buyers/records").json["items"]]
    ada.post("/api/tables/buyers/delete", {"ids": ids})
    file = ada.post(
        "/api/tables/buyers/imports", data, content_type="application/octet-stream"
    ).json
    ada.post(f"/api/tables/buyers/imports/{file['id']}/apply", {"mapping": file["mapping"]})

    if kind == "csv":
        assert b"'=HYPERLINK" in data
    else:
        cells = [
            cell for row in openpyxl.load_workbook(io.BytesIO(data)).active.rows for cell in row
        ]
        assert all(cell.data_type != "f" for cell in cells)
    rows = {
        row["key"]: row["value"]["name"]
        for row in ada.get("/api/tables/buyers/records").json["items"]
    }
    assert rows == {"B1": "=HYPERLINK(1)", "B2": "+1"}


def test_a_table_that_a_flow_began_can_be_drawn_from_its_data(api: Api) -> None:
    from headrace.engine.store import records

    api.workspace.writer.call(
        lambda c: records.apply(
            c, "create", "orders", "A-1", {"total": 12.5, "paid": True, "buyer": {"name": "x"}, "at": "2026-01-09T10:00:00Z"},
            step_key="s1", instance_id=None, now_ms=0,
        )
    )  # fmt: skip
    ada = api.browser("ada")

    told = ada.get("/api/tables/orders/suggestion").json["definition"]["fields"]
    drawn_ = ada.put(
        "/api/tables/orders",
        {"definition": {"title": {"en": "Orders"}, "fields": told}, "version": 1},
    )

    assert {f["name"]: f["kind"] for f in told} == {
        "total": "decimal",
        "paid": "yes_no",
        "buyer": "json",
        "at": "date_time",
    }
    assert drawn_.json["drawn"]
    asked = quote(json.dumps([{"field": "total", "op": ">", "value": 12}]))
    assert len(ada.get(f"/api/tables/orders/records?filter={asked}").json["items"]) == 1
    assert data_tables.refill(api.workspace) == 0
