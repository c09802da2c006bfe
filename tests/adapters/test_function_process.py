"""The process that runs functions: what they may do, and how each of them ends."""

import os
import signal
import subprocess
import sys
import threading
from base64 import b64encode

import orjson
import pytest

from sluice.adapters.function_process import (
    FunctionFailed,
    FunctionProcess,
    TookTooLong,
    end_after,
)
from sluice.adapters.parameters import ParameterMissing, ParameterUnavailable
from sluice.secret_texts import DROPPED

EVENT = {"type": "track", "event": "Order Completed", "messageId": "m-1", "userId": "u-1"}


class Parameters:
    """Values by name."""

    def __init__(self, **values):
        self.values = values

    def read(self, name):
        if name not in self.values:
            raise ParameterMissing(f"there is no parameter /stack/functions/{name} that it may read")
        if isinstance(self.values[name], Exception):
            raise self.values[name]
        return self.values[name]


@pytest.fixture
def run(tmp_path):
    """Runs a source text over one event: the events that came back."""

    def run(text, *events, parameters=None, seconds=5.0):
        (tmp_path / "f.py").write_text(text)
        process = FunctionProcess(tmp_path, parameters or Parameters(), os.environ, seconds=seconds)
        lines = [orjson.dumps(event) for event in events or [EVENT]]
        returned = process.run("f", b"\n".join(lines))
        told = zip(returned.data.split(b"\n")[:-1], returned.parents, strict=True)
        return [orjson.loads(line or lines[parent]) for line, parent in told]

    return run


