"""Peers written for Node: installed as locked into `.make/peers/`, with the Node that they want, from the package registry.

They are optional. Whatever is missing (npm, the registry, a system their Node is not packaged for) is told as the row's reason,
and everything else is measured.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import order as work
from tests.bench.far import Far
from tests.bench.load import run_load
from tests.bench.measure import ROOT, Sample, cpu_of_group, rss_of_group
from tools.fresh import digest, is_fresh, locked
from tools.step import Trouble, call

PEERS = ROOT / ".make" / "peers"
LOCKED = ROOT / "tests" / "bench" / "peers"
FILES = ("package.json", "package-lock.json", ".npmrc")
NATIVE = {"n8n": ("sqlite3", "isolated-vm")}
"""Packages that are compiled here; of all others no script runs."""

PATH = "/order"
"""Where the peers hear of orders."""

START_S = 180
STOP_S = 20


class Absent(Exception):
    """Why a peer cannot be measured here."""


def ensure(name: str) -> None:
    """Install it unless it is; raises Absent."""
    if shutil.which("npm") is None:
        raise Absent("npm is not here")
    locked_files = [LOCKED / name / file for file in FILES]
    if not all(path.is_file() for path in locked_files):
        raise Absent("its lock file is not here")
    folder = PEERS / name
    wanted = digest(locked_files, os.uname().machine)
    with locked(f"peer-{name}"):
        if is_fresh(folder / ".installed", wanted):
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in locked_files:
            shutil.copy(file, folder)
        try:
            call(f"npm-{name}", "npm", "ci", "--ignore-scripts", "--omit=dev", cwd=folder)
            if name in NATIVE:
                call(f"npm-{name}-native", "npm", "rebuild", *NATIVE[name],
                     cwd=folder, env=environment(name) | {"npm_config_nodedir": str(_node(name))})  # fmt: skip
        except Trouble as trouble:
            raise Absent(f"npm could not install it ({str(trouble).splitlines()[0]})") from trouble
        _node(name)
        (folder / ".installed").write_text(wanted)


def is_installed(name: str) -> bool:
    """Has it been installed before, in this or an older version?"""
    return (PEERS / name / ".installed").is_file()


def version(name: str) -> str:
    """As locked."""
    found = json.loads((LOCKED / name / "package.json").read_text())["dependencies"]
    return str(found[name])


def program(name: str, *words: str) -> list[str]:
    """Its command line."""
    package = PEERS / name / "node_modules" / name
    told = json.loads((package / "package.json").read_text())["bin"]
    main = told if isinstance(told, str) else told[name]
    return [str(_node(name) / "bin" / "node"), str(package / main), *words]


def environment(name: str) -> dict[str, str]:
    """With its own Node first."""
    return {**os.environ, "PATH": f"{_node(name) / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def _node(name: str) -> Path:
    found = list((PEERS / name / "node_modules").glob("node-linux-*/bin/node"))
    if not found:
        raise Absent(f"no packaged Node for {os.uname().sysname} {os.uname().machine}")
    return found[0].parents[1]


@contextmanager
def served(
    command: list[str], port: int, path: str, env: Mapping[str, str], folder: Path
) -> Iterator[int]:
    """Run its server while the block runs; answers its process group once it has answered the first order."""
    with (folder / "said.log").open("w") as said:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=said, stderr=said, start_new_session=True
        )
    try:
        _wait_until_it_answers(process, port, path, folder / "said.log")
        yield process.pid
    finally:
        _stop(process)


def _wait_until_it_answers(
    process: subprocess.Popen[bytes], port: int, path: str, said: Path
) -> None:
    until, answer = time.monotonic() + START_S, "nothing"
    while time.monotonic() < until and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request(
                "POST", path, json.dumps(work.order(0)), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            answer = f"{response.status} {response.read()[:300]!r}"
            connection.close()
            if response.status == 200:
                return
        except OSError as refused:
            answer = str(refused)
        time.sleep(0.2)
    told = "\n".join(said.read_text().splitlines()[-15:])
    raise RuntimeError(f"expected an answer to the first order, but found {answer}\n{told}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The group that was started here, and nothing else."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(STOP_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def measured(
    group: int, port: int, path: str, far: Far, instances: int, calls: int, at_once: int, warm: int
) -> Sample:
    """Load it as `headrace serve` is loaded; every answer is compared."""
    load: dict[str, Any] = {"port": port, "target": path, "at_once": at_once, "rate": None}
    _agreed(run_load(**load, first=1, count=warm))
    cpu = cpu_of_group(group)
    told = run_load(**load, first=1 + warm, count=instances)
    cpu = cpu_of_group(group) - cpu
    _agreed(told)
    made = (1 + warm + instances) * calls
    assert far.counts() == (made, 0), (
        f"expected {made} calls and none repeated, but found {far.counts()}"
    )
    return Sample(
        instances, told["seconds"], cpu, told["p50_ms"], told["p99_ms"], rss_of_group(group)
    )


def _agreed(told: dict[str, Any]) -> None:
    assert set(told["statuses"]) == {"200"}, told["statuses"]
    assert not told["wrong"], f"expected the same five answers, but found {told['wrong'][:2]}"
