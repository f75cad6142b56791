import copy

import pytest

from headrace.engine.errors import ValidationFailed
from headrace.engine.flow.upgrade import upgrade
from headrace.engine.flow.validate import validate
from tests.flow.drawings import REFUND, TYPES

DRAFT = {
    "id": "refund-draft",
    "title": "退款",
    "variables": [
        {"name": "amount", "type": "number", "required": True, "title": "金额"},
        {"name": "paid_at", "type": "date"},
    ],
    "steps": [
        {"id": "begin", "type": "begin", "title": "开始", "x": 10, "y": 20},
        {"id": "ask", "type": "approve", "title": "Approve", "config": {"title": "{{ amount }}"}},
        {"id": "done", "type": "finish", "title": "结束"},
        {"id": "refused", "type": "finish", "title": "拒绝"},
    ],
    "links": [
        {"from": "begin", "to": "ask"},
        {"from": "ask:approved", "to": "done"},
        {"from": "ask:rejected", "to": "refused"},
    ],
}


def test_a_draft_of_the_first_design_is_a_flow_of_today():
    assert list(validate(upgrade(DRAFT), TYPES)) == []


def test_nothing_of_an_old_draft_is_lost():
    new = upgrade(DRAFT)

    assert new["nodes"][0] == {
        "id": "begin",
        "type": "start",
        "name": {"zh": "开始"},
        "position": {"x": 10, "y": 20},
        "settings": {},
    }
    assert new["input"]["properties"]["amount"] == {"type": "number", "x-title": {"zh": "金额"}}
    assert new["input"]["required"] == ["amount"]
    assert new["edges"][1] == {"id": "e2", "from": "ask", "port": "approved", "to": "done"}


def test_the_given_document_stays_as_it_is():
    before = copy.deepcopy(DRAFT)

    upgrade(DRAFT)

    assert before == DRAFT


def test_a_current_document_is_not_touched():
    assert upgrade(REFUND) == REFUND


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"format": 2}, "format_newer"),
        ({"format": 99, "steps": []}, "format_newer"),
        ({"format": "1"}, "format_wrong"),
        ({"format": True}, "format_wrong"),
        ({}, "format_wrong"),
        ({"format": 0}, "format_wrong"),
        ({"steps": 5}, "format_wrong"),
        ({"id": "x", "steps": [5]}, "format_wrong"),
        ([], "type"),
        (None, "type"),
    ],
)
def test_what_is_no_flow_of_ours_is_refused_with_a_reason(document, code):
    with pytest.raises(ValidationFailed) as error:
        upgrade(document)

    assert [problem.code for problem in error.value.problems] == [code]
