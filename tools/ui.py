"""The designer: its npm packages as locked, and the built pages in designer/static."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

from tools.fresh import ROOT, STATE, digest, is_fresh, locked
from tools.step import Trouble, call

WEB = ROOT / "designer" / "web"
STATIC = ROOT / "designer" / "static"
MODULES = WEB / "node_modules"
NODE_OLDEST = (20, 19)


def ensure_packages() -> str:
    """`npm ci` when the lock changed. No install scripts: nothing here needs any, and they run as us."""
    wanted = digest([WEB / "package.json", WEB / "package-lock.json", WEB / ".npmrc"], _node())
    stamp = MODULES / ".headrace.sha256"
    with locked("packages"):
        if is_fresh(stamp, wanted):
            return "unchanged"
        call("npm-ci", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=WEB)
        stamp.write_text(wanted)
    return "installed"


def ensure_built() -> str:
    """Build when a source changed, aside and then renamed: a running server never sees half a build."""
    sources = [path for path in WEB.iterdir() if path.is_file()]
    places = [Path(__file__), WEB / "src", WEB / "public", ROOT / "designer" / "locales"]
    wanted = digest([*sources, *places])
    with locked("ui"):
        if is_fresh(STATIC / ".inputs.sha256", wanted):
            return "unchanged"
        fresh, old = STATE / "static-new", STATE / "static-old"
        for folder in (fresh, old):
            shutil.rmtree(folder, ignore_errors=True)
        call("vite", _bin("vite"), "build", cwd=WEB, env={"HEADRACE_UI_OUT": str(fresh)})
        if not (fresh / "index.html").is_file():
            raise Trouble("Expected the build to write index.html, but it did not.")
        _pack(fresh)
        (fresh / ".inputs.sha256").write_text(wanted)
        if STATIC.exists():
            STATIC.rename(old)
        fresh.rename(STATIC)
        shutil.rmtree(old, ignore_errors=True)
    return "built"


PACKED = {".js", ".css", ".html", ".svg", ".json"}
PACKED_FROM_BYTES = 1_000
"""Below that a packed answer is hardly shorter."""


def _pack(folder: Path) -> None:
    """A packed copy beside each file that gets shorter by it: a phone fetches a third, and the server packs nothing."""
    for file in folder.rglob("*"):
        if file.suffix not in PACKED or file.stat().st_size < PACKED_FROM_BYTES:
            continue
        plain = file.read_bytes()
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(plain, 9, mtime=0))


def _bin(name: str) -> Path:
    return MODULES / ".bin" / name


def _node() -> str:
    """Node's version, or a word on what is missing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Trouble(
            "Building the designer needs Node.js 20.19 or newer with npm; neither was found."
        )
    version = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=True
    ).stdout
    numbers = tuple(int(part) for part in version.strip().lstrip("v").split(".")[:2])
    if numbers < NODE_OLDEST:
        raise Trouble(
            f"Building the designer needs Node.js 20.19 or newer; found {version.strip()}."
        )
    return f"{version.strip()} {os.uname().machine}"
