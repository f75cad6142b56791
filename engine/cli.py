"""The command line: `headrace serve`, `check`, `migrate`, `user`, `template`, `new`, `version`."""

from __future__ import annotations

import argparse
import getpass
import importlib
import logging
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from headrace.engine import settings as settings_module
from headrace.engine.errors import HeadraceError, StoreLocked
from headrace.engine.settings import APP, NODES, Settings, WrongSettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what was asked; a wrong use or a known trouble ends with one line, not with a trace."""
    options = _parser().parse_args(arguments)
    try:
        code = options.run(options)
    except (HeadraceError, WrongSettings, OSError) as trouble:
        _fail(trouble)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code or 0)


def _fail(trouble: Exception) -> NoReturn:
    print(f"headrace: {trouble}", file=sys.stderr)
    for problem in getattr(trouble, "problems", ()):
        print(f"  {problem.path}: {problem.message}", file=sys.stderr)
    sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="headrace", description="A low-code workflow engine.")
    commands = parser.add_subparsers(required=True, metavar="command")

    serve = _command(commands, "serve", "run the engine, its API and the designer", _serve)
    serve.add_argument("--demo", action="store_true", help="with people, templates and flows")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int)
    _database(serve)

    check = _command(commands, "check", "look for instances that could hang", _check)
    _database(check)
    _database(_command(commands, "migrate", "bring the database to this version", _migrate))

    user = commands.add_parser("user", help="people").add_subparsers(required=True, metavar="what")
    add = _command(user, "add", "make a user", _user_add)
    add.add_argument("login")
    add.add_argument("--name")
    add.add_argument("--role", action="append", default=[])
    _database(add)
    passwd = _command(user, "passwd", "set a user's password", _user_passwd)
    passwd.add_argument("login")
    _database(passwd)

    template = commands.add_parser("template", help="industry templates")
    templates = template.add_subparsers(required=True, metavar="what")
    _database(_command(templates, "list", "what there is", _template_list))
    install = _command(
        templates, "install", "install one, or bring it up to date", _template_install
    )
    install.add_argument("key")
    _database(install)

    new = commands.add_parser("new", help="make a file to start from")
    node = _command(
        new.add_subparsers(required=True, metavar="what"), "node", "a node type", _new_node
    )
    node.add_argument("name")

    _command(commands, "version", "which version this is", _version)
    return parser


def _command(parent: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parent.add_parser(name, help=text)
    parser.set_defaults(run=run)
    return parser


def _database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database", help="sqlite:///… or postgresql://…; else HEADRACE_DATABASE_URL"
    )


def _settings(options: argparse.Namespace) -> Settings:
    found = settings_module.from_environment()
    return replace(found, database_url=options.database) if options.database else found


def _open(options: argparse.Namespace) -> Any:
    """The workspace without its workers, for one command."""
    from headrace.engine.service.opening import open_workspace

    try:
        return open_workspace(_settings(options))
    except StoreLocked as locked:
        _fail(locked)


# --- commands --------------------------------------------------------------------------------------


def _serve(options: argparse.Namespace) -> int:
    from headrace.engine.serving import serve

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    found = _settings(options)
    module, _, name = APP.partition(":")
    create_app = getattr(importlib.import_module(module), name)
    return serve(
        lambda: create_app(found, demo=options.demo, say=_say),
        host=options.host,
        port=found.port if options.port is None else options.port,
        say=_say,
    )


def _say(line: str) -> None:
    print(line, flush=True)


def _check(options: argparse.Namespace) -> int:
    from headrace.engine.store import invariant
    from headrace.engine.store.session import open_database

    database = open_database(_settings(options).database_url)
    with database.connect() as connection:
        violations = invariant.violations(connection)
    for violation in violations:
        print(f"{violation.subject}: expected {violation.rule}, but found {violation.found}")
    print(f"{len(violations)} violations")
    return 1 if violations else 0


def _migrate(options: argparse.Namespace) -> int:
    from headrace.engine.store.migrations import migrate, revision
    from headrace.engine.store.session import WriterLock, open_database

    database = open_database(_settings(options).database_url)
    lock = WriterLock(database)
    before = revision(database)
    migrate(database)
    print(f"{before or 'empty'} -> {revision(database)}")
    lock.release()
    return 0


def _user_add(options: argparse.Namespace) -> int:
    from headrace.engine.service import users
    from headrace.engine.service.actor import ENGINE

    password = _password()
    with _open(options) as workspace:
        values = {
            "login": options.login,
            "name": options.name or options.login,
            "roles": options.role,
        }
        users.create(workspace, ENGINE, values, password=password)
    print(f"{options.login} can sign in now")
    return 0


def _user_passwd(options: argparse.Namespace) -> int:
    from headrace.engine.errors import NotFound
    from headrace.engine.service import users
    from headrace.engine.service.actor import ENGINE

    password = _password()
    with _open(options) as workspace:
        with workspace.read() as connection:
            person = workspace.directory(connection).find(options.login)
        if person is None:
            raise NotFound(kind="user", id=options.login)
        users.change(workspace, ENGINE, person.id, {"password": password})
    print(f"{options.login} has a new password; all sessions have ended")
    return 0


def _password() -> str:
    """Asked for, or one line of the standard input: never an argument, which others can see."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")


def _template_list(options: argparse.Namespace) -> int:
    from headrace.engine.service import templates
    from headrace.engine.service.actor import ENGINE

    with _open(options) as workspace:
        for template in templates.listing(workspace, ENGINE)["items"]:
            mark = "installed" if template["installed"] else ""
            print(f"{template['key']:<24} {template['name'].get('en', ''):<40} {mark}")
    return 0


def _template_install(options: argparse.Namespace) -> int:
    from headrace.engine.service import templates
    from headrace.engine.service.actor import ENGINE

    with _open(options) as workspace:
        answer = templates.install(workspace, ENGINE, options.key)
    for kind in ("created", "kept"):
        for thing in answer[kind]:
            print(f"{kind:<8} {thing}")
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


def _version(_: argparse.Namespace) -> int:
    print(f"headrace {version('headrace')}")
    return 0
