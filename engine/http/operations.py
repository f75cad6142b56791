"""What an operator does to one instance: suspend, resume, move tokens, go back, be more urgent; and time travel."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.instances import REASON, STATE
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    COUNT,
    CURSOR,
    LINE,
    OBJECT,
    PAGING,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import instances, operations, travel

STEP = {
    "type": "integer",
    "minimum": 1,
    "description": "The number of a visit to a node: `step` in the steps of an instance.",
}
NODE = {
    **LINE,
    "minLength": 1,
    "description": "The id of a node of the version the instance runs on.",
}
PRIORITY = {
    "type": "integer",
    "minimum": 0,
    "maximum": 9,
    "description": "0 to 9, the most urgent. A step is worth a minute of waiting, so that nothing waits for ever.",
}
_OPERATES: dict[str, Any] = {
    "permission": "instances:operate",
    "answer": STATE,
    "errors": (409,),
    "repeatable": True,
}


@route(
    "POST",
    "/api/instances/{instance_id}/suspend",
    "Suspend an instance and its sub-flows: nothing is applied until it is resumed",
    body=body(
        {
            "reason?": REASON,
            "timers?": {
                **one_of("keep", "shift"),
                "description": "keep: what comes due meanwhile happens at the resume; shift: timers stand still.",
            },
        }
    ),
    body_required=False,
    **_OPERATES,
)
def suspend(call: Call, instance_id: str) -> Any:
    told = call.body or {}
    return operations.suspend(
        call.workspace,
        call.actor,
        instance_id,
        reason=told.get("reason", ""),
        timers=told.get("timers", "keep"),
    )


@route(
    "POST",
    "/api/instances/{instance_id}/resume",
    "Resume a suspended instance and its sub-flows; what has come meanwhile is applied in its order",
    body=body({}),
    body_required=False,
    **_OPERATES,
)
def resume(call: Call, instance_id: str) -> Any:
    return operations.resume(call.workspace, call.actor, instance_id)


@route(
    "GET",
    "/api/instances/{instance_id}/inbox",
    "What has come for an instance that is suspended or cannot be advanced, in the order in which it will be applied",
    permission="instances:read",
    query={**PAGING, "cursor": {"type": "string", "pattern": "^[0-9]{1,18}$"}},
    answer=page_of(
        record(
            {
                "id": STRING,
                "kind": one_of("job", "timer", "message", "sub_flow", "lock", "cancel", "other"),
                "step": or_null(COUNT),
                "at": AT,
            }
        )
    ),
)
def resting(call: Call, instance_id: str) -> Any:
    return operations.resting(call.workspace, call.actor, instance_id, **call.query)


@route(
    "POST",
    "/api/instances/{instance_id}/inject",
    "Put one more token before a node; `variables` are set besides",
    body=body({"node": NODE, "reason?": REASON, "variables?": or_null(OBJECT)}),
    **_OPERATES,
)
def inject(call: Call, instance_id: str) -> Any:
    return operations.inject(
        call.workspace,
        call.actor,
        instance_id,
        call.body["node"],
        reason=call.body.get("reason", ""),
        variables=call.body.get("variables"),
    )


@route(
    "POST",
    "/api/instances/{instance_id}/move",
    "Withdraw an open step, with its task, job, timers and sub-flows; its token goes on before `node`",
    body=body({"step": STEP, "node": NODE, "reason?": REASON}),
    **_OPERATES,
)
def move(call: Call, instance_id: str) -> Any:
    return operations.move(
        call.workspace,
        call.actor,
        instance_id,
        call.body["step"],
        call.body["node"],
        reason=call.body.get("reason", ""),
    )


@route(
    "POST",
    "/api/instances/{instance_id}/rewind",
    "Resume from an earlier visit, for real: tokens at its node or behind it are withdrawn, one is put before it",
    body=body(
        {
            "step": STEP,
            "variables?": {
                **one_of("now", "then"),
                "description": "now: as they are; then: as they were just before that visit.",
            },
            "change?": {**OBJECT, "description": "Variables to set besides."},
            "reason?": REASON,
        }
    ),
    **_OPERATES,
)
def rewind(call: Call, instance_id: str) -> Any:
    return operations.rewind(
        call.workspace,
        call.actor,
        instance_id,
        step=call.body["step"],
        variables=call.body.get("variables", "now"),
        change=call.body.get("change"),
        reason=call.body.get("reason", ""),
    )


@route(
    "POST",
    "/api/instances/{instance_id}/priority",
    "Make an instance more or less urgent, with what waits of it now",
    permission="instances:operate",
    body=body({"priority": PRIORITY}),
    answer=record({"id": STRING, "status": STRING, "priority": COUNT}),
    errors=(409,),
    repeatable=True,
)
def priority(call: Call, instance_id: str) -> Any:
    return operations.set_priority(call.workspace, call.actor, instance_id, call.body["priority"])


@route(
    "GET",
    "/api/instances/{instance_id}/steps",
    "The steps part by part, the latest part first; one that was open in several is in each: merge by `step`",
    permission=SIGNED_IN,
    query={"cursor": {**CURSOR, "pattern": "^[0-9]{1,9}$"}},
    answer=page_of(OBJECT),
    errors=(403,),
)
def steps(call: Call, instance_id: str) -> Any:
    return instances.steps(call.workspace, call.actor, instance_id, call.query["cursor"])


@route(
    "GET",
    "/api/instances/{instance_id}/at/{seq}",
    "Time travel: the instance as it stood after fact number `seq` of its history",
    permission=SIGNED_IN,
    answer=record(
        {
            "id": STRING,
            "seq": COUNT,
            "at": AT,
            "event": or_null(OBJECT),
            "version": COUNT,
            "status": STRING,
            "variables": OBJECT,
            "steps": many(OBJECT),
            "tokens": many(record({"kind": one_of("step", "node", "edge", "join")})),
            "incidents": many(OBJECT),
            "result": or_null(STRING),
            "output": ANY,
        }
    ),
    errors=(403,),
)
def at(call: Call, instance_id: str, seq: str) -> Any:
    number = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 10 else 0
    return travel.at(call.workspace, call.actor, instance_id, number)


@route(
    "POST",
    "/api/instances/{instance_id}/test",
    "Run from an earlier visit on as a test, with the variables as they were then; nothing is stored or leaves",
    permission="instances:read",
    body=body(
        {
            "step": STEP,
            "variables?": {**OBJECT, "description": "Replace some of the variables."},
            "decisions?": {**OBJECT, "description": "As for the test run of a flow."},
            "mocks?": {**OBJECT, "description": "As for the test run of a flow."},
            "version?": {
                "type": "integer",
                "minimum": 1,
                "description": "Try another version of the flow.",
            },
        }
    ),
    answer=OBJECT,
    errors=(403,),
)
def test_from(call: Call, instance_id: str) -> Any:
    told = call.body
    return travel.test_from(
        call.workspace,
        call.actor,
        instance_id,
        told["step"],
        variables=told.get("variables"),
        decisions=told.get("decisions"),
        mocks=told.get("mocks"),
        version=told.get("version"),
    )
