"""Around one attempt of a job: what the log says it is about, and its span in the trace of its instance."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from headrace.engine import logs, tracing
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import instances
from headrace.engine.store.jobs import Claim

Attempt = Callable[[Workspace, Any, Claim], Any]


def traced(attempt: Attempt) -> Attempt:
    """Wrap the function that runs a claim."""

    @wraps(attempt)
    def run(workspace: Workspace, make_world: Any, claim: Claim) -> Any:
        with logs.bound(
            instance=claim.instance_id,
            flow=claim.flow_key,
            step=claim.step,
            node=claim.node,
            job=claim.id,
            attempt=claim.attempt,
        ):
            if not tracing.enabled():
                return attempt(workspace, make_world, claim)
            with workspace.read() as connection:
                parent = instances.trace_of(connection, claim.instance_id)
            with tracing.span(
                f"job {claim.node}",
                parent=parent,
                instance=claim.instance_id,
                flow=claim.flow_key,
                step=claim.step,
                job=claim.id,
                attempt=claim.attempt,
            ) as span:
                result = attempt(workspace, make_world, claim)
                span.set_attribute("headrace.outcome", type(result.outcome).__name__)
                return result

    return run
