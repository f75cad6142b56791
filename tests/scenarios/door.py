"""The door of the API for a trial, in this process: requests as the server takes them, without a wire."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask

from headrace.engine.http.api import create_api
from headrace.engine.http.route import House as HttpHouse
from headrace.engine.trials.bench import Trial

_doors: WeakKeyDictionary[Trial, Flask] = WeakKeyDictionary()


def post(trial: Trial, path: str, body: bytes, headers: dict[str, str]) -> Any:
    """A call from outside; safe from several threads."""
    if trial not in _doors:
        _doors[trial] = create_api(HttpHouse(trial.workspace))
    return _doors[trial].test_client().post(path, data=body, headers=headers)
