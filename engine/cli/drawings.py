"""What is drawn and what it is drawn with: `template`, `bpmn`, `new`."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

from headrace.engine.cli.options import command, opened, say, takes_database
from headrace.engine.settings import NODES


def add(commands: Any) -> None:
    """The commands of this area."""
    template = commands.add_parser("template", help="industry templates")
    templates = template.add_subparsers(required=True, metavar="what")
    takes_database(command(templates, "list", "what there is", _template_list))
    install = command(
        templates, "install", "install one, or bring it up to date", _template_install
    )
    install.add_argument("key")
    takes_database(install)
    tried = command(
        templates, "check", "try them beside the sandbox, and compare with what they promise",
        _template_check,
    )  # fmt: skip
    tried.add_argument("key", nargs="*", help="all of them where none is named")
    tried.add_argument("--full", action="store_true", help="with as many orders as they promise")
    tried.add_argument("--seed", type=int, help="of the samples; else each one's own")
    tried.add_argument(
        "--database",
        default="",
        help="a PostgreSQL server, where each gets a database that goes again; else SQLite",
    )

    bpmn = commands.add_parser("bpmn", help="drawings of other tools: BPMN 2.0 and n8n")
    bpmns = bpmn.add_subparsers(required=True, metavar="what")
    read = command(bpmns, "import", "say what became of every element, and keep it", _bpmn_import)
    read.add_argument("file", type=Path, nargs="+", help="files, or folders with files in them")
    read.add_argument("--keep", action="store_true", help="make flows of them in the database")
    read.add_argument("--to", type=Path, help="write the flows as JSON into this folder")
    read.add_argument("--brief", action="store_true", help="only what a person must look at")
    takes_database(read)
    write = command(bpmns, "export", "a flow as BPMN 2.0 XML, to the standard output", _bpmn_export)
    write.add_argument("flow", help="the key of a flow, or a file with one")
    write.add_argument("--language", choices=("zh", "en"), default="zh")
    takes_database(write)

    new = commands.add_parser("new", help="make a file to start from")
    node = command(
        new.add_subparsers(required=True, metavar="what"), "node", "a node type", _new_node
    )
    node.add_argument("name")


def _template_list(options: argparse.Namespace) -> int:
    from headrace.engine.service import templates
    from headrace.engine.service.actor import ENGINE

    with opened(options) as workspace:
        for template in templates.listing(workspace, ENGINE)["items"]:
            mark = "installed" if template["installed"] else ""
            print(f"{template['key']:<24} {template['name'].get('en', ''):<40} {mark}")
    return 0


def _template_install(options: argparse.Namespace) -> int:
    from headrace.engine.service import template_install
    from headrace.engine.service.actor import ENGINE

    with opened(options) as workspace:
        answer = template_install.install(workspace, ENGINE, options.key)
    for kind in ("created", "kept"):
        for thing in answer[kind]:
            print(f"{kind:<8} {thing}")
    return 0


def _template_check(options: argparse.Namespace) -> int:
    from headrace.engine.trials.check import check, table

    rows = check(
        options.key, full=options.full, seed=options.seed, database_url=options.database, say=say
    )
    print(table(rows))
    return 0 if all(row.ok for row in rows) else 1


def _bpmn_import(options: argparse.Namespace) -> int:
    from headrace.engine.service import exchange_files

    found = exchange_files.read(options.file, say, brief=options.brief)
    if options.to:
        exchange_files.write(found, options.to, say)
    if options.keep:
        with opened(options) as workspace:
            exchange_files.keep(workspace, found, say)
    return 1 if any(one.wrong for one in found) else 0


def _bpmn_export(options: argparse.Namespace) -> int:
    from headrace.engine.service import exchange_files

    path = Path(options.flow)
    if path.suffix == ".json":
        data = exchange_files.bpmn_of_file(path, options.language)
    else:
        with opened(options) as workspace:
            data = exchange_files.bpmn_of_flow(workspace, options.flow, options.language)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


_NODE = '''"""{title}: say here what it does, in one sentence."""

from headrace.engine.node import Context, Done, NodeType


def run(context: Context) -> Done:
    return Done({{"greeting": context.evaluate.template(context.settings["text"])}})


NODE = NodeType(
    name="{name}",
    title={{"zh": "{title}", "en": "{title}"}},
    help={{"zh": "这个节点做什么", "en": "What this node does"}},
    group="data",
    icon="box",
    settings={{
        "type": "object",
        "additionalProperties": False,
        "required": ["text"],
        "properties": {{
            "text": {{
                "type": "string",
                "format": "template",
                "x-title": {{"zh": "文字", "en": "Text"}},
            }}
        }},
    }},
    example={{"text": "Hello {{{{ name }}}}"}},
    run=run,
)
'''


def _new_node(options: argparse.Namespace) -> int:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", options.name):
        print(
            "headrace: expected a name of a-z, 0-9 and _, beginning with a letter", file=sys.stderr
        )
        return 2
    folder = Path(str(importlib.import_module(NODES).__file__)).parent
    path = folder / f"{options.name}.py"
    text = _NODE.format(name=options.name, title=options.name.replace("_", " ").capitalize())
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        print(f"headrace: {path} is there already", file=sys.stderr)
        return 1
    print(os.path.relpath(path))
    return 0
