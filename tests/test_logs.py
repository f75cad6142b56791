"""Lines say what they are about, machines can read them, and no secret stands in one."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from headrace.engine import logs
from tests.builder import flow
from tests.fakes import House, ScriptedWorld, settle


def line(message: str, *values: object, form: str = "json", error: bool = False) -> str:
    """What would be written."""
    info = None
    if error:
        try:
            raise ValueError("password=hunter2 is wrong\nand more")
        except ValueError:
            info = sys.exc_info()
    record = logging.LogRecord("headrace.x", logging.WARNING, "f.py", 1, message, values, info)
    return (logs.Json() if form == "json" else logs.Plain()).format(record)


def test_a_line_says_what_it_is_about_as_long_as_that_lasts() -> None:
    with logs.bound(request="r1"):
        with logs.bound(instance="ins_1", step=3):
            inner = json.loads(line("one"))
        outer = json.loads(line("two"))
    after = json.loads(line("three"))

    assert (inner["request"], inner["instance"], inner["step"]) == ("r1", "ins_1", "3")
    assert (outer["request"], "instance" in outer) == ("r1", False)
    assert "request" not in after
    assert after["message"] == "three"
    assert after["level"] == "warning"


@pytest.mark.parametrize("form", ["json", "text"])
def test_one_event_is_one_object_or_one_line(form: str) -> None:
    text = line("two\nlines", form=form, error=form == "json")

    if form == "json":
        assert "\n" not in text
        assert "ValueError" in json.loads(text)["error"]
    else:
        assert " WARNING headrace.x: two" in text


SECRETS = [
    "token hr_abcdefghijklmnopqrstuvwx was used",
    "Authorization: Bearer abc.def-ghi_jkl",
    "postgresql+psycopg://app:hunter2@db/headrace cannot be reached",
    'sent {"password": "hunter2", "login": "ann"}',
    "api_key=hunter2&x=1",
    "Cookie: session=hunter2",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", ["json", "text"])
def test_a_secret_is_struck_out(secret: str, form: str) -> None:
    for text in (line(secret, form=form), line("%s", secret, form=form)):
        assert "hunter2" not in text
        assert "abcdefghijklmnop" not in text
        assert "abc.def" not in text
        assert logs.STRUCK in text


def test_a_secret_in_an_error_or_in_what_is_bound_is_struck_out() -> None:
    with logs.bound(url="http://ann:hunter2@far"):
        text = line("failed", error=True)

    assert "hunter2" not in text


def test_what_is_no_secret_stays() -> None:
    said = "job ins_1.3 of flow token-shop: expected 3 tokens, found 2"

    assert json.loads(line(said))["message"] == said


def test_what_a_job_logs_names_its_instance_flow_step_and_job(cabin: House) -> None:
    cabin.publish(flow("pay").then("pay", "connector").then("done", "end"))
    id_ = cabin.start("pay")
    seen: list[dict[str, object]] = []
    world = ScriptedWorld(200)
    world.during = lambda: seen.append(dict(logs.about()))

    settle(cabin, world)

    (about,) = seen
    assert (about["instance"], about["flow"], about["node"]) == (id_, "pay", "pay")
    assert about["job"] == f"{id_}.{about['step']}"
    assert logs.about() == {}
