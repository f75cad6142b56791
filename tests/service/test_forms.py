"""Forms through the service: one form from the start through its approvals, files with it, and what each person sees."""

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import (
    FileQuota,
    FileTypeRefused,
    FormChanged,
    NotFound,
    ValidationFailed,
)
from headrace.engine.flow.validate import validate
from headrace.engine.service import files, forms, instances, purge, tasks, travel
from headrace.engine.service.actor import Actor
from headrace.engine.store import files as stored
from headrace.engine.store import records
from headrace.engine.store import tables as t
from tests.builder import flow, user
from tests.fakes import ANN, BOB, EVE, TYPES, House

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
MONEY = {"type": "string", "format": "money"}
REFUND: dict[str, Any] = {
    "title": {"zh": "退款单", "en": "Refund"},
    "schema": {
        "type": "object",
        "required": ["reason"],
        "properties": {
            "reason": {"type": "string", "minLength": 2},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "price": MONEY,
                        "quantity": {"type": "integer"},
                        "sum": {**MONEY, "x-compute": "price * quantity"},
                    },
                },
            },
            "total": {**MONEY, "x-compute": 'sum(pluck(lines, "sum"))'},
            "paid": MONEY,
            "owner": {"type": "string", "x-widget": "person"},
            "photos": {
                "type": "array", "items": {"type": "object"}, "maxItems": 3, "x-widget": "attachments", "x-accept": ["image"],
            },
        },
    },
}  # fmt: skip
GIVEN = {"reason": "坏了", "lines": [{"price": "0.10", "quantity": 3}]}


def plain(user_id: str) -> Actor:
    """Somebody who may start and decide, and see nothing else."""
    return Actor(user_id, user_id, (), frozenset({"instances:start", "tasks:decide"}))


def drawn(**use: Any) -> dict[str, Any]:
    drawing = (
        flow("refunding", form={"use": "refund"})
        .then("ask", "approval", assignees=[user(ANN)], form={"use": "refund", **use})
        .then("yes", "end")
        .at("ask", "rejected").then("no", "end")
    )  # fmt: skip
    return {**drawing.document(), "forms": {"refund": REFUND}}


def started(house: House, value: Any = None, **use: Any) -> str:
    house.publish(drawn(**use))
    return house.start("refunding", {"refund": GIVEN if value is None else value})


def task_form(house: House) -> dict[str, Any]:
    [form] = house.rows(sa.select(t.tasks.c.form))
    return dict(form.form)


def shown(house: House, id_: str, actor: Actor) -> dict[str, Any]:
    variables = house.detail(id_)["variables"]
    with house.workspace.read() as connection:
        return forms.shown(house.workspace, connection, task_form(house), variables, [], actor)


def accepted(house: House, id_: str, given: Any, **more: Any) -> Any:
    variables = house.detail(id_)["variables"]
    form = task_form(house)

    def operation(connection: sa.Connection) -> Any:
        return forms.accepted(
            house.workspace, connection, form, variables, [], given, plain(ANN), id_, **more
        )

    return house.write(operation)


def uploaded(
    house: House, who: str = EVE, name: str = "a.png", data: bytes = PNG
) -> dict[str, Any]:
    rest = [data]
    return files.take(
        house.workspace, house.actor(who), name, lambda _: rest.pop() if rest else b""
    )


def read(house: House, who: str, id_: str) -> bytes:
    return b"".join(files.look(house.workspace, plain(who), id_)[1])


# --- the form -------------------------------------------------------------------------------------


def test_a_drawing_with_a_form_is_right_and_its_variable_is_known(house: House) -> None:
    document = drawn(rights={"lines.price": "read"}, others="read")
    document["nodes"][1]["settings"]["title"] = "{{ refund.total }}"

    assert validate(document, TYPES) == []


