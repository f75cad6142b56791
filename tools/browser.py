"""The browser of the end-to-end tests: Debian's Chromium, and the font its Chinese pages need."""

import shutil
from ctypes.util import find_library
from pathlib import Path

from tools.python_env import install_debian, may_install_packages
from tools.step import Trouble

PACKAGES = ("chromium", "fonts-noto-cjk", "libatomic1")
ATOMIC = "atomic"  # what steers the browser is a program that needs this library
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def ensure() -> str:
    """Install what is missing, or fail: end-to-end tests are never skipped in silence."""
    if shutil.which("chromium") and FONT.exists() and find_library(ATOMIC):
        return "present"
    if not may_install_packages():
        raise Trouble(
            "The end-to-end tests need Chromium and a Chinese font, and only root may install them here.\n"
            f"Run: sudo apt-get update && sudo apt-get install {' '.join(PACKAGES)}"
        )
    install_debian(*PACKAGES)
    return "installed"
