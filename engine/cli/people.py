"""People: `user`, `org`."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from headrace.engine.cli.options import command, opened, takes_database


def add(commands: Any) -> None:
    """The commands of this area."""
    user = commands.add_parser("user", help="people").add_subparsers(required=True, metavar="what")
    made = command(user, "add", "make a user", _user_add)
    made.add_argument("login")
    made.add_argument("--name")
    made.add_argument("--role", action="append", default=[])
    takes_database(made)
    passwd = command(user, "passwd", "set a user's password", _user_passwd)
    passwd.add_argument("login")
    takes_database(passwd)

    org = commands.add_parser("org", help="departments, posts and people as a table")
    orgs = org.add_subparsers(required=True, metavar="what")
    into = command(orgs, "import", "say what a CSV or XLSX file changes, and do it", _org_import)
    into.add_argument("file", type=Path)
    into.add_argument("--apply", action="store_true", help="do it; lines with errors are left out")
    into.add_argument(
        "--leave-missing", action="store_true", help="who is not in the file has left"
    )
    takes_database(into)
    out = command(orgs, "export", "everybody, into a CSV or XLSX file", _org_export)
    out.add_argument("file", type=Path)
    out.add_argument("--sample", action="store_true", help="only show the columns")
    takes_database(out)


def _user_add(options: argparse.Namespace) -> int:
    from headrace.engine.service import users
    from headrace.engine.service.actor import ENGINE

    password = _password()
    with opened(options) as workspace:
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
    with opened(options) as workspace:
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


def _org_import(options: argparse.Namespace) -> int:
    from headrace.engine.service import org_import
    from headrace.engine.service.actor import ENGINE

    data = options.file.read_bytes()
    with opened(options) as workspace:
        seen = org_import.preview(workspace, ENGINE, options.file.name, data)
        wrong = org_import.detail(workspace, ENGINE, seen["id"], state="error", limit=200)["items"]
        for line in wrong:
            for error in line["errors"]:
                print(f"line {line['row']}, {error['field']}: {error['message']}")
        counts = ", ".join(f"{count} {state}" for state, count in seen["counts"].items())
        print(f"{counts} ({seen['missing']} of those who left are only not in the file)")
        if not options.apply:
            print("nothing was changed: add --apply to do it")
            return 0
        done = org_import.apply(workspace, ENGINE, seen["id"], leave_missing=options.leave_missing)
    print("done: " + ", ".join(f"{count} {what}" for what, count in done.items()))
    return 1 if done["error"] else 0


def _org_export(options: argparse.Namespace) -> int:
    from headrace.engine.service import org_import
    from headrace.engine.service.actor import ENGINE

    kind = "xlsx" if options.file.suffix.lower() == ".xlsx" else "csv"
    if options.sample:
        data = org_import.sample(kind)
    else:
        with opened(options) as workspace:
            data = org_import.export(workspace, ENGINE, kind)
    options.file.write_bytes(data)
    print(f"{options.file}: {len(data)} bytes")
    return 0
