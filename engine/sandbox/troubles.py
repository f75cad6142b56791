"""What can go wrong over there, switched on by hand and counted by calls, so that it goes wrong the same way again."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

TROUBLES = {
    "throttled": ("调用太频繁（HTTP 200，错误在正文里）", "Throttled, in the body of HTTP 200"),
    "busy": ("平台系统繁忙", "Trouble at the platform, in the body"),
    "token_dead": (
        "授权失效；skip=1 就在翻页中途失效",
        "The token is dead; with skip=1 in mid-page",
    ),
    "withdrawn": ("接口已下线（HTTP 200）", "Method offline, with HTTP 200"),
    "withdrawn_404": ("接口已下线（404）", "Withdrawn, with 404"),
    "empty": ("列表悄悄变空", "A silent empty list"),
    "moving": ("翻页时订单被修改", "An order is modified while one pages"),
    "clock": ("平台的时钟不准（seconds）", "Its clock is wrong by `seconds`"),
    "lost": ("做了，但没有回答", "Did it, and answered nothing"),
    "slow": ("很慢才回答（seconds）", "Answers after `seconds`"),
    "duplicate": ("推送重复", "Every push comes twice"),
    "reordered": ("推送乱序", "Pushes come in the wrong order"),
}
"""Name → what it does, in Chinese and English."""


@dataclass(slots=True)
class Switch:
    """One trouble at one simulator: after `skip` calls, so often (None: until switched off)."""

    trouble: str
    skip: int = 0
    times: int | None = None
    seconds: float = 0.0
    version: str = ""
    """Only calls of this version of the interface meet it; empty: all do."""


class Switches:
    """All that are on. Safe to share between threads."""

    def __init__(self) -> None:
        self._on: dict[tuple[str, str], Switch] = {}
        self._lock = threading.Lock()

    def put(self, simulator: str, switch: Switch) -> None:
        """Switch it on; again: from the beginning."""
        with self._lock:
            self._on[simulator, switch.trouble] = switch

    def off(self, simulator: str | None = None, trouble: str | None = None) -> None:
        """Switch off this one, all of a simulator, or all."""
        with self._lock:
            for key in list(self._on):
                if simulator in (None, key[0]) and trouble in (None, key[1]):
                    del self._on[key]

    def take(self, simulator: str, trouble: str, version: str = "") -> Switch | None:
        """Does this call, of this version of the interface, meet that trouble? Counts."""
        with self._lock:
            switch = self._on.get((simulator, trouble))
            if switch is None or switch.version not in ("", version):
                return None
            if switch.skip > 0:
                switch.skip -= 1
                return None
            if switch.times is not None:
                switch.times -= 1
                if switch.times <= 0:
                    del self._on[simulator, trouble]
            return switch

    def shown(self) -> list[dict[str, Any]]:
        """What is on."""
        with self._lock:
            return [
                {"simulator": name, "trouble": s.trouble, "skip": s.skip, "times": s.times,
                 "seconds": s.seconds, "version": s.version}
                for (name, _), s in sorted(self._on.items())
            ]  # fmt: skip