@pytest.mark.parametrize(
    ("use", "code"),
    [
        ({"use": "refnud"}, "form_unknown"),
        ({"use": "refund", "rights": {"reasn": "read"}}, "form_field_unknown"),
        ({"use": "refund", "rights": {"lines.cost": "read"}}, "form_field_unknown"),
        ({"use": "refund", "rights": {"reason": "maybe"}}, "form_right_wrong"),
        ({"use": "refund", "rights": []}, "form_right_wrong"),
        ({"use": "refund", "others": "no"}, "form_right_wrong"),
        ({"use": "refund", "right": {}}, "unknown_property"),
    ],
)
def test_a_use_that_names_what_is_not_there_is_refused(use: Any, code: str) -> None:
    document = drawn()
    document["nodes"][1]["settings"]["form"] = use

    [problem] = validate(document, TYPES)

    assert (problem.code, problem.node) == (code, "ask")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schema": {"properties": {"a": {"x-compute": "a"}}}}, "form_formula_circle"),
        ({"schema": {"properties": {"a": {"x-mask": "x"}}}}, "form_hint_wrong"),
        ({"schema": {"properties": {"a": {"x-when": {"b": [1]}}}}}, "form_field_unknown"),
        ({"schema": {"type": "array"}}, "form_wrong"),
        ({"schema": {"if": {}}}, "form_keyword_unknown"),
        ({"ui": {"sections": [{"title": {"en": "S"}, "fields": ["zz"]}]}}, "form_field_unknown"),
        ({"ui": {"columns": 3}}, "enum"),
    ],
)
def test_a_form_that_is_wrong_is_refused_by_its_place(change: Any, code: str) -> None:
    document = drawn()
    document["forms"]["other"] = {**REFUND, **change}

    problems = validate(document, TYPES)

    assert [problem.code for problem in problems] == [code]
    assert problems[0].path.startswith("/forms/other")


