"""Node-RED (not durable: messages live in memory): the same eight steps as function and switch nodes, HTTP in, HTTP response."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bench import node_peers as peers
from tests.bench.far import Far, far_side
from tests.bench.measure import options, report
from tests.servers import free_port

NAME = "node-red"
WARM = 300
TAB = "orders"

# Money as whole cents: exact, as ours is.
_TOTALS = """
const o = msg.payload, cents = t => Math.round(Number(t) * 100), text = c => (c / 100).toFixed(2);
const goods = o.lines.reduce((sum, line) => sum + cents(line.amount), 0);
o.goods = text(goods); o.total = text(goods + cents(o.shipping.fee));
return msg;"""
_FIRST = "msg.payload.priority = 'high'; msg.payload.sla_hours = 4; return msg;"
_LATER = "msg.payload.priority = 'normal'; msg.payload.sla_hours = 24; return msg;"
_WHERE = """
const o = msg.payload;
return o.address.country === 'CN' && ['tmall', 'jd', 'shopify'].includes(o.channel) ? [msg, null] : [null, msg];"""
_LAST = """
const o = msg.payload;
o.label = o.warehouse + '/' + o.order_no;
o.points = Math.floor(Math.round(Number(o.total) * 100) / 1000) * (o.buyer.level + 1);
msg.order = o;
return msg;"""
_ASK = """
const o = msg.order;
msg.payload = {order_no: o.order_no, warehouse: o.warehouse};
msg.headers = {'content-type': 'application/json', 'idempotency-key': o.order_no + '/%s'};
return msg;"""
_DONE = """
const o = msg.order;
msg.payload = {total: o.total, priority: o.priority, warehouse: o.warehouse, label: o.label, points: o.points};
msg.headers = {'content-type': 'application/json'};
return msg;"""


def _function(id_: str, code: str, *wires: list[str]) -> dict[str, Any]:
    return {
        "id": id_, "type": "function", "z": TAB, "x": 1, "y": 1, "name": id_, "func": code, "outputs": len(wires),
        "wires": list(wires),
    }  # fmt: skip


def flow(far: Far, calls: int) -> list[dict[str, Any]]:
    """What the editor would have saved."""
    asking: list[dict[str, Any]] = []
    for number in range(1, calls + 1):
        then = f"ask{number + 1}" if number < calls else "done"
        asking += [
            _function(f"ask{number}", _ASK % number, [f"reserve{number}"]),
            {
                "id": f"reserve{number}", "type": "http request", "z": TAB, "x": 1, "y": 1, "method": "POST", "ret": "obj",
                "paytoqs": "ignore", "url": f"{far.url}/reserve/{{{{{{order.order_no}}}}}}", "persist": True,
                "wires": [[then]],
            },
        ]  # fmt: skip
    return [
        {"id": TAB, "type": "tab", "label": "Orders"},
        {"id": "start", "type": "http in", "z": TAB, "x": 1, "y": 1, "url": peers.PATH, "method": "post", "wires": [["totals"]]},
        _function("totals", _TOTALS, ["worth"]),
        {
            "id": "worth", "type": "switch", "z": TAB, "x": 1, "y": 1, "property": "payload.total", "propertyType": "msg",
            "rules": [{"t": "gt", "v": "300", "vt": "num"}, {"t": "else"}], "checkall": "false", "outputs": 2,
            "wires": [["first"], ["later"]],
        },
        _function("first", _FIRST, ["where"]),
        _function("later", _LATER, ["where"]),
        _function("where", _WHERE, ["home"], ["abroad"]),
        _function("home", "msg.payload.warehouse = 'HZ-1'; return msg;", ["last"]),
        _function("abroad", "msg.payload.warehouse = 'SG-2'; return msg;", ["last"]),
        _function("last", _LAST, ["ask1" if calls else "done"]),
        *asking,
        _function("done", _DONE, ["answer"]),
        {"id": "answer", "type": "http response", "z": TAB, "x": 1, "y": 1, "statusCode": "200", "wires": []},
    ]  # fmt: skip


_SETTINGS = """module.exports = {
    flowFile: 'flows.json', httpAdminRoot: false, uiHost: '127.0.0.1', uiPort: %d, credentialSecret: false,
    telemetry: {enabled: false, updateNotification: false}, diagnostics: {enabled: false, ui: false},
    externalModules: {autoInstall: false, palette: {allowInstall: false}, modules: {allowInstall: false}},
    logging: {console: {level: 'warn', metrics: false, audit: false}},
};
"""


def main(folder: str, instances: int, calls: int = 0, at_once: int = 16) -> None:
    """Serve the flow and load it."""
    home, port = Path(folder), free_port()
    with far_side() as far:
        (home / "settings.js").write_text(_SETTINGS % port)
        (home / "flows.json").write_text(json.dumps(flow(far, calls)))
        words = ("--userDir", folder, "--settings", str(home / "settings.js"))
        env = peers.environment(NAME) | {"NODE_ENV": "production"}
        with peers.served(peers.program(NAME, *words), port, peers.PATH, env, home) as group:
            report(peers.measured(group, port, peers.PATH, far, instances, calls, at_once, WARM))


if __name__ == "__main__":
    main(**options())
