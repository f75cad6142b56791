"""Outbound HTTP of a trial, without a wire."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from headrace.engine.node import HttpAnswer, NotSent, OutcomeUnknown
from headrace.engine.sandbox.server import HOST, PORT, Dropped, Sandbox
from headrace.engine.work.address import AddressGuard


class Wire:
    """Outbound HTTP without a wire: the sandbox is asked in this process, anything else is not there."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.addresses = AddressGuard((f"{HOST}:{PORT}",))
        self.calls: list[tuple[str, str, bytes]] = []
        """(method, address, body) of every request that left."""

    @property
    def base(self) -> str:
        """Where it all stands."""
        return f"http://{HOST}:{PORT}"

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One request, as `GuardedHttp.request`."""
        del timeout_s
        parts = urlsplit(url)
        if parts.netloc != f"{HOST}:{PORT}":
            raise NotSent(f"expected an address of the sandbox, but found {parts.netloc}")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self.calls.append((method, url, body or b""))
        try:
            said = self._sandbox.ask(method, target, {"Host": parts.netloc, **headers}, body or b"")
        except Dropped as lost:
            raise OutcomeUnknown("no answer came in time") from lost
        named = {name.lower(): value for name, value in said.headers.items()}
        return HttpAnswer(said.status, named, said.body)
