"""Node types are found by being there; a broken file stops the start and is named."""

import sys
import textwrap
from importlib.metadata import EntryPoint

import pytest

from headrace.engine import registry
from headrace.engine.registry import BrokenModule, describe, node_types

GOOD = """
from headrace.engine.node import NodeType
NODE = NodeType(name="{name}", title={{"en": "T"}}, help={{"en": "H"}}, group="data", icon="x",
                settings={{"type": "object"}}, example={{}})
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty package that the registry takes for `headrace.nodes`."""
    folder = tmp_path / "strange_nodes"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("strange_nodes")]:
        del sys.modules[name]


def found():
    return registry._collect("strange_nodes", "NODE", registry.NodeType)


def write(folder, name, code):
    (folder / f"{name}.py").write_text(textwrap.dedent(code))


def test_a_new_file_is_a_new_node_type(package):
    write(package, "stamp", GOOD.format(name="stamp"))
    write(package, "_shared", "SHAPE = 1")

    assert list(found()) == ["stamp"]


BROKEN = [
    ("import nothing_by_this_name", "broken: cannot be loaded"),
    ("x = 1", "expected NODE = NodeType"),
    (GOOD.format(name="other"), "to be the file's name"),
]


@pytest.mark.parametrize(("code", "why"), BROKEN)
def test_a_broken_file_is_named(package, code, why):
    write(package, "broken", code)

    with pytest.raises(BrokenModule, match="broken") as told:
        found()
    assert why in str(told.value)


def test_another_package_may_offer_node_types(package, monkeypatch):
    write(package, "stamp", GOOD.format(name="stamp"))
    offered = EntryPoint("stamp", "strange_nodes.stamp", "headrace.nodes")
    monkeypatch.setattr(registry, "entry_points", lambda group: [offered])

    assert [m.__name__ for m in registry._offered("NODE")] == ["strange_nodes.stamp"]


def test_a_name_that_is_taken_is_refused(package, monkeypatch):
    write(package, "stamp", GOOD.format(name="stamp"))
    offered = EntryPoint("stamp", "strange_nodes.stamp", "headrace.nodes")
    monkeypatch.setattr(registry, "entry_points", lambda group: [offered])

    with pytest.raises(BrokenModule, match="'stamp' is taken"):
        found()


def test_ports_that_follow_a_setting_are_told_to_the_browser():
    told = describe(node_types()["record"])["ports_by"]

    assert told["setting"] == "operation"
    assert [port["name"] for port in told["cases"]["find"]] == ["found", "missing"]
