import copy
import json

from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.flow.model import canonical, from_json, sha256, to_json
from tests.flow.drawings import REFUND

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)
records = st.lists(
    st.builds(lambda i, s: {"id": f"n{i}", "settings": s}, st.integers(0, 99), json_values),
    max_size=6,
    unique_by=lambda item: item["id"],
)


def test_a_document_survives_reading_and_writing():
    assert to_json(from_json(REFUND)) == REFUND


@given(nodes=records, edges=records, order=st.randoms(use_true_random=False))
def test_the_order_of_a_document_does_not_change_its_hash(nodes, edges, order):
    document = {"format": 1, "nodes": nodes, "edges": edges}
    mixed = copy.deepcopy(document)
    order.shuffle(mixed["nodes"])
    order.shuffle(mixed["edges"])
    mixed = dict(reversed(mixed.items()))

    assert sha256(mixed) == sha256(document)


@given(nodes=records)
def test_canonical_text_is_a_fixed_point(nodes):
    once = canonical({"nodes": nodes})

    assert canonical(json.loads(once.decode("utf-8", "surrogatepass"))) == once


def test_a_browser_writes_whole_numbers_without_a_point():
    assert canonical({"x": 1.0}) == canonical({"x": 1}) == b'{"x":1}'


def test_another_setting_is_another_hash():
    other = copy.deepcopy(REFUND)
    other["nodes"][0]["settings"]["business_key"] = "amount"

    assert sha256(other) != sha256(REFUND)


def test_a_list_keeps_its_order():
    assert canonical({"input": {"required": ["b", "a"]}}) != canonical(
        {"input": {"required": ["a", "b"]}}
    )
