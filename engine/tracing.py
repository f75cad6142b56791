"""Traces by OpenTelemetry, for those who collect them: a span for every request, group of advances and attempt of a job.

Off unless the usual environment names an exporter (`OTEL_EXPORTER_OTLP_ENDPOINT`, or `OTEL_TRACES_EXPORTER`), and then it needs
`pip install 'headrace[otel]'`. Switched off, `span` answers a thing that does nothing, and nothing of OpenTelemetry is loaded.

What one order did is one trace: the W3C `traceparent` of the request that started it is kept with the instance, and every later
span of it belongs to that trace. A caller's own `traceparent` is kept even when we collect nothing ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any

LINKS_MAX = 32
"""Traces that one group of advances is linked with; a group may hold hundreds of instances."""

_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_NOTHING: AbstractContextManager[None] = nullcontext()

_given: ContextVar[str | None] = ContextVar("headrace_traceparent", default=None)
_tracer: Any = None
_provider: Any = None


class TracingMissing(OSError):
    """Traces are asked for, but the library is not installed."""


def wanted(environment: Mapping[str, str]) -> bool:
    """Does the environment ask for traces?"""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    if exporter:
        return exporter != "none"
    return bool(
        environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        or environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    )


def set_up(environment: Mapping[str, str]) -> bool:
    """Begin when it is wanted; answers whether it was."""
    if not wanted(environment):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TracingMissing(
            "expected opentelemetry for the traces that OTEL_* asks for: pip install 'headrace[otel]'"
        ) from None
    begin(BatchSpanProcessor(OTLPSpanExporter()))
    return True


def begin(processor: Any) -> None:
    """Hand every span to this processor of the SDK."""
    global _tracer, _provider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    about = {"service.name": "headrace", "service.version": version("headrace")}
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over ours.
    _provider = TracerProvider(resource=Resource(about).merge(Resource.create()))
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("headrace", version("headrace"))


def end() -> None:
    """Send what is left, and switch off."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


def enabled() -> bool:
    """Is anybody collecting?"""
    return _tracer is not None


def span(
    name: str, *, parent: str | None = None, links: Sequence[str] = (), **attributes: Any
) -> AbstractContextManager[Any]:
    """A span around a block. `parent` and `links` are traceparents; without a parent it is a child of the span around it."""
    if _tracer is None:
        return _NOTHING
    return _span(name, parent, links, attributes)


@contextmanager
def _span(name: str, parent: str | None, links: Sequence[str], attributes: Any) -> Any:
    from opentelemetry import trace

    context = _context(parent) if parent else None
    linked = [trace.Link(found) for link in links[:LINKS_MAX] if (found := _remote(link))]
    told = {f"headrace.{key}": value for key, value in attributes.items() if value is not None}
    with _tracer.start_as_current_span(name, context, links=linked, attributes=told) as found:
        yield found


def _context(parent: str) -> Any:
    from opentelemetry import trace

    remote = _remote(parent)
    return trace.set_span_in_context(trace.NonRecordingSpan(remote)) if remote else None


def _remote(parent: str) -> Any:
    from opentelemetry import trace

    found = _PARENT.fullmatch(parent)
    if found is None:
        return None
    return trace.SpanContext(
        int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=trace.TraceFlags(1)
    )


def given(traceparent: str | None) -> AbstractContextManager[None]:
    """What a caller sent, for the time of his request."""
    if not traceparent or not _PARENT.fullmatch(traceparent):
        return _NOTHING
    return _with_given(traceparent)


@contextmanager
def _with_given(traceparent: str) -> Any:
    token = _given.set(traceparent)
    try:
        yield
    finally:
        _given.reset(token)


def current() -> str | None:
    """The traceparent of the span around us, else of our caller."""
    if _tracer is not None:
        from opentelemetry import trace

        found = trace.get_current_span().get_span_context()
        if found.is_valid:
            return f"00-{found.trace_id:032x}-{found.span_id:016x}-{int(found.trace_flags):02x}"
    return _given.get()


def trace_id(traceparent: str | None) -> str | None:
    """The part that names the whole trace."""
    found = _PARENT.fullmatch(traceparent) if traceparent else None
    return found[1] if found else None
