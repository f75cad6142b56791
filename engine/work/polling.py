"""Pull orders: page by page over windows a platform bears, last page first where it must be, what it names is asked for.

Everything that is remembered is in `service/polling.py`; here are the calls. A thread of the runtime looks; several processes
share the sources by leases.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.connector import (
    Connector,
    Operation,
    Paging,
    ParamWrong,
    Request,
    Verdict,
    Window,
    Wish,
)
from headrace.engine.errors import AddressRefused, BodyTooLarge, HeadraceError, NotFound
from headrace.engine.node import ConnectionInfo, HttpAnswer, NotSent, OutcomeUnknown
from headrace.engine.registry import connectors
from headrace.engine.service import (
    connections,
    intake,
    interfaces,
    order_rate,
    polling,
    rush,
    shop_tokens,
)
from headrace.engine.service import sources as source_service
from headrace.engine.service.polling import Job
from headrace.engine.service.pull_failures import Class, What
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import limits
from headrace.engine.store import sources as source_rows
from headrace.engine.work.renewing import Renewer
from headrace.engine.work.watch import end_of

log = logging.getLogger(__name__)

Ask = Callable[[Request], HttpAnswer]
"""One request, guarded. Raises `NotSent`, `OutcomeUnknown`, `AddressRefused`, `BodyTooLarge`."""

TIMEOUT_S = 20.0
PAGES_MAX = 500
"""Pages of one slice; more are refused rather than read for ever."""
SLICES_MAX = 5_000
WANTS_AT_ONCE = 50
WANT_TRIES = 6
WANT_BACKOFF_MS = 15_000
RATE_WAIT_MAX_S = 5.0
WATCH_MS = 60_000
"""How often orders are compared with what is usual."""


class Stopped(Exception):
    """This pull cannot go on, and why."""

    def __init__(self, why: Class, message: str, pause_s: float | None = None) -> None:
        super().__init__(message)
        self.why = why
        self.pause_s = pause_s
        self.what: What = "order"
        """The list that was being read."""


@dataclass(slots=True)
class _Counts:
    pages: int = 0
    seen: int = 0
    created: int = 0
    changed: int = 0
    exceptions: int = 0

    def told(self) -> dict[str, int]:
        return {
            "pages": self.pages, "seen": self.seen, "created": self.created, "changed": self.changed, "exceptions": self.exceptions,
        }  # fmt: skip


@dataclass(slots=True)
class Poller:
    """Pulls for one process."""

    workspace: Workspace
    ask: Ask
    owner: str
    open_connection: Callable[[str], ConnectionInfo]
    sleep: Callable[[float], Any] = field(default_factory=lambda: threading.Event().wait)
    watched_ms: int = field(default=0)

    @property
    def renewer(self) -> Renewer:
        """Who renews tokens of this process."""
        return Renewer(self.workspace, self.ask, self.owner, self.sleep)

    def look(self, run: Callable[..., Iterable[Any]] = map) -> int:
        """Do what is due; answers how much that was. `run`: how several sources are pulled, at once or one by one."""
        done = self.renewer.look() + self.wants()
        jobs = polling.begin_due(self.workspace, self.owner)
        done += sum(1 for _ in run(self.pull, jobs))
        now_ms = self.workspace.clock.now_ms()
        if not 0 <= now_ms - self.watched_ms < WATCH_MS:
            self.watched_ms = now_ms
            order_rate.watch(self.workspace)
        rush.look(self.workspace)
        return done

    def due_ms(self) -> int | None:
        """When the next thing is due."""
        return polling.next_due_ms(self.workspace)

    def pull(self, job: Job) -> None:
        """One pull, to its end or its failure."""
        counts = _Counts()
        try:
            self._pull(job, counts)
        except Stopped as stopped:
            log.warning("pull of %s: %s: %s", job.source.key, stopped.why, stopped)
            interfaces.flush(
                self.workspace, now=True
            )  # that it is gone is told before that it fails
            polling.failed(
                self.workspace, job, self.owner, counts.told(), stopped.why, str(stopped), stopped.pause_s,
                stopped.what,
            )  # fmt: skip
        except _Given:
            return  # somebody else has it now, or it was stopped
        except HeadraceError as trouble:
            polling.failed(
                self.workspace, job, self.owner, counts.told(), "refused", trouble.message
            )
        except Exception as bug:
            log.exception("pull of %s: the others go on", job.source.key)
            why = f"{type(bug).__name__}: {bug}"
            polling.failed(self.workspace, job, self.owner, counts.told(), "refused", why)
        else:
            polling.ended(self.workspace, job, self.owner, counts.told())
        finally:
            interfaces.flush(self.workspace, now=True)
        if job.kind == "poll" and "refund" not in job.whats:
            refunds = polling.begin_refunds(self.workspace, job.source.key, self.owner)
            if refunds is not None:
                self.pull(refunds)

    # --- one pull ---

    def _pull(self, job: Job, counts: _Counts) -> None:
        account, connector = self._account(job.source.connection, job.source.version)
        for what in job.whats:
            operation = polling.list_operation(connector, what)
            if operation is None:
                raise Stopped("refused", f"This shop's connector has no list of {what}s.")
            try:
                self._read(job, account, connector, operation, what, counts)
            except Stopped as stopped:
                stopped.what = what
                raise

    def _read(
        self,
        job: Job,
        account: ConnectionInfo,
        connector: Connector,
        operation: Operation,
        what: What,
        counts: _Counts,
    ) -> None:
        """One list, over the whole window."""
        window = operation.window or Window()
        now_ms = self.workspace.clock.now_ms()
        since_ms = job.since_ms if what == job.whats[0] else job.begin_ms
        slices = window.slices(since_ms, job.until_ms, now_ms)
        if len(slices) > SLICES_MAX:
            raise Stopped("refused", f"Expected at most {SLICES_MAX} pieces of this window.")
        for since_ms, until_ms in slices:
            for items, answer in self._pages(
                job, account, connector, operation, since_ms, until_ms
            ):
                counts.pages += 1
                self._take(job, account, connector, what, items, answer, counts)
                if not polling.keep_on(self.workspace, job, self.owner, counts.told()):
                    raise _Given
            polling.slice_done(self.workspace, job, until_ms, what)

    def _pages(
        self,
        job: Job,
        account: ConnectionInfo,
        connector: Connector,
        operation: Operation,
        since_ms: int,
        until_ms: int,
    ) -> Iterable[tuple[list[Any], HttpAnswer]]:
        """The pages of one slice. By number and backwards the first is read twice: at the beginning it tells how many there are."""
        between = {"since": to_iso(since_ms), "until": to_iso(until_ms)}
        paging = operation.paging or Paging("cursor", "forwards", 100)
        size = self._size(operation, paging)
        if operation.follow is not None:
            params: dict[str, Any] | None = dict(between)
            for _ in range(PAGES_MAX):
                output, answer = self._asked(job, account, connector, operation, params or {})
                yield _items(output), answer
                wish = Wish(params or {}, "poll", self.workspace.clock.now_ms(), "")
                following = operation.follow(wish, output)
                if following is None:
                    return
                params = dict(following)
            raise Stopped("refused", f"Expected at most {PAGES_MAX} pages in one piece.")
        if paging.by != "page":
            cursor: str | None = None
            for _ in range(PAGES_MAX):
                more = {"cursor": cursor} if cursor else {}
                output, answer = self._asked(
                    job, account, connector, operation, {**between, "size": size, **more}
                )
                yield _items(output), answer
                cursor = output.get("next") if isinstance(output, Mapping) else None
                if not cursor:
                    return
            raise Stopped("refused", f"Expected at most {PAGES_MAX} pages in one piece.")
        yield from self._numbered(job, account, connector, operation, paging, size, between)

    def _numbered(
        self,
        job: Job,
        account: ConnectionInfo,
        connector: Connector,
        operation: Operation,
        paging: Paging,
        size: int,
        between: Mapping[str, Any],
    ) -> Iterable[tuple[list[Any], HttpAnswer]]:
        wanted = (job.source.ways.get("poll") or {}).get("reverse")
        backwards = paging.direction == "backwards" if wanted is None else bool(wanted)
        about = {**between, "size": size}
        output, answer = self._asked(
            job, account, connector, operation, {**about, "page": paging.first}
        )
        total = output.get("total")
        if backwards and isinstance(total, int) and total > size:
            last = paging.first + -(-total // size) - 1
            if last - paging.first >= PAGES_MAX:
                raise Stopped("refused", f"Expected at most {PAGES_MAX} pages in one piece.")
            yield _items(output), answer
            for page in range(last, paging.first, -1):
                found, told = self._asked(
                    job, account, connector, operation, {**about, "page": page}
                )
                yield _items(found), told
            # What was changed meanwhile has moved to the front.
            output, answer = self._asked(
                job, account, connector, operation, {**about, "page": paging.first}
            )
            yield _items(output), answer
            return
        page = paging.first
        while True:
            yield _items(output), answer
            whole = isinstance(total, int) and (page - paging.first + 1) * size >= total
            if whole or not output.get("more") or not _items(output):
                return
            page += 1
            if page - paging.first >= PAGES_MAX:
                raise Stopped("refused", f"Expected at most {PAGES_MAX} pages in one piece.")
            output, answer = self._asked(
                job, account, connector, operation, {**about, "page": page}
            )

    @staticmethod
    def _size(operation: Operation, paging: Paging) -> int:
        most = operation.params.get("properties", {}).get("size", {}).get("maximum")
        return int(most or paging.size_max)

    def _take(
        self,
        job: Job,
        account: ConnectionInfo,
        connector: Connector,
        what: What,
        items: list[Any],
        answer: HttpAnswer,
        counts: _Counts,
    ) -> None:
        if not items:
            return
        payloads: list[Mapping[str, Any]] = []
        for item in items:
            if isinstance(item, Mapping):
                payloads.append(item)
            else:
                found = self._one(job.source.key, account, connector, what, str(item))
                if found is not None:
                    payloads.append(found)
        raw = intake.Raw(answer.body, _headers(answer), status=answer.status)
        outcomes = intake.take(self.workspace, job.source.key, "poll", payloads, kind=what, raw=raw)
        counts.seen += len(outcomes)
        counts.created += sum(one.outcome == "created" for one in outcomes)
        counts.changed += sum(one.outcome == "updated" for one in outcomes)
        counts.exceptions += sum(one.outcome == "exception" for one in outcomes)

    def _one(
        self, source: str, account: ConnectionInfo, connector: Connector, what: str, number: str
    ) -> Mapping[str, Any] | None:
        """An order or refund by its number; None: the platform knows none."""
        operation = next(
            (
                one
                for one in connector.operations
                # Of some shops `refund` is what pays money back: only what asks may be asked.
                if one.name == what and one.build is not None and one.effect == "pure"
            ),
            None,
        )
        if operation is None:
            raise Stopped("refused", f"This shop's connector cannot ask for one {what}.")
        try:
            output, _ = self._called(source, account, connector, operation, {f"{what}_id": number})
        except Stopped as stopped:
            if stopped.why == "refused":
                return None
            raise
        found = intake.first_payload(connector, output, what)  # type: ignore[arg-type]
        return found if isinstance(found, Mapping) else None

    def _account(self, key: str | None, version: str) -> tuple[ConnectionInfo, Connector]:
        try:
            account = self.open_connection(key or "")
        except NotFound:
            raise Stopped("auth", f"Expected the connection {key}, but found none.") from None
        if version:
            account = replace(account, settings={**account.settings, "version": version})
        return account, connectors()[account.connector]

    # --- one call ---

    def _asked(
        self,
        job: Job,
        account: ConnectionInfo,
        connector: Connector,
        operation: Operation,
        params: Mapping[str, Any],
    ) -> tuple[Any, HttpAnswer]:
        return self._called(job.source.key, account, connector, operation, params)

    def _called(
        self,
        source: str,
        account: ConnectionInfo,
        connector: Connector,
        operation: Operation,
        params: Mapping[str, Any],
    ) -> tuple[Any, HttpAnswer]:
        """What the platform says; a dead authorisation is renewed once where it can be."""
        account = self._fresh(account)
        if shop_tokens.renewable(connector, account.secrets) and not account.secrets.get(
            "access_token"
        ):
            account = self.renewer.renewed(account) or account
        verdict, answer = self._call(account, connector, operation, params)
        if verdict.trouble == "token_dead" and connector.renewal is not None:
            renewed = self.renewer.renewed(account)
            if renewed is not None:
                verdict, answer = self._call(renewed, connector, operation, params)
        if verdict.trouble is None:
            return verdict.output, answer
        said = f"{operation.api or operation.name}: {verdict.code} {verdict.message}".strip()[:400]
        raise Stopped(
            polling.class_of(verdict), connections.without(account, said), verdict.pause_s
        )

    def _fresh(self, account: ConnectionInfo) -> ConnectionInfo:
        """With the tokens of now: they may have been renewed a page ago."""
        try:
            now = self.open_connection(account.key)
        except NotFound:
            return account
        return replace(account, secrets=now.secrets)

    def _call(
        self,
        account: ConnectionInfo,
        connector: Connector,
        operation: Operation,
        params: Mapping[str, Any],
    ) -> tuple[Verdict, HttpAnswer]:
        assert operation.build is not None
        self._admitted(account, operation)
        known = operation.params.get("properties", {})
        given = {name: value for name, value in params.items() if not known or name in known}
        now_ms = self.workspace.clock.now_ms()
        wish = Wish(given, "poll", now_ms, f"{self.owner.replace('-', '')}{now_ms}"[:32])
        began = time.monotonic()
        url = ""
        try:
            request = operation.build(account, wish)
            url = request.url
            answer = self.ask(request)
            verdict = operation.verdict(wish, answer)
        except ParamWrong as wrong:
            raise Stopped("auth", str(wrong)) from None
        except (NotSent, OutcomeUnknown) as trouble:
            said = connections.without(account, str(trouble))
            self._note(account, connector, operation, url, began, "timeout", said)
            raise Stopped("timeout", said) from None
        except (AddressRefused, BodyTooLarge) as trouble:
            self._note(account, connector, operation, url, began, "refused", trouble.message)
            raise Stopped("refused", trouble.message) from None
        why = "" if verdict.trouble is None else polling.class_of(verdict)
        said = connections.without(account, f"{verdict.code} {verdict.message}".strip())
        warning = _warning(answer, verdict)
        self._note(account, connector, operation, url, began, why, said, warning)
        return verdict, answer

    def _admitted(self, account: ConnectionInfo, operation: Operation) -> None:
        """Wait until the connection's own rate and breaker let one more call begin."""
        name = f"poll {account.key}"
        for _ in range(20):
            until = self.workspace.writer.call(
                lambda c: _gate(c, account.key, operation.name, self.workspace.clock.now_ms(), name)
            )
            if not until:
                return
            wait_s = (until - self.workspace.clock.now_ms()) / 1_000
            if wait_s > RATE_WAIT_MAX_S:
                raise Stopped(
                    "throttled", "Our own limit for this connection holds the call back.", wait_s
                )
            self.sleep(max(0.01, wait_s))
        raise Stopped("throttled", "Our own limit for this connection holds the call back.")

    def _note(
        self,
        account: ConnectionInfo,
        connector: Connector,
        operation: Operation,
        url: str,
        began: float,
        why: str,
        said: str,
        warning: str = "",
    ) -> None:
        took_ms = round((time.monotonic() - began) * 1_000)
        version = str(account.settings.get("version") or "")
        interfaces.note(
            self.workspace,
            interfaces.Called(
                account.key, connector.name, operation.name, version, url, self.workspace.clock.now_ms(), took_ms, why,
                said if why else "", warning,
            ),
        )  # fmt: skip

    # --- what a push only named ---

    def wants(self) -> int:
        """Ask for orders that a call has named; answers how many were asked for."""
        now_ms = self.workspace.clock.now_ms()
        with self.workspace.read() as connection:
            due = source_rows.wanted(connection, now_ms, WANTS_AT_ONCE)
        for row in due:
            self._want(row)
        if due:
            interfaces.flush(self.workspace)
        return len(due)

    def _want(self, row: Any) -> None:
        try:
            source = source_service.get(self.workspace, row.source)
            account, connector = self._account(source.connection, source.version)
            found = self._one(row.source, account, connector, row.what, row.number)
            if found is not None:
                raw = intake.Raw(jsontext.dumps(found).encode())
                intake.take(self.workspace, row.source, "push", [found], kind=row.what, raw=raw)
        except (Stopped, HeadraceError) as trouble:
            tries = row.tries + 1
            if tries < WANT_TRIES and not isinstance(trouble, NotFound):
                pause_ms = round((getattr(trouble, "pause_s", None) or 0) * 1_000)
                until = self.workspace.clock.now_ms() + max(pause_ms, WANT_BACKOFF_MS * 2**tries)
                self.workspace.writer.call(lambda c: source_rows.put_off(c, row.id, until, tries))
                return
            log.warning(
                "%s %s of %s is left to the next poll: %s",
                row.what,
                row.number,
                row.source,
                trouble,
            )
        self.workspace.writer.call(lambda c: source_rows.unwant(c, [row.id]))


