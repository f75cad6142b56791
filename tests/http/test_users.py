"""Users and roles: what an administrator may do, and what nobody may."""

from __future__ import annotations

import pytest

from tests.http.conftest import Api, Browser

NEW = {"login": "eve", "name": "Eve", "password": "long enough", "roles": ["designer"]}


@pytest.fixture
def ada(api: Api) -> Browser:
    return api.browser("ada")


def test_a_new_user_can_sign_in_at_once(api: Api, ada: Browser) -> None:
    made = ada.post("/api/users", NEW)

    assert made.status == 201
    assert made.json["roles"] == ["designer"]
    assert api.browser().sign_in("eve", "long enough").json["user"]["roles"] == ["designer"]


@pytest.mark.parametrize(
    ("change", "status", "problem"),
    [
        ({"login": "dora"}, 409, None),
        ({"login": "a b"}, 422, ("/login", "login_wrong")),
        ({"login": ""}, 422, ("/login", "login_wrong")),
        ({"password": "short"}, 422, ("/password", "password_length")),
        ({"roles": ["nothing"]}, 422, ("/roles/0", "role_unknown")),
        ({"name": ""}, 422, ("/name", "min_length")),
        ({"admin": True}, 422, ("/admin", "unknown_property")),
    ],
)
def test_a_wrong_user_is_refused(
    ada: Browser, change: dict[str, object], status: int, problem: tuple[str, str] | None
) -> None:
    reply = ada.post("/api/users", {**NEW, **change})

    assert reply.status == status
    assert problem is None or reply.problems == [problem]


def test_who_is_deactivated_is_out_at_once(api: Api, ada: Browser) -> None:
    dora = api.browser("dora")
    program = dora_token(api)

    ada.patch("/api/users/usr_dora", {"active": False})

    assert dora.get("/api/flows").status == 401
    assert program.get("/api/flows").status == 401
    assert api.browser().sign_in("dora").status == 401


def dora_token(api: Api) -> Browser:
    """A program of Dora's, made while she is an administrator for a moment."""
    ada = api.browser("ada")
    ada.patch("/api/users/usr_dora", {"roles": ["administrator"]})
    token = api.browser("dora").post("/api/tokens", {"name": "t", "scopes": ["flows:read"]}).json
    ada.patch("/api/users/usr_dora", {"roles": ["designer"]})
    return Browser(api.flask.test_client(), headers={"Authorization": f"Bearer {token['token']}"})


def test_a_role_taken_away_counts_at_once(api: Api, ada: Browser) -> None:
    dora = api.browser("dora")

    ada.patch("/api/users/usr_dora", {"roles": ["approver"]})

    assert dora.post("/api/flows", {"name": {"en": "A"}}).code == "forbidden"


def test_a_password_set_by_the_administrator_ends_all_sessions(api: Api, ada: Browser) -> None:
    dora = api.browser("dora")

    ada.patch("/api/users/usr_dora", {"password": "another one"})

    assert dora.get("/api/session").status == 401
    assert api.browser().sign_in("dora", "another one").status == 200


@pytest.mark.parametrize("change", [{"active": False}, {"roles": []}, {"roles": ["designer"]}])
def test_the_last_administrator_stays(ada: Browser, change: dict[str, object]) -> None:
    refused = ada.patch("/api/users/usr_ada", change)

    assert (refused.status, refused.code) == (409, "conflict")
    assert ada.get("/api/session").json["user"]["roles"] == ["administrator"]


def test_the_last_administrator_stays_also_through_the_role(ada: Browser) -> None:
    refused = ada.put("/api/roles/administrator/members", ["usr_dora"])

    assert refused.status == 200  # there is another one now
    assert ada.put("/api/roles/administrator/members", []).status == 403


def test_an_administrator_may_go_when_another_is_left(ada: Browser) -> None:
    ada.patch("/api/users/usr_dora", {"roles": ["administrator"]})

    assert ada.patch("/api/users/usr_ada", {"active": False}).status == 200


def test_people_are_found_by_part_of_their_name_in_pages(ada: Browser) -> None:
    assert [u["login"] for u in ada.get("/api/users?search=DOR").json["items"]] == ["dora"]
    seen, cursor = [], ""
    for _ in range(10):
        page = ada.get(f"/api/users?limit=2{cursor}").json
        seen += [user["login"] for user in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(seen)
    assert len(seen) == 5


def test_a_percent_sign_is_looked_for_as_one(ada: Browser) -> None:
    assert ada.get("/api/users?search=%25").json["items"] == []


def test_business_roles_come_and_go_those_of_the_system_stay(ada: Browser) -> None:
    made = ada.post("/api/roles", {"key": "buyer", "title": {"zh": "采购", "en": "Buyer"}})
    assert made.status == 201
    assert made.json["permissions"] == []
    assert ada.post("/api/roles", {"key": "buyer", "title": {"en": "B"}}).status == 409
    assert ada.post("/api/roles", {"key": "Buyer!", "title": {"en": "B"}}).problems == [
        ("/key", "role_key_wrong")
    ]

    members = ada.put("/api/roles/buyer/members", ["usr_ann", "usr_dora", "usr_ann"])
    assert [member["id"] for member in members.json["members"]] == ["usr_ann", "usr_dora"]
    assert ada.put("/api/roles/buyer/members", ["usr_x"]).problems == [("/0", "user_unknown")]
    assert ada.patch("/api/roles/buyer", {"title": {"en": "B2"}}).json["title"] == {"en": "B2"}

    assert ada.delete("/api/roles/buyer").status == 204
    assert ada.delete("/api/roles/designer").status == 409
    assert "buyer" not in [role["key"] for role in ada.get("/api/roles").json["items"]]


def test_every_change_is_written_down_without_the_password(ada: Browser) -> None:
    ada.post("/api/users", NEW)
    ada.patch("/api/users/usr_dora", {"password": "a secret one"})

    entries = ada.get("/api/audit").json["items"]

    assert [entry["action"] for entry in entries[:2]] == ["users.change", "users.create"]
    assert entries[0]["who"] == {"id": "usr_ada", "name": "Ada"}
    assert "secret" not in str(entries)
    assert "long enough" not in str(entries)


def test_who_changed_what_comes_in_pages_and_by_kind(ada: Browser) -> None:
    for key in ("a", "b", "c"):
        ada.post("/api/roles", {"key": key, "title": {"en": key}})

    first = ada.get("/api/audit?limit=2&action=roles.").json
    second = ada.get(f"/api/audit?limit=2&action=roles.&cursor={first['next_cursor']}").json

    assert [e["subject"] for e in first["items"] + second["items"]] == ["c", "b", "a"]
    assert second["next_cursor"] is None
