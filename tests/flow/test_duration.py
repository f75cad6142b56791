import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.flow import duration
from headrace.engine.flow.cron import check_cron


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("P1D", 86_400_000),
        ("PT24H", 86_400_000),
        ("PT8H30M", 30_600_000),
        ("P2W", 1_209_600_000),
        ("PT0.5S", 500),
        ("P1DT1M", 86_460_000),
    ],
)
def test_a_duration_is_counted_in_milliseconds(text, ms):
    assert duration.to_ms(text) == ms


@pytest.mark.parametrize(
    "text",
    ["P1M", "P1Y", "P", "PT", "P1DT", "1D", "PT1H ", "PT１H", "P-1D", "", "P99999D", "PT1H1D"],
)
def test_what_is_no_duration_is_refused(text):
    assert not duration.is_duration(text)


@given(st.integers(0, duration.DURATION_MAX_MS))
def test_a_duration_survives_writing_and_reading(ms):
    assert duration.to_ms(duration.from_ms(ms)) == ms


def test_a_duration_reads_in_both_languages():
    assert duration.sentence(93_600_000, "zh") == "1 天 2 小时"
    assert duration.sentence(93_600_000, "en") == "1 day, 2 hours"


@pytest.mark.parametrize(
    "text",
    [
        "*/15 * * * *",
        "10 0 * * *",
        "0 9 * * MON-FRI",
        "0 0 1,15 * *",
        "5/15 8-18/2 * JAN,JUN *",
        "0 0 29 2 *",
        "0 0 * * 7",
    ],
)
def test_a_cron_rule_is_understood(text):
    assert check_cron(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "*/0 * * * *",
        "a * * * *",
        "5-1 * * * *",
        "0 0 31 2 *",
        "１ * * * *",
        "* * * * * *",
    ],
)
def test_what_never_fires_is_refused(text):
    assert check_cron(text)
