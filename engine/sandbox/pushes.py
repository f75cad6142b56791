"""What platforms tell us by themselves: signed, repeated until it is taken, and where it is switched on twice or out of order."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from headrace.engine.sandbox.calls import Said, Simulator
from headrace.engine.sandbox.troubles import Switches
from headrace.engine.sandbox.world import Fact, FactKind, World

PAUSES_MS = (1_000, 5_000, 15_000, 60_000, 300_000)
"""After a push that was not taken. Real platforms take minutes to hours: nobody waits that long here."""
HELD_MS = 3_000
"""How long a push waits to be overtaken."""


@dataclass(frozen=True, slots=True)
class Push:
    """One call to the engine."""

    simulator: str
    about: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    wanted: bytes | None = None
    """What must be answered, exactly; None: any 2xx will do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a simulator pushes to. `secret`: what it signs with instead of its own; `kinds`: of what it tells, none: of all."""

    url: str
    secret: str = field(default="", repr=False)
    kinds: frozenset[FactKind] = frozenset()


@runtime_checkable
class Pushing(Protocol):
    """A simulator that calls."""

    name: str

    def push(self, fact: Fact, secret: str, now_ms: int) -> Push | None:
        """The call for this fact; None: it does not tell of such."""
        ...


Send = Callable[[str, Mapping[str, str], bytes], Said]
"""(address, headers, body) → what was answered. Raises `OSError`."""


class Pusher:
    """All pushes. `step` does what is due; nothing happens by itself."""

    def __init__(
        self,
        world: World,
        switches: Switches,
        simulators: Mapping[str, Simulator],
        send: Send,
        tell: Callable[[int, Push, str, Said | None], None],
    ) -> None:
        self.targets: dict[str, Target] = {}
        self._world = world
        self._switches = switches
        self._pushing = {n: s for n, s in simulators.items() if isinstance(s, Pushing)}
        self._send = send
        self._tell = tell
        self._seen = world.told
        self._queue: list[tuple[int, int, int, Push]] = []
        self._held: dict[str, Push] = {}
        self._count = 0
        self._lock = threading.RLock()

    @property
    def names(self) -> list[str]:
        """Who can push."""
        return sorted(self._pushing)

    def aim(self, simulator: str, target: Target) -> None:
        """From now on this one pushes there; an empty address: nowhere."""
        with self._lock:
            if target.url:
                self.targets[simulator] = target
            else:
                self.targets.pop(simulator, None)

    def step(self, now_ms: int) -> int:
        """Tell of what happened since, and repeat what was not taken; answers how many calls that were."""
        with self._lock:
            for fact in self._world.facts_after(self._seen):
                self._seen = fact.seq
                target = self.targets.get(fact.channel)
                if target and (not target.kinds or fact.kind in target.kinds):
                    self._begin(fact, target, now_ms)
            due = []
            while self._queue and self._queue[0][0] <= now_ms:
                due.append(heapq.heappop(self._queue))
        for _, _, tries, push in due:
            self._one(push, tries, now_ms)
        return len(due)

    def again(self, fact: Fact, times: int, now_ms: int) -> int:
        """The same push once more, or so many times at once; answers how many there will be."""
        target = self.targets.get(fact.channel)
        with self._lock:
            for _ in range(times if target else 0):
                self._begin(fact, target or Target(""), now_ms)
        return times if target else 0

    def _begin(self, fact: Fact, target: Target, now_ms: int) -> None:
        simulator = self._pushing.get(fact.channel)
        push = simulator.push(fact, target.secret, now_ms) if simulator else None
        if push is None:
            return
        held = self._held.pop(fact.channel, None)
        if held is None and self._switches.take(fact.channel, "reordered"):
            self._held[fact.channel] = push
            self._put(now_ms + HELD_MS, 0, push)
            return
        self._put(now_ms, 0, push)
        if self._switches.take(fact.channel, "duplicate"):
            self._put(now_ms, 0, push)

    def _put(self, at_ms: int, tries: int, push: Push) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at_ms, self._count, tries, push))

    def _one(self, push: Push, tries: int, now_ms: int) -> None:
        target = self.targets.get(push.simulator)
        if target is None:
            return
        url = target.url + (f"?{push.query}" if push.query else "")
        answer: Said | None
        try:
            answer = self._send(url, push.headers, push.body)
        except OSError:
            answer = None
        self._tell(now_ms, push, url, answer)
        taken = answer is not None and 200 <= answer.status < 300
        if taken and push.wanted is not None:
            taken = answer is not None and answer.body.strip() == push.wanted
        if not taken and tries < len(PAUSES_MS):
            with self._lock:
                self._put(now_ms + PAUSES_MS[tries], tries + 1, push)
