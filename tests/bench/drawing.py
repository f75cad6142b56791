"""`make speed`: how fast the designer draws, beside bpmn-js and LogicFlow with the same graph in the same browser.

    python -m tests.bench.drawing [--nodes 200,500,1000] [--rounds 5] [--no-peers]

Ours is opened as people open it: the whole page with its bundle cached, signed in, from a real server. The peers get the graph in
an empty page with their script loaded already; what they save by that is said beside the table. Machines differ: on a busy one
compare the columns, not the numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.bench.measure import ROOT
from tests.e2e.conftest import CHROMIUM
from tests.e2e.pages import session_of
from tests.e2e.test_weight import FETCHED, packed
from tests.servers import HOST, free_port
from tools.fresh import digest, is_fresh, locked
from tools.step import Trouble, call

LOCKED = ROOT / "tests" / "bench" / "peers" / "drawing"
PEERS = ROOT / ".make" / "peers" / "drawing"
RESULTS = ROOT / ".make" / "speed.json"
SCRIPTS = {
    "bpmn-js": "bpmn-js/dist/bpmn-modeler.production.min.js",
    "LogicFlow": "@logicflow/core/dist/index.min.js",
}
VIEW = {"width": 1440, "height": 900}
MOVES = 60
"""Mouse moves of a gesture, each waited for one frame."""
COLUMNS = 20
STEP_X, STEP_Y = 402, 160

BARS = {
    ("open_ms", 200): 1_000,
    ("open_ms", 1000): 2_000,
    ("drag_fps", 500): 55,
    ("pan_fps", 500): 55,
    ("drag_fps", 1000): 45,
    ("pan_fps", 1000): 45,
    ("key_ms", 200): 50,
    ("key_ms", 1000): 50,
    ("inbox_kb", 0): 300,
    ("designer_kb", 0): 350,
}
"""What the designer promises: at most so many ms and kB (gzip), at least so many frames a second."""

PROBE = """
window.__probe = {
  frames: [], running: false, keys: [],
  start() { this.frames = []; this.running = true; let last = performance.now();
    const tick = (now) => { if (!this.running) return; this.frames.push(now - last); last = now; requestAnimationFrame(tick); };
    requestAnimationFrame(tick); },
  stop() { this.running = false; return this.frames.slice(1); },
};
window.addEventListener('keydown', (event) => {
  const began = performance.now();
  requestAnimationFrame(() => setTimeout(() => window.__probe.keys.push(performance.now() - began), 0));
}, { capture: true });
"""

DRAWN = """
(() => { const wait = () => {
  const drawn = document.querySelectorAll('.react-flow__node-step .hr-node').length > 0
    && document.querySelectorAll('.react-flow__edge path').length > 0;
  if (!drawn) return requestAnimationFrame(wait);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    document.documentElement.dataset.drawn = performance.now(); }));
}; requestAnimationFrame(wait); })();
"""


@dataclass
class Row:
    """What was measured of one program with one graph; absent is None."""

    who: str
    nodes: int
    open_ms: float | None = None
    drag_fps: float | None = None
    pan_fps: float | None = None
    key_ms: float | None = None
    all_ms: list[float] = field(default_factory=list)


def graph(nodes: int) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    """Rows of twenty, joined to one chain, with a second line from every seventh node: about 1.15 edges a node."""
    places = [
        {"x": (n % COLUMNS) * STEP_X, "y": (n // COLUMNS) * STEP_Y, "name": f"Step {n}"}
        for n in range(nodes)
    ]
    lines = [(n, n + 1) for n in range(nodes - 1)]
    lines += [(n, n + COLUMNS) for n in range(0, nodes - COLUMNS, 7)]
    return places, lines


def document(nodes: int) -> dict[str, Any]:
    """The graph as a flow: a start, steps that set values, a split where two lines leave, an end."""
    places, lines = graph(nodes)
    leaving: dict[int, int] = {}
    for source, _ in lines:
        leaving[source] = leaving.get(source, 0) + 1
    kinds = [
        "start" if n == 0 else "end" if n == nodes - 1 else "split" if leaving.get(n, 0) > 1 else "set_values"
        for n in range(nodes)
    ]  # fmt: skip
    values = {"values": [{"name": "total", "value": "amount + 1"}]}
    return {
        "format": 1,
        "key": f"speed-{nodes}",
        "name": {"en": f"Speed {nodes}", "zh": f"速度 {nodes}"},
        "input": {"type": "object", "properties": {"amount": {"type": "number"}}},
        "nodes": [
            {
                "id": f"n{n}",
                "type": kind,
                "name": {"en": place["name"]},
                "position": {"x": place["x"], "y": place["y"]},
                "settings": values if kind == "set_values" else {},
            }
            for n, (place, kind) in enumerate(zip(places, kinds, strict=True))
        ],
        "edges": [
            {"id": f"e{n}", "from": f"n{source}", "port": "out", "to": f"n{target}"}
            for n, (source, target) in enumerate(lines)
            if kinds[source] != "end"
        ],
    }


def main() -> None:
    """Measure, print, keep; ends with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", default="200,500,1000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    sizes = [int(each) for each in chosen.nodes.split(",")]
    rows: list[Row] = []
    told: list[str] = []
    with sync_playwright() as play, _server() as url:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=list(CHROMIUM),
        )
        kilobytes = _weights(browser, url)
        for nodes in sizes:
            rows.append(_ours(browser, url, nodes, chosen.rounds))
            for name in [] if chosen.no_peers else SCRIPTS:
                try:
                    _install()
                    rows.append(_peer(browser, name, nodes, chosen.rounds))
                except Trouble as absent:
                    told.append(f"{name}: not measured, {str(absent).splitlines()[0]}")
        browser.close()
    print("\n".join([*_table(rows), "", *told, *_judged(rows, kilobytes)]))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"rows": [vars(row) for row in rows], "kb": kilobytes}, indent=1))
    sys.exit(1 if any("missed" in line for line in _judged(rows, kilobytes)) else 0)