def test_the_form_of_a_start_is_kept_with_what_was_worked_out(house: House) -> None:
    id_ = started(house)

    assert house.detail(id_)["variables"]["refund"] == {
        "reason": "坏了",
        "lines": [{"price": "0.10", "quantity": 3, "sum": "0.30"}],
        "total": "0.30",
    }


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({}, "/refund/reason"),
        ({**GIVEN, "lines": [{"price": 0.1}]}, "/refund/lines/0/price"),
        ("x", "/refund"),
        ({**GIVEN, "z": 1}, "/refund/z"),
    ],
)  # fmt: skip
def test_a_start_whose_form_is_wrong_is_refused_by_its_place(
    house: House, value: Any, path: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        started(house, value)

    assert [problem.path for problem in refused.value.problems] == [path]
    assert house.rows(sa.select(t.instances)) == []


def test_a_task_shows_the_form_with_names_and_without_what_is_hidden(house: House) -> None:
    id_ = started(
        house,
        {**GIVEN, "owner": BOB},
        others="read",
        rights={"total": "hidden", "paid": "required"},
    )

    form = shown(house, id_, house.actor(ANN))

    assert form["value"]["reason"] == "坏了"
    assert form["rights"]["paid"] == "required"
    assert form["names"] == {BOB: "Bob"}
    assert "total" not in str(form)


def test_what_an_approver_sends_is_checked_against_the_rights(house: House) -> None:
    id_ = started(house, others="read", rights={"paid": "required"})

    with pytest.raises(ValidationFailed) as refused:
        accepted(house, id_, {"reason": "other"})
    assert [(p.path, p.code) for p in refused.value.problems] == [("/form/reason", "read_only")]
    assert accepted(house, id_, {"paid": "0.30"}) == {"paid": "0.30"}
    assert accepted(house, id_, None, partly=True) is None


def test_options_come_from_a_table_and_are_checked(house: House) -> None:
    def put(connection: sa.Connection) -> None:
        for key, name in (("wh1", "杭州仓"), ("wh2", "广州仓")):
            records.apply(
                connection,
                "create",
                "warehouses",
                key,
                {"name": name},
                step_key=key,
                instance_id=None,
                now_ms=0,
            )

    house.write(put)
    schema = {
        "type": "object",
        "properties": {
            "at": {"type": "string", "x-options": {"table": "warehouses", "title": "name"}}
        },
    }

    with house.workspace.read() as connection:
        form = forms.shown(house.workspace, connection, schema, {}, [], house.actor(ANN))
        _, problems = forms.checked(
            house.workspace, connection, schema, {}, [], {"at": "wh9"}, house.actor(ANN), "ins"
        )

    assert form["schema"]["properties"]["at"]["enum"] == ["wh1", "wh2"]
    assert form["schema"]["properties"]["at"]["x-enum-titles"]["wh2"]["zh"] == "广州仓"
    assert [(p.path, p.code) for p in problems] == [("/form/at", "enum")]


def twice(**use: Any) -> dict[str, Any]:
    """The same form through two approvals, one after the other; the second one's people may change it too."""
    drawing = (
        flow("refunding", form={"use": "refund"})
        .then("ask", "approval", assignees=[user(ANN)], form={"use": "refund", **use})
        .then("again", "approval", assignees=[user(BOB)], form={"use": "refund", "others": "read"})
        .then("yes", "end")
        .at("ask", "rejected").then("no", "end")
        .at("again", "rejected").to("no")
    )  # fmt: skip
    return {**drawing.document(), "forms": {"refund": REFUND}}


def test_one_form_travels_from_the_start_through_its_approvals(house: House) -> None:
    house.publish(twice(others="read", rights={"paid": "required", "lines": "edit"}))
    id_ = house.start("refunding", {"refund": GIVEN})

    house.decide(ANN, form={"paid": "1.50", "lines": [{"price": "0.10", "quantity": 15}]})

    assert house.detail(id_)["variables"]["refund"] == {
        "reason": "坏了",
        "lines": [{"price": "0.10", "quantity": 15, "sum": "1.50"}],
        "total": "1.50",
        "paid": "1.50",
    }
    (task,) = house.todo(BOB)
    shown_to_bob = tasks.detail(house.workspace, house.actor(BOB), task["id"])
    assert shown_to_bob["form"]["value"]["paid"] == "1.50"
    assert set(shown_to_bob["form"]["rights"].values()) == {"read"}
    assert shown_to_bob["form_version"]


def test_a_rejection_without_a_form_leaves_it_as_it_was(house: House) -> None:
    house.publish(twice(rights={"paid": "required"}))
    id_ = house.start("refunding", {"refund": GIVEN})

    house.decide(ANN, "rejected")

    assert house.detail(id_)["variables"]["refund"]["total"] == "0.30"
    assert "paid" not in house.detail(id_)["variables"]["refund"]


def test_a_form_filled_in_on_an_older_one_is_a_conflict_with_the_one_now(house: House) -> None:
    house.publish(drawn())
    id_ = house.start("refunding", {"refund": GIVEN})
    (task,) = house.todo(ANN)

    with pytest.raises(FormChanged):
        tasks.decide(
            house.workspace, house.actor(ANN), task["id"], "approved",
            form={"paid": "1"}, form_version="not-this-one",
        )  # fmt: skip

    assert house.waiting(id_) == ["ask"]


def test_two_who_sign_together_both_leave_their_mark(house: House) -> None:
    together = [user(ANN), user(BOB)]
    drawing = (
        flow("refunding", form={"use": "refund"})
        .then("ask", "approval", assignees=together, mode="all", form={"use": "refund"})
        .then("yes", "end")
        .at("ask", "rejected").then("no", "end")
    )  # fmt: skip
    house.publish({**drawing.document(), "forms": {"refund": REFUND}})
    id_ = house.start("refunding", {"refund": GIVEN})

    house.decide(ANN, form={"paid": "0.10"})
    (task,) = house.todo(BOB)
    seen = tasks.detail(house.workspace, house.actor(BOB), task["id"])["form"]["value"]
    house.decide(BOB, form={"reason": "换货"})

    assert seen["paid"] == "0.10"  # what the other one changed is there to see
    kept = house.detail(id_)["variables"]["refund"]
    assert (kept["paid"], kept["reason"]) == ("0.10", "换货")


def test_who_decides_again_sees_what_became_of_the_form_meanwhile(house: House) -> None:
    drawing = (
        flow("refunding", form={"use": "refund"})
        .then("ask", "approval", assignees=[user(ANN)], form={"use": "refund"})
        .then("again", "approval", assignees=[user(BOB)], form={"use": "refund"})
        .then("yes", "end")
        .at("ask", "rejected").to("yes")
        .at("again", "rejected").to("ask")
    )  # fmt: skip
    house.publish({**drawing.document(), "forms": {"refund": REFUND}})
    house.start("refunding", {"refund": GIVEN})
    (first,) = house.todo(ANN)
    assert tasks.detail(house.workspace, house.actor(ANN), first["id"])["changed"] is None
    house.decide(ANN, form={"paid": "0.10"})
    house.decide(BOB, "rejected", form={"lines": [{"price": "0.10", "quantity": 4}]})

    (again,) = house.todo(ANN)
    changed = tasks.detail(house.workspace, house.actor(ANN), again["id"])["changed"]

    told = {one["path"]: (one["before"], one["after"]) for one in changed["items"]}
    assert told == {
        "/lines/0/quantity": (3, 4),
        "/lines/0/sum": ("0.30", "0.40"),
        "/total": ("0.30", "0.40"),
    }


# --- files ----------------------------------------------------------------------------------------


def test_the_same_content_is_kept_once(house: House) -> None:
    big = PNG + bytes(range(256)) * 3_000  # several parts
    first, second = uploaded(house, data=big), uploaded(house, BOB, "b.png", big)

    assert first["sha256"] == second["sha256"]
    assert len(house.rows(sa.select(t.file_contents))) == 1
    assert read(house, EVE, first["id"]) == read(house, BOB, second["id"]) == big


def test_a_waiting_file_is_its_owners_alone(house: House) -> None:
    file = uploaded(house)

    for stranger in (ANN, BOB):
        with pytest.raises(NotFound):
            files.look(house.workspace, plain(stranger), file["id"])
    with pytest.raises(NotFound):
        files.look(house.workspace, plain(EVE), "fil_nothing")


def test_a_file_handed_in_with_a_start_is_seen_by_those_it_concerns(house: House) -> None:
    file = uploaded(house)

    id_ = started(house, {**GIVEN, "photos": [{**file, "name": "../evil.html", "size": 1}]})

    assert house.detail(id_)["variables"]["refund"]["photos"] == [
        file
    ]  # what is true, not what was said
    assert read(house, EVE, file["id"]) == read(house, ANN, file["id"]) == PNG
    with pytest.raises(NotFound):
        files.look(house.workspace, plain(BOB), file["id"])


def test_a_task_lists_the_files_that_its_reader_may_see(house: House) -> None:
    handed_in = [uploaded(house), uploaded(house, name="b.png")]
    started(house, {**GIVEN, "photos": handed_in})
    started(house, GIVEN)

    listed = [
        tasks.detail(house.workspace, plain(ANN), task["id"])["attachments"]
        for task in house.todo(ANN)
    ]

    nothing, files_ = sorted(listed, key=len)
    assert nothing == []
    wanted = [{**file, "field": "refund.photos"} for file in handed_in]
    assert sorted(files_, key=lambda file: str(file["name"])) == wanted


def test_a_task_does_not_name_the_files_of_a_hidden_field(house: House) -> None:
    started(house, {**GIVEN, "photos": [uploaded(house)]}, rights={"photos": "hidden"})
    (task,) = house.todo(ANN)

    assert tasks.detail(house.workspace, plain(ANN), task["id"])["attachments"] == []


def test_a_file_of_a_hidden_field_is_not_given_to_the_approver(house: House) -> None:
    file = uploaded(house)
    started(house, {**GIVEN, "photos": [file]}, rights={"photos": "hidden"})

    assert read(house, EVE, file["id"]) == PNG
    with pytest.raises(NotFound):
        files.look(house.workspace, plain(ANN), file["id"])


def test_files_of_others_and_of_other_instances_cannot_be_handed_in(house: House) -> None:
    mine, bobs = uploaded(house), uploaded(house, BOB)
    started(house, {**GIVEN, "photos": [mine]})

    for wrong in (bobs, mine, {"id": "fil_x"}, {}):
        with pytest.raises(ValidationFailed) as refused:
            house.start("refunding", {"refund": {**GIVEN, "photos": [wrong]}})
        assert [(p.path, p.code) for p in refused.value.problems] == [
            ("/refund/photos/0", "file_unknown")
        ]
    assert len(house.rows(sa.select(t.instances))) == 1


def test_an_approver_adds_a_file_and_keeps_those_that_are_there(house: House) -> None:
    first = uploaded(house)
    id_ = started(house, {**GIVEN, "photos": [first]})
    second = uploaded(house, ANN, "b.png")

    patch = accepted(house, id_, {"photos": [first, second]})

    assert patch == {"photos": [first, second]}
    assert read(house, EVE, second["id"]) == PNG


def test_a_field_takes_only_what_it_asks_for(house: House) -> None:
    text = uploaded(house, name="a.txt", data=b"hello")

    with pytest.raises(ValidationFailed) as refused:
        started(house, {**GIVEN, "photos": [text]})

    assert [(p.path, p.code) for p in refused.value.problems] == [
        ("/refund/photos/0", "file_type_refused")
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg/>"),
        ("a.exe", b"MZ"),
        ("a", b"x"),
        ("a.png", b"<script>alert(1)</script>"),  # called a picture, but begins as none
        ("a.png.js", PNG),
        ("a.txt", b"a\0b"),
        ("txt.png\u202egpj.exe", PNG),  # shown from right to left it would end in .jpg
    ],
)
def test_what_a_browser_could_run_is_refused_whatever_it_is_called(
    house: House, name: str, data: bytes
) -> None:
    with pytest.raises(FileTypeRefused):
        uploaded(house, name=name, data=data)


