"""Files of orders on a source's page: looked at line by line, taken in once, whatever wrote them."""

import io

import openpyxl
import pytest

HEAD = "订单编号,订单状态,下单时间,收货人,联系手机,收货地址,实付金额,宝贝标题,商家编码,数量,单价,来源渠道"
FIFTY = [
    f'="99{n:014}",已付款,2026/1/9 {n % 24}:05,王芳,138000000{n:02},文三路 {n} 号,"￥1,{n:03}.50",保温杯,HW-101,1,99.00,直播'
    for n in range(50)
]


@pytest.fixture
def ada(api):
    found = api.browser("ada")
    source = {
        "key": "north",
        "title": {"zh": "北店"},
        "channel": "file",
        "shop": "north",
        "ways": {"file": {}},
    }
    assert found.post("/api/sources", source).status == 201
    return found


def hand_in(ada, data, name="a.csv", kind="order"):
    reply = ada.post(
        f"/api/sources/north/files?name={name}&kind={kind}",
        data,
        content_type="application/octet-stream",
    )
    assert reply.status == 201, reply.json
    return reply.json


def take(ada, file, **plan):
    body = {"mapping": file["mapping"], **plan}
    return ada.post(f"/api/sources/north/files/{file['id']}/apply", body)


def look(ada, file, mapping=None):
    body = {"mapping": mapping or file["mapping"]}
    return ada.post(f"/api/sources/north/files/{file['id']}/preview", body).json


def csv(*rows):
    return "\r\n".join([HEAD, *rows])