def read_log(capsys):
    return [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_function_gets_the_events_and_gives_them_back(run):
    assert run("def transform_events(events):\n    return events") == [EVENT]


@pytest.mark.parametrize(
    "does", ["sys.__stdout__.close()", "os.close(1)", "open(1, 'w').close(); print('x')"]
)
def test_whoever_closes_the_output_ends_the_process_and_not_the_next_functions(tmp_path, does):
    """A process that Lambda kept would fail over every batch: it can write neither logs nor metrics."""
    text = f"import os, sys\ndef transform_events(events):\n    {does}\n    return events"
    (tmp_path / "f.py").write_text(text)
    child = f"""
import os
from pathlib import Path
from sluice.adapters.function_process import FunctionProcess
FunctionProcess(Path({str(tmp_path)!r}), None, os.environ).answer("f", b'{{"messageId": "m"}}')
"""
    ended = subprocess.run([sys.executable, "-c", child], stdout=subprocess.PIPE, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("does", "error"),
    [
        (
            "{}[event['event']]",
            r"^ExceptionGroup: .* \(1 sub-exception\): KeyError: 'Order Completed' \(f.py",
        ),
        ("while True: pass", r"^took longer than 0.2 s \(f.py"),
    ],
)
def test_of_a_group_of_errors_the_first_is_told(run, does, error):
    text = f"""
import asyncio

async def change(event):
    {does}

async def transform_events(events):
    async with asyncio.TaskGroup() as group:
        for event in events:
            group.create_task(change(event))
    return events
"""
    with pytest.raises(FunctionFailed, match=error):
        run(text, seconds=0.2)


def test_a_function_may_be_async(run):
    text = """
import asyncio

async def transform_events(events):
    await asyncio.gather(*(asyncio.sleep(0) for _ in events))
    return events
"""
    assert run(text) == [EVENT]


def test_a_file_may_hold_dataclasses_and_state(run):
    text = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Seen:
    count: int = 0

SEEN = Seen()

def transform_events(events):
    SEEN.count += 1
    return [{**event, "properties": {"count": SEEN.count}} for event in events]
"""
    assert run(text)[0]["properties"] == {"count": 1}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "def transform_events(events):\n    return events[5]",
            "IndexError: list index out of range (f.py, line 2)",
        ),
        ("import sys\ndef transform_events(events):\n    sys.exit()", "SystemExit (f.py, line 3)"),
        ("def transform_events(events):\n    raise KeyboardInterrupt", "KeyboardInterrupt (f.py, line 2)"),
        ("def transform_events(events)\n    return events", "SyntaxError: expected ':' (f.py, line 1)"),
        ("raise RuntimeError('at load')", "RuntimeError: at load (f.py, line 1)"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere' (f.py, line 1)"),
        ("x = 1", "there is no transform_events in f.py"),
        ("def transform_events(events):\n    return None", "transform_events returned None, not a list of"),
        ("def transform_events(events):\n    yield events", "transform_events returned a generator, not a"),
        ("def transform_events():\n    return []", "TypeError: transform_events() takes 0 positional"),
        ("def transform_events(events):\n    raise MemoryError", "MemoryError (f.py, line 2)"),
        (
            "def transform_events(events):\n    return transform_events(events)",
            "RecursionError: maximum recursion depth exceeded",
        ),
    ],
)
def test_a_function_that_fails_is_told_with_its_line(run, text, error):
    with pytest.raises(FunctionFailed) as failed:
        run(text)
    assert failed.value.error.startswith(error)


def test_a_traceback_has_the_lines_of_the_function_and_none_of_sluice(run, capsys):
    with pytest.raises(FunctionFailed) as failed:
        run("def transform_events(events):\n    return helper()\n\ndef helper():\n    return 1 / 0\n")
    assert failed.value.traceback.splitlines()[:3] == [
        "Traceback (most recent call last):",
        '  File "f.py", line 2, in transform_events',
        "    return helper()",
    ]
    assert "function_process" not in failed.value.traceback
    [line] = read_log(capsys)
    assert (line["level"], line["function"]) == ("ERROR", "f")
    assert line["traceback"] == failed.value.traceback


HANGS = {
    "loop": "    while True:\n        pass",
    "stubborn": "    while True:\n        try:\n            pass\n        except Exception: ...",
    "sleep": "    import time\n    time.sleep(60)",
    "pattern": "    import re\n    re.match(r'(a+)+$', 'a' * 60 + 'b')",
    "lock": "    import threading\n    threading.Event().wait()",
}


@pytest.mark.parametrize("kind", HANGS)
def test_a_function_that_never_returns_is_ended(run, kind):
    with pytest.raises(FunctionFailed, match=r"took longer than 0.2 s \(f.py, line "):
        run(f"def transform_events(events):\n{HANGS[kind]}", seconds=0.2)


@pytest.mark.parametrize("wait", ["await asyncio.sleep(60)", "await asyncio.Event().wait()"])
def test_an_async_function_that_never_returns_is_ended(run, wait):
    with pytest.raises(FunctionFailed, match=r"took longer than 0.2 s"):
        run(f"import asyncio\nasync def transform_events(events):\n    {wait}", seconds=0.2)


def test_a_function_that_swallows_its_end_gets_another(run):
    text = "def transform_events(events):\n    try:\n        while True: pass\n"
    text += "    except BaseException:\n        while True: pass"
    with pytest.raises(FunctionFailed, match=r"took longer than 0.2 s \(f.py, line 5\)"):
        run(text, seconds=0.2)


def test_nothing_is_ended_after_the_block():
    with end_after(0.05):
        pass
    threading.Event().wait(0.1)


def test_off_the_main_thread_only_lambda_keeps_the_time():
    def work():
        with end_after(0.01):
            threading.Event().wait(0.05)

    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    except TookTooLong:
        pytest.fail("the signal went to another thread")


def test_what_leaked_is_given_back_and_the_batch_tried_again(run):
    text = """
import os

class Leak:
    def __del__(self):
        os.environ["FREED"] = "yes"

KEPT = [Leak()]

def transform_events(events):
    if "FREED" not in os.environ:
        raise MemoryError(KEPT)
    return [{**event, "properties": {"freed": os.environ.pop("FREED")}} for event in events]
"""
    assert run(text)[0]["properties"] == {"freed": "yes"}


def test_an_answer_of_more_than_4_mb_is_an_error(run):
    text = "def transform_events(events):\n    return [{**e, 'text': 'x' * 90_000} for e in events * 50]"
    with pytest.raises(FunctionFailed, match="bytes, over 4000000"):
        run(text)


def test_print_and_logging_are_told_with_the_function_s_name(run, capsys):
    text = """
import logging
import sys

def transform_events(events):
    print("seen", len(events))
    print("no line feed", end="")
    print("to standard error", file=sys.stderr)
    logging.getLogger("mine").warning("careful: %s", events[0]["messageId"])
    logging.info("plain")
    logging.debug("not told")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("caught")
    return events
"""
    run(text)
    lines = read_log(capsys)
    assert {line["function"] for line in lines} == {"f"}
    told = [(line["level"], line["message"]) for line in lines]
    assert told == [
        ("INFO", "seen 1"),
        ("WARNING", "to standard error"),
        ("WARNING", "careful: m-1"),
        ("INFO", "plain"),
        ("ERROR", "caught"),
        ("INFO", "no line feed"),
    ]
    assert "ZeroDivisionError" in lines[4]["exception"]
    assert lines[2]["logger"] == "mine"


@pytest.mark.parametrize("work", ["print('x' * 50)", "print('x' * 90_000)", "print('x' * 900_000, end='')"])
def test_a_function_that_never_stops_printing_is_cut_off(run, capsys, work):
    run(f"def transform_events(events):\n    for _ in range(3000):\n        {work}\n    return events")
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert len(lines) <= 1001
    assert len(out) < 450_000
    assert "there was more output" in lines[-1]


def test_what_cannot_be_logged_does_not_fail_the_batch(run, capsys):
    text = "import logging\ndef transform_events(events):\n"
    text += "    logging.warning('%d', 'x')\n    print('\\ud800')\n    return events"
    assert run(text) == [EVENT]
    assert [line["level"] for line in read_log(capsys)] == ["WARNING", "INFO"]


SECRET = 'import os\nSECRETS = {"CRM_TOKEN": "ssm:crm-token"}\n'
SECRET += (
    "def transform_events(events):\n    return [{**e, 'event': os.environ['CRM_TOKEN']} for e in events]"
)


@pytest.fixture
def no_token(monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", "")
    monkeypatch.delenv("CRM_TOKEN")
    yield
    os.environ.pop("CRM_TOKEN", None)


def test_a_secret_is_in_the_environment_variable_that_the_file_names(run, no_token):
    assert run(SECRET, parameters=Parameters(**{"crm-token": "s3cret"}))[0]["event"] == "s3cret"


def test_a_secret_that_is_missing_is_told_by_its_path(run, no_token):
    with pytest.raises(
        FunctionFailed, match="secret CRM_TOKEN: there is no parameter /stack/functions/crm-token"
    ):
        run(SECRET)


def test_a_store_that_does_not_answer_is_no_error_of_the_function(run, no_token, tmp_path):
    parameters = Parameters(**{"crm-token": ParameterUnavailable("throttled")})
    with pytest.raises(ParameterUnavailable):
        run(SECRET, parameters=parameters)
    process = FunctionProcess(tmp_path, parameters, os.environ)
    assert process.answer("f", orjson.dumps(EVENT).decode()) == {"v": 1, "trouble": "throttled"}


def test_a_variable_that_is_set_already_is_left_alone(run, monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", "mine")
    assert run(SECRET)[0]["event"] == "mine"


@pytest.mark.parametrize("name", ["../f", "no_such", "F", ""])
def test_only_a_function_of_the_workspace_runs(tmp_path, name):
    (tmp_path / "f.py").write_text("def transform_events(events):\n    return events")
    with pytest.raises(FunctionFailed, match="no such function"):
        FunctionProcess(tmp_path / "functions", Parameters(), {}).run(name, "{}")


TOKEN = 'import base64, os\nSECRETS = {"CRM_TOKEN": "ssm:crm-token"}\n'
LEAKS = {
    "in an exception": "raise ValueError(token)",
    "encoded, in an exception": "raise ValueError(base64.b64encode(token.encode()))",
    "in the cause of one": "raise ValueError('no') from KeyError(token)",
    "in a note": "error = ValueError('no'); error.add_note(token); raise error",
    "in a group": "raise ExceptionGroup('some', [ValueError(token)])",
    "in what it returns": "return token",
    "in what ends it": "raise SystemExit(token)",
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_no_error_of_a_function_shows_its_secret(tmp_path, capsys, no_token, leak):
    text = f"{TOKEN}def transform_events(events):\n    token = os.environ['CRM_TOKEN']\n    {leak}"
    (tmp_path / "f.py").write_text(text)
    process = FunctionProcess(tmp_path, Parameters(**{"crm-token": "t0k3n/of+the-crm"}), os.environ)
    answer = process.answer("f", orjson.dumps(EVENT))
    written = orjson.dumps(answer).decode() + capsys.readouterr().out
    assert answer["error"]
    assert "SyntaxError" not in written
    assert "t0k3n" not in written
    assert b64encode(b"t0k3n/of+the-crm").decode() not in written


def test_no_line_of_a_functions_log_shows_its_secret(run, capsys, no_token):
    text = TOKEN + (
        "import logging, sys\n"
        "def transform_events(events):\n"
        "    token = os.environ['CRM_TOKEN']\n"
        "    print('before'); print('token', token, end=''); print(); print('after')\n"
        "    print(token[:12], file=sys.stderr)\n"
        "    logging.info('token %s', token.encode().hex())\n"
        "    try:\n        raise ValueError(token)\n"
        "    except ValueError:\n        logging.exception('no')\n"
        "    return events"
    )
    run(text, parameters=Parameters(**{"crm-token": "t0k3n/of+the-crm"}))
    lines = read_log(capsys)
    assert [line["message"] for line in lines] == ["before", DROPPED, "after", DROPPED, DROPPED, "no"]
    assert "t0k3n" not in orjson.dumps(lines).decode()
    assert DROPPED in lines[-1]["exception"]
    assert "Traceback" in lines[-1]["exception"]


def test_a_secret_that_is_spread_over_several_lines_is_not_shown(run, capsys, no_token):
    text = TOKEN + (
        "def transform_events(events):\n"
        "    print('before')\n"
        "    for char in os.environ['CRM_TOKEN']:\n        print(char)\n"
        "    print('after')\n"
        "    return events"
    )
    run(text, parameters=Parameters(**{"crm-token": "t0k3n/of+the-crm"}))
    messages = [line["message"] for line in read_log(capsys)]
    assert messages == ["before", *"t0k3n/of+", *[DROPPED] * 7, "after"]


def test_the_credentials_of_the_role_are_as_secret(run, capsys, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjEXAMPLE")
    run("import os\ndef transform_events(events):\n    print(dict(os.environ))\n    return events")
    assert [line["message"] for line in read_log(capsys)] == [DROPPED]


def test_the_placeholder_credentials_of_a_local_stack_are_no_secret(run, capsys, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    run("def transform_events(events):\n    print('a test')\n    return events")
    assert [line["message"] for line in read_log(capsys)] == ["a test"]
