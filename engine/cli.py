"""The command line: `headrace serve`, `sandbox`, `work`, `check`, `audit`, `top`, `migrate`, `purge`, `store`, `user`, …"""

from __future__ import annotations

import argparse
import atexit
import getpass
import importlib
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from headrace.engine import logs, tracing
from headrace.engine import settings as settings_module
from headrace.engine.errors import HeadraceError, StoreLocked
from headrace.engine.settings import APP, NODES, Settings, WrongSettings

COUNT_MAX = 256
"""Processes, and threads in each."""


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
    serve.add_argument(
        "--sandbox", action="store_true", help="with the sandbox beside it, and the demo's orders"
    )
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int)
    serve.add_argument("--processes", type=_count, default=1, help="web processes (PostgreSQL)")
    serve.add_argument(
        "--no-work", action="store_true", help="only the web: `headrace work` does the work"
    )
    _database(serve)

    sandbox = _command(
        commands, "sandbox", "shops, payments and robots that are not there, to try with", _sandbox
    )
    sandbox.add_argument("--port", type=int, default=8017)
    sandbox.add_argument("--mail-port", type=int, default=8025)
    sandbox.add_argument("--seed", type=int, default=1, help="the same seed, the same orders")
    sandbox.add_argument(
        "--per-minute", type=float, default=6.0, help="orders a minute of all shops together"
    )

    work = _command(commands, "work", "do the engine's work, without a web server", _work)
    work.add_argument("--processes", type=_count, default=1, help="worker processes (PostgreSQL)")
    work.add_argument("--threads", type=_count, default=16, help="jobs at once in each process")
    work.add_argument("--queues", type=_names, help="only jobs of these kinds: http,mail,…")
    _database(work)

    check = _command(commands, "check", "look for instances that could hang", _check)
    _database(check)
    audit = commands.add_parser("audit", help="who decided what").add_subparsers(
        required=True, metavar="what"
    )
    verify = _command(audit, "verify", "was the chain of decisions touched?", _audit_verify)
    verify.add_argument(
        "--end", action="append", default=[], metavar="NUMBER:HASH", help="an end seen earlier"
    )
    _database(verify)
    export = _command(audit, "export", "all decisions, to the standard output", _audit_export)
    export.add_argument("--format", choices=("csv", "jsonl"), default="jsonl")
    _database(export)
    top = _command(commands, "top", "what waits and how it goes, in the terminal", _top)
    top.add_argument("--once", action="store_true", help="one look, then end")
    top.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    _database(top)
    _database(_command(commands, "migrate", "bring the database to this version", _migrate))

    purge = _command(
        commands, "purge", "delete what is past its retention, and free the disk", _purge
    )
    purge.add_argument("--dry-run", action="store_true", help="only say how much is due")
    _database(purge)

    archive = commands.add_parser("archive", help="instances written to files before they went")
    archives = archive.add_subparsers(required=True, metavar="what")
    _command(archives, "list", "the files, and how many instances each has", _archive_list)
    show = _command(archives, "show", "one instance, as JSON", _archive_show)
    show.add_argument("id", help="its id or business key")

    store = commands.add_parser("store", help="the database as a whole")
    stores = store.add_subparsers(required=True, metavar="what")
    vacuum = _command(
        stores, "vacuum", "rewrite an SQLite file so that it can shrink from now on", _store_vacuum
    )
    _database(vacuum)
    copy = _command(
        stores,
        "copy",
        "everything into another, empty database (SQLite or PostgreSQL)",
        _store_copy,
    )
    copy.add_argument("--from", dest="source", required=True, metavar="URL")
    copy.add_argument("--to", dest="target", required=True, metavar="URL")

    user = commands.add_parser("user", help="people").add_subparsers(required=True, metavar="what")
    add = _command(user, "add", "make a user", _user_add)
    add.add_argument("login")
    add.add_argument("--name")
    add.add_argument("--role", action="append", default=[])
    _database(add)
    passwd = _command(user, "passwd", "set a user's password", _user_passwd)
    passwd.add_argument("login")
    _database(passwd)

    org = commands.add_parser("org", help="departments, posts and people as a table")
    orgs = org.add_subparsers(required=True, metavar="what")
    into = _command(orgs, "import", "say what a CSV or XLSX file changes, and do it", _org_import)
    into.add_argument("file", type=Path)
    into.add_argument("--apply", action="store_true", help="do it; lines with errors are left out")
    into.add_argument(
        "--leave-missing", action="store_true", help="who is not in the file has left"
    )
    _database(into)
    out = _command(orgs, "export", "everybody, into a CSV or XLSX file", _org_export)
    out.add_argument("file", type=Path)
    out.add_argument("--sample", action="store_true", help="only show the columns")
    _database(out)

    template = commands.add_parser("template", help="industry templates")
    templates = template.add_subparsers(required=True, metavar="what")
    _database(_command(templates, "list", "what there is", _template_list))
    install = _command(
        templates, "install", "install one, or bring it up to date", _template_install
    )
    install.add_argument("key")
    _database(install)
    tried = _command(
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
    read = _command(bpmns, "import", "say what became of every element, and keep it", _bpmn_import)
    read.add_argument("file", type=Path, nargs="+", help="files, or folders with files in them")
    read.add_argument("--keep", action="store_true", help="make flows of them in the database")
    read.add_argument("--to", type=Path, help="write the flows as JSON into this folder")
    read.add_argument("--brief", action="store_true", help="only what a person must look at")
    _database(read)
    write = _command(
        bpmns, "export", "a flow as BPMN 2.0 XML, to the standard output", _bpmn_export
    )
    write.add_argument("flow", help="the key of a flow, or a file with one")
    write.add_argument("--language", choices=("zh", "en"), default="zh")
    _database(write)

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


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= COUNT_MAX:
        raise argparse.ArgumentTypeError(f"expected 1 to {COUNT_MAX}, but found {text!r}")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(sorted({part.strip() for part in text.split(",")}))
    if not all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) for name in names):
        raise argparse.ArgumentTypeError(
            f"expected names with commas between, such as http,mail, but found {text!r}"
        )
    return names


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
    from headrace.engine.serving import check_port, serve

    found = _settings(options)
    _log(found)
    port = found.port if options.port is None else options.port
    if options.sandbox:
        from headrace.engine.sandbox import demo as sandbox_demo

        if not options.demo or options.processes > 1 or options.no_work:
            raise WrongSettings("--sandbox: expected it with --demo, in one process that works")
        return sandbox_demo.serve(found, host=options.host, port=port, say=_say)
    module, _, name = APP.partition(":")
    create_app = getattr(importlib.import_module(module), name)
    if options.processes > 1:
        _check_shared(found)
        check_port(options.host, port)
        # Once, before they all begin: the tables, and the people of a first start.
        create_app(found, demo=options.demo, works=False, say=_say).close()
        command = ["serve", "--host", options.host, "--port", str(port)]
        return _pool(options, [*command, *(["--no-work"] if options.no_work else [])])
    return serve(
        lambda: create_app(found, demo=options.demo, works=not options.no_work, say=_say),
        host=options.host,
        port=port,
        say=_say,
        database_url=found.database_url,
    )


