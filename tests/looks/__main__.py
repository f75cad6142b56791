"""`make looks`: a picture of every screen in both languages, light and dark, at four widths, compared with those that were kept.

    python -m tests.looks [--keep] [--only /flows,/home] [--widths 390,1440]

Pictures as they are lie in `.make/looks`, with `report.html` of what differs. `--keep` makes what was seen the new baseline, after
one has looked at it: `tests/looks/baseline` holds one small grey sheet a screen (why grey and small: tests/README.md).
"""

from __future__ import annotations

import argparse
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
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.e2e.conftest import CHROMIUM
from tests.e2e.pages import session_of
from tests.e2e.test_every_screen import SCREENS, furnished
from tests.looks.pictures import SCALE, Grey, changed, cut, read_png, sheet, shrunk, write_png
from tests.looks.serve import BEGINS_MS
from tests.servers import HOST, free_port

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / "tests" / "looks" / "baseline"
OUT = ROOT / ".make" / "looks"
SIZES = {390: 844, 1024: 768, 1440: 900, 1920: 1080}
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STILL = "*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important; }"
PATIENCE_MS = 60_000
SETTLED_MS = 250
"""After nothing loads any more: fonts and the frame after the last answer."""


def main() -> None:
    """Take, compare, report; ends with 1 where something looks different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--widths", default=",".join(map(str, SIZES)))
    chosen = parser.parse_args()
    widths = [int(each) for each in chosen.widths.split(",")]
    only = [each for each in chosen.only.split(",") if each]
    OUT.mkdir(parents=True, exist_ok=True)
    BASELINE.mkdir(exist_ok=True)
    found: dict[str, dict[tuple[str, str, int], Grey]] = {}
    with sync_playwright() as play, _server() as url:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM)
        )
        addresses = furnished(browser, url)
        helper = browser.new_page()
        for language, locale in LANGUAGES.items():
            for login, screens in SCREENS.items():
                context = browser.new_context(
                    base_url=url,
                    locale=locale,
                    timezone_id="Asia/Shanghai",
                    reduced_motion="reduce",
                )
                context.clock.set_fixed_time(BEGINS_MS + 120_000)
                if login:
                    session_of(context, login)
                for address in screens:
                    if only and address not in only:
                        continue
                    name = _name(address)
                    print(f"{name} {language}", file=sys.stderr, flush=True)
                    taken = _pictures(context, helper, addresses(address), name, language, widths)
                    found.setdefault(name, {}).update(taken)
                context.close()
        browser.close()
    differing = [_compared(name, pictures, widths) for name, pictures in sorted(found.items())]
    _report([each for each in differing if each[1]])
    if chosen.keep:
        for name, pictures in found.items():
            write_png(BASELINE / f"{name}.png", sheet(_rows(pictures, list(SIZES))))
        print(f"kept {len(found)} sheets")
        return
    for name, wrong in differing:
        for each in wrong:
            print(f"{name}: {each}")
    sys.exit(1 if any(wrong for _, wrong in differing) else 0)


def _name(address: str) -> str:
    return re.sub(r"\W+", "-", address).strip("-") or "sign-in"


def _pictures(
    context: BrowserContext, helper: Page, address: str, name: str, language: str, widths: list[int]
) -> dict[tuple[str, str, int], Grey]:
    page = context.new_page()
    taken: dict[tuple[str, str, int], Grey] = {}
    page.set_viewport_size({"width": widths[-1], "height": SIZES[widths[-1]]})
    page.goto(address, wait_until="commit")
    page.locator("h1").first.wait_for(timeout=PATIENCE_MS)
    page.add_style_tag(content=STILL)
    for width in reversed(widths):
        page.set_viewport_size({"width": width, "height": SIZES[width]})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            _settle(page)
            png = page.screenshot(path=OUT / f"{name}-{language}-{theme}-{width}.png")
            taken[(language, theme, width)] = shrunk(helper, png)
    page.close()
    return taken


def _settle(page: Page) -> None:
    """Nothing is on its way any more; a screen that never comes to rest stops the run, since its picture would be of nothing."""
    expect(page.locator("h1").first).to_be_attached(timeout=PATIENCE_MS)
    expect(page.locator(".hr-loading, .ant-spin-spinning, .ant-skeleton-active")).to_have_count(
        0, timeout=PATIENCE_MS
    )
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_timeout(SETTLED_MS)


def _rows(pictures: dict[tuple[str, str, int], Grey], widths: list[int]) -> list[list[Grey]]:
    return [
        [pictures[(language, theme, width)] for width in widths]
        for language in LANGUAGES
        for theme in THEMES
    ]


def _compared(
    name: str, pictures: dict[tuple[str, str, int], Grey], widths: list[int]
) -> tuple[str, list[str]]:
    """What looks different on this screen, in words that name the picture."""
    path = BASELINE / f"{name}.png"
    if not path.is_file():
        return name, ["new: no baseline of it"]
    sizes = [
        [(round(width / SCALE), round(height / SCALE)) for width, height in SIZES.items()]
        for _ in LANGUAGES
        for _ in THEMES
    ]
    kept = cut(read_png(path), sizes)
    wrong: list[str] = []
    for row, (language, theme) in enumerate(
        (language, theme) for language in LANGUAGES for theme in THEMES
    ):
        for column, width in enumerate(SIZES):
            now = pictures.get((language, theme, width))
            if width not in widths or now is None:
                continue
            tiles = changed(kept[row][column], now)
            if tiles:
                wrong.append(
                    f"{language} {theme} {width}: {len(tiles)} squares, first at {tiles[0]}"
                )
    return name, wrong


def _report(differing: list[tuple[str, list[str]]]) -> None:
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
    (OUT / "report.html").write_text("\n".join(parts))


@contextlib.contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        env = {key: value for key, value in os.environ.items() if not key.startswith("HEADRACE_")}
        env |= {"HEADRACE_HOME": home, "HEADRACE_PORT": str(port)}
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