def test_nobody_fills_the_store_with_files_that_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WAITING_MAX", 2)
    uploaded(house)
    uploaded(house)

    with pytest.raises(FileQuota):
        uploaded(house)


def test_waiting_files_go_after_a_day_and_contents_with_their_last_file(house: House) -> None:
    kept = uploaded(house)
    started(house, {**GIVEN, "photos": [kept]})
    uploaded(house, name="same.png")
    uploaded(house, name="other.txt", data=b"other")

    house.later(s=25 * 3600)
    purge.run(house.workspace)

    assert [row.id for row in house.rows(sa.select(t.files))] == [kept["id"]]
    assert len(house.rows(sa.select(t.file_contents))) == 1
    assert read(house, EVE, kept["id"]) == PNG


def test_files_go_with_their_instance(house: House) -> None:
    file = uploaded(house)
    id_ = started(house, {**GIVEN, "photos": [file]})
    house.cancel(id_)

    house.write(lambda c: c.execute(t.instances.update().values(retain_until=1)))
    house.later(s=7200)
    purge.run(house.workspace)

    assert house.rows(sa.select(t.files)) == []
    assert house.rows(sa.select(t.file_contents)) == []
    assert house.rows(sa.select(t.file_parts)) == []


def test_an_upload_that_broke_off_is_cleared_away(house: House) -> None:
    house.write(lambda c: stored.begin(c, "a" * 64, 5, house.now_ms))
    house.write(lambda c: stored.put(c, "a" * 64, 0, b"12"))

    house.later(s=3601)
    purge.run(house.workspace)

    assert house.rows(sa.select(t.file_parts)) == []


