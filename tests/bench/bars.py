"""What we promise, beside what was measured. `first` is what a release must have, `goal` what we want."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.bench.measure import Sample

Results = Mapping[str, Sample]


@dataclass(frozen=True)
class Bar:
    """A promise about one number; `most`: the number must not exceed it."""

    title: str
    case: str
    first: float
    goal: float
    value: Callable[[Results], float | None]
    unit: str = "/s"
    most: bool = False

    def met(self, value: float, bar: float) -> bool:
        """Is it kept?"""
        return value <= bar if self.most else value >= bar


def _rate(case: str) -> Callable[[Results], float | None]:
    return lambda results: results[case].rate


def _p99(case: str) -> Callable[[Results], float | None]:
    return lambda results: results[case].p99_ms


def _of(case: str, name: str) -> Callable[[Results], float | None]:
    return lambda results: float(results[case].more[name])


def _of_both(case: str) -> Callable[[Results], float | None]:
    return lambda results: float(results[case].more["early"] + results[case].more["doubled"])


def _times(case: str, peer: str) -> Callable[[Results], float | None]:
    """How often our rate contains the peer's, when both were measured."""
    return lambda results: results[case].rate / results[peer].rate if case in results else None


def _more(name: str, per: int | None = None) -> Callable[[Results], float | None]:
    """A number of the waiting case, scaled to `per` instances made or fired."""

    def value(results: Results) -> float:
        sample = results["waiting"]
        found = float(sample.more[name])
        if per is None:
            return found
        made = sample.more["fired"] if name == "fire_s" else sample.instances
        return found * per / made

    return value


BARS = (
    Bar("straight through, SQLite, in process", "sqlite", 1_000, 5_000, _rate("sqlite")),
    Bar("… with a full queue", "queue", 1_000, 5_000, _rate("queue")),
    Bar("… CPU an instance", "queue", 0.5, 0.2, lambda r: r["queue"].cpu_ms, " ms", most=True),
    Bar("… against DBOS, same run", "dbos", 10, 10, _times("sqlite", "dbos"), " ×"),
    Bar("REST API against n8n, same run", "n8n", 30, 50, _times("rest", "n8n"), " ×"),
    Bar("with one HTTP step, SQLite", "http", 500, 2_500, _rate("http")),
    Bar("REST API, 16 at once", "rest", 600, 1_500, _rate("rest")),
    Bar("… p99", "rest", 100, 40, _p99("rest"), " ms", most=True),
    Bar("PostgreSQL, two processes", "pair", 700, 2_500, _rate("pair")),
    Bar("… with one HTTP step", "http-pair", 300, 1_500, _rate("http-pair")),
    Bar("start to first node, 100 starts/s, p99", "paced-100", 50, 20, _p99("paced-100"), " ms", most=True),
    Bar("100,000 waiting: made in", "waiting", 60, 10,
        lambda r: r["waiting"].seconds * 100_000 / r["waiting"].instances, " s", most=True),
    Bar("… resident memory growth", "waiting", 100, 0, _more("grown_mb"), " MB", most=True),
    Bar("… bytes each on disk", "waiting", 4_000, 2_000, _more("bytes_each"), " B", most=True),
    Bar("10,000 due timers fired in", "waiting", 30, 3, _more("fire_s", 10_000), " s", most=True),
    Bar("… doubled", "waiting", 0, 0, _more("doubled"), "", most=True),
    Bar("100,000 timers due within a minute, SQLite: the last fired after", "timers", 61, 60.5,
        lambda r: r["timers"].seconds, " s", most=True),
    Bar("… early or doubled", "timers", 0, 0, _of_both("timers"), "", most=True),
    Bar("… PostgreSQL: the last fired after", "timers-postgresql", 61, 60.5,
        lambda r: r["timers-postgresql"].seconds, " s", most=True),
    Bar("… early or doubled", "timers-postgresql", 0, 0, _of_both("timers-postgresql"), "", most=True),
    Bar("killed with pure work: goes on after", "killed", 2, 1, _of("killed", "pure_s"), " s", most=True),
    Bar("… with a job in flight, whose lease is 15 s", "killed", 17, 16, _of("killed", "job_s"), " s", most=True),
    Bar("webhooks accepted", "hooks", 1_000, 2_000, _rate("hooks")),
    Bar("… p99", "hooks", 100, 50, _p99("hooks"), " ms", most=True),
)  # fmt: skip


def judged(results: Results) -> Iterator[tuple[Bar, float, str]]:
    """Every bar whose case was run: measured value, and goal, met or MISSED."""
    for bar in BARS:
        if bar.case not in results:
            continue
        value = bar.value(results)
        if value is None:
            continue
        verdict = (
            "goal" if bar.met(value, bar.goal) else "met" if bar.met(value, bar.first) else "MISSED"
        )
        yield bar, value, verdict