# --- ours ---


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _ours(browser: Browser, url: str, nodes: int, rounds: int) -> Row:
    _say(f"Headrace, {nodes} nodes")
    row = Row("Headrace", nodes)
    context = _context(browser, url)
    headers = session_of(context, "dora")
    flow = document(nodes)
    answer = context.request.post(
        "/api/flows",
        headers=headers,
        data={"key": flow["key"], "name": flow["name"], "document": flow},
    )
    assert answer.status == 201, answer.text()
    page = context.new_page()
    page.add_init_script(PROBE + DRAWN)
    for _ in range(rounds + 1):  # the first fills the cache
        page.goto(f"/flows/{flow['key']}")
        page.locator("html[data-drawn]").wait_for(state="attached")
        row.all_ms.append(page.evaluate("Number(document.documentElement.dataset.drawn)"))
    row.open_ms = statistics.median(row.all_ms[1:])
    page.wait_for_timeout(1_500)
    box = page.locator(".react-flow__node-step").nth(1).locator(".hr-node-icon").bounding_box()
    assert box is not None
    row.drag_fps = _gesture(page, box["x"] + 8, box["y"] + 8)
    row.pan_fps = _gesture(page, *_empty(page))
    page.locator(".react-flow__node-step").nth(2).locator(".hr-node-icon").click()
    name = page.get_by_test_id("field-name.en")
    name.click()
    page.evaluate("window.__probe.keys = []")
    for letter in "a name with thirty letters now":
        page.keyboard.press(letter if letter != " " else "Space")
        page.wait_for_timeout(30)
    row.key_ms = statistics.median(page.evaluate("window.__probe.keys"))
    context.close()
    return row


def _empty(page: Page) -> tuple[float, float]:
    """A point of the canvas where nothing stands."""
    found = page.evaluate(
        """() => { const box = document.querySelector('.react-flow').getBoundingClientRect();
        for (let y = box.top + 90; y < box.bottom - 90; y += 13) for (let x = box.left + 90; x < box.right - 260; x += 17)
          if (document.elementFromPoint(x, y)?.classList.contains('react-flow__pane')) return [x, y];
        return [box.left + 40, box.top + 120]; }"""
    )
    return found[0], found[1]


def _gesture(page: Page, x: float, y: float) -> float:
    """Frames a second while the mouse goes sixty small steps with its button down."""
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 6, y)
    page.evaluate("window.__probe.start()")
    for step in range(MOVES):
        page.mouse.move(x + 6 + step * 3, y + step * 2)
    frames = page.evaluate("window.__probe.stop()")
    page.mouse.up()
    page.wait_for_timeout(300)
    return float(1_000 / max(1_000 / 60, statistics.median(frames)))


def _weights(browser: Browser, url: str) -> dict[str, float]:
    """Packed kB (1,000 bytes) of scripts, styles and words a route fetches until it can be used; `_all`: some seconds later."""
    found: dict[str, float] = {}
    for name, path, view in (
        ("inbox_kb", "/tasks/todo", {"width": 390, "height": 844}),
        ("designer_kb", "/flows/hello-approval", VIEW),
    ):
        context = _context(browser, url, view)
        session_of(context, "dora")
        page = context.new_page()
        if name == "designer_kb":
            page.add_init_script(DRAWN)
        page.goto(path)
        if name == "designer_kb":
            page.locator("html[data-drawn]").wait_for(state="attached")
            until = page.evaluate("Number(document.documentElement.dataset.drawn)")
        else:
            page.get_by_test_id("box-todo").wait_for()
            until = page.evaluate("performance.now()")
        found[name] = packed(page.evaluate(FETCHED, until)) / 1_000
        page.wait_for_timeout(8_000)
        found[name.replace("_kb", "_all_kb")] = packed(page.evaluate(FETCHED, 1e9)) / 1_000
        context.close()
    return found


