import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.errors import TemplateError
from headrace.engine.flow.render import FILTERS, OUTPUT_MAX, compile_template, render

DATA = {
    "amount": 1234.5,
    "price": "12.50",
    "whole": 12.0,
    "vip": True,
    "note": None,
    "paid_at": "2026-01-09T08:00:00.000Z",
    "buyer": "<li>",
    "order": {
        "no": "SO-1",
        "items": [{"sku": "a", "tags": ["x", "y"]}, {"sku": "b", "tags": []}],
        "values": 5,
    },
}


def error(text, data=DATA):
    with pytest.raises(TemplateError) as found:
        render(text, data)
    return found.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no fields", "no fields"),
        ("退款 {{ amount }} 元", "退款 1234.5 元"),
        ("{{ amount | money }}", "1,234.50"),
        ('{{ price | money("¥") }}', "¥12.50"),
        ("{{ whole }}", "12"),  # as a browser writes it
        ("{{ vip }}|{{ note }}", "true|"),
        ("{{ paid_at | date }}", "2026-01-09 16:00"),
        ('{{ paid_at | date("MM/DD", "UTC") }}', "01/09"),
        ("{{ order.items[0].sku | upper }}", "A"),
        ("{{ order.values }}", "5"),  # a field, not a method of Python
        ('{{ order["no"] }}', "SO-1"),
        ('{{ nope.deep | default("-") }}', "-"),
        ('{{ note | default("-") }}', "-"),
        ("{{ order.items | length }}", "2"),
        ('{{ order.items[0].tags | join("+") }}', "x+y"),
        ("{{ amount | round }}", "1235"),
        ("{% if amount > 500 and vip %}big{% else %}small{% endif %}", "big"),
        ("{{ 'a' if nope is defined else 'b' }}", "b"),
        (
            "{% for item in order.items %}{{ loop.index }}{{ item.sku }}"
            "{% for tag in item.tags %}{{ tag }}{% endfor %} {% endfor %}",
            "1axy 2b ",
        ),
        ("{{ amount + 0.1 }}", "1234.6"),
        ("{{ 'a' ~ order.no }}", "aSO-1"),
        ("{{ buyer }}", "<li>"),
        ("line\n", "line\n"),
        ("{{ '{{' }}", "{{"),
    ],
)
def test_a_template_becomes_the_text(text, expected):
    assert render(text, DATA) == expected


def test_what_is_filled_into_html_is_escaped():
    assert render("<b>{{ buyer }}</b>", DATA, html=True) == "<b>&lt;li&gt;</b>"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{{ nope }}", "undefined"),
        ("{{ order.nope }}", "undefined"),
        ("{{ order.nope.deep }}", "undefined"),
        ("{% for item in order.items %}{{ item.nope }}{% endfor %}", "undefined"),
        ("{{ nope | money }}", "undefined"),
        ("{{ nope + 1 }}", "undefined"),
        ("{{ ''.__class__ }}", "undefined"),
        ("{{ order.items.__class__ }}", "undefined"),
        ("{{ order }}", "kind"),
        ("{{ 'x' | money }}", "kind"),
        ("{{ price + 1 }}", "kind"),
        ("{{ 'a' * 9 }}", "not_allowed"),
        ("{{ 2 ** 9 }}", "not_allowed"),
        ("{{ range(9) }}", "not_allowed"),
        ("{{ order.items.append(1) }}", "not_allowed"),
        ("{% set x = 1 %}", "not_allowed"),
        ("{% macro m() %}{% endmacro %}", "not_allowed"),
        ("{% include 'x' %}", "not_allowed"),
        ("{% import 'x' as y %}", "not_allowed"),
        ("{% extends 'x' %}", "not_allowed"),
        ("{% block x %}{% endblock %}", "not_allowed"),
        ("{% filter upper %}x{% endfilter %}", "not_allowed"),
        ("{% for i in [1, 2] %}{% endfor %}", "not_allowed"),
        ("{% for a, b in order.items %}{% endfor %}", "not_allowed"),
        ("{{ self }}", "not_allowed"),
        ("{{ _x }}", "not_allowed"),
        ("{{ __rounds }}", "not_allowed"),
        ("{% for i in order.items %}{{ loop.cycle }}{% endfor %}", "not_allowed"),
        ("{{ amount is divisibleby(3) }}", "not_allowed"),
        ("{{ amount | safe }}", "unknown_filter"),
        ("{{ amount | __each }}", "unknown_filter"),
        ("{{ amount", "syntax"),
        ("{% if %}", "syntax"),
        ("{% for i in order.no %}{% endfor %}", "kind"),
        ("x" * 30_000, "limit"),
    ],
)
def test_what_a_template_may_not_do_is_refused(text, kind):
    assert error(text).params["kind"] == kind


def test_a_missing_field_is_named_with_its_whole_path():
    found = error("{{ order.num }}")

    assert found.params["path"] == "order.num"


def test_a_filter_close_to_a_known_one_is_named():
    assert "Do you mean money?" in error("{{ amount | mony }}").message


def test_loops_over_large_data_end_soon():
    data = {"a": [1] * 4_000}
    began = time.thread_time()

    found = error("{% for x in a %}{% for y in a %}{{ y }}{% endfor %}{% endfor %}", data)

    assert found.params["kind"] == "limit"
    assert time.thread_time() - began < 1


def test_three_loops_inside_each_other_are_refused():
    assert (
        error(
            "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}"
        ).params["kind"]
        == "limit"
    )


def test_a_text_has_at_most_64_kilobytes():
    data = {"a": "字" * (OUTPUT_MAX // 3), "b": "字"}

    assert len(render("{{ a }}", data).encode()) <= OUTPUT_MAX
    assert error("{{ a }}{{ b }}", data).params["kind"] == "limit"


def test_templates_nested_without_end_are_refused():
    assert error("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}").params["kind"] in {
        "limit",
        "syntax",
    }
    assert error("{{ " + "not " * 3_000 + "vip }}").params["kind"] == "limit"
    assert error("{% if vip %}" * 500 + "{% endif %}" * 500).params["kind"] == "limit"


def test_a_template_says_which_variables_it_reads():
    found = compile_template(
        "{{ a.b }}{% for i in c %}{{ i.d }}{{ loop.index }}{% endfor %}{{ e | default(f) }}{{ g[0].h }}"
    )

    assert found.variables == {"a.b", "c", "g"}
    assert found.optional == {"e", "f"}


tokens = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "if",
        "endif",
        "for",
        "in",
        "endfor",
        "else",
        "order",
        ".items",
        "amount",
        "nope",
        "|",
        "(",
        ")",
        "'x'",
        "1",
        "+",
        "-",
        "~",
        "[0]",
        "loop",
        ".index",
        "is",
        "defined",
        "not",
        ",",
        *FILTERS,
        "text",
        "\n",
        "raw",
        "set",
        "=",
    ]
)


@given(
    st.lists(tokens, max_size=25).map(" ".join) | st.text(max_size=60).map("{{{{ {} }}}}".format)
)
def test_any_text_renders_or_gives_a_template_error(text):
    try:
        assert isinstance(render(text, DATA), str)
    except TemplateError as error:
        assert {"kind", "reason"} <= set(error.params)
