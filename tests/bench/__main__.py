"""`make bench`: how fast it is, beside its peers and beside the limit, in one run.

    python -m tests.bench [--quick | --all | --full] [--only sqlite,rest,n8n] [--rounds 3]

Every case runs in a process of its own, the rounds are interleaved (so that a noisy minute hits all alike), and the table
shows each case's median round. "A core/s" is what one core could do by the CPU an instance took: on a busy machine read this,
CPU and ratios, not instances a second.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from tests.bench import node_peers
from tests.bench.bars import judged
from tests.bench.cases import CASES, PEERS, SIZES, WAITING_DUE, WAITING_FULL, Case
from tests.bench.measure import ROOT, Sample, run_case
from tests.servers import postgresql

RESULTS = ROOT / ".make" / "bench.json"
TABLES = ROOT / ".make" / "bench.md"
APART = ("shares", "killed")
"""Cases that are no row of the first table."""


def main() -> None:
    """Run, print, keep."""
    chosen = _options()
    began = time.monotonic()
    cases, absent = _chosen(chosen)
    runs: dict[str, list[Sample]] = {case.key: [] for case in cases}
    with ExitStack() as stack:
        server = None
        if any(case.postgresql for case in cases):
            server = os.environ.get("HEADRACE_TEST_PG") or stack.enter_context(
                postgresql(durable=True)
            )
        for round_ in range(chosen.rounds):
            for case in cases:
                if case.key not in absent and (case.repeats or round_ == 0):
                    _say(f"round {round_ + 1}/{chosen.rounds}: {case.title}")
                    runs[case.key].append(_run(case, chosen, server))
    _say("")
    results = {key: median(samples) for key, samples in runs.items() if samples}
    told = [*_table(cases, results, absent), "", *_bars(results), "", *_shares(results), *_busy()]
    print("\n".join(told))
    _keep(runs, told)
    _say(f"{time.monotonic() - began:.0f} s")


def _chosen(chosen: argparse.Namespace) -> tuple[list[Case], dict[str, str]]:
    """The rows of this run, and why some of them are not run."""
    size = "full" if chosen.full or chosen.all else "quick" if chosen.quick else "normal"
    cases, absent, asked = [], {}, chosen.only.split(",") if chosen.only else []
    known = [case.key for case in CASES]
    if unknown := [key for key in asked if key not in known]:
        raise SystemExit(
            f"expected keys of cases ({', '.join(known)}), but found {', '.join(unknown)}"
        )
    for case in CASES:
        if asked and case.key not in asked:
            continue
        small = not asked and SIZES.index(size) < SIZES.index(case.least)
        if small and not case.needs:
            continue
        cases.append(case)
        if small:
            absent[case.key] = f"left out of --{size}: --only {case.key}"
        elif case.needs:
            try:
                _say(f"{case.needs}: installed?")
                node_peers.ensure(case.needs)
            except node_peers.Absent as reason:
                absent[case.key] = str(reason)
    return cases, absent


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one short round, without n8n")
    size.add_argument(
        "--all",
        action="store_true",
        help="one short round of every case: n8n, RQ workers and 100,000 timers too, within twelve minutes",
    )
    size.add_argument(
        "--full",
        action="store_true",
        help="with RQ workers, 100,000 timers and 1,000,000 waiting instances",
    )
    parser.add_argument("--only", default="", help=", ".join(case.key for case in CASES))
    parser.add_argument("--rounds", type=int, default=0)
    options = parser.parse_args()
    options.quick |= options.all
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def _whole(case: Case, chosen: argparse.Namespace) -> bool:
    """Timers within a minute are promised by the hundred thousand: fewer would say nothing."""
    return chosen.all and case.module == "timers"


def _run(case: Case, chosen: argparse.Namespace, server: str | None) -> Sample:
    options: dict[str, Any] = {
        "instances": case.quick if chosen.quick and not _whole(case, chosen) else case.normal,
        **case.options,
    }
    if case.key == "waiting":
        options["due"] = WAITING_DUE["quick" if chosen.quick else "normal"]
        if chosen.full:
            options["instances"] = WAITING_FULL
    if not case.postgresql:
        return run_case(case.module, **options)
    assert server is not None
    with _database(server) as url:
        return run_case(case.module, **options, url=url)


@contextmanager
def _database(server: str) -> Iterator[str]:
    name = f"bench_{uuid.uuid4().hex[:8]}"
    address = make_url(server)
    admin = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield address.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def median(samples: Sequence[Sample]) -> Sample:
    """The round in the middle, by instances a second; its other numbers belong together."""
    return sorted(samples, key=lambda sample: sample.rate)[len(samples) // 2]


def _table(
    cases: Sequence[Case], results: Mapping[str, Sample], absent: Mapping[str, str]
) -> list[str]:
    head = [
        "",
        "inst/s",
        "p50 ms",
        "p99 ms",
        "CPU ms",
        "a core/s",
        *(f"× {name}" for name in PEERS),
        "of limit",
        "MB",
    ]
    rows = []
    for case in cases:
        if case.module in APART:
            continue
        if case.key in absent:
            rows.append([f"{case.title}: not run, {absent[case.key]}", *[""] * (len(head) - 1)])
            continue
        sample = results[case.key]

        def ratio(key: str | None, mine: Sample = sample) -> str:
            other = results.get(key or "")
            return f"{mine.rate / other.rate:.1f}" if other else ""

        of_limit = f"{sample.rate / results['limit'].rate:.1%}" if "limit" in results else ""
        rows.append(
            [
                case.title, f"{sample.rate:,.0f}", _number(sample.p50_ms), _number(sample.p99_ms),
                f"{sample.cpu_ms:.2f}", f"{1000 / sample.cpu_ms:,.0f}", *(ratio(case.beside.get(name)) for name in PEERS),
                of_limit if case.beside else "", _number(sample.rss_mb, 0),
            ]
        )  # fmt: skip
    return _aligned([head, *rows])


def _bars(results: Mapping[str, Sample]) -> list[str]:
    rows = [["what we promise", "bar", "goal", "measured", ""]]
    for bar, value, verdict in judged(results):
        sign = "≤ " if bar.most else "≥ "
        rows.append(
            [
                bar.title, f"{sign}{bar.first:,g}{bar.unit}", f"{sign}{bar.goal:,g}{bar.unit}",
                f"{value:,.0f}{bar.unit}" if value >= 100 else f"{value:,.2f}{bar.unit}", verdict,
            ]
        )  # fmt: skip
    return _aligned(rows)


def _shares(results: Mapping[str, Sample]) -> list[str]:
    """Where the time of an instance goes, and the profile's first lines."""
    watched = [
        (case.title, results[case.key].more)
        for case in CASES
        if case.key in results and case.module == "shares"
    ]
    if not watched:
        return []
    head = [
        "an instance's CPU and its share of the waits for the disk",
        "ms",
        "Python",
        "SQL",
        "fsync",
    ]
    rows = [
        [title, f"{more['ms']:.2f}", *(f"{more[part]:.0%}" for part in ("python", "sql", "fsync"))]
        for title, more in watched
    ]  # fmt: skip
    tops = [
        f"{title}, the writer's thread: " + "; ".join(f"{name} {share:.0%}" for name, share in more["top"]) + "."
        for title, more in watched
    ]  # fmt: skip
    return [*_aligned([head, *rows]), "", *tops, ""]


def _busy() -> list[str]:
    """Whether to believe the clock."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load <= 1.5 * cores:
        return [f"{cores} cores, load {load:.1f}."]
    return [
        f"{cores} cores, load {load:.1f}: others are at work here. Read CPU and ratios, not instances a second."
    ]


def _number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ) + " |"
        for row in rows
    ]  # fmt: skip
    rule = [
        "-" * (width + 2) if not i else "-" * (width + 1) + ":" for i, width in enumerate(widths)
    ]
    return [lines[0], f"|{'|'.join(rule)}|", *lines[1:]]


def _keep(runs: Mapping[str, Sequence[Sample]], told: Sequence[str]) -> None:
    """For comparing with later runs; not kept by git."""
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }
    kept = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine,
        "runs": {key: [asdict(sample) for sample in samples] for key, samples in runs.items()},
    }
    RESULTS.write_text(json.dumps(kept, indent=1))
    TABLES.write_text("\n".join([*told, ""]))
    _say(
        f"every round: {Path(os.path.relpath(RESULTS))}, these tables: {Path(os.path.relpath(TABLES))}"
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