def _context(browser: Browser, url: str, view: dict[str, int] | None = None) -> BrowserContext:
    return browser.new_context(
        base_url=url, viewport=view or VIEW, reduced_motion="reduce", locale="en-US"  # type: ignore[arg-type]
    )  # fmt: skip


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """A demo workspace of its own, thrown away afterwards."""
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        env = {key: value for key, value in os.environ.items() if not key.startswith("HEADRACE_")}
        env |= {"HEADRACE_HOME": home, "HEADRACE_PORT": str(port)}
        command = [str(Path(sys.executable).parent / "headrace"), "serve", "--demo"]
        with (Path(home) / "said.log").open("w") as said:
            server = subprocess.Popen(command, env=env, cwd=home, stdout=said, stderr=said)
        url = f"http://{HOST}:{port}"
        try:
            _wait(lambda: _answers(f"{url}/api/health"), server)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _wait(ready: Callable[[], bool], server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        if ready():
            return
        time.sleep(0.2)
    raise RuntimeError("expected a server that answers, but found none")


# --- the peers ---


def _install() -> None:
    """As locked, into `.make/peers`; nothing of it is ever shipped."""
    files = [LOCKED / "package.json", LOCKED / "package-lock.json", LOCKED / ".npmrc"]
    wanted = digest(files)
    with locked("peer-drawing"):
        if is_fresh(PEERS / ".installed", wanted):
            return
        shutil.rmtree(PEERS, ignore_errors=True)
        PEERS.mkdir(parents=True)
        for file in files:
            shutil.copy(file, PEERS)
        call("npm-drawing", "npm", "ci", "--ignore-scripts", "--omit=dev", cwd=PEERS)
        (PEERS / ".installed").write_text(wanted)


def _peer(browser: Browser, name: str, nodes: int, rounds: int) -> Row:
    _say(f"{name}, {nodes} nodes")
    row = Row(name, nodes)
    places, lines = graph(nodes)
    page = browser.new_page(viewport=VIEW)  # type: ignore[arg-type]
    page.add_init_script(PROBE)
    for _ in range(rounds):
        page.goto("about:blank")
        page.set_content(
            "<body style='margin:0'><div id='place' style='width:1440px;height:900px'></div></body>"
        )
        page.evaluate(PROBE)
        page.add_script_tag(path=PEERS / "node_modules" / SCRIPTS[name])
        page.add_script_tag(path=LOCKED / "draw.js")
        row.all_ms.append(page.evaluate("(given) => window.__draw(given)", [name, places, lines]))
    row.open_ms = statistics.median(row.all_ms)
    page.wait_for_timeout(500)
    row.drag_fps = _gesture(page, *page.evaluate("(name) => window.__point(name)", name))
    row.pan_fps = _gesture(page, *page.evaluate("(name) => window.__point(name, true)", name))
    page.close()
    return row


# --- telling ---


def _table(rows: list[Row]) -> list[str]:
    told = [
        "| nodes | program | open ms | drag fps | pan fps | key ms |",
        "|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: row.nodes):
        cells = [row.open_ms, row.drag_fps, row.pan_fps, row.key_ms]
        shown = " | ".join("–" if cell is None else f"{cell:.0f}" for cell in cells)
        told.append(f"| {row.nodes} | {row.who} | {shown} |")
    told.append(
        "\nOpen: ours from the click on the address to the drawn canvas (page, session, flow, problems of it; bundle cached);"
        " peers from the data in hand to the drawn canvas. Medians."
    )
    return told


def _judged(rows: list[Row], kilobytes: dict[str, float]) -> list[str]:
    told = [f"bundle: {name} {size:.0f}" for name, size in kilobytes.items()]
    for (name, nodes), bar in BARS.items():
        if name in kilobytes:
            found: float | None = kilobytes[name]
        else:
            mine = [row for row in rows if row.who == "Headrace" and row.nodes == nodes]
            found = getattr(mine[0], name) if mine else None
        if found is None:
            continue
        least = name.endswith("_fps")
        met = found >= bar if least else found <= bar
        told.append(
            f"{'met   ' if met else 'missed'} {name} at {nodes}: {found:.0f}"
            f" ({'at least' if least else 'at most'} {bar})"
        )
    return told


if __name__ == "__main__":
    main()
