"""What `sluice check` says of a function's file, which it never runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.transforms.source import is_function_name, read_source

GOOD = "def transform_events(events):\n    return events\n"


def read_faults(text):
    return [(fault.line, fault.message) for fault in read_source(text).faults]


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "async def transform_events(events: list[dict]) -> list[dict]:\n    return events",
        "def transform_events(events, more=1, *, key=2):\n    return events",
        "def transform_events(*events):\n    return events",
        "def make():\n    return len\ntransform_events = make()",
        "from itertools import chain as transform_events",
        "def transform_events(events):\n    def inner():\n        yield 1\n    return list(inner())",
    ],
)
def test_a_function_has_no_faults(text):
    assert read_faults(text) == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\ndef transform_events(events)\n    return 1", 2, "not Python 3.13: expected ':'"),
        ("x = (", 1, "not Python 3.13: '(' was never closed"),
        ("\0", 1, "not Python"),
        ("", 1, "there is no transform_events"),
        ("def transform(events):\n    return events", 1, "there is no transform_events"),
        ("class A:\n    def transform_events(events): ...", 1, "there is no transform_events"),
        ("\ndef transform_events():\n    return []", 2, "must take one argument"),
        ("def transform_events(events, context):\n    return []", 1, "must take one argument"),
        ("def transform_events(events, *, key):\n    return []", 1, "must take one argument"),
        (
            "def transform_events(events):\n    for e in events:\n        yield e",
            1,
            "must return a list, and yields",
        ),
        (f"SECRETS = load()\n{GOOD}", 1, "SECRETS must be written out"),
        (f"SECRETS = {{'A': 1}}\n{GOOD}", 1, "SECRETS must be texts by texts"),
        (f"SECRETS = {{\n  'token': 'ssm:a'}}\n{GOOD}", 2, "'token' cannot be the name"),
        (f"SECRETS = {{'AWS_ACCESS_KEY_ID': 'ssm:a'}}\n{GOOD}", 1, "cannot be the name"),
        (f"SECRETS = {{'TOKEN': 's3cret'}}\n{GOOD}", 1, "'s3cret' is not a reference of a parameter"),
    ],
)
def test_a_fault_is_told_with_its_line(text, line, message):
    faults = read_faults(text)
    assert [found for found in faults if found[0] == line and message in found[1]]


def test_secrets_are_read_without_running_the_file():
    text = f'SECRETS: dict[str, str] = {{"CRM_TOKEN": "ssm:crm/token"}}\nraise SystemExit\n{GOOD}'
    assert read_source(text).secrets == {"CRM_TOKEN": "crm/token"}


@given(st.text())
def test_no_text_raises(text):
    read_source(text)


@pytest.mark.parametrize(
    ("name", "is_name"),
    [("enrich", True), ("redact_email", True), ("lift-fields", True), ("v2", True), ("a" * 41, False)]
    + [(name, False) for name in ("", "_a", "A", "a__b", "a_", "../a", "a.b", "1a")],
)
def test_a_name_is_lower_case_words(name, is_name):
    assert is_function_name(name) is is_name
