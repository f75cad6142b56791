"""`make looks`: a picture of every screen in both languages, light and dark, at four widths, compared with those that were kept.

    python -m tests.looks [--keep] [--only /flows,/home] [--widths 390,1440] [--pictures] [--pages FOLDER] [--out FOLDER]

Pictures of what differs, as they are, lie in `.make/looks` (or `--out`) beside `report.html`; `--pictures` takes them all, to look
at. `--keep` makes what was seen the new baseline, after one has looked at it: `tests/looks/baseline` holds one small grey sheet a
screen (why grey and small: tests/README.md). `--pages` takes a build that lies elsewhere than in `designer/static`. A browser for
each language, side by side: on two cores that do nothing else all screens take some minutes.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Error,
    Page,
    sync_playwright,
)

from tests.e2e.conftest import CHROMIUM
from tests.e2e.pages import session_of
from tests.e2e.test_every_screen import SCREENS
from tests.looks.furnish import SCREENS as MORE
from tests.looks.furnish import lived_in
from tests.looks.pictures import (
    SCALE,
    Grey,
    changed,
    cut,
    points,
    read_png,
    sheet,
    shrunk,
    write_png,
)
from tests.looks.serve import BEGINS_MS
from tests.servers import HOST, free_port

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / "tests" / "looks" / "baseline"
OUT = ROOT / ".make" / "looks"
SIZES = {390: 844, 1024: 768, 1440: 900, 1920: 1080}
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SEEN_S = BEGINS_MS / 1_000 + 90 * 60
"""When the browser looks: so long after, that a minute more or less of filling in is "an hour ago" all the same."""
STILL = "*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important; }"
VERTICAL = """
  const kept = Storage.prototype.getItem;
  Storage.prototype.getItem = function (name) {
    return name.startsWith("headrace.look.") ? "vertical" : kept.call(this, name);
  };
"""
FORGETFUL = "localStorage.clear(); sessionStorage.clear();"
"""What one screen remembers must not show on the next."""
PATIENCE_MS = 60_000
LOADING = ".hr-loading, .ant-spin-spinning, .ant-skeleton-active"
QUIET = """([still_ms, loading, patience_ms]) => new Promise((done, refuse) => {
  const began = performance.now();
  let still;
  const again = () => { clearTimeout(still); still = setTimeout(look, still_ms); };
  const look = () => {
    const waits = document.querySelector(loading) !== null || document.querySelector("h1") === null;
    if (waits && performance.now() - began < patience_ms) return again();
    watch.disconnect();
    if (waits) refuse(new Error("it never came to rest"));
    else document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
  };
  const watch = new MutationObserver(again);
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  again();
})"""
LOADED_MS = 200
"""Without a change of the page: what comes after the last answer is there."""
TURNED_MS = 60
"""The same after another width or colour."""
COARSE = 3
"""The browser itself makes a picture this much smaller in no time; the rest of the way the points are averaged."""

Pictures = dict[tuple[str, str, int], Grey]


def main() -> None:
    """Take, compare, report; ends with 1 where something looks different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--widths", default=",".join(map(str, SIZES)))
    parser.add_argument("--pages", default="")
    parser.add_argument("--out", default=str(OUT))
    parser.add_argument("--pictures", action="store_true")
    chosen = parser.parse_args()
    widths = _widths(chosen)
    if chosen.keep and widths != list(SIZES):
        parser.error("--keep keeps whole sheets: all widths")
    only = [each for each in chosen.only.split(",") if each]
    out = Path(chosen.out)
    out.mkdir(parents=True, exist_ok=True)
    BASELINE.mkdir(exist_ok=True)
    began = time.monotonic()
    with _server(chosen.pages) as url, ThreadPoolExecutor(len(LANGUAGES)) as side_by_side:
        with _browser() as browser:
            addresses = lived_in(browser, url)
        walks = [Walk(url, addresses, language, chosen) for language in LANGUAGES]
        found: dict[str, Pictures] = {}
        for taken in side_by_side.map(lambda walk: walk.all(only), walks):
            for name, pictures in taken.items():
                found.setdefault(name, {}).update(pictures)
    troubles = [each for walk in walks for each in walk.troubles]
    differing = [_compared(name, pictures) for name, pictures in sorted(found.items())]
    _report([each for each in differing if each[1]], out)
    print(f"{len(found)} screens in {time.monotonic() - began:.0f} s", file=sys.stderr)
    for each in troubles:
        print(each)
    if chosen.keep:
        _keep(found, whole=not only)
        sys.exit(1 if troubles else 0)
    for name, wrong in differing:
        for each in wrong:
            print(f"{name}: {each}")
    sys.exit(1 if troubles or any(wrong for _, wrong in differing) else 0)


