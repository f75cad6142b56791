"""Is a thing still made from these inputs? Told by a hash of their content, kept beside the thing."""

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".make"  # logs and locks of the steps; git-ignored


def digest(inputs: Iterable[Path], *words: str) -> str:
    """One hash over words, file names and file contents; a folder stands for all files in it."""
    total = hashlib.sha256("\0".join(words).encode())
    for file in sorted(_files(inputs)):
        total.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def is_fresh(stamp: Path, wanted: str) -> bool:
    """Was the thing beside `stamp` made from inputs with this digest?"""
    return stamp.is_file() and stamp.read_text().strip() == wanted


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time: two terminals may both say `make run`."""
    STATE.mkdir(exist_ok=True)
    with (STATE / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _files(inputs: Iterable[Path]) -> Iterator[Path]:
    for path in inputs:
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        elif path.exists():
            yield path
