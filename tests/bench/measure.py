"""What one run of one case says, how a case runs in a process of its own, and the few numbers the system knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CASE_TIMEOUT_S = 900
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Sample:
    """One run. `cpu_s` is that of the engine's process; of a load generator or a database server it is not part."""

    instances: int
    seconds: float
    cpu_s: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    rss_mb: float | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Instances a second."""
        return self.instances / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU an instance."""
        return self.cpu_s * 1000 / self.instances


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def timed(latencies_s: Sequence[float]) -> dict[str, Any]:
    """The two percentiles of a `Sample`."""
    if not latencies_s:
        return {}
    return {
        "p50_ms": percentile(latencies_s, 0.50) * 1000,
        "p99_ms": percentile(latencies_s, 0.99) * 1000,
    }


def cpu_of(pid: int) -> float:
    """Seconds of CPU a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def cpu_of_group(group: int) -> float:
    """The same of all processes of a group, and of those of them that have ended and were waited for."""
    total = 0
    for fields in _group(group):
        total += sum(map(int, fields[11:15]))
    return total * _TICK_S


def rss_of_group(group: int) -> float:
    """Resident memory of all processes of a group; what they share is counted for each."""
    return sum(int(fields[21]) * _PAGE / 1e6 for fields in _group(group))


def _group(group: int) -> Iterator[list[str]]:
    """What the system says of each process of a group, from its state on (see `man 5 proc`)."""
    for told in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = told.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[2]) == group:
            yield fields


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def run_case(module: str, **options: Any) -> Sample:
    """Run `tests.bench.<module>` in a process of its own and folder of its own; its last line is the sample."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        command = [
            sys.executable,
            "-m",
            f"tests.bench.{module}",
            json.dumps({"folder": folder, **options}),
        ]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=CASE_TIMEOUT_S,
        )  # fmt: skip
    if done.returncode != 0:
        tail = "\n".join(done.stderr.strip().splitlines()[-12:])
        raise RuntimeError(f"{module} {options} ended with {done.returncode}:\n{tail}")
    return Sample(**json.loads(done.stdout.strip().splitlines()[-1]))


def options() -> dict[str, Any]:
    """What `run_case` handed in."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    return given


def report(sample: Sample) -> None:
    """Answer `run_case`."""
    print(json.dumps(asdict(sample)), flush=True)
