"""People from a table: what a file changes is shown first, done at once or not at all, and changes nothing the second time."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from headrace.engine.errors import Conflict, FileRefused, ImportStale
from headrace.engine.people import org_table
from headrace.engine.service import org_files, org_import, organisation, users
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.store import org_imports
from tests.fakes import ANN, House

ADA = Actor("usr_ada", "Ada", ("administrator",), EVERYTHING)
HEAD = "登录名,姓名,邮箱,部门,部门负责人,岗位,直属上级,角色,备份角色,状态"


def csv(*lines: str, header: str = HEAD, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([header, *lines]).encode(encoding)


def preview(house: House, data: bytes) -> dict[str, Any]:
    users.prepare(house.workspace)
    return org_import.preview(house.workspace, ADA, "people.csv", data)


def lines(house: House, seen: dict[str, Any], state: str | None = None) -> list[dict[str, Any]]:
    return list(
        org_import.detail(house.workspace, ADA, seen["id"], state=state, limit=200)["items"]
    )


def person(house: House, login: str) -> dict[str, Any]:
    found = organisation.people(house.workspace, ADA, search=login)["items"]
    return next(one for one in found if one["login"] == login)


FIRST = csv(
    "wei,张伟,wei@example.com,总公司/客服部,是,客服主管,,,,在职",
    "na,李娜,,总公司/客服部;总公司/财务部,否,客服专员;会计,wei,,,",
    'ann,Ann,ann@example.com,总公司,,,,boss,,在职',
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_preview_changes_nothing_and_applying_does_what_it_says(
    cabin: House, encoding: str
) -> None:
    house = cabin
    seen = preview(house, FIRST.decode().encode(encoding))

    assert seen["counts"] | {"left": 0} == {
        "new": 2,
        "changed": 1,
        "left": 0,
        "same": 0,
        "error": 0,
    }
    assert seen["departments"] == ["总公司", "总公司/客服部", "总公司/财务部"]
    assert set(seen["posts"]) == {"客服主管", "客服专员", "会计"}
    [ann] = lines(house, seen, "changed")
    assert {c["field"]: (c["before"], c["after"]) for c in ann["changes"]}["departments"] == (
        [],
        ["总公司"],
    )
    assert organisation.departments(house.workspace, ADA)["items"] == []
    assert {u["login"] for u in users.listing(house.workspace, ADA)["items"]} >= {"ann"}

    done = org_import.apply(house.workspace, ADA, seen["id"])

    assert done == {"new": 2, "changed": 1, "left": 0, "error": 0}
    na = person(house, "na")
    assert [one["name"] for one in na["departments"]] == ["客服部", "财务部"]
    assert [one["main"] for one in na["departments"]] == [True, False]
    assert {one["name"] for one in na["posts"]} == {"会计", "客服专员"}
    assert (na["supervisor"]["name"], na["roles"]) == ("张伟", ["approver"])
    heads = {
        one["name"]: [head["name"] for head in one["heads"]]
        for one in organisation.departments(house.workspace, ADA)["items"]
    }
    assert heads == {"总公司": [], "客服部": ["张伟"], "财务部": []}


def test_the_same_table_again_changes_nothing(house: House) -> None:
    org_import.apply(house.workspace, ADA, preview(house, FIRST)["id"])

    again = preview(house, FIRST)

    assert (again["counts"]["same"], again["counts"]["new"], again["counts"]["changed"]) == (
        3,
        0,
        0,
    )
    out = org_import.export(house.workspace, ADA, "xlsx")
    assert preview(house, out)["counts"]["changed"] == 0


def test_a_preview_is_refused_when_the_organisation_has_changed_since(house: House) -> None:
    seen = preview(house, FIRST)
    organisation.create_post(house.workspace, ADA, {"name": "出纳"})

    with pytest.raises(ImportStale):
        org_import.apply(house.workspace, ADA, seen["id"])
    assert org_import.detail(house.workspace, ADA, seen["id"])["stale"]
    assert organisation.departments(house.workspace, ADA)["items"] == []


def test_a_preview_is_applied_once(house: House) -> None:
    seen = preview(house, FIRST)
    org_import.apply(house.workspace, ADA, seen["id"])

    with pytest.raises(Conflict):
        org_import.apply(house.workspace, ADA, seen["id"])


def test_applying_is_one_transaction(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is gone")

    seen = preview(house, FIRST)
    monkeypatch.setattr(org_imports, "mark_applied", breaks)
    with pytest.raises(RuntimeError):
        org_import.apply(house.workspace, ADA, seen["id"])

    assert organisation.departments(house.workspace, ADA)["items"] == []
    assert organisation.people(house.workspace, ADA, search="wei")["items"] == []


def test_who_is_missing_stays_unless_told_otherwise(cabin: House) -> None:
    house = cabin
    users.create(
        house.workspace, ADA, {"login": "ada2", "name": "Ada", "roles": []}, password="long-enough"
    )
    only = csv("ann,Ann,,,,,,,,", header=HEAD)
    seen = preview(house, only)
    gone = {line["login"] for line in lines(house, seen, "left")}
    assert gone == {"bob", "eve", "ada2"}
    assert seen["missing"] == 3

    assert org_import.apply(house.workspace, ADA, seen["id"])["left"] == 0
    assert person(house, "bob")["active"]

    seen = preview(house, only)
    assert org_import.apply(house.workspace, ADA, seen["id"], leave_missing=True)["left"] == 3
    assert not person(house, "bob")["active"]
    assert person(house, "ann")["active"]


def test_a_missing_column_changes_nothing_and_an_empty_cell_empties(cabin: House) -> None:
    house = cabin
    org_import.apply(house.workspace, ADA, preview(house, FIRST)["id"])

    short = preview(house, csv("na,李娜", header="登录名,姓名"))
    assert [line["state"] for line in lines(house, short)][:1] == ["same"]

    empty = preview(house, csv("na,李娜,", header="登录名,姓名,岗位"))
    [na] = [line for line in lines(house, empty) if line["login"] == "na"]
    assert na["changes"] == [{"field": "posts", "before": ["会计", "客服专员"], "after": []}]


def test_a_table_takes_no_right_of_the_system_away(cabin: House) -> None:
    house = cabin
    org_import.apply(house.workspace, ADA, preview(house, FIRST)["id"])

    org_import.apply(
        house.workspace, ADA, preview(house, csv("na,李娜,boss", header="登录名,姓名,角色"))["id"]
    )

    assert person(house, "na")["roles"] == ["approver", "boss"]


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        (",张三,,,,,,,,", "login", "cell_missing"),
        ("san,,,,,,,,,", "name", "cell_missing"),
        ("张三,张三,,,,,,,,", "login", "cell_login"),
        ("san,张三,nomail,,,,,,,", "email", "cell_email"),
        ("san,张三,,总公司//客服,,,,,,", "departments", "cell_department"),
        ("san,张三,," + "/".join("a" * 21) + ",,,,,,", "departments", "cell_department"),
        ("san,张三,,,maybe,,,,,", "head", "cell_yes_no"),
        ("san,张三,,,是,,,,,", "head", "cell_no_department"),
        ("san,张三,,,,,nobody,,,", "supervisor", "cell_supervisor"),
        ("san,张三,,,,,san,,,", "supervisor", "cell_supervisor"),
        ("san,张三,,,,,,moon,,", "roles", "cell_role"),
        ("san,张三,,,,,,,administrator,", "backups", "cell_role"),
        ("san,张三,,,,,,,,休眠", "active", "cell_state"),
        ("san,=cmd|'/c calc'!A1,,,,,,,,", "name", "cell_formula"),
        ("san,@SUM(1),,,,,,,,", "name", "cell_formula"),
        ("san,张" + "三" * 200 + ",,,,,,,,", "name", "cell_too_long"),
        ("san,张\x07三,,,,,,,,", "name", "cell_control"),
        ("san,张三,,,," + ";".join(f"p{n}" for n in range(21)) + ",,,,", "posts", "cell_many"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_and_the_others_go_in(
    cabin: House, line: str, field: str, code: str
) -> None:
    house = cabin
    seen = preview(house, csv(line, "wei,张伟,,,,,,,,"))

    [wrong] = lines(house, seen, "error")
    assert [(error["field"], error["code"]) for error in wrong["errors"]] == [(field, code)]
    assert org_import.apply(house.workspace, ADA, seen["id"]) == {
        "new": 1, "changed": 0, "left": 0, "error": 1,
    }  # fmt: skip


def test_superiors_in_a_circle_and_names_twice_are_refused_line_by_line(cabin: House) -> None:
    house = cabin
    seen = preview(
        house,
        csv(
            "a,A,,,,,b,,,",
            "b,B,,,,,c,,,",
            "c,C,,,,,a,,,",
            "d,D,,,,,a,,,",
            "e,E,,,,,,,,",
            "e,E2,,,,,,,,",
        ),
    )

    found = {(line["login"], line["errors"][0]["code"]) for line in lines(house, seen, "error")}
    assert found == {
        ("a", "cell_cycle"),
        ("b", "cell_cycle"),
        ("c", "cell_cycle"),
        ("e", "cell_twice"),
    }
    cycle = next(line for line in lines(house, seen, "error") if line["login"] == "a")
    assert cycle["errors"][0]["params"]["found"].count("→") == 3


def test_a_superior_whose_own_line_is_wrong_is_nobody(cabin: House) -> None:
    seen = preview(cabin, csv("a,A,wrong,,,,,,,", "b,B,,,,,a,,,", "c,C,,,,,b,,,"))

    assert [line["login"] for line in lines(cabin, seen, "error")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "a file with people"),
        (b"\r\n\r\n", "a first line"),
        (b"name,age\nann,3", "登录名"),
        (b"\xff\xfe\x00", "CSV in UTF-8 or GBK"),
        (b"PK\x03\x04 and nonsense", "XLSX"),
        (csv(*(f"u{n},U{n}" for n in range(20_001)), header="登录名,姓名"), "20,000 lines"),
        (csv(",".join("x" * 60), header=HEAD), "50 columns"),
    ],
)
def test_a_file_that_is_none_is_refused(cabin: House, data: bytes, expected: str) -> None:
    with pytest.raises(FileRefused) as refused:
        preview(cabin, data)
    assert expected in str(refused.value.params["expected"])


def test_a_hundred_thousand_lines_are_refused_soon(cabin: House) -> None:
    rows = "\n".join(f"user{n},U{n}" for n in range(100_000))
    with pytest.raises(FileRefused, match="20,000 lines"):
        preview(cabin, csv(rows, header="登录名,姓名"))


def xlsx(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_numbers_formulas_and_blank_lines_of_a_spreadsheet(cabin: House) -> None:
    data = xlsx([["登录名", "姓名", "岗位"], [None], [1001, "张三", "会计"], ["f", "=1+1", None]])

    found = {line["login"]: line for line in lines(cabin, preview(cabin, data))}

    assert (found["1001"]["state"], found["1001"]["row"]) == ("new", 3)
    assert found["f"]["errors"][0]["code"] == "cell_formula"


def test_a_zip_that_unpacks_to_gigabytes_is_refused_unread(cabin: House) -> None:
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(120):
            part.write(b" " * 1_000_000)
    with pytest.raises(FileRefused, match="unpacks"):
        preview(cabin, bomb.getvalue())


def test_a_sheet_that_says_it_has_a_million_rows_is_read_as_far_as_it_goes(cabin: House) -> None:
    data = xlsx([["登录名", "姓名"], ["wei", "张伟"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            text = old.read(part.filename)
            new.writestr(part.filename, text.replace(b'r="2"', b'r="1048576"'))
    with pytest.raises(FileRefused):
        preview(cabin, out.getvalue())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sample_comes_in_as_it_is(cabin: House, kind: str, language: str) -> None:
    seen = preview(cabin, org_import.sample(kind, language))

    assert seen["counts"]["new"] == 3
    assert seen["counts"]["error"] == 0
    assert seen["columns"] == list(org_table.COLUMNS)


def test_what_a_spreadsheet_would_run_goes_out_as_a_text_and_comes_in_again(cabin: House) -> None:
    house = cabin
    users.change(house.workspace, ADA, ANN, {"name": "=1+1"})

    out = org_import.export(house.workspace, ADA, "csv").decode("utf-8-sig")

    assert "'=1+1" in out
    # A name that begins like a formula is refused on the way in, whoever wrote it.
    assert preview(house, out.encode())["counts"]["changed"] == 0


def test_twenty_thousand_people_come_in_at_once(cabin: House) -> None:
    rows = "\n".join(
        f"u{n},U{n},总公司/部{n % 50},u{n // 10}" for n in range(1, org_files.ROWS_MAX)
    )
    data = csv(f"u0,U0,总公司,\n{rows}", header="登录名,姓名,部门,直属上级")

    seen = preview(cabin, data)

    assert (seen["counts"]["new"], seen["counts"]["error"]) == (20_000, 0)
    assert org_import.apply(cabin.workspace, ADA, seen["id"])["new"] == 20_000
    assert person(cabin, "u19999")["supervisor"]["name"] == "U1999"
