"""Times as they are written on the command line."""

from datetime import UTC, datetime

import pytest

from cli.stack import CommandError
from cli.times import parse_range, parse_when

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("15m", "2026-11-22T10:15:00+00:00"),
        ("90s", "2026-11-22T10:28:30+00:00"),
        ("24h", "2026-11-21T10:30:00+00:00"),
        ("2D", "2026-11-20T10:30:00+00:00"),
        ("1w", "2026-11-15T10:30:00+00:00"),
        ("now", "2026-11-22T10:30:00+00:00"),
        (" 2026-11-20 ", "2026-11-20T00:00:00+00:00"),
        ("2026-11-20T12:00", "2026-11-20T12:00:00+00:00"),
        ("2026-11-20T12:00:00.500Z", "2026-11-20T12:00:00.500000+00:00"),
        ("2026-11-20T12:00+02:00", "2026-11-20T10:00:00+00:00"),
        ("1795132800000", "2026-11-20T00:00:00+00:00"),
        ("Fri, 20 Nov 2026 12:00:00 GMT", "2026-11-20T12:00:00+00:00"),
    ],
)
def test_a_time_is_read(text, time):
    assert parse_when(text, NOW).isoformat() == time


@pytest.mark.parametrize(
    "text", ["", "yesterday", "-3h", "3 h", "2026-13-01", "123456h", "h", "3x", "24", "-7", "1.5"]
)
def test_what_is_no_time_is_refused_with_a_hint(text):
    with pytest.raises(CommandError, match="is not a valid time") as caught:
        parse_when(text, NOW)
    assert "24h" in caught.value.hint


def test_a_range_goes_forward():
    assert parse_range("2d", "1d", NOW)[0] < NOW
    with pytest.raises(CommandError, match="not before"):
        parse_range("1d", "2d", NOW)
