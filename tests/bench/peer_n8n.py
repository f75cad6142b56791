"""n8n with SQLite, as it is set up for production: the same eight steps as its own nodes (webhook, Edit Fields, If, HTTP Request).

It saves an execution at its end (its default), so whoever is killed half-way is lost. Telemetry and everything that would ask the
world is off; all else is as it comes.
"""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.bench import node_peers as peers
from tests.bench.far import Far, far_side
from tests.bench.measure import options, report
from tests.servers import free_port

NAME = "n8n"
ID = "benchOrder000001"
WARM = 20
COMMAND_S = 180
PATH = f"/webhook{peers.PATH}"

# Money as whole cents: exact, as ours is.
_GOODS = "$json.body.lines.reduce((sum, line) => sum + Math.round(Number(line.amount) * 100), 0)"
_FEE = "Math.round(Number($json.body.shipping.fee) * 100)"
_POINTS = "Math.floor(Math.round(Number($json.total) * 100) / 1000) * ($json.body.buyer.level + 1)"
_LAST = "$('last').item.json"


def _node(name: str, kind: str, version: float, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name, "name": name, "type": f"n8n-nodes-base.{kind}", "typeVersion": version, "position": [0, 0],
        "parameters": parameters,
    }  # fmt: skip


def _values(name: str, *values: tuple[str, str, Any], keep: bool = True) -> dict[str, Any]:
    listed = [
        {"id": f"{name}-{field}", "name": field, "type": type_, "value": value}
        for field, type_, value in values
    ]
    return _node(
        name,
        "set",
        3.4,
        {"assignments": {"assignments": listed}, "includeOtherFields": keep, "options": {}},
    )


def _if(name: str, *rules: tuple[str, str, str, Any]) -> dict[str, Any]:
    listed = [
        {
            "id": f"{name}-{index}",
            "leftValue": left,
            "operator": {"type": type_, "operation": sign, "singleValue": sign == "true"},
            "rightValue": right,
        }
        for index, (left, type_, sign, right) in enumerate(rules)
    ]
    how = {"caseSensitive": True, "leftValue": "", "typeValidation": "strict", "version": 2}
    return _node(
        name,
        "if",
        2.2,
        {"conditions": {"options": how, "conditions": listed, "combinator": "and"}, "options": {}},
    )


def _ask(far: Far, number: int) -> dict[str, Any]:
    key = f"={{{{ {_LAST}.body.order_no }}}}/{number}"
    body = f"={{{{ JSON.stringify({{order_no: {_LAST}.body.order_no, warehouse: {_LAST}.warehouse}}) }}}}"
    return _node(f"reserve{number}", "httpRequest", 4.2, {
        "method": "POST", "url": f"={far.url}/reserve/{{{{ {_LAST}.body.order_no }}}}", "sendHeaders": True,
        "headerParameters": {"parameters": [{"name": "Idempotency-Key", "value": key}]},
        "sendBody": True, "specifyBody": "json", "jsonBody": body, "options": {},
    })  # fmt: skip


def workflow(far: Far, calls: int) -> dict[str, Any]:
    """What the editor would have exported."""
    names = [f"reserve{number}" for number in range(1, calls + 1)]
    webhook = {
        "httpMethod": "POST",
        "path": peers.PATH.strip("/"),
        "responseMode": "lastNode",
        "options": {},
    }
    nodes = [
        _node("start", "webhook", 2, webhook) | {"webhookId": "0b5e6bd6-7f6d-4c3d-9d9f-000000000001"},
        _values("totals", ("goods", "string", f"={{{{ ({_GOODS} / 100).toFixed(2) }}}}"),
                ("total", "string", f"={{{{ (({_GOODS} + {_FEE}) / 100).toFixed(2) }}}}")),
        _if("worth", ("={{ Number($json.total) }}", "number", "gt", 300)),
        _values("first", ("priority", "string", "high"), ("sla_hours", "number", 4)),
        _values("later", ("priority", "string", "normal"), ("sla_hours", "number", 24)),
        _if("where", ("={{ $json.body.address.country }}", "string", "equals", "CN"),
            ("={{ ['tmall', 'jd', 'shopify'].includes($json.body.channel) }}", "boolean", "true", "")),
        _values("home", ("warehouse", "string", "HZ-1")),
        _values("abroad", ("warehouse", "string", "SG-2")),
        _values("last", ("label", "string", "={{ $json.warehouse }}/{{ $json.body.order_no }}"),
                ("points", "number", f"={{{{ {_POINTS} }}}}")),
        *(_ask(far, number) for number in range(1, calls + 1)),
        _values("done", *((field, "number" if field == "points" else "string", f"={{{{ {_LAST}.{field} }}}}")
                          for field in ("total", "priority", "warehouse", "label", "points")), keep=False),
    ]  # fmt: skip
    row = ["last", *names, "done"]
    ways = {
        "start": ["totals"], "totals": ["worth"], "worth": ["first", "later"], "first": ["where"], "later": ["where"],
        "where": ["home", "abroad"], "home": ["last"], "abroad": ["last"],
        **{source: [target] for source, target in pairwise(row)},
    }  # fmt: skip
    wires = {
        source: {"main": [[{"node": target, "type": "main", "index": 0}] for target in targets]}
        for source, targets in ways.items()
    }
    return {
        "id": ID, "name": "order", "nodes": nodes, "connections": wires, "active": False,
        "settings": {"executionOrder": "v1"}, "pinData": {},
    }  # fmt: skip


def main(folder: str, instances: int, calls: int = 0, at_once: int = 16) -> None:
    """Import, publish, serve, load."""
    home, port = Path(folder), free_port()
    env = _environment(folder, port)
    with far_side() as far:
        (home / "order.json").write_text(json.dumps(workflow(far, calls)))
        _command(env, home, "import:workflow", f"--input={home / 'order.json'}")
        _command(env, home, "publish:workflow", f"--id={ID}")
        with peers.served(peers.program(NAME, "start"), port, PATH, env, home) as group:
            report(peers.measured(group, port, PATH, far, instances, calls, at_once, WARM))


def _environment(folder: str, port: int) -> dict[str, str]:
    return peers.environment(NAME) | {
        "NODE_ENV": "production",
        "N8N_USER_FOLDER": folder,
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_HOST": "127.0.0.1",
        "N8N_PORT": str(port),
        "N8N_RUNNERS_BROKER_PORT": str(free_port()),
        "N8N_ENCRYPTION_KEY": "a-key-for-the-bench",
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "N8N_TEMPLATES_ENABLED": "false",
        "N8N_PERSONALIZATION_ENABLED": "false",
        "N8N_COMMUNITY_PACKAGES_ENABLED": "false",
        "N8N_DISABLED_MODULES": "mcp-registry,instance-reporting,community-packages",
        "N8N_LOG_LEVEL": "warn",
        "DB_TYPE": "sqlite",
    }


def _command(env: dict[str, str], home: Path, *words: str) -> None:
    done = subprocess.run(
        peers.program(NAME, *words), cwd=home, env=env, capture_output=True, text=True, timeout=COMMAND_S, check=False
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(
            f"n8n {words[0]} ended with {done.returncode}:\n{done.stdout[-800:]}\n{done.stderr[-800:]}"
        )


if __name__ == "__main__":
    main(**options())
