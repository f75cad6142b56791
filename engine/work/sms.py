"""Send a text message by a platform's template: one message, one receipt with the platform's own words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from headrace.engine.connector import TROUBLES, ParamWrong, Receipt, Wish
from headrace.engine.errors import AddressRefused, BodyTooLarge
from headrace.engine.node import ConnectionInfo, NotSent, OutcomeUnknown
from headrace.engine.registry import connectors
from headrace.engine.work.guard import GuardedHttp

TIMEOUT_S = 10.0
VALUE_MAX = 35
"""Characters of one variable that Aliyun's templates take."""

VALUES = {"title": "title"}
"""Variable of the template → what fills it (`title`, `name`, `link`), where the workspace says nothing else."""


def send_sms(
    connection: ConnectionInfo,
    phone: str,
    template: Mapping[str, Any],
    filled: Mapping[str, str],
    http: GuardedHttp,
    *,
    key: str,
    attempt: int,
    now_ms: int,
) -> Receipt:
    """`template`: `{template, values?}` of the workspace; `filled`: what its variables can be made of. Sent again: the same key."""
    operation = next(
        one for one in connectors()[connection.connector].operations if one.name == "send"
    )
    assert operation.build is not None
    assert operation.judge is not None
    names: Mapping[str, str] = template.get("values") or VALUES
    values = {name: filled.get(of, "")[:VALUE_MAX] for name, of in names.items()}
    params = {"phone": phone, "template": template["template"], "values": values}
    digest = hashlib.sha256(f"{key}/{attempt}/{now_ms}".encode()).hexdigest()
    wish = Wish(params, hashlib.sha256(key.encode()).hexdigest()[:32], now_ms, digest[:32])
    try:
        request = operation.build(connection, wish)
        answer = http.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            body=request.body,
            timeout_s=TIMEOUT_S,
        )
    except ParamWrong as wrong:
        return Receipt(False, str(wrong))
    except (NotSent, OutcomeUnknown) as trouble:
        # A text message twice is better than an alarm nobody hears.
        return Receipt(False, _without(connection, str(trouble)), retryable=True)
    except (AddressRefused, BodyTooLarge) as trouble:
        return Receipt(False, trouble.message)
    verdict = operation.judge(answer)
    if verdict.trouble is None:
        return Receipt(True, f"HTTP {answer.status} OK")
    said = f"HTTP {answer.status} {verdict.code} {verdict.message}".strip()
    return Receipt(False, _without(connection, said), TROUBLES[verdict.trouble].retryable)


def _without(connection: ConnectionInfo, text: str) -> str:
    for secret in connection.secrets.values():
        text = text.replace(secret, "•••") if secret else text
    return text[:300]
