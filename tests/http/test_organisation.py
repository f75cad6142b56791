"""The organisation over HTTP: read by everybody, changed by administrators, a substitute set by oneself; files in and out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builder import flow, role
from tests.http.conftest import Api, Browser


def upload(browser: Browser, data: bytes, **more: Any) -> Any:
    return browser.call(
        "POST", "/api/organisation/import?name=people.csv", data=data,
        headers={"Content-Type": "text/csv"}, **more,
    )  # fmt: skip


def test_departments_posts_and_people(api: Api) -> None:
    ada, ann = api.browser("ada"), api.browser("ann")

    top = ada.post("/api/departments", {"id": "all", "name": "总公司", "heads": ["usr_ada"]})
    sales = ada.post("/api/departments", {"name": "销售部", "parent_id": "all"})
    assert (top.status, top.json["heads"][0]["name"], sales.status) == (201, "Ada", 201)
    cycle = ada.patch("/api/departments/all", {"parent_id": sales.json["id"]})
    assert (cycle.status, cycle.problems) == (422, [("/parent_id", "department_cycle")])
    assert ada.delete("/api/departments/all").code == "department_in_use"
    post = ada.post("/api/posts", {"name": "店长", "rank": 5}).json["id"]

    placed = ada.patch(
        "/api/people/usr_ann",
        {"departments": [sales.json["id"]], "posts": [post], "supervisor_id": "usr_ada"},
    )

    assert placed.json["supervisor"] == {"id": "usr_ada", "name": "Ada"}
    assert ada.patch("/api/people/usr_ada", {"supervisor_id": "usr_ann"}).problems == [
        ("/supervisor_id", "supervisor_cycle")
    ]
    [seen] = ann.get("/api/people?department=all&deep=true").json["items"]
    assert (seen["name"], seen["email"], seen["open_tasks"]) == ("Ann", None, None)
    assert ann.patch("/api/people/usr_ann", {"supervisor_id": None}).status == 403
    assert ann.post("/api/departments", {"name": "x"}).status == 403
    assert [one["name"] for one in ann.get("/api/departments").json["items"]] == [
        "总公司",
        "销售部",
    ]


def test_everybody_sets_a_substitute_for_themselves(api: Api) -> None:
    ann, oscar = api.browser("ann"), api.browser("oscar")
    told = {
        "substitute_id": "usr_oscar",
        "from": "2026-01-10T00:00:00+08:00",
        "until": "2026-01-17T00:00:00+08:00",
    }

    made = ann.post("/api/substitutions", told)

    assert (made.status, made.json["person"]["name"], made.json["state"]) == (201, "Ann", "coming")
    assert made.json["from"] == "2026-01-09T16:00:00.000Z"
    circle = oscar.post("/api/substitutions", {**told, "substitute_id": "usr_ann"})
    assert circle.problems == [("/substitute_id", "substitution_cycle")]
    assert circle.json["error"]["problems"][0]["params"]["names"] == ["Oscar", "Ann", "Oscar"]
    assert ann.post("/api/substitutions", told).problems == [("/from", "substitution_overlap")]
    assert oscar.delete(f"/api/substitutions/{made.json['id']}").status == 403
    changed = ann.patch(f"/api/substitutions/{made.json['id']}", {"note": "春节"})
    assert changed.json["note"] == "春节"
    assert ann.delete(f"/api/substitutions/{made.json['id']}").status == 204
    assert ann.get("/api/substitutions").json["items"] == []


def test_a_rota_and_who_is_on_duty(api: Api) -> None:
    ada, ann = api.browser("ada"), api.browser("ann")
    plan = {
        "key": "night",
        "name": "夜班",
        "timezone": "Asia/Shanghai",
        "starts_on": "2026-01-05",
        "shifts": [{"id": "n", "name": "夜", "from": "20:00", "to": "08:00"}],
        "weeks": [{"fri": {"n": ["usr_ann"]}}, {"fri": {"n": ["role:boss"]}}],
    }

    made = ada.post("/api/rotas", plan)

    assert made.status == 201
    assert made.json["weeks"] == plan["weeks"]
    duty = ann.get("/api/rotas/night/duty?from=2026-01-09&until=2026-01-16").json
    worked = [
        (slot["date"], [p["name"] for p in slot["people"]])
        for slot in duty["slots"]
        if not slot["gap"]
    ]
    assert worked == [("2026-01-09", ["Ann"]), ("2026-01-16", ["Oscar"])]
    content = {k: v for k, v in plan.items() if k != "key"}
    seen = {"If-Match": f'"{made.json["etag"]}"'}
    assert ann.put("/api/rotas/night", content, headers=seen).status == 403
    assert ada.put("/api/rotas/night", content).problems == [("/headers/If-Match", "required")]
    wrong = ada.put("/api/rotas/night", {**content, "starts_on": "2026-01-06"}, headers=seen)
    assert wrong.problems == [("/starts_on", "setting_wrong")]


def test_two_who_plan_the_same_rota_do_not_undo_each_other(api: Api) -> None:
    ada, root = api.browser("ada"), api.browser("ada")
    plan = {
        "name": "夜班",
        "timezone": "Asia/Shanghai",
        "starts_on": "2026-01-05",
        "shifts": [{"id": "n", "name": "夜", "from": "20:00", "to": "08:00"}],
        "weeks": [{"fri": {"n": ["usr_ann"]}}],
    }
    seen = {"If-Match": ada.post("/api/rotas", {"key": "night", **plan}).json["etag"]}
    first = ada.put(
        "/api/rotas/night", {**plan, "weeks": [{"sat": {"n": ["usr_ann"]}}]}, headers=seen
    )
    second = root.put("/api/rotas/night", {**plan, "name": "夜"}, headers=seen)

    assert (first.status, second.status, second.code) == (200, 412, "rota_stale")
    assert second.json["error"]["params"]["updated_by"] == "Ada"
    now = ada.get("/api/rotas/night").json
    assert (now["name"], now["weeks"]) == ("夜班", [{"sat": {"n": ["usr_ann"]}}])
    over = root.put("/api/rotas/night", {**plan, "name": "夜"}, headers={"If-Match": now["etag"]})
    assert (over.status, over.json["name"]) == (200, "夜")
    assert over.json["etag"] != now["etag"]
    assert ada.delete("/api/rotas/night").status == 204


def test_a_file_is_compared_applied_once_and_comes_out_again(api: Api) -> None:
    ada, dora = api.browser("ada"), api.browser("dora")
    data = "登录名,姓名,部门,状态\nwei,张伟,总公司/客服部,在职\nna,=1+1,总公司,在职\n".encode("gbk")

    assert upload(dora, data).status == 403
    seen = upload(ada, data)

    assert (seen.status, seen.json["counts"]["new"], seen.json["counts"]["error"]) == (201, 1, 1)
    id_ = seen.json["id"]
    [wrong] = ada.get(f"/api/organisation/import/{id_}?state=error").json["items"]
    assert (wrong["row"], wrong["errors"][0]["code"]) == (3, "cell_formula")
    done = ada.post(f"/api/organisation/import/{id_}/apply", {})
    assert done.json == {"new": 1, "changed": 0, "left": 0, "error": 1}
    assert ada.post(f"/api/organisation/import/{id_}/apply", {}).status == 409
    # Somebody who came in from a table has no password: nobody can sign in as them.
    assert api.browser().sign_in("wei", "!").status == 401

    out = ada.get("/api/organisation/export?format=csv")
    assert "wei,张伟,,总公司/客服部" in out.data.decode("utf-8-sig")
    assert upload(ada, out.data).json["counts"]["changed"] == 0
    book = ada.get("/api/organisation/import/sample?format=xlsx")
    assert upload(ada, book.data).json["counts"]["new"] == 3


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "file_refused"),
        (b"a,b\n1,2", 422, "file_refused"),
        (b"PK\x03\x04", 422, "file_refused"),
        (b"x" * 10_000_001, 413, "body_too_large"),
    ],
)
def test_a_file_that_is_none(api: Api, data: bytes, status: int, code: str) -> None:
    reply = upload(api.browser("ada"), data)

    assert (reply.status, reply.code) == (status, code)


def test_a_preview_is_stale_after_a_change(api: Api) -> None:
    ada = api.browser("ada")
    seen = upload(ada, "登录名,姓名\nwei,张伟\n".encode())
    ada.post("/api/posts", {"name": "店长"})

    reply = ada.post(f"/api/organisation/import/{seen.json['id']}/apply", {})

    assert (reply.status, reply.code) == (409, "import_stale")


def test_who_would_get_it_and_why(api: Api) -> None:
    ada = api.browser("ada")
    drawn = flow("asks").then("ask", "approval", title="?", assignees=[role("boss")])
    document = drawn.then("done", "end").document()

    one = ada.post("/api/who", {"document": document, "node": "ask", "initiator": "usr_ann"}).json
    every = ada.post("/api/who", {"document": document}).json

    assert [(p["name"], p["origin"], p["may_decide"]) for p in one["people"]] == [
        ("Oscar", "assigned", True)
    ]
    assert one["people"][0]["why"][0]["text"]["zh"] == "角色「Boss」的主责人"
    assert [item["node"] for item in every["items"]] == ["ask"]
    assert ada.post("/api/who", {"flow": "moon"}).status == 404


def test_a_publish_names_the_role_that_has_nobody_behind_it(api: Api) -> None:
    ada = api.browser("ada")
    ada.post("/api/roles", {"key": "duty", "title": {"zh": "值班", "en": "Duty"}})
    ada.put("/api/roles/duty/members", ["usr_ann"])
    drawn = flow("asks").then("ask", "approval", title="?", assignees=[role("duty")])
    document = drawn.then("done", "end").at("ask", "rejected").to("done").document()
    ada.post("/api/flows", {"document": document})

    refused = ada.post("/api/flows/asks/publish")
    [problem] = [p for p in refused.json["error"]["problems"] if p["severity"] == "error"]
    assert (problem["code"], problem["params"]["title"]["zh"]) == ("role_no_backup", "值班")

    assert ada.put("/api/roles/duty/backup", ["usr_oscar"]).json["backup"][0]["name"] == "Oscar"
    assert ada.post("/api/flows/asks/publish").json["version"] == 1
    ada.put("/api/roles/duty/backup", [])
    assert [gap["role"] for gap in ada.get("/api/organisation/gaps").json["items"]] == ["duty"]
    assert ada.patch("/api/organisation/rules", {"backup": "warn"}).json["backup"] == "warn"
    problems = ada.post("/api/flows/asks/check", {}).json["problems"]
    assert [(p["code"], p["severity"]) for p in problems if p["code"].startswith("role")] == [
        ("role_no_backup", "warning")
    ]


def test_a_role_in_two_ways_is_in_it_in_the_later_one(api: Api) -> None:
    ada = api.browser("ada")

    ada.put("/api/roles/boss/backup", ["usr_oscar"])
    both = ada.put("/api/roles/boss/members", ["usr_oscar", "usr_ann"]).json

    assert [p["id"] for p in both["primary"]] == ["usr_ann", "usr_oscar"]
    assert both["backup"] == []
    assert ada.put("/api/roles/administrator/backup", ["usr_ann"]).status == 409
