"""Commands that run something: `serve`, `sandbox`, `work`, `top`."""

from __future__ import annotations

import argparse
import atexit
import importlib
import os
from typing import Any

from headrace.engine import logs, tracing
from headrace.engine.cli.options import command, count, names, opened, say, settings, takes_database
from headrace.engine.settings import APP, Settings, WrongSettings, from_environment


def add(commands: Any) -> None:
    """The commands of this area."""
    serve = command(commands, "serve", "run the engine, its API and the designer", _serve)
    serve.add_argument("--demo", action="store_true", help="with people, templates and flows")
    serve.add_argument(
        "--sandbox", action="store_true", help="with the sandbox beside it, and the demo's orders"
    )
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int)
    serve.add_argument("--processes", type=count, default=1, help="web processes (PostgreSQL)")
    serve.add_argument(
        "--no-work", action="store_true", help="only the web: `headrace work` does the work"
    )
    takes_database(serve)

    sandbox = command(
        commands, "sandbox", "shops, payments and robots that are not there, to try with", _sandbox
    )
    sandbox.add_argument("--port", type=int, default=8017)
    sandbox.add_argument("--mail-port", type=int, default=8025)
    sandbox.add_argument("--seed", type=int, default=1, help="the same seed, the same orders")
    sandbox.add_argument(
        "--per-minute", type=float, default=6.0, help="orders a minute of all shops together"
    )

    work = command(commands, "work", "do the engine's work, without a web server", _work)
    work.add_argument("--processes", type=count, default=1, help="worker processes (PostgreSQL)")
    work.add_argument("--threads", type=count, default=16, help="jobs at once in each process")
    work.add_argument("--queues", type=names, help="only jobs of these kinds: http,mail,…")
    takes_database(work)

    top = command(commands, "top", "what waits and how it goes, in the terminal", _top)
    top.add_argument("--once", action="store_true", help="one look, then end")
    top.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    takes_database(top)


def _serve(options: argparse.Namespace) -> int:
    from headrace.engine.serving import check_port, serve

    found = settings(options)
    _log(found)
    port = found.port if options.port is None else options.port
    if options.sandbox:
        from headrace.engine.sandbox import demo as sandbox_demo

        if not options.demo or options.processes > 1 or options.no_work:
            raise WrongSettings("--sandbox: expected it with --demo, in one process that works")
        return sandbox_demo.serve(found, host=options.host, port=port, say=say)
    module, _, name = APP.partition(":")
    create_app = getattr(importlib.import_module(module), name)
    if options.processes > 1:
        _check_shared(found)
        check_port(options.host, port)
        # Once, before they all begin: the tables, and the people of a first start.
        create_app(found, demo=options.demo, works=False, say=say).close()
        words = ["serve", "--host", options.host, "--port", str(port)]
        return _pool(options, [*words, *(["--no-work"] if options.no_work else [])])
    return serve(
        lambda: create_app(found, demo=options.demo, works=not options.no_work, say=say),
        host=options.host,
        port=port,
        say=say,
        database_url=found.database_url,
    )


def _sandbox(options: argparse.Namespace) -> int:
    from headrace.engine.sandbox import demo as sandbox_demo

    return sandbox_demo.alone(
        from_environment().home,
        ports=(options.port, options.mail_port),
        seed=options.seed,
        per_minute=options.per_minute,
        say=say,
    )


def _work(options: argparse.Namespace) -> int:
    from headrace.engine.working import work

    _log(settings(options))
    if options.processes > 1:
        _check_shared(settings(options))
        with opened(options):
            pass  # the tables are there now, before they all begin
        words = ["work", "--threads", str(options.threads)]
        return _pool(
            options, [*words, *(["--queues", ",".join(options.queues)] if options.queues else [])]
        )
    return work(settings(options), queues=options.queues, threads=options.threads, say=say)


def _pool(options: argparse.Namespace, words: list[str]) -> int:
    from headrace.engine import pool

    os.environ["HEADRACE_DATABASE_URL"] = settings(options).database_url
    return pool.run(words, options.processes, say)


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

    return top.run(settings(options).database_url, once=options.once, every_s=options.every)
