"""Commands about the database: `check`, `migrate`, `purge`, `archive`, `store`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from headrace.engine.cli.options import command, opened, settings, takes_database
from headrace.engine.settings import from_environment


def add(commands: Any) -> None:
    """The commands of this area."""
    check = command(commands, "check", "look for instances that could hang", _check)
    takes_database(check)
    takes_database(command(commands, "migrate", "bring the database to this version", _migrate))

    purge = command(
        commands, "purge", "delete what is past its retention, and free the disk", _purge
    )
    purge.add_argument("--dry-run", action="store_true", help="only say how much is due")
    takes_database(purge)

    archive = commands.add_parser("archive", help="instances written to files before they went")
    archives = archive.add_subparsers(required=True, metavar="what")
    command(archives, "list", "the files, and how many instances each has", _archive_list)
    show = command(archives, "show", "one instance, as JSON", _archive_show)
    show.add_argument("id", help="its id or business key")

    store = commands.add_parser("store", help="the database as a whole")
    stores = store.add_subparsers(required=True, metavar="what")
    vacuum = command(
        stores, "vacuum", "rewrite an SQLite file so that it can shrink from now on", _store_vacuum
    )
    takes_database(vacuum)
    copy = command(
        stores,
        "copy",
        "everything into another, empty database (SQLite or PostgreSQL)",
        _store_copy,
    )
    copy.add_argument("--from", dest="source", required=True, metavar="URL")
    copy.add_argument("--to", dest="target", required=True, metavar="URL")


def _check(options: argparse.Namespace) -> int:
    from headrace.engine.store import invariant
    from headrace.engine.store.session import open_database

    database = open_database(settings(options).database_url)
    with database.connect() as connection:
        violations = invariant.violations(connection)
    for violation in violations:
        print(f"{violation.subject}: expected {violation.rule}, but found {violation.found}")
    print(f"{len(violations)} violations")
    return 1 if violations else 0


def _migrate(options: argparse.Namespace) -> int:
    from headrace.engine.store.migrations import migrate, revision
    from headrace.engine.store.session import WriterLock, open_database

    database = open_database(settings(options).database_url)
    lock = WriterLock(database)
    before = revision(database)
    migrate(database)
    print(f"{before or 'empty'} -> {revision(database)}")
    lock.release()
    return 0


def _purge(options: argparse.Namespace) -> int:
    from headrace.engine.service import purge

    with opened(options) as workspace:
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

    for path in archive.files(from_environment().home / "archive"):
        print(f"{path}  {sum(1 for _ in archive.lines(path)):>8}")
    return 0


def _archive_show(options: argparse.Namespace) -> int:
    import json

    from headrace.engine.service import archive

    found = archive.show(from_environment().home / "archive", options.id)
    if found is None:
        print(f"headrace: {options.id} is in no archive", file=sys.stderr)
        return 1
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 0


def _store_vacuum(options: argparse.Namespace) -> int:
    from headrace.engine.store import vacuum
    from headrace.engine.store.session import WriterLock, is_sqlite, open_database

    database = open_database(settings(options).database_url)
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