def _sandbox(options: argparse.Namespace) -> int:
    from headrace.engine.sandbox import demo as sandbox_demo

    return sandbox_demo.alone(
        settings_module.from_environment().home,
        ports=(options.port, options.mail_port),
        seed=options.seed,
        per_minute=options.per_minute,
        say=_say,
    )


def _work(options: argparse.Namespace) -> int:
    from headrace.engine.working import work

    _log(_settings(options))
    if options.processes > 1:
        _check_shared(_settings(options))
        with _open(options):
            pass  # the tables are there now, before they all begin
        command = ["work", "--threads", str(options.threads)]
        return _pool(
            options, [*command, *(["--queues", ",".join(options.queues)] if options.queues else [])]
        )
    return work(_settings(options), queues=options.queues, threads=options.threads, say=_say)


def _pool(options: argparse.Namespace, command: list[str]) -> int:
    from headrace.engine import pool

    os.environ["HEADRACE_DATABASE_URL"] = _settings(options).database_url
    return pool.run(command, options.processes, _say)


def _check_shared(found: Settings) -> None:
    if found.database_url.startswith("sqlite"):
        raise WrongSettings(
            "--processes: expected a PostgreSQL database for several processes, but found SQLite,"
            " to which one process writes"
        )


def _log(found: Settings) -> None:
    """The log of this process, and its traces if the environment asks for them."""
    logs.set_up(found.log)
    if tracing.set_up(os.environ):
        atexit.register(tracing.end)


def _top(options: argparse.Namespace) -> int:
    from headrace.engine import top

    return top.run(_settings(options).database_url, once=options.once, every_s=options.every)


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


