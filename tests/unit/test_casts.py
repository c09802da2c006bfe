import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.casts import CASTS, cast, excerpt
from sluice.errors import MappingError, WorkspaceError
from sluice.fields import MISSING

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)

CASES = [
    ("number", "12.5", 12.5),
    ("number", " 12 ", 12),
    ("number", "-1e3", -1000.0),
    ("number", ".5", 0.5),
    ("number", 7, 7),
    ("number", "99999999999999999999", 1e20),
    ("integer", "12", 12),
    ("integer", 12.0, 12),
    ("integer", "12.0", 12),
    ("string", 12.5, "12.5"),
    ("string", True, "true"),
    ("string", {"a": [1, None]}, '{"a":[1,null]}'),
    ("boolean", "TRUE", True),
    ("boolean", "no", False),
    ("boolean", 1, True),
    ("boolean", "0", False),
    ("timestamp", "2026-11-22T02:02:03.456+01:00", "2026-11-22T01:02:03.456Z"),
    ("timestamp", "2026-11-22", "2026-11-22T00:00:00.000Z"),
    ("timestamp", 1795309323, "2026-11-22T01:02:03.000Z"),
    ("timestamp", "1795309323456", "2026-11-22T01:02:03.456Z"),
    ("json", '{"a": [1]}', {"a": [1]}),
    ("json", {"a": 1}, {"a": 1}),
    ("array", "[1, 2]", [1, 2]),
    ("array", [1], [1]),
    ("array", "a", ["a"]),
    ("array", {"a": 1}, [{"a": 1}]),
]


@pytest.mark.parametrize(("kind", "value", "expected"), CASES)
def test_a_value_is_made_into_the_type(kind, value, expected):
    result = cast(value, kind)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize("wrong", ["2026-11-23T00:00:01Z", "9999-12-31", 253_402_300_800_000_000])
def test_a_time_more_than_a_day_after_the_receipt_of_its_event_is_an_error(wrong):
    event = {"receivedAt": "2026-11-22T00:00:00.000Z"}
    with pytest.raises(MappingError, match="is not a time"):
        cast(wrong, "timestamp", event)
    assert cast("2026-11-22T23:59:59Z", "timestamp", event) == "2026-11-22T23:59:59.000Z"


REFUSED = [
    ("number", "abc"),
    ("number", ""),
    ("number", "1_000"),
    ("number", "1,5"),
    ("number", "nan"),
    ("number", "1e999"),
    ("number", "١٢"),
    ("number", True),
    ("number", [1]),
    ("integer", "12.5"),
    ("integer", 2**63),
    ("integer", float("nan")),
    ("boolean", "maybe"),
    ("boolean", 2),
    ("boolean", 1.0),
    ("timestamp", "yesterday"),
    ("timestamp", True),
    ("timestamp", "1969-12-31T23:59:59Z"),
    ("timestamp", "9999-12-31T23:59:59Z"),
    ("timestamp", float("inf")),
    ("timestamp", 1e300),
    ("json", "{"),
]


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_a_value_that_is_none_of_the_type_is_an_error(kind, value):
    with pytest.raises(MappingError):
        cast(value, kind)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": 2**64}, '{"a": 18446744073709551616}'),
        ([2**64], "[18446744073709551616]"),
        ({"a": "\ud800"}, '{"a": "\\ud800"}'),
        ([{1, 2}], "a value that is not JSON"),
    ],
)
def test_a_value_that_cannot_be_written_as_json_is_no_string(value, shown):
    with pytest.raises(MappingError) as caught:
        cast(value, "string")
    assert caught.value.detail == f"{shown} is not writable as JSON"


def test_a_value_nested_too_deep_for_json_is_no_string():
    value: list = []
    for _ in range(2_000):
        value = [value]
    with pytest.raises(MappingError, match="is not writable as JSON"):
        cast(value, "string")


BOUNDS = [
    ("integer", 2**63 - 1, 2**63 - 1),
    ("integer", str(2**63 - 1), 2**63 - 1),
    ("integer", -(2**63), -(2**63)),
    ("number", str(2**63), float(2**63)),
    ("number", "1." + "0" * 62, 1.0),
    ("boolean", " YES ", True),
    ("boolean", 0, False),
    ("array", " [1]", [1]),
    ("array", "[", MappingError),
    ("integer", -(2**63) - 1, MappingError),
    ("integer", float(2**63), MappingError),
    ("number", "1." + "0" * 63, MappingError),
    ("number", "1e9999", MappingError),
    ("boolean", "true" + " " * 61, MappingError),
]


@pytest.mark.parametrize(("kind", "value", "expected"), BOUNDS)
def test_a_cast_goes_to_its_bounds(kind, value, expected):
    if expected is MappingError:
        with pytest.raises(MappingError):
            cast(value, kind)
    else:
        assert cast(value, kind) == expected
        assert type(cast(value, kind)) is type(expected)


def test_the_error_shows_the_value():
    with pytest.raises(MappingError, match='"abc" is not a number'):
        cast("abc", "number")


def test_an_error_shows_64_characters_of_a_long_value():
    with pytest.raises(MappingError) as caught:
        cast("x" * 10_000, "number")
    assert caught.value.detail == f'"{"x" * 62}… is not a number'
    assert excerpt("x" * 62) == f'"{"x" * 62}"'
    assert excerpt("x" * 63) == f'"{"x" * 62}…'
    assert excerpt([1] * 10_000) == f"[{'1,' * 31}…"


@pytest.mark.parametrize("kind", CASTS)
@pytest.mark.parametrize("value", [None, MISSING])
def test_nothing_stays_nothing(kind, value):
    assert cast(value, kind) is value


def test_a_cast_to_something_else_is_the_workspaces_error():
    with pytest.raises(WorkspaceError) as caught:
        cast("1", "float")
    assert "number" in caught.value.hint


@given(VALUES, st.sampled_from(sorted(CASTS)))
def test_a_cast_gives_json_or_refuses(value, kind):
    try:
        result = cast(value, kind)
    except MappingError:
        return
    assert kind in {"json", "array", "boolean"} or cast(result, kind) == result
    if kind not in {"json", "array"}:
        orjson.dumps(result)


@given(VALUES)
def test_an_excerpt_is_short(value):
    assert len(excerpt(value)) <= 64
