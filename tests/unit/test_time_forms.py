"""Every form of a time, and everything that reads one: all of them read the same moment, or none."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.stack import CommandError
from cli.times import parse_when
from sluice.casts import cast
from sluice.contracts.validator import build_validator
from sluice.errors import MappingError
from sluice.filters import compile_filter
from sluice.ingest.normalise import Surroundings, normalise_event
from sluice.templates import compile_template
from sluice.times import format_time, has_happened, parse_time, read_time
from sluice.values import compile_value

NEW_YEAR = 1_609_459_200
NOW = 1_795_305_600.0  # 2026-11-22T00:00:00Z
RECEIVED = "2026-11-22T00:00:00.000Z"

FORMS = [
    # numbers: seconds, milliseconds, microseconds, nanoseconds
    *(1609459200, 1609459200000, 1609459200000000, 1609459200000000000),
    *("1609459200", "1609459200000", "1609459200000000", "1609459200000000000"),
    *(1609459200.0, "1609459200.000", "1609459200000.0", " 1609459200 ", "1.6094592e9", "+1609459200"),
    # RFC 3339 and ISO 8601
    *("2021-01-01T00:00:00Z", "2021-01-01T00:00:00.000Z", "2021-01-01t00:00:00z", "2021-01-01 00:00:00Z"),
    *("2021-01-01T00:00:00,000Z", "2021-01-01T00:00:00.000000000Z", "2021-01-01T00:00:00.0Z"),
    *("2021-01-01T01:30:00+01:30", "2020-12-31T16:00:00-08:00", "2021-01-01T00:00:00-00:00"),
    *("2021-01-01T01:00:00+0100", "2021-01-01T01:00:00+01", "2021-01-01T00:00:00", "2021-01-01T00:00Z"),
    *("2020-12-31T24:00:00Z", "2020-12-31T24:00Z", "2021-01-01T01:00:00+01:00", "2020-12-31T23:59:60Z"),
    *("2021-01-01T00:59:60+01:00", "2020-12-31t23:59:60.000z", "2021-01-01", "2021-01-01Z"),
    *("20201231T240000Z", "20210101T0100+01", "2020-W53-5T01:00+01:00"),
    *("20210101", "20210101T000000Z", "20210101t000000z", "2020-W53-5", "2020-W53-5T00:00:00Z"),
    # what languages and databases write of their own accord
    *("2021-01-01 00:00:00 UTC", "2021-01-01 00:00:00 utc", "2021-01-01 00:00:00.000 UTC"),
    *("2021-01-01 00:00:00", "2021-01-01 00:00:00+00:00", "2021-01-01 01:00:00 +0100"),
    *("2021-01-01 00:00:00 +0000 UTC", "2021-01-01 01:00:00 +0100 CET", "2021-01-01T00:00:00Z[UTC]"),
    *("2021-01-01T01:00:00+01:00[Europe/Paris]", "2020-12-31 19:00:00 EST", "2021-01-01 00:00:00 GMT"),
    # RFC 2822 and RFC 9110
    *("Fri, 01 Jan 2021 00:00:00 GMT", "Fri, 1 Jan 2021 00:00:00 +0000", "1 Jan 2021 00:00:00 -0000"),
    *("Fri, 01 Jan 2021 01:00:00 +0100 (CET)", "Thu, 31 Dec 2020 19:00:00 EST", "01 Jan 21 00:00 UT"),
    *("fri, 01 jan 2021 00:00:00 gmt", "Friday, 01-Jan-21 00:00:00 GMT", "Fri Jan  1 00:00:00 2021"),
    *("Thu, 31 Dec 2020 23:59:60 GMT", "Thu, 31 Dec 2020 16:00:00 PST", "Fri,01 Jan 2021 00:00:00 GMT"),
    *("Fri, 01 Jan 121 00:00:00 +0000", "Fri, 01 Jan 2021\r\n\t00:00:00  +0000 (UTC (as it was))"),
    # JavaScript's Date.toString(), Java's
    "Fri Jan 01 2021 01:00:00 GMT+0100 (Central European Standard Time)",
    "Fri Jan 01 2021 00:00:00 GMT+0000 (Coordinated Universal Time)",
    "Thu Dec 31 2020 19:00:00 GMT-0500",
    "Fri Jan 01 2021 03:00:00 GMT+0300 (Москва, стандартное время)",
    "Fri Jan 01 00:00:00 UTC 2021",
    "Fri Jan 01 00:00:00 +0000 2021",
    # white space around them
    *(
        " 2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z\n",
        "\t2021-01-01 \r\n",
        "\u00a02021-01-01T00:00:00Z\u3000",
        "\ufeff2021-01-01T00:00:00Z",
        "\u200e2021-01-01\u202f00:00:00Z\x00",
    ),
]

NO_TIMES = [
    *("yesterday", "soon", "undefined", "null", "NaN", "Infinity", "Invalid Date", "\x00x"),
    # what `datetime.fromisoformat` takes
    *("2021-01-01T00:00:00Z2022", "2021-01-01T00:00:00Z junk", "2021-01-01T00:00:003Z", "20210101T0000xZ"),
    *("2021-01-01T00:00:00W+01:00", "2021-01-01T00:-00:00", "20210101T00000Z", "2021-01-01T00:00:01:00"),
    *(
        "2021-01-01T00:00:00.123456\x00+0100",
        "20210101T0000030Z",
        "2021-01-01T00:00:00[+01:00",
        "2021-01-01T00",
    ),
    *("22.11.2026", "01/02/2021", "1/1/2021, 12:00:00 AM", "2021-13-01", "2021-02-30T00:00:00Z", "2021-1-1"),
    *("2021-01-01T25:00:00Z", "2021-01-01T24:00:01Z", "2021-01-01T00:60:00Z", "2021-01-01T00:00:61Z"),
    *("2021-01-01T12:00:60Z", "2021-01-01T00:00:00+24:00", "2021-01-01T00:00:00Z+01:00", "T00:00:00Z"),
    *("2021-01-01T00:00:00[Europe/Paris]", "Fri, 01 Jan 2021 00:00:00 CET", "Fri, 01 Foo 2021 00:00:00 GMT"),
    *("0000-01-01T00:00:00Z", "+012021-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "٢٠٢١-٠١-٠١", "²"),
    *("9" * 30, "9" * 5000, "1e400", "-1e30", "2021-01-01T00:00:00Z" + " " * 5000 + "x", "x" * 9999),
    *(True, False, [], {}, ["2021-01-01"], {"$date": 1609459200000}, 10**30, 1e300, -(10**30), 10**400),
    *(float("inf"), float("-inf"), float("nan")),
]

VALID_DATE_TIME = build_validator({"format": "date-time"})


def read_at_ingest(value):
    event = normalise_event({"timestamp": value}, Surroundings(NOW, RECEIVED, lambda: "made"))
    return None if event.get("_sluice", {}).get("time") == "replaced" else parse_time(event["timestamp"])


def read_by_mapping(value):
    event = {"at": value, "receivedAt": RECEIVED}
    return parse_time(compile_value({"field": "at", "as": "timestamp", "on_error": "null"})(event))


def read_by_cast(value):
    try:
        return parse_time(cast(value, "timestamp"))
    except MappingError:
        return None


def read_by_template(text):
    def read(value):
        try:
            return parse_time(compile_template(text)({"at": value, "receivedAt": RECEIVED}))
        except MappingError:
            return None

    return read


def read_by_filter(value):
    """The moment that a time is neither before nor after; none where it is not after the year 1."""

    def holds(op, epoch):
        return compile_filter({"field": "at", "op": op, "value": format_time(epoch)}, now=lambda: NOW)(
            {"at": value}
        )

    if not holds("after", -62_000_000_000):
        return None
    is_new_year = not holds("before", NEW_YEAR) and not holds("after", NEW_YEAR)
    return NEW_YEAR if is_new_year else "another time"


def read_as_constant(value):
    """What a filter that has the time as its constant takes for it."""
    holds = compile_filter({"field": "at", "op": "before", "value": value}, now=lambda: NOW)
    around = [holds({"at": format_time(NEW_YEAR + offset)}) for offset in (-1, 0)]
    return NEW_YEAR if around == [True, False] else "another time"


def read_on_the_command_line(value):
    try:
        return parse_when(value, datetime.fromtimestamp(NOW, UTC)).timestamp()
    except CommandError:
        return None


READERS = {
    "the parser": read_time,
    "ingest": read_at_ingest,
    "as: timestamp": read_by_mapping,
    "cast": read_by_cast,
    "the filter cast": read_by_template("{{ row.at | cast: 'timestamp' }}"),
    "the filter to_iso8601": read_by_template("{{ row.at | to_iso8601 }}"),
    "the filter date": read_by_template("{{ row.at | date: '%Y-%m-%dT%H:%M:%SZ' }}"),
    "before and after": read_by_filter,
}


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("reader", READERS)
def test_every_form_of_a_time_is_the_same_moment_to_every_reader(reader, form):
    assert READERS[reader](form) == NEW_YEAR


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_every_form_of_a_time_can_be_the_constant_of_a_filter(form):
    assert read_as_constant(form) == NEW_YEAR


@pytest.mark.parametrize("form", [form for form in FORMS if type(form) is str])
def test_every_text_that_is_a_time_is_one_to_a_contract_and_the_command_line(form):
    assert VALID_DATE_TIME.is_valid(form)
    assert read_on_the_command_line(form) == NEW_YEAR


@pytest.mark.parametrize("wrong", NO_TIMES, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("reader", READERS)
def test_what_is_not_a_time_is_one_to_no_reader(reader, wrong):
    assert READERS[reader](wrong) is None


@pytest.mark.parametrize("word", ["now", "today"])
@pytest.mark.parametrize("reader", READERS)
def test_now_is_the_receipt_in_templates_only(reader, word):
    is_template = reader in ("the filter to_iso8601", "the filter date")
    assert READERS[reader](word) == (NOW if is_template else None)


@pytest.mark.parametrize("wrong", [value for value in NO_TIMES if type(value) is str], ids=lambda v: v[:40])
def test_a_text_that_is_not_a_time_is_none_to_a_contract(wrong):
    assert not VALID_DATE_TIME.is_valid(wrong)


@pytest.mark.parametrize(
    "wrong", ["1969-12-31T23:59:59Z", -1, "2026-11-23T00:00:01Z", "3000-01-01", 32503680000]
)
@pytest.mark.parametrize("reader", ["ingest", "as: timestamp", "the filter cast"])
def test_a_time_that_cannot_have_happened_is_refused_at_ingest_and_in_casts(reader, wrong):
    assert READERS[reader](wrong) is None


@pytest.mark.parametrize("edge", [0, "1970-01-01T00:00:00Z", "2026-11-23T00:00:00Z"])
@pytest.mark.parametrize("reader", ["ingest", "as: timestamp", "the filter cast"])
def test_the_first_second_of_1970_and_the_day_after_the_receipt_can_have_happened(reader, edge):
    assert READERS[reader](edge) == read_time(edge)


@pytest.mark.parametrize("other", ["1969-07-20T20:17:40Z", "2026-12-24", "3000-01-01", -14182940])
@pytest.mark.parametrize("reader", ["the filter to_iso8601", "the filter date"])
def test_templates_write_any_time(reader, other):
    assert READERS[reader](other) == read_time(other)


def test_each_magnitude_begins_where_the_one_before_ends():
    """Year 5138 in each unit; below, milliseconds begin in 1973."""
    limits = [read_time(10**power) for power in (11, 14, 17)]
    assert limits == [100_000_000.0] * 3
    assert [read_time(10**power - 1) for power in (11, 14, 17, 20)] == [pytest.approx(1e11)] * 4


@pytest.mark.parametrize("units", [1, 1000, 10**6])
def test_the_end_of_year_9999_is_not_read_as_1978(units):
    for never in (253402214400, 253402300799, 253402300800):
        assert read_time(never * units) is None
        assert read_time(str(never * units)) is None
    assert read_time(253402213 * 10**3) == 253402213.0
    assert read_time(253402300) == 253402300.0  # in seconds it is January 1978


def test_a_fraction_of_any_length_is_read():
    assert read_time("2021-01-01 00:00:00.123456789012345 UTC") == pytest.approx(NEW_YEAR + 0.123456)
    assert read_time(f"2021-01-01T00:00:00.{'5' * 100}Z") == pytest.approx(NEW_YEAR + 0.555555)


def test_eight_digits_as_text_are_a_day_where_they_can_be_one():
    assert read_time("20261122") == NOW
    assert read_time(20261122) == 20261122
    assert read_time("20261322") == 20261322


@given(
    st.text(max_size=200)
    | st.integers()
    | st.floats()
    | st.sampled_from(FORMS).map(str).flatmap(lambda form: st.integers(0, len(form)).map(lambda n: form[:n]))
)
def test_nothing_breaks_the_parser(value):
    epoch = read_time(value)
    assert epoch is None or parse_time(format_time(epoch)) == pytest.approx(epoch, abs=0.001)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2026, 11, 22)))
def test_python_reads_its_own_texts_back(moment):
    utc = moment.replace(tzinfo=UTC)
    for text in (str(utc), utc.isoformat(), utc.strftime("%a, %d %b %Y %H:%M:%S.%f GMT"), utc.ctime()):
        assert read_time(text) == pytest.approx(utc.timestamp(), abs=1)
    assert has_happened(read_time(str(utc)), NOW)


def test_every_example_of_the_docs_is_the_moment_that_it_says():
    page = (Path(__file__).parents[2] / "docs/times.md").read_text()
    table = page.partition("## What is a time")[2].partition("\n- ")[0]
    examples = [span.strip('"') for row in table.splitlines()[4:] for span in re.findall(r"`([^`]+)`", row)]
    forms = [text for text in examples if re.search(r"\d", text)]
    assert len(forms) >= 15
    days = {format_time(read_time(text))[:10] for text in forms}
    assert days == {"2026-11-22", "2026-11-23", "2017-01-01"}