def _keep(found: dict[str, Pictures], *, whole: bool) -> None:
    full = {
        name: pictures
        for name, pictures in found.items()
        if len(pictures) == len(LANGUAGES) * len(THEMES) * len(SIZES)
    }
    for name, pictures in full.items():
        write_png(BASELINE / f"{name}.png", sheet(_rows(pictures, list(SIZES))))
    gone = [path for path in BASELINE.glob("*.png") if whole and path.stem not in found]
    for path in gone:
        path.unlink()
    print(f"kept {len(full)} sheets, removed {len(gone)}")


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM)
        )
        yield browser
        browser.close()


class Walk:
    """One browser that takes all pictures of a language."""

    def __init__(
        self, url: str, addresses: Callable[[str], str], language: str, chosen: argparse.Namespace
    ) -> None:
        self._url = url
        self._addresses = addresses
        self._language = language
        self._out = Path(chosen.out)
        self._widths = _widths(chosen)
        self._all = bool(chosen.pictures)
        self.troubles: list[str] = []

    def all(self, only: list[str]) -> dict[str, Pictures]:
        """By name of screen."""
        found: dict[str, Pictures] = {}
        with _browser() as browser:
            helper = browser.new_page()
            for login, screens in _screens().items():
                wanted = [each for each in screens if not only or each in only]
                with self._person(browser, login) as context:
                    for address in wanted:
                        name = _name(login, address)
                        print(f"{name} {self._language}", file=sys.stderr, flush=True)
                        with self._troubled(name), contextlib.closing(context.new_page()) as page:
                            found[name] = self._pictures(page, helper, address, name)
        return found

    @contextlib.contextmanager
    def _troubled(self, name: str) -> Iterator[None]:
        try:
            yield
        except (AssertionError, Error) as trouble:
            short = str(trouble).splitlines()[0]
            self.troubles.append(f"{name}: {self._language} has no picture: {short}")

    @contextlib.contextmanager
    def _person(self, browser: Browser, login: str) -> Iterator[BrowserContext]:
        context = browser.new_context(
            base_url=self._url,
            locale=LANGUAGES[self._language],
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        context.clock.set_fixed_time(SEEN_S)
        context.add_init_script(FORGETFUL)
        if login:
            session_of(context, login)
        yield context
        context.close()

    def _pictures(self, page: Page, helper: Page, address: str, name: str) -> Pictures:
        if address.endswith("#vertical"):
            page.add_init_script(VERTICAL)
        widest = max(SIZES)  # always: a drawing stays where it was when its window was first seen
        page.set_viewport_size({"width": widest, "height": SIZES[widest]})
        page.goto(self._addresses(address))
        page.add_style_tag(content=STILL)
        _settle(page, LOADED_MS)
        camera = page.context.new_cdp_session(page)
        kept = _kept(name)
        taken: Pictures = {}
        for width in sorted(self._widths, reverse=True):
            page.set_viewport_size({"width": width, "height": SIZES[width]})
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                _settle(page, LOADED_MS if theme == THEMES[0] else TURNED_MS)
                size = {"width": width, "height": SIZES[width]}
                clip = {"clip": {"x": 0, "y": 0, **size, "scale": 1 / COARSE}}
                small = shrunk(helper, _taken(camera, clip), SCALE // COARSE)
                which = (self._language, theme, width)
                taken[which] = small
                if self._all or which not in kept or changed(kept[which], small):
                    picture = f"{name}-{self._language}-{theme}-{width}.png"
                    (self._out / picture).write_bytes(_taken(camera, {"optimizeForSpeed": True}))
        return taken


def _taken(camera: CDPSession, how: dict[str, Any]) -> bytes:
    return base64.b64decode(camera.send("Page.captureScreenshot", how)["data"])


def _screens() -> dict[str, list[str]]:
    """Who looks at what."""
    return {login: [*SCREENS.get(login, []), *MORE.get(login, [])] for login in {**SCREENS, **MORE}}


def _name(login: str, address: str) -> str:
    shown = re.sub(r"\W+", "-", address).strip("-") or "sign-in"
    return shown if login in ("admin", "") else f"{login}-{shown}"


def _widths(chosen: argparse.Namespace) -> list[int]:
    return [int(each) for each in chosen.widths.split(",")]


def _settle(page: Page, still_ms: int) -> None:
    """Nothing is on its way any more; a screen that never comes to rest has no picture."""
    page.evaluate(QUIET, [still_ms, LOADING, PATIENCE_MS])


def _rows(pictures: Pictures, widths: list[int]) -> list[list[Grey]]:
    return [
        [pictures[(language, theme, width)] for width in widths]
        for language in LANGUAGES
        for theme in THEMES
    ]


def _kept(name: str) -> Pictures:
    """The pictures of the baseline; none of a screen that is new."""
    path = BASELINE / f"{name}.png"
    if not path.is_file():
        return {}
    rows = [(language, theme) for language in LANGUAGES for theme in THEMES]
    sizes = [
        [(points(width, SCALE), points(height, SCALE)) for width, height in SIZES.items()]
        for _ in rows
    ]
    return {
        (language, theme, width): picture
        for (language, theme), row in zip(rows, cut(read_png(path), sizes), strict=True)
        for width, picture in zip(SIZES, row, strict=True)
    }


def _compared(name: str, pictures: Pictures) -> tuple[str, list[str]]:
    """What looks different on this screen, in words that name the picture."""
    kept = _kept(name)
    if not kept:
        return name, ["new: no baseline of it"]
    wrong: list[str] = []
    for (language, theme, width), now in pictures.items():
        tiles = changed(kept[(language, theme, width)], now)
        if tiles:
            wrong.append(f"{language} {theme} {width}: {len(tiles)} squares, first at {tiles[0]}")
    return name, wrong


def _report(differing: list[tuple[str, list[str]]], out: Path) -> None:
    parts = [
        "<!doctype html><meta charset=utf-8><title>Looks</title><style>img{max-width:48%;border:1px solid}</style>"
    ]
    for name, wrong in differing:
        parts.append(
            f"<h2>{html.escape(name)}</h2><img src='{(BASELINE / name).as_posix()}.png' alt='kept'>"
        )
        for each in wrong:
            language, theme, width = (*each.split(":")[0].split(), "", "")[:3]
            picture = f"{name}-{language}-{theme}-{width}.png"
            parts.append(f"<p>{html.escape(each)}<br><img src='{picture}' alt=''></p>")
    (out / "report.html").write_text("\n".join(parts))


@contextlib.contextmanager
def _server(pages: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        env = {key: value for key, value in os.environ.items() if not key.startswith("HEADRACE_")}
        env |= {"HEADRACE_HOME": home, "HEADRACE_PORT": str(port)}
        if pages:
            env["LOOKS_PAGES"] = str(Path(pages).resolve())
        with (Path(home) / "said.log").open("w") as said:
            server = subprocess.Popen(
                [sys.executable, "-m", "tests.looks.serve"],
                env=env,
                cwd=ROOT,
                stdout=said,
                stderr=said,
            )
        url = f"http://{HOST}:{port}"
        try:
            until, pause = time.monotonic() + 180, threading.Event()
            while not _answers(url):
                if time.monotonic() > until or server.poll() is not None:
                    raise RuntimeError("expected a server that answers, but found none")
                pause.wait(0.3)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
