"""Who may see and change what in a form: enforced here, whatever a browser sends."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.flow.form_changes import changes
from headrace.engine.flow.form_masks import MASKS, masked
from headrace.engine.flow.form_rights import shown_to, taken
from headrace.engine.flow.form_uses import kept

MONEY = {"type": "string", "format": "money"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["reason", "amount"],
    "properties": {
        "reason": {"type": "string", "minLength": 2, "x-title": {"zh": "原因", "en": "Reason"}},
        "amount": MONEY,
        "phone": {"type": "string", "x-mask": "phone", "x-unmask": ["cs_lead"]},
        "cost": MONEY,
        "kind": {"type": "string", "enum": ["money", "goods"]},
        "account": {"type": "string", "x-when": {"kind": ["money"]}},
        "lines": {
            "type": "array",
            "x-widget": "lines",
            "maxItems": 3,
            "x-title": {"zh": "明细", "en": "Items"},
            "items": {
                "type": "object",
                "required": ["price"],
                "properties": {
                    "price": MONEY,
                    "quantity": {"type": "integer"},
                    "margin": MONEY,
                    "sum": {**MONEY, "x-compute": "price * quantity"},
                },
            },
        },
        "total": {**MONEY, "x-compute": 'sum(pluck(lines, "sum"))'},
    },
}
BEFORE: dict[str, Any] = {
    "reason": "坏了",
    "amount": "12.50",
    "phone": "13800001234",
    "cost": "3.00",
    "kind": "goods",
    "lines": [{"price": "2.00", "quantity": 2, "margin": "0.50", "sum": "4.00"}],
    "total": "4.00",
}


def using(others: str = "edit", **rights: str) -> dict[str, Any]:
    return {
        **SCHEMA,
        "x-rights": {n.replace("__", "."): r for n, r in rights.items()},
        "x-others": others,
    }


def told(found: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in found.problems]


# --- shown -----------------------------------------------------------------------------------------


def test_what_is_hidden_does_not_leave_not_even_its_name():
    form = shown_to(using(cost="hidden", lines__margin="hidden"), BEFORE, ())

    text = json.dumps([form.schema, form.value, form.rights, form.ui])
    assert "cost" not in text
    assert "margin" not in text


def test_a_right_is_told_for_every_field_and_column():
    form = shown_to(using("read", amount="required", lines="edit", lines__price="read"), BEFORE, ())

    assert form.rights == {
        "reason": "read", "amount": "required", "phone": "read", "cost": "read", "kind": "read", "account": "read",
        "lines": "edit", "lines.price": "read", "lines.quantity": "edit", "lines.margin": "edit", "lines.sum": "read",
        "total": "read",
    }  # fmt: skip
    assert form.schema["required"] == ["amount"]


@pytest.mark.parametrize(
    ("roles", "seen"),
    [((), "138****1234"), (("boss",), "138****1234"), (("cs_lead",), "13800001234")],
)
def test_stars_are_for_those_without_the_role(roles, seen):
    form = shown_to(SCHEMA, BEFORE, roles)

    assert form.value["phone"] == seen
    assert ("phone" in form.masked) is (seen != BEFORE["phone"])


@pytest.mark.parametrize(
    ("kind", "text", "seen"),
    [
        ("phone", "13800001234", "138****1234"),
        ("phone", "+86 13800001234", "+86****1234"),
        ("phone", "12345", "****45"),
        ("phone", "12", "****"),
        ("id_card", "110105199003070034", "110105********0034"),
        ("bank_card", "6222 0212 3456 7890", "************7890"),
        ("name", "张三丰", "张**"),
        ("name", "张三", "张*"),
        ("name", "张", "张*"),
        ("email", "anna@example.com", "a***@example.com"),
        ("email", "anna", "****"),
        ("address", "浙江省杭州市西湖区文三路1号", "浙江省杭州市****"),
        ("address", "杭州", "****"),
        ("amount", "12.50", "****"),
        ("amount", 12.5, "****"),  # a number is hidden whole, too
        ("unheard of", "abc", "****"),
        ("phone", "", ""),
        ("phone", None, None),
    ],
)
def test_stars_by_kind(kind, text, seen):
    assert masked(kind, text) == seen


@given(st.sampled_from(sorted(MASKS)), st.text(min_size=1))
def test_stars_never_show_the_whole(kind, text):
    seen = masked(kind, text)

    assert "*" in seen
    assert seen != text.strip()


# --- taken -----------------------------------------------------------------------------------------


def test_what_may_be_changed_is_changed_and_nothing_else():
    found = taken(SCHEMA, BEFORE, {"amount": "99.00"}, ())

    assert found.problems == []
    assert found.patch == {"amount": "99.00"}


@pytest.mark.parametrize(
    ("rights", "sent", "problem"),
    [
        ({"amount": "read"}, {"amount": "0.01"}, ("/amount", "read_only")),
        ({"amount": "read"}, {"amount": None}, ("/amount", "read_only")),
        ({"cost": "hidden"}, {"cost": "0.01"}, ("/cost", "unknown_property")),
        ({}, {"stranger": 1}, ("/stranger", "unknown_property")),
        ({}, {"amount": "12,50"}, ("/amount", "format")),
        ({}, {"amount": 12.5}, ("/amount", "type")),  # an amount is text, never a float
        ({}, {"reason": None}, ("/reason", "required")),
        ({"account": "required"}, {"kind": "money"}, ("/account", "required")),
        ({"lines": "read"}, {"lines": []}, ("/lines", "read_only")),
        ({}, {"lines": [{}]}, ("/lines/0/price", "required")),
        ({}, {"lines": [{"price": "1"}] * 4}, ("/lines", "max_items")),
        ({"lines.price": "read"}, {"lines": []}, ("/lines", "rows_fixed")),
        ({"lines.price": "read"}, {"lines": None}, ("/lines", "rows_fixed")),
        ({"lines.price": "read"}, {"lines": [{"price": "9.00"}]}, ("/lines/0/price", "read_only")),
        ({"lines.margin": "hidden"}, {"lines": [{"price": "1", "margin": "9"}]}, ("/lines/0/margin", "read_only")),
    ],
)  # fmt: skip
def test_what_may_not_be_changed_is_refused_by_its_place(rights, sent, problem):
    found = taken({**SCHEMA, "x-rights": rights}, BEFORE, sent, ())

    assert told(found) == [problem]


def test_what_is_only_read_may_be_sent_back_as_it_was_shown():
    sent = shown_to(using("read"), BEFORE, ()).value

    found = taken(using("read"), BEFORE, sent, ())

    assert (found.problems, found.patch) == ([], {})


def test_stars_sent_back_are_no_change_and_a_new_value_is_one():
    same = taken(SCHEMA, BEFORE, {"phone": "138****1234"}, ())
    new = taken(SCHEMA, BEFORE, {"phone": "13900005678"}, ())

    assert same.patch == {}
    assert new.patch == {"phone": "13900005678"}


def test_rows_keep_what_is_hidden_or_only_read_in_them():
    rights = using(lines__margin="hidden", lines__price="read")

    found = taken(rights, BEFORE, {"lines": [{"price": "2.00", "quantity": 5}]}, ())

    assert found.problems == []
    assert found.patch == {
        "lines": [{"quantity": 5, "price": "2.00", "margin": "0.50", "sum": "10.00"}],
        "total": "10.00",
    }


def test_what_is_worked_out_is_the_servers_even_where_it_is_hidden():
    found = taken(
        using(total="hidden"), BEFORE, {"lines": [{"price": "1.10", "quantity": 3, "sum": "0"}]}, ()
    )

    assert found.patch["total"] == "3.30"


def test_a_field_that_is_not_asked_any_more_has_no_value():
    before = {**BEFORE, "kind": "money", "account": "6222"}

    found = taken(SCHEMA, before, {"kind": "goods"}, ())

    assert found.patch == {"kind": "goods", "account": None}


def test_a_required_field_that_is_not_asked_is_not_missed():
    found = taken(using(account="required"), BEFORE, {"kind": "goods"}, ())

    assert found.problems == []


def test_who_refuses_need_not_fill_in_all_but_what_is_filled_in_must_be_right():
    assert taken(SCHEMA, {}, {"amount": "1"}, (), partly=True).problems == []
    assert told(taken(SCHEMA, {}, {"amount": "x"}, (), partly=True)) == [("/amount", "format")]


amounts = st.decimals(min_value=0, max_value=10**12, places=2).map(lambda d: f"{d:.2f}")


rows = st.lists(st.dictionaries(st.sampled_from(["price", "margin"]), amounts))
names = st.sampled_from(["reason", "amount", "phone", "cost", "kind", "lines", "total", "z"])
anything = st.none() | st.text(max_size=5) | amounts | st.integers() | rows
places = st.sampled_from([*SCHEMA["properties"], "lines.price", "lines.margin"])


@given(
    st.dictionaries(names, anything),
    st.dictionaries(places, st.sampled_from(["hidden", "read", "edit", "required"])),
)
def test_nothing_one_sends_changes_what_one_may_not(sent, rights):
    schema = {**SCHEMA, "x-rights": rights}

    found = taken(schema, BEFORE, sent, ())

    if not found.problems:
        for name, right in rights.items():
            field, _, column = name.partition(".")
            if right in {"hidden", "read"} and field not in {"total", "lines"}:
                assert found.after.get(field) == BEFORE.get(field)
            if right in {"hidden", "read"} and column and rights.get("lines") != "hidden":
                assert [row.get(column) for row in found.after["lines"]] == [
                    row.get(column) for row in BEFORE["lines"]
                ]


@given(amounts)
def test_an_amount_stays_the_text_it_was(amount):
    found = taken(SCHEMA, BEFORE, {"amount": amount}, ())

    assert (
        kept({"x-into": "refund"}, {"refund": BEFORE}, [found.patch])["refund"]["amount"] == amount
    )


# --- kept, and what has changed --------------------------------------------------------------------


def test_votes_change_the_kept_form_in_their_order():
    forms = [{"a": 1, "b": 2}, None, {"a": 3, "b": None}]

    assert kept({"x-into": "f"}, {"f": {"a": 0, "b": 0, "c": 9}}, forms) == {"f": {"a": 3, "c": 9}}
    assert kept({}, {}, forms) is None


def test_changes_are_told_field_by_field_with_their_labels():
    after = {
        **BEFORE,
        "reason": "退货",
        "lines": [{**BEFORE["lines"][0], "price": "3.00"}, {"price": "1"}],
    }

    found = changes(SCHEMA, BEFORE, after)

    assert [(c["path"], c["label"]["zh"], c["before"], c["kind"]) for c in found] == [
        ("/reason", "原因", "坏了", "changed"),
        ("/lines/0/price", "明细 1 · price", "2.00", "changed"),
        ("/lines/1", "明细 2", None, "added"),
    ]


def test_changes_show_no_more_than_the_form():
    after = {**BEFORE, "cost": "9", "phone": "13900001234", "amount": "1"}

    found = changes(using(cost="hidden"), BEFORE, after)

    assert [(c["path"], c["before"], c["after"]) for c in found] == [
        ("/amount", "12.50", "1"),
        ("/phone", "138****1234", "139****1234"),
    ]


def test_a_change_behind_stars_is_told_although_the_stars_are_the_same():
    [change] = changes(SCHEMA, BEFORE, {**BEFORE, "phone": "13811111234"})

    assert change["before"] == change["after"] == "138****1234"


def test_watched_values_are_called_as_they_were_drawn():
    labels = {"order.amount": {"zh": "金额", "en": "Amount"}}

    assert changes(None, {"order.amount": 5, "x": 1}, {"order.amount": 6, "x": 1}, labels=labels) == [
        {"path": "/order.amount", "label": labels["order.amount"], "before": 5, "after": 6, "kind": "changed", "schema": {}}
    ]  # fmt: skip