class _Given(Exception):
    """The lease has gone."""


def _gate(connection: Any, key: str, operation: str, now_ms: int, name: str) -> int:
    gate = limits.gates(connection).get(key)
    return 0 if gate is None else limits.admit(connection, gate, key, operation, now_ms, name)[0]


def _items(output: Any) -> list[Any]:
    found = output.get("items") if isinstance(output, Mapping) else output
    return found if isinstance(found, list) else []


def _headers(answer: HttpAnswer) -> dict[str, str]:
    return dict(answer.headers)


def _warning(answer: HttpAnswer, verdict: Verdict) -> str:
    """What says that this interface will end: the standard headers, or the platform's own word (G16)."""
    if said := end_of(answer.headers):
        return said
    told = verdict.output.get("api") if isinstance(verdict.output, Mapping) else None
    return str(told["ends"])[:300] if isinstance(told, Mapping) and told.get("ends") else ""


@dataclass(slots=True)
class Pool:
    """Several sources at once: a slow shop keeps no other waiting."""

    threads: int = 4
    pool: ThreadPoolExecutor | None = None

    def run(self, do: Callable[[Job], None], jobs: list[Job]) -> list[Any]:
        """All of them."""
        if self.pool is None:
            self.pool = ThreadPoolExecutor(self.threads, "headrace-pull")
        return list(self.pool.map(do, jobs))

    def close(self) -> None:
        """No more."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, cancel_futures=True)
