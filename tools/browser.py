"""The browser of the end-to-end tests: Debian's Chromium, and the font its Chinese pages need."""

import shutil
from pathlib import Path

from tools.python_env import install_debian, may_install_packages
from tools.step import Trouble

PACKAGES = ("chromium", "fonts-noto-cjk")
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def ensure() -> str:
    """Install what is missing, or fail: end-to-end tests are never skipped in silence."""
    if shutil.which("chromium") is not None and FONT.exists():
        return "present"
    if not may_install_packages():
        raise Trouble(
            "The end-to-end tests need Chromium and a Chinese font, and only root may install them here.\n"
            f"Run: sudo apt-get update && sudo apt-get install {' '.join(PACKAGES)}"
        )
    install_debian(*PACKAGES)
    return "installed"