def test_a_start_that_was_there_already_binds_nothing(house: House) -> None:
    file = uploaded(house)
    house.publish(drawn())
    house.start("refunding", {"refund": GIVEN}, dedup_key="A-1")

    house.start("refunding", {"refund": {**GIVEN, "photos": [file]}}, dedup_key="A-1")

    assert [row.instance_id for row in house.rows(sa.select(t.files))] == [None]


def test_whoever_has_handed_the_task_on_does_not_read_its_files_any_more(cabin: House) -> None:
    file = uploaded(cabin)
    started(cabin, {**GIVEN, "photos": [file]})
    (task,) = cabin.todo(ANN)
    assert read(cabin, ANN, file["id"]) == PNG

    tasks.act(cabin.workspace, plain(ANN), task["id"], "transfer", {"to": BOB})

    assert read(cabin, BOB, file["id"]) == PNG
    with pytest.raises(NotFound):
        read(cabin, ANN, file["id"])


def test_what_was_sent_back_is_mended_by_the_rules_of_the_start(cabin: House) -> None:
    file = uploaded(cabin)
    id_ = started(cabin)
    (task,) = cabin.todo(ANN)
    tasks.act(cabin.workspace, plain(ANN), task["id"], "return", {"to": "initiator"})
    mend = tasks.detail(cabin.workspace, plain(EVE), task["id"])["mend"]
    assert (mend["key"], mend["form"]["value"]["total"]) == ("refund", "0.30")
    assert tasks.detail(cabin.workspace, plain(ANN), task["id"])["mend"] is None
    wrong = {"reason": "x", "photos": [{"id": "fil_none"}], "secret": 1}

    with pytest.raises(ValidationFailed) as refused:
        told = {"variables": {"refund": wrong}}
        tasks.act(cabin.workspace, plain(EVE), task["id"], "resubmit", told)

    paths = {problem.path for problem in refused.value.problems}
    assert "/variables/refund/secret" in paths

    mended = {"lines": [{"price": "1000.00", "quantity": 3}], "photos": [file], "total": "0.30"}
    told = {"variables": {"refund": mended}}
    tasks.act(cabin.workspace, plain(EVE), task["id"], "resubmit", told)

    value = cabin.detail(id_)["variables"]["refund"]
    assert (value["total"], value["lines"][0]["sum"]) == ("3000.00", "3000.00")
    assert value["reason"] == GIVEN["reason"]
    assert cabin.rows(sa.select(t.files.c.instance_id))[0].instance_id == id_


def test_whoever_started_it_sees_stars_where_they_see_stars_in_the_form(cabin: House) -> None:
    phone = {"type": "string", "x-mask": "phone", "x-unmask": ["finance"]}
    schema = REFUND["schema"]
    masked = {
        **REFUND,
        "schema": {**schema, "properties": {**schema["properties"], "phone": phone}},
    }
    cabin.publish({**drawn(), "forms": {"refund": masked}})
    id_ = cabin.start("refunding", {"refund": {**GIVEN, "phone": "13812345678"}})
    (task,) = cabin.todo(ANN)
    tasks.decide(cabin.workspace, plain(ANN), task["id"], "approved", form={"phone": "13987654321"})

    for who, full in ((plain(EVE), False), (cabin.actor(EVE), True)):
        seen = [
            instances.detail(cabin.workspace, who, id_),
            instances.steps(cabin.workspace, who, id_),
            instances.history(cabin.workspace, who, id_),
            travel.at(cabin.workspace, who, id_, 3),
        ]
        for place in seen:
            text = str(place)
            assert ("13812345678" in text or "13987654321" in text) is full