def _audit_verify(options: argparse.Namespace) -> int:
    """Also while the engine runs: it only reads. Each end it finds good is noted in a file, and looked for the next time."""
    from headrace.engine.service import decision_ends, decisions
    from headrace.engine.store.session import open_database

    found = _settings(options)
    ends = decision_ends.read(found.home, found.database_url) | _ends(options.end)
    with open_database(found.database_url).connect() as connection:
        told = decisions.verify(connection, found.secret_keys, ends)
    if not told.ok:
        print(
            f"decision {told.wrong} ({told.why}): expected {told.expected}, but found {told.found}"
        )
        return 1
    decision_ends.note(found.home, found.database_url, told.seq, told.hash)
    print(f"{told.checked} decisions, {told.redacted} of them purged: the chain holds")
    print(f"its end: {told.seq}:{told.hash}")
    return 0


def _ends(told: Sequence[str]) -> dict[int, str]:
    ends = {}
    for text in told:
        number, _, hash_ = text.partition(":")
        if not number.isascii() or not number.isdigit() or not re.fullmatch("[0-9a-f]{64}", hash_):
            raise WrongSettings(
                f"--end: expected number:hash as verify prints it, but found {text!r}"
            )
        ends[int(number)] = hash_
    return ends


def _audit_export(options: argparse.Namespace) -> int:
    from headrace.engine.service import decision_log
    from headrace.engine.store.session import open_database

    database = open_database(_settings(options).database_url)
    for part in decision_log.lines(database, options.format):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
    return 0


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


def _purge(options: argparse.Namespace) -> int:
    from headrace.engine.service import purge

    with _open(options) as workspace:
        if options.dry_run:
            print(f"{purge.due(workspace)} instances (with all that belongs to them) are due")
            return 0
        done = purge.run(workspace)
    if done is None:
        print("another process is purging now")
        return 0
    print(f"{done.roots} instances with all that belongs to them, {done.rows} rows in all")
    if not done.log_cut:
        print("the write-ahead log is still in use: it is cut when its readers are done")
    return 0


def _archive_list(_: argparse.Namespace) -> int:
    from headrace.engine.service import archive

    for path in archive.files(settings_module.from_environment().home / "archive"):
        print(f"{path}  {sum(1 for _ in archive.lines(path)):>8}")
    return 0


def _archive_show(options: argparse.Namespace) -> int:
    import json

    from headrace.engine.service import archive

    found = archive.show(settings_module.from_environment().home / "archive", options.id)
    if found is None:
        print(f"headrace: {options.id} is in no archive", file=sys.stderr)
        return 1
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 0


def _store_vacuum(options: argparse.Namespace) -> int:
    from headrace.engine.store import vacuum
    from headrace.engine.store.session import WriterLock, is_sqlite, open_database

    database = open_database(_settings(options).database_url)
    if not is_sqlite(database):
        print("PostgreSQL gives room back by itself (autovacuum)")
        return 0
    lock = WriterLock(database)
    before, after = vacuum.vacuum(database)
    lock.release()
    print(f"{before:,} -> {after:,} bytes; from now on a purge makes the file smaller")
    return 0


def _store_copy(options: argparse.Namespace) -> int:
    from headrace.engine.store.copying import copy_store

    total = 0
    for table, count in copy_store(options.source, options.target):
        total += count
        if count:
            print(f"{table:<24} {count:>12,}")
    print(f"{total:,} rows copied and counted on both sides")
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


def _org_import(options: argparse.Namespace) -> int:
    from headrace.engine.service import org_import
    from headrace.engine.service.actor import ENGINE

    data = options.file.read_bytes()
    with _open(options) as workspace:
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
        with _open(options) as workspace:
            data = org_import.export(workspace, ENGINE, kind)
    options.file.write_bytes(data)
    print(f"{options.file}: {len(data)} bytes")
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


def _bpmn_import(options: argparse.Namespace) -> int:
    from headrace.engine.service import exchange_files

    found = exchange_files.read(options.file, _say, brief=options.brief)
    if options.to:
        exchange_files.write(found, options.to, _say)
    if options.keep:
        with _open(options) as workspace:
            exchange_files.keep(workspace, found, _say)
    return 1 if any(one.wrong for one in found) else 0


def _bpmn_export(options: argparse.Namespace) -> int:
    from headrace.engine.service import exchange_files

    path = Path(options.flow)
    if path.suffix == ".json":
        data = exchange_files.bpmn_of_file(path, options.language)
    else:
        with _open(options) as workspace:
            data = exchange_files.bpmn_of_flow(workspace, options.flow, options.language)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


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


def _template_check(options: argparse.Namespace) -> int:
    from headrace.engine.trials.check import check, table

    rows = check(
        options.key, full=options.full, seed=options.seed, database_url=options.database, say=_say
    )
    print(table(rows))
    return 0 if all(row.ok for row in rows) else 1


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


if __name__ == "__main__":
    main()
