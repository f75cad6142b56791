"""The door of the API for a trial, in this process: requests as the server takes them, without a wire."""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask

from headrace.engine.http.api import create_api
from headrace.engine.http.route import House as HttpHouse
from headrace.engine.trials.bench import Trial

_doors: WeakKeyDictionary[Trial, Flask] = WeakKeyDictionary()
_opening = threading.Lock()


def post(trial: Trial, path: str, body: bytes, headers: dict[str, str]) -> Any:
    """A call from outside; safe from several threads."""
    with _opening:  # one for all callers, as a server has
        if trial not in _doors:
            _doors[trial] = create_api(HttpHouse(trial.workspace))
        door = _doors[trial]
    return door.test_client().post(path, data=body, headers=headers)
