"""Test cases of flows: kept with the flow, run without a way out, recorded from what happened, asked before a publish (R205)."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from headrace.engine import jsontext
from headrace.engine.errors import CasesFailed, Conflict, Forbidden, NotFound, ValidationFailed
from headrace.engine.flow.why import asked
from headrace.engine.service import cases, connections, flows, readiness, recording, staffing
from headrace.engine.service.actor import EVERYTHING, PERMISSIONS, Actor
from headrace.engine.service.testrun import run_test
from headrace.engine.store import audits
from headrace.engine.store import tables as t
from tests.builder import Flow, flow, role
from tests.fakes import ANN, BOB, NOON, TYPES, House, ScriptedWorld, settle

EN = {"en": "A case"}


def refund(limit: int = 200) -> dict[str, Any]:
    """Small refunds are paid at once, large ones when a boss agrees; `limit`: where large begins."""
    large = {
        "combinator": "and",
        "rules": [{"field": "amount", "operator": ">", "value": limit}],
    }
    drawing = (
        flow("refund")
        .then("check", "condition", branches=[{"id": "large", "when": large}])
        .on("large").then("ask", "approval", title="Refund?", assignees=[role("boss")])
        .then("pay", "connector", path="/pay").then("paid", "end", result="paid")
        .at("check", "else").to("pay")
        .at("ask", "rejected").then("no", "end", result="refused")
    )  # fmt: skip
    document = drawing.document()
    document["input"] = {
        "type": "object",
        "properties": {"amount": {"type": "number"}, "phone": {"type": "string"}},
        "required": ["amount"],
    }
    return document


def content(amount: float, **more: Any) -> dict[str, Any]:
    return {
        "input": {"amount": amount},
        "expect": {"status": "completed", "result": "paid"},
        **more,
    }


@pytest.fixture
def drawn(house: House) -> House:
    """The refund flow as a draft, in its first version."""
    ann = house.actor(ANN)
    flows.create(house.workspace, ann, document=refund())
    _backed(house)
    return house


def _backed(house: House) -> None:
    """Bosses may decide and need no backup; the bank has an account."""
    ann = house.actor(ANN)
    staffing.change_rules(house.workspace, ann, {"backup": "warn"})
    house.workspace.secret_key = Fernet.generate_key()
    settings = {"base_url": "http://bank.example", "auth": "none"}
    bank = {"key": "bank", "name": "Bank", "connector": "rest", "settings": settings}
    connections.add(house.workspace, ann, bank)

    def decide(connection: sa.Connection) -> None:
        members = [{"role": "approver", "user_id": person} for person in (ANN, BOB)]
        connection.execute(t.roles.insert().values(key="approver", title={}, system=True))
        connection.execute(t.role_members.insert(), members)

    house.write(decide)
    house.workspace.forget_directory()


def without(permission: str) -> Actor:
    return Actor(ANN, "Ann", (), EVERYTHING - {permission})


def add(house: House, told: dict[str, Any]) -> str:
    made = cases.create(house.workspace, house.actor(ANN), "refund", EN, told)
    return str(made["id"])


def run(house: House, document: dict[str, Any] | None = None) -> dict[str, Any]:
    return flows.run_cases(house.workspace, house.actor(ANN), "refund", document=document)


def redrawn(house: House, document: dict[str, Any]) -> None:
    flows.save(house.workspace, house.actor(ANN), "refund", document, "*")


def test_a_case_is_kept_changed_run_and_taken_away(drawn: House) -> None:
    ann = drawn.actor(ANN)
    id_ = add(drawn, content(100))

    told = run(drawn)
    assert (told["passed"], told["failed"]) == (1, 0)
    assert told["results"][0]["visited"] == ["start", "check", "pay", "paid"]

    wrong = content(100) | {"expect": {"result": "refused", "end": "no"}}
    cases.change(drawn.workspace, ann, "refund", id_, {"en": "Wrong"}, wrong, 1)
    (result,) = run(drawn)["results"]
    assert not result["met"]
    assert result["unmet"] == [
        {"what": "result", "expected": "refused", "found": "paid"},
        {"what": "end", "expected": "no", "found": "paid"},
    ]
    with pytest.raises(Conflict):  # somebody saved meanwhile
        cases.change(drawn.workspace, ann, "refund", id_, EN, content(1), 1)

    cases.delete(drawn.workspace, ann, "refund", id_)
    assert cases.listing(drawn.workspace, ann, "refund")["items"] == []
    with pytest.raises(NotFound):
        cases.delete(drawn.workspace, ann, "refund", id_)


def test_what_no_case_can_be_is_refused(drawn: House) -> None:
    ann = drawn.actor(ANN)
    wrong: list[dict[str, Any]] = [
        {"input": {}},
        {"input": {}, "expect": {"colour": "red"}},
        content(1) | {"at": "tomorrow"},
        content(1) | {"input": {"text": "x" * cases.CONTENT_MAX_BYTES}},
    ]
    for told in wrong:
        with pytest.raises(ValidationFailed):
            cases.create(drawn.workspace, ann, "refund", EN, told)


def test_coverage_names_the_edges_no_case_has_taken(drawn: House) -> None:
    document = refund()
    named = {edge["id"]: (edge["from"], edge.get("port", "out")) for edge in document["edges"]}
    add(drawn, content(100))

    never = {named[edge] for edge in run(drawn)["coverage"]["never"]}
    assert never == {("check", "large"), ("ask", "approved"), ("ask", "rejected")}

    add(drawn, content(500))
    no = content(500, decisions={"ask": {"port": "rejected"}})
    add(drawn, no | {"expect": {"result": "refused", "asked": {"ask": ["role:boss"]}}})
    told = run(drawn)
    assert told["failed"] == 0, told["results"]
    assert told["coverage"]["never"] == []
    assert told["coverage"]["taken"] == told["coverage"]["edges"] == len(document["edges"])


def test_a_red_case_stops_a_publish_until_it_is_mended(drawn: House) -> None:
    ann = drawn.actor(ANN)
    add(drawn, content(150))
    flows.publish(drawn.workspace, ann, "refund")
    redrawn(drawn, refund(limit=100))
    # At 150 a boss is asked now; the case says nobody is.
    (id_,) = [one["id"] for one in cases.listing(drawn.workspace, ann, "refund")["items"]]
    told = content(150) | {"expect": {"not_visited": ["ask"]}}
    cases.change(drawn.workspace, ann, "refund", id_, EN, told, 1)

    with pytest.raises(CasesFailed) as refused:
        flows.publish(drawn.workspace, ann, "refund")
    assert [problem.code for problem in refused.value.problems] == ["case_failed"]
    assert flows.detail(drawn.workspace, ann, "refund")["versions"] == 1

    redrawn(drawn, refund(limit=180))
    assert flows.publish(drawn.workspace, ann, "refund")["version"] == 2


def test_only_an_administrator_may_publish_in_spite_of_red_and_the_audit_says_why(
    drawn: House,
) -> None:
    id_ = add(drawn, content(150) | {"expect": {"result": "refused"}})

    with pytest.raises(Forbidden):
        flows.publish(drawn.workspace, without("flows:override"), "refund", despite="It is urgent")
    flows.publish(drawn.workspace, drawn.actor(ANN), "refund", despite="It is urgent")

    with drawn.workspace.read() as connection:
        (entry,) = audits.listing(
            connection, action="flows.publish", subject="", before=None, limit=10
        )
    assert entry.details["despite"] == "It is urgent"
    assert entry.details["red"] == [id_]
    assert "flows:override" not in PERMISSIONS["designer"]


def test_a_drawing_that_cannot_run_makes_every_case_red(drawn: House) -> None:
    add(drawn, content(100))
    broken = refund()
    broken["edges"] = broken["edges"][:1]

    told = run(drawn, broken)

    assert (told["failed"], told["results"][0]["status"]) == (1, "refused")
    assert told["problems"]


def test_cases_travel_with_the_file(drawn: House) -> None:
    ann = drawn.actor(ANN)
    plain = flows.export(drawn.workspace, ann, "refund")
    add(drawn, content(100, decisions={"ask": "approved"}))
    data = flows.export(drawn.workspace, ann, "refund")
    assert plain != data

    flows.import_file(drawn.workspace, ann, jsontext.loads(data), key="again")

    (found,) = cases.listing(drawn.workspace, ann, "again")["items"]
    assert found["content"] == content(100, decisions={"ask": "approved"})
    draft = flows.detail(drawn.workspace, ann, "again")["draft"]["document"]
    assert "cases" not in draft
    with pytest.raises(ValidationFailed):
        flows.import_file(
            drawn.workspace, ann, {**jsontext.loads(data), "cases": [{"name": 1}]}, key="third"
        )


# --- what happened -----------------------------------------------------------------------------------


def test_a_real_instance_becomes_a_case_that_goes_the_same_way(drawn: House) -> None:
    ann = drawn.actor(ANN)
    flows.publish(drawn.workspace, ann, "refund")
    id_ = drawn.start("refund", {"amount": 500, "phone": "13812345678"})
    drawn.later(s=3_600)
    drawn.decide(BOB, "approved", comment="fine")
    settle(drawn, ScriptedWorld((200, {"no": "T-1"})))
    assert drawn.status(id_) == "completed"

    found = recording.record(drawn.workspace, ann, "refund", id_)

    told = found["content"]
    assert found["differences"] == []
    assert told["input"] == {"amount": 500, "phone": "13812345678"}  # nothing masks it here
    assert told["decisions"] == {
        "ask": {"port": "approved", "comment": "fine", "after_ms": 3_600_000}
    }
    assert told["mocks"]["pay"]["output"]["body"] == {"no": "T-1"}
    assert told["expect"]["visited"] == ["start", "check", "ask", "pay", "paid"]
    add(drawn, told)
    assert run(drawn)["failed"] == 0


def test_what_went_wrong_is_recorded_as_it_went(drawn: House) -> None:
    ann = drawn.actor(ANN)
    flows.publish(drawn.workspace, ann, "refund")
    id_ = drawn.start("refund", {"amount": 500})
    drawn.decide(ANN, "rejected")
    settle(drawn)

    found = recording.record(drawn.workspace, ann, "refund", id_)

    assert found["differences"] == []
    assert found["content"]["expect"]["end"] == "no"


def test_who_may_not_see_instances_records_none(drawn: House) -> None:
    flows.publish(drawn.workspace, drawn.actor(ANN), "refund")
    id_ = drawn.start("refund", {"amount": 1})
    for missing in ("instances:read", "flows:read"):
        with pytest.raises(Forbidden):
            recording.record(drawn.workspace, without(missing), "refund", id_)
    with pytest.raises(NotFound):
        recording.record(drawn.workspace, drawn.actor(ANN), "other", id_)


def test_a_disguise_keeps_length_and_kind() -> None:
    plain = {
        "phone": "13812345678", "name": "张三丰", "mail": "ann@example.com", "amount": 259.5,
        "lines": [{"phone": "13812345678"}], "open": "yes",
    }  # fmt: skip
    veiled = {
        "phone": "138****5678", "name": "张**", "mail": "a***@example.com", "amount": "****",
        "lines": [{"phone": "138****5678"}], "open": "yes",
    }  # fmt: skip

    found, hidden = recording.disguised(plain, veiled)

    assert found == {
        "phone": "13800005678", "name": "张某某", "mail": "axx@example.com", "amount": 100,
        "lines": [{"phone": "13800005678"}], "open": "yes",
    }  # fmt: skip
    assert hidden == 5


def test_what_forms_and_tables_mask_stays_behind_whoever_records(house: House) -> None:
    phone = {"type": "string", "x-mask": "phone"}
    form = {
        "title": {"en": "Refund"},
        "schema": {"type": "object", "properties": {"phone": phone, "why": {"type": "string"}}},
    }
    drawing = flow("secret", form={"use": "refund"}).then("done", "end")
    document = {**drawing.document(), "forms": {"refund": form}}
    house.publish(document)
    given = {"phone": "13812345678", "why": "broken"}
    id_ = house.start("secret", {"refund": given})
    settle(house)

    found = recording.record(house.workspace, house.actor(ANN), "secret", id_)

    assert found["content"]["input"]["refund"]["phone"] == "13800005678"
    assert found["content"]["input"]["refund"]["why"] == "broken"
    assert found["hidden"] == 1
    assert "13812345678" not in jsontext.dumps(found)
    assert found["differences"] == []


def test_fields_that_a_table_of_the_flow_masks_are_disguised_wherever_they_stand() -> None:
    plain = {
        "mocks": {
            "find": {
                "output": {"buyer_phone": "13812345678", "n": [{"buyer_phone": "13987654321"}]}
            }
        }
    }

    found, hidden = recording.disguised(plain, recording._by_field(plain, {"buyer_phone": "phone"}))

    assert hidden == 2
    assert found["mocks"]["find"]["output"] == {
        "buyer_phone": "13800005678",
        "n": [{"buyer_phone": "13900004321"}],
    }


# --- no way out --------------------------------------------------------------------------------------


class Opened(BaseException):
    """A socket was opened: nothing in the engine catches this."""


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise Opened

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


def everything_outside() -> Flow:
    drawing = flow("outside")
    for index, name in enumerate(sorted(n for n, kind in TYPES.items() if kind.in_worker)):
        drawing = drawing.then(f"n{index}", name, **TYPES[name].example)
    return drawing.then("done", "end")


@pytest.mark.usefixtures("sealed")
def test_no_node_that_works_outside_opens_a_socket_in_a_test_run() -> None:
    document = everything_outside().document()
    with pytest.raises(Opened):  # the seal holds: this is what a call would do
        socket.create_connection(("127.0.0.1", 9))

    answer = run_test(document, TYPES, {}, now_ms=NOON)

    types = {step["type"] for step in answer["steps"]}
    assert types >= {name for name, kind in TYPES.items() if kind.in_worker}
    assert answer["status"] == "completed"


# --- pins and reasons --------------------------------------------------------------------------------


def test_a_pinned_node_answers_what_is_told_and_is_not_run() -> None:
    pins = {"check": {"output": {"branch": "large"}, "port": "large"}, "ask": {"port": "rejected"}}

    answer = run_test(refund(), TYPES, {"amount": 1}, now_ms=NOON, pins=pins)

    assert answer["visited"] == ["start", "check", "ask", "no"]
    assert [step["node"] for step in answer["steps"] if step.get("pinned")] == ["check", "ask"]
    assert answer["notifications"] == []  # nobody was asked


def test_a_pinned_start_gives_the_input_as_it_is() -> None:
    document = flow("hook", start="webhook").then("done", "end").document()
    (start,) = [node["id"] for node in document["nodes"] if node["type"] == "webhook"]
    pins = {start: {"output": {"order": "TB-1"}, "business_key": "TB-1"}}

    answer = run_test(document, TYPES, {}, start_node=start, now_ms=NOON, pins=pins)

    assert (answer["variables"]["order"], answer["business_key"]) == ("TB-1", "TB-1")


def test_a_choice_says_what_it_read() -> None:
    answer = run_test(refund(), TYPES, {"amount": 150}, now_ms=NOON)

    (why,) = [step["why"] for step in answer["steps"] if step["node"] == "check"]
    assert why == [{"branch": "large", "holds": False, "read": {"amount": 150}, "missing": []}]
    nothing = asked({"branches": [{"id": "a", "when": {"expression": "1 +"}}]}, {})
    assert nothing[0]["holds"] is None
    assert asked({"path": "/"}, {}) == []


# --- the check list ----------------------------------------------------------------------------------


def test_the_check_list_says_what_stands_between_draft_and_publish(drawn: House) -> None:
    ann = drawn.actor(ANN)
    add(drawn, content(100))
    flows.publish(drawn.workspace, ann, "refund")
    drawn.start("refund", {"amount": 500})
    redrawn(drawn, refund(limit=300))

    found = readiness.look(drawn.workspace, ann, "refund")

    assert found["cases"]["passed"] == 1
    assert found["roles"] == [{"key": "boss", "title": {"en": "boss"}, "members": 2, "backups": 0}]
    assert (found["in_force"], found["next_version"]) == (1, 2)
    assert found["versions"] == [{"version": 1, "open_instances": 1}]
    assert (found["canary"], found["may_overrule"]) == (False, True)
    assert found["changes"]["loud"] == 1


def test_a_step_that_changes_something_and_is_repeated_freely_is_warned_about(
    drawn: House,
) -> None:
    document = refund()
    (pay,) = [node for node in document["nodes"] if node["id"] == "pay"]
    for effect, method, warned in (
        ("pure", "POST", True),
        ("pure", "GET", False),
        ("keyed", "POST", False),
    ):
        pay["settings"] |= {"effect": effect, "method": method}
        found = flows.problems(drawn.workspace, document)
        codes = [p.code for p in found if p.node == "pay" and p.severity == "warning"]
        assert ("repeats_freely" in codes) is warned
    for odd in ({"nodes": [1, {"settings": {"effect": "pure"}}]}, None):
        assert isinstance(flows._repeats_freely(drawn.workspace, odd), list)


def test_only_connections_of_the_draft_can_be_tried_by_who_publishes(drawn: House) -> None:
    with pytest.raises(NotFound):
        readiness.try_connection(
            drawn.workspace,
            drawn.actor(ANN),
            "refund",
            "somebody-elses",
            None,  # type: ignore[arg-type]
        )
