"""Deciding from a mail: opening a link does nothing, its button decides once, and every other case has a clear page."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.service import mail_links, tasks
from headrace.engine.service.actor import PERMISSIONS, Actor
from headrace.engine.store import tables as t
from tests.http.conftest import Api, Reply

FLOW = {
    "format": 1,
    "key": "letter",
    "name": {"zh": "退款", "en": "Refund"},
    "input": {"type": "object", "properties": {"amount": {"type": "number"}}},
    "nodes": [
        {"id": "s", "type": "start", "name": {"en": "S"}, "position": {"x": 0, "y": 0}, "settings": {}},
        {
            "id": "ask", "type": "approval", "name": {"en": "Ask"}, "position": {"x": 0, "y": 0},
            "settings": {
                "title": "Refund <b>{{ amount }}</b>", "assignees": [{"kind": "user", "id": "usr_ann"}],
                "show": [{"label": {"zh": "金额", "en": "Amount"}, "value": "amount"}],
            },
        },
        {"id": "yes", "type": "end", "name": {"en": "Y"}, "position": {"x": 0, "y": 0}, "settings": {"result": "yes"}},
        {"id": "no", "type": "end", "name": {"en": "N"}, "position": {"x": 0, "y": 0}, "settings": {"result": "no"}},
    ],
    "edges": [
        {"id": "e1", "from": "s", "port": "out", "to": "ask"},
        {"id": "e2", "from": "ask", "port": "approved", "to": "yes"},
        {"id": "e3", "from": "ask", "port": "rejected", "to": "no"},
    ],
}  # fmt: skip


@pytest.fixture
def instance(api: Api) -> str:
    """A refund that Ann is asked for."""
    dora = api.browser("dora")
    assert dora.post("/api/flows/import", FLOW).status == 201
    assert dora.post("/api/flows/letter/publish", {"note": ""}).status == 201
    started = dora.post("/api/flows/letter/instances", {"input": {"amount": 12}})
    return str(started.json["id"])


def link(api: Api, instance_id: str, decision: str = "approved") -> str:
    with api.workspace.read() as connection:
        (task,) = connection.execute(sa.select(t.tasks).where(t.tasks.c.instance_id == instance_id))
        made = mail_links.links(api.workspace, connection, task.id, 1, "usr_ann")
    return next(str(one["url_path"]) for one in made if one["decision"] == decision)


def status(api: Api, instance_id: str) -> str:
    return str(api.browser("oscar").get(f"/api/instances/{instance_id}").json["status"])


def press(api: Api, path: str, comment: str = "") -> Reply:
    """Somebody without a session presses the button."""
    body = f"comment={comment}".encode()
    return api.browser().post(path, body, content_type="application/x-www-form-urlencoded")


def page(reply: Reply) -> str:
    return reply.data.decode()


def test_opening_a_link_decides_nothing_however_often(api: Api, instance: str) -> None:
    path = link(api, instance)

    for method in ("GET", "HEAD", "GET"):
        reply = api.browser().client.open(path, method=method)
        assert reply.status_code == 200
        assert "form-action 'self'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["Cache-Control"] == "no-store"

    told = page(api.browser().get(path))
    assert "Opening this page does nothing" in told
    assert "Refund &lt;b&gt;12&lt;/b&gt;" in told
    assert "<script" not in told
    assert status(api, instance) == "waiting"


def test_the_button_decides_once_and_the_audit_says_by_mail(api: Api, instance: str) -> None:
    path = link(api, instance)

    first = press(api, path, "fine+by+me")
    second = press(api, path, "again")

    assert (first.status, second.status) == (200, 200)
    assert "cannot be used again" in page(second)
    assert status(api, instance) == "completed"
    rows = api.browser("ada").get("/api/decisions").json["items"]
    assert [(row["via"], row["action"], row["comment"], row["by"]["id"]) for row in rows] == [
        ("mail", "approved", "fine by me", "usr_ann")
    ]


def test_the_other_link_of_a_decided_task_says_how_it_stands(api: Api, instance: str) -> None:
    yes, no = link(api, instance), link(api, instance, "rejected")
    press(api, yes)

    for reply in (api.browser().get(no), press(api, no)):
        assert reply.status == 409
        assert "Approved, by Ann" in page(reply)
    assert api.browser("oscar").get(f"/api/instances/{instance}").json["result"] == "yes"


def test_a_link_expires(api: Api, instance: str) -> None:
    path = link(api, instance)
    api.clock.advance(s=7 * 86_400)

    for reply in (api.browser().get(path), press(api, path)):
        assert reply.status == 410
        assert "expired" in page(reply)
    assert status(api, instance) == "waiting"


def test_a_link_ends_with_the_seat(api: Api, instance: str) -> None:
    path = link(api, instance)
    ann = Actor("usr_ann", "Ann", (), PERMISSIONS["approver"])
    task = tasks.listing(api.workspace, ann)["items"][0]["id"]
    tasks.act(api.workspace, ann, task, "transfer", {"to": "usr_oscar"})

    for reply in (api.browser().get(path), press(api, path)):
        assert reply.status == 403
        assert "no longer yours" in page(reply)
    assert status(api, instance) == "waiting"


@pytest.mark.parametrize("change", ["end", "start", "cut", "nonsense", "nonce"])
def test_a_forged_link_leads_nowhere(api: Api, instance: str, change: str) -> None:
    path = link(api, instance)
    nonce: Any = None
    if change == "nonce":  # signed here, too, but as something else
        ann = Actor("usr_ann", "Ann", (), PERMISSIONS["approver"])
        nonce = tasks.detail(api.workspace, ann, f"{instance}.2")["nonce"]
    forged = {
        "end": path[:-3] + "AAA",
        "start": path.replace("/decide/", "/decide/A"),
        "cut": path[: len(path) // 2],
        "nonsense": "/mail/decide/nonsense",
        "nonce": f"/mail/decide/{nonce}",
    }[change]

    for reply in (api.browser().get(forged), press(api, forged)):
        assert reply.status == 404
    assert status(api, instance) == "waiting"


def test_a_page_speaks_both_languages(api: Api, instance: str) -> None:
    path = link(api, instance)

    assert 'lang="zh-CN"' in page(api.browser().get(f"{path}?lang=zh"))
    assert "金额" in page(api.browser().get(f"{path}?lang=zh"))
    assert "Amount" in page(api.browser().get(path))  # Ann reads English
    wished = api.browser().get("/mail/decide/nothing", headers={"Accept-Language": "en"})
    assert "not valid" in page(wished)


def test_somebody_who_may_not_decide_is_told_so_and_not_asked_again(
    api: Api, instance: str
) -> None:
    path = link(api, instance)
    ada = api.browser("ada")
    roles = ada.patch("/api/users/usr_ann", {"roles": []})
    assert roles.status == 200, roles.json

    reply = press(api, path)

    assert reply.status == 403
    assert "Your decision was not sent" in page(reply)
    assert status(api, instance) == "waiting"
