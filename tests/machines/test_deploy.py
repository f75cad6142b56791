"""What `deploy/` says is what the program understands."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.engine import cli

DEPLOY = Path(__file__).parents[2] / "deploy"
ENGINE = Path(cli.__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = [name for name, told in COMPOSE["services"].items() if told["image"] == "headrace"]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def understood(command: list[str]) -> Any:
    assert command[0].endswith("headrace")
    return cli.parser().parse_args(command[1:])


def variables(text: str) -> set[str]:
    return set(re.findall(r"\bHEADRACE_[A-Z_]+", text))


def test_compose_starts_web_workers_and_what_they_need() -> None:
    services = COMPOSE["services"]

    assert {"web-1", "web-2", "worker", "migrate"} == set(OURS)
    assert {"postgres", "redis", "proxy"} == set(services) - set(OURS)
    for told in services.values():
        assert set(told.get("depends_on", {})) <= set(services)
    for volume in [
        v.partition(":")[0] for told in services.values() for v in told.get("volumes", [])
    ]:
        assert volume.startswith("./") or volume in COMPOSE["volumes"]
    assert all("healthcheck" in services[name] for name in ("web-1", "web-2", "postgres", "redis"))


@pytest.mark.parametrize("name", OURS)
def test_compose_says_commands_there_are(name: str) -> None:
    command = [str(word) for word in COMPOSE["services"][name]["command"]]
    understood([re.sub(r"\$\{\w+:-(.*?)\}", r"\1", word) for word in command])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_say_commands_there_are(unit: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    command = shlex.split(
        parser["Service"]["ExecStart"].replace("$WORK", "--queues http --threads 32")
    )

    assert understood(command).run
    assert float(parser["Service"]["TimeoutStopSec"]) > 60  # what a pool gives its processes


def test_every_variable_is_read_by_somebody() -> None:
    read = variables((ENGINE / "settings.py").read_text())
    ours = {
        "HEADRACE_SITE",
        "HEADRACE_HTTP_PORT",
        "HEADRACE_HTTPS_PORT",
        "HEADRACE_WORKER_PROCESSES",
    }
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert variables(path.read_text()) - read - ours == set(), path


def test_the_proxy_asks_every_web_process() -> None:
    asked = re.findall(r"(web-\d):8000", (DEPLOY / "Caddyfile").read_text())
    assert sorted(asked) == sorted(name for name in OURS if name.startswith("web"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="a machine without systemd")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    """Of a template an instance is looked at, as `headrace-work@all` would be. The program need not be installed here."""
    copy = tmp_path / unit.name.replace("@.", "@all.")
    copy.write_text(unit.read_text().replace("/opt/headrace/bin/headrace", "/bin/true"))

    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )  # fmt: skip

    about_it = [line for line in told.stderr.splitlines() if copy.name in line]
    assert (about_it, told.returncode) == ([], 0)
