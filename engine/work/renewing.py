"""Renew tokens of platforms: before they end, and when a call finds one dead. What is remembered is in `service/shop_tokens.py`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headrace.engine.connector import ParamWrong, Request, Wish
from headrace.engine.errors import AddressRefused, BodyTooLarge, NotFound
from headrace.engine.node import ConnectionInfo, HttpAnswer, NotSent, OutcomeUnknown
from headrace.engine.registry import connectors
from headrace.engine.service import connections, shop_tokens
from headrace.engine.service.workspace import Workspace

log = logging.getLogger(__name__)

WAIT_S = 0.25
WAITS = 40
"""So often we look whether somebody else has the new token."""


@dataclass(slots=True)
class Renewer:
    """Renews for one process."""

    workspace: Workspace
    ask: Callable[[Request], HttpAnswer]
    owner: str
    sleep: Callable[[float], Any]

    def look(self) -> int:
        """Renew what is due; answers how many."""
        keys = shop_tokens.look(self.workspace)
        for key in keys:
            try:
                self.renewed(self._now(key), due=True)
            except NotFound:
                continue
            except Exception:
                log.exception("the token of %s: the others go on", key)
        return len(keys)

    def renewed(self, account: ConnectionInfo, *, due: bool = False) -> ConnectionInfo | None:
        """The account with another token than `account` has; None: only a person can get one. `due`: it lives still."""
        connector = connectors().get(account.connector)
        if connector is None or connector.renewal is None:
            return None
        now = self._now(account.key)
        if not due and _other(now, account):
            return now
        if not shop_tokens.renewable(connector, now.secrets):
            return None
        if not shop_tokens.begin(self.workspace, account.key, self.owner, due=due):
            return None if due else self._waited(account)
        now = self._now(account.key)
        if _other(now, account):  # somebody was done between our look and our turn
            shop_tokens.give_back(self.workspace, account.key)
            return now
        moment = self.workspace.clock.now_ms()
        wish = Wish({}, "renew", moment, f"renew{moment}")
        try:
            verdict = connector.renewal.judge(self.ask(connector.renewal.build(now, wish)))
        except (ParamWrong, AddressRefused, BodyTooLarge) as wrong:
            said = connections.without(now, str(getattr(wrong, "message", wrong)))
            shop_tokens.failed(self.workspace, account.key, "refused", said)
            return None
        except (NotSent, OutcomeUnknown) as trouble:
            said = connections.without(now, str(trouble))
            shop_tokens.failed(self.workspace, account.key, "", said)
            return None
        if verdict.trouble is not None:
            said = connections.without(now, f"{verdict.code} {verdict.message}".strip())
            log.warning("the token of %s cannot be renewed: %s", account.key, said)
            shop_tokens.failed(self.workspace, account.key, verdict.trouble, said)
            return None
        shop_tokens.keep(self.workspace, account.key, verdict.output)
        return self._now(account.key)

    def _now(self, key: str) -> ConnectionInfo:
        """As it is in the store, not as it was a second ago."""
        self.workspace.accounts.pop(key, None)
        return connections.open_connection(self.workspace, key)

    def _waited(self, account: ConnectionInfo) -> ConnectionInfo | None:
        for _ in range(WAITS):
            now = self._now(account.key)
            if _other(now, account):
                return now
            self.sleep(WAIT_S)
        return None


def _other(now: ConnectionInfo, before: ConnectionInfo) -> bool:
    return now.secrets.get("access_token") != before.secrets.get("access_token")