def sheet(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig", "utf-16"])
def test_fifty_orders_of_an_export_and_again_none(api, ada, encoding):
    """R009."""
    file = hand_in(ada, csv(*FIFTY).encode(encoding))
    assert file["columns"][0] == "订单编号"
    assert file["mapping"] == [
        "platform_order_id", "status_code", "created_at", "buyer", "phone", "address", "total", "item.title", "item.sku",
        "item.quantity", "item.price", None,
    ]  # fmt: skip
    assert file["sample"][0][0] == "9900000000000000"
    told = look(ada, file)
    assert (told["counts"]["created"], told["counts"]["wrong"], told["errors"]) == (50, 0, [])
    assert ada.get("/api/tables/orders/count").json["count"] == 0

    done = take(ada, file).json

    assert (done["status"], done["counts"]) == ("done", {"created": 50})
    items = ada.get("/api/tables/orders/records?limit=1&sort=id").json["items"]
    value = items[0]["value"]
    assert (value["state"], value["channel"], value["way"]) == ("paid", "file", "file")
    assert value["items"] == [{"sku": "HW-101", "title": "保温杯", "quantity": 1, "price": 99}]
    assert value["extra"] == {"来源渠道": "直播"}
    assert value["number"].startswith("FL20260109")
    again = hand_in(ada, csv(*FIFTY).encode(encoding))
    assert look(ada, again)["counts"]["same"] == 50
    assert take(ada, again).json["counts"] == {"same": 50}
    assert ada.get("/api/tables/orders/count").json["count"] == 50
    (kept,) = ada.get("/api/inflows?source=north&verdict=taken").json["items"][:1]
    assert kept["way"] == "file"


def test_a_workbook_with_lines_of_one_order(ada):
    head = ["Order no", "Status", "Total", "SKU", "Quantity", "Price"]
    file = hand_in(
        ada,
        sheet(
            head,
            ["A-1", "paid", 30, "X", 1, 10.5],
            ["A-1", "paid", 30, "Y", 2, 9.75],
            ["A-2", "Shipped", 5, "Z", 1, 5],
        ),
        "a.xlsx",
    )
    assert file["total"] == 3
    assert look(ada, file)["counts"]["created"] == 2
    assert take(ada, file).json["counts"] == {"created": 2}

    found = ada.get("/api/tables/orders/by-key/file:north:A-1").json["value"]
    assert found["items"] == [
        {"sku": "X", "quantity": 1, "price": 10.5}, {"sku": "Y", "quantity": 2, "price": 9.75},
    ]  # fmt: skip
    assert ada.get("/api/tables/orders/by-key/file:north:A-2").json["value"]["state"] == "shipped"


WRONG = [
    "9.9E+15,已付款,2026/1/9 8:05,王芳,1,路,1.00,杯,A,1,1,",
    ",已付款,2026/1/9 8:05,王芳,1,路,1.00,杯,A,1,1,",
    "A-3,不认识,2026/1/9 8:05,王芳,1,路,1.00,杯,A,1,1,",
    "A-4,已付款,昨天,王芳,1,路,1.00,杯,A,1,1,",
    "A-5,已付款,2026/1/9 8:05,王芳,1,路,一块,杯,A,1,1,",
    "A-6,已付款,2026/1/9 8:05,王芳,1,路,1.00,杯,A,几个,1,",
]


def test_every_wrong_line_is_told_with_its_number_and_nothing_is_taken_unless_one_says_so(ada):
    file = hand_in(ada, csv(FIFTY[0], *WRONG).encode("gbk"))
    told = look(ada, file)

    assert told["counts"] == {"created": 1, "updated": 0, "same": 0, "wrong": 6}
    assert [(one["line"], one["field"], one["code"], one["value"]) for one in told["errors"]] == [
        (3, "platform_order_id", "number_rounded", "9.9E+15"),
        (4, "platform_order_id", "required", ""),
        (5, "status_code", "status_unknown", "不认识"),
        (6, "created_at", "type", "昨天"),
        (7, "total", "type", "一块"),
        (8, "item.quantity", "type", "几个"),
    ]
    assert take(ada, file).status == 409
    assert ada.get("/api/tables/orders/count").json["count"] == 0
    assert ada.get("/api/order-exceptions").json["items"] == []

    assert take(ada, file, wrong="skip").json["counts"] == {"created": 1, "wrong": 6}
    assert ada.get("/api/tables/orders/count").json["count"] == 1
    assert take(ada, file, wrong="skip").status == 409  # once


def test_a_code_listed_at_the_source_is_known_in_its_files(ada):
    source = ada.get("/api/sources/north").json
    ada.put(
        "/api/sources/north",
        {"revision": source["revision"], "statuses": {"order": {"不认识": "held"}}},
    )
    file = hand_in(ada, csv(WRONG[2]).encode())
    assert take(ada, file).json["counts"] == {"created": 1}


def test_the_columns_of_the_last_file_are_remembered(ada):
    head, row = "编号x,钱,状态", "A-1,5,已付款"
    file = hand_in(ada, f"{head}\n{row}".encode())
    assert file["mapping"] == [None, None, "status_code"]
    file["mapping"] = ["platform_order_id", "total", "status_code"]
    assert take(ada, file).status == 200

    assert hand_in(ada, f"{head}\n{row}".encode())["mapping"] == file["mapping"]


def test_refunds_of_a_file(ada):
    take(ada, hand_in(ada, csv(FIFTY[0]).encode()))
    text = "退款单号,订单编号,退款金额,退款原因,状态\nR-1,9900000000000000,12.50,破损,已申请"
    file = hand_in(ada, text.encode("gbk"), kind="refund")
    assert take(ada, file).json["counts"] == {"created": 1}

    found = ada.get("/api/tables/refunds/by-key/file:north:R-1").json["value"]
    assert (found["amount"], found["state"]) == (12.5, "requested")
    assert found["order_key"] == "file:north:9900000000000000"


def test_a_large_file_goes_on_in_the_background_and_after_a_restart(api, ada, monkeypatch):
    from headrace.engine.service import source_files

    monkeypatch.setattr(source_files, "AT_ONCE", 10)
    monkeypatch.setattr(source_files, "SLICE", 20)
    file = hand_in(ada, csv(*FIFTY).encode())
    assert take(ada, file).json["status"] == "running"
    source_files.work(api.workspace, slices=1)
    half = ada.get(f"/api/sources/north/files/{file['id']}").json
    assert (half["done"], half["status"]) == (20, "running")
    while source_files.work(api.workspace):
        pass

    done = ada.get(f"/api/sources/north/files/{file['id']}").json
    assert (done["status"], done["counts"]) == ("done", {"created": 50})


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422),
        (b"PK\x03\x04 no zip", 422),
        (b"\x81\x20\xff\xff", 422),
        (b"a,b\n" + b"1,2\n" * 200_001, 422),
    ],
)
def test_what_is_no_file_of_orders_is_refused(ada, data, status):
    reply = ada.post("/api/sources/north/files", data, content_type="application/octet-stream")
    assert reply.status == status


def test_a_field_twice_or_unknown_is_refused_and_who_may_not_write_may_not_look(api, ada):
    file = hand_in(ada, csv(FIFTY[0]).encode())
    path = f"/api/sources/north/files/{file['id']}"
    for wrong in (["total", "total"], ["state"], ["__class__"]):
        assert ada.post(f"{path}/preview", {"mapping": wrong}).status == 422
    assert ada.post("/api/sources/south/files/x/preview", {"mapping": []}).status == 404
    assert ada.get(f"/api/tables/orders/imports/{file['id']}").status == 404
    assert api.browser("nobody").post(f"{path}/preview", {"mapping": []}).status in (401, 403)
