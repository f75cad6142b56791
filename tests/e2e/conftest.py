"""End to end: a real server with the demo workspace, and Debian's Chromium driving the designer.

Every page is watched: a request that would leave this machine, or an error in the page, fails the test.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.e2e.pages import SAVED_MS, session_of
from tests.servers import HOST, PATIENCE_S, die_with_parent, free_port

ROOT = Path(__file__).parent.parent.parent
# Two browsers and two servers share the machine: what comes at last is right, how soon is asked where it matters (`LIVE_MS`).
expect.set_options(timeout=SAVED_MS)
# No sandbox: it needs rights that root in a container does not have. No background networking:
# Chromium would look for its maker's servers at every start.
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium; nothing is downloaded, and a missing one is a failure, not a skip."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("The end-to-end tests need Chromium: `make test` installs it, or says how.")
    return {**browser_type_launch_args, "executable_path": chromium, "args": list(CHROMIUM)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A desktop, still pictures, and a fixed zone: a moving button is a flaky test."""
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 800},
        "reduced_motion": "reduce",
        "timezone_id": "Asia/Shanghai",
        "locale": "en-US",
    }


@pytest.fixture(scope="session")
def far_port() -> int:
    """Where a test may let another system listen: the only private address the server may call."""
    return free_port()


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory, far_port: int) -> Iterator[str]:
    """The address of a real server with a demo workspace; `page.goto("/")` starts from it."""
    if not (ROOT / "designer" / "static" / "index.html").exists():
        pytest.fail("The designer is not built: run `make web`, or `make test`, which does.")
    home, port = tmp_path_factory.mktemp("home"), free_port()
    # Only what we set: a developer's own HEADRACE_DATABASE_URL must not become the test's database.
    outside = {
        name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")
    }
    env = {
        **outside,
        "HEADRACE_HOME": str(home),
        "HEADRACE_PORT": str(port),
        "HEADRACE_ALLOW_ADDRESSES": f"{HOST}:{far_port}",
    }
    command = [str(Path(sys.executable).parent / "headrace"), "serve", "--demo"]
    log = home / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command,
            env=env,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
    try:
        url = f"http://{HOST}:{port}"
        _wait_until_served(server, url, log)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
            pytest.fail(f"The server did not stop within 15 s of being asked:\n{log.read_text()}")


@pytest.fixture(autouse=True)
def watched(context: BrowserContext, base_url: str) -> Iterator[None]:
    """Every test's own page is watched."""
    with watching(context, base_url):
        yield


@contextlib.contextmanager
def watching(context: BrowserContext, base_url: str) -> Iterator[None]:
    """Fails the test for a request to anywhere else, and for an error no code caught."""
    strangers: list[str] = []
    errors: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: errors.append(str(error)))

    context.on("page", watch)
    context.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((base_url, "data:", "blob:"))
            else strangers.append(request.url)
        ),
    )
    yield
    assert strangers == []
    assert errors == []


@pytest.fixture
def person(
    browser: Browser,
    browser_context_args: dict[str, Any],
    base_url: str,
) -> Iterator[Callable[..., Page]]:
    """Another person at a browser of their own: `person("ben", viewport=PHONE)` is an empty page, signed in as Ben."""
    with contextlib.ExitStack() as closing:

        def open_page(login: str, **options: Any) -> Page:
            context = browser.new_context(
                **{**browser_context_args, "base_url": base_url, **options}
            )
            closing.callback(context.close)
            closing.enter_context(watching(context, base_url))
            session_of(context, login)
            return context.new_page()

        yield open_page


SHOWN_MAX = 4_000
"""Characters of a page that a failed test prints: enough for a panel and a list, not for a canvas of a thousand nodes."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test tells what its pages showed: where a failure cannot be looked at, its words are all there is."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        browser = page.context.browser
        contexts = [page.context] if browser is None else browser.contexts
        for each in (found for context in contexts for found in context.pages):
            report.sections.append((f"page {each.url}", _shown(each)))
    return report


def _shown(page: Page) -> str:
    """Where the keyboard is, what lies over the page, and its outline as a screen reader has it."""
    try:
        where = page.evaluate(WHERE, OVER)
        return f"{where}\n{page.locator('body').aria_snapshot(timeout=5_000)[-SHOWN_MAX:]}"
    except Error as error:
        return f"cannot be read: {error}"


OVER = ", ".join(
    (
        ".ant-select-dropdown",
        ".ant-popover",
        ".ant-modal",
        ".ant-drawer-content-wrapper",
        ".ant-message-notice",
        ".cm-tooltip",
    )
)
WHERE = """(layers) => {
  const named = (each) =>
    each && `${each.tagName.toLowerCase()}#${each.closest("[data-testid]")?.dataset.testid ?? ""} ${each.className}`;
  const over = [...document.querySelectorAll(layers)].filter((each) => each.getClientRects().length > 0);
  const { activeElement: at } = document;
  return [
    `keyboard at: ${named(at)} "${at?.value ?? ""}"`,
    ...over.map((each) => `over the page: ${named(each)}: ${each.innerText.slice(0, 300)}`),
  ].join("\\n");
}"""


def _wait_until_served(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    pause = threading.Event()
    for _ in range(PATIENCE_S * 10):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as answer:
            answer.close()
            return  # it answers; the test says whether it answers well
        except OSError:
            pause.wait(0.1)
    server.kill()
    pytest.fail(f"`headrace serve --demo` did not answer on {url}:\n{log.read_text()}")
