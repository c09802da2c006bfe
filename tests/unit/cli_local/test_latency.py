"""`sluice local latency`, and what starts the functions before it and at the end of `make up`."""

import io
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.local import latency, warming
from cli.local.errors import LocalStackError
from cli.local.latency import find_percentile, measure_latency, router_window
from cli.local.warming import warm_functions
from cli.main import app
from sluice.times import format_time

STACK = {
    "api_url": "http://127.0.0.1:1/api",
    "sink_url": "http://127.0.0.1:2",
    "endpoint_url": "http://127.0.0.1:3",
    "write_keys": {"web": "key-of-web", "app": "key of app"},
    "resources": {"IngestFunction": "ingest", "RouterFunction": "router", "RouterMapping": "mapping-1"},
    "syncs": {"to-crm": {"function": "to-crm"}, "to-mail": {"function": "to-mail"}},
}


class FakeLambda:
    def __init__(self, broken: str = "") -> None:
        self.invoked: dict[str, Any] = {}
        self.broken = broken

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:
        self.invoked[FunctionName] = json.loads(Payload)
        error = {"FunctionError": "Unhandled"} if FunctionName == self.broken else {}
        return {"Payload": io.BytesIO(b'{"errorMessage": "no module"}'), **error}


def test_every_function_is_started_without_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeLambda()
    monkeypatch.setattr(warming, "make_client", lambda _service, _url: client)
    assert warm_functions(STACK) == 4
    assert sorted(client.invoked) == ["ingest", "router", "to-crm", "to-mail"]
    assert {"Records": []}.items() <= client.invoked["router"].items()


def test_a_function_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "make_client", lambda _service, _url: FakeLambda("to-mail"))
    with pytest.raises(LocalStackError, match=r"to-mail does not start.*no module"):
        warm_functions(STACK)


class FakeMappings:
    """The event source mapping of the router."""

    def __init__(self) -> None:
        self.mapping = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0}

    def get_event_source_mapping(self, UUID: str) -> dict[str, int]:
        assert UUID == "mapping-1"
        return dict(self.mapping)

    def update_event_source_mapping(self, UUID: str, **changes: int) -> None:
        assert UUID == "mapping-1"
        self.mapping |= changes


@pytest.mark.parametrize(("seconds", "batch"), [(0, 10), (1, 100), (5, 100)])
def test_a_window_is_set_as_the_template_sets_it_and_put_back(
    monkeypatch: pytest.MonkeyPatch, seconds: int, batch: int
) -> None:
    client = FakeMappings()
    monkeypatch.setattr(latency, "make_client", lambda _service, _url: client)
    former = dict(client.mapping)

    def stop_inside() -> None:
        with router_window(STACK, seconds):
            assert client.mapping == {"BatchSize": batch, "MaximumBatchingWindowInSeconds": seconds}
            raise LocalStackError("no event arrived")

    with pytest.raises(LocalStackError):
        stop_inside()
    assert client.mapping == former


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (95, 95), (100, 100), (1, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: int) -> None:
    assert find_percentile(range(100, 0, -1), percent) == value


def test_one_value_is_every_percentile() -> None:
    assert [find_percentile([7.0], percent) for percent in (0, 50, 100)] == [7.0] * 3


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_first_attempt_at_each_destination_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, arrived = Clock(), []

    def send(_stack: Any, message_id: str) -> None:
        for path, delay in (("/crm/events", 0.25), ("/crm/events", 5.0), ("/mail/send", 0.5)):
            at = format_time(clock.now + delay)
            arrived.append({"path": path, "body": {"events": [message_id]}, "time": at})

    monkeypatch.setattr(latency, "time", clock)
    monkeypatch.setattr(latency, "warm_functions", lambda _stack: 0)
    monkeypatch.setattr(latency, "_send", send)
    monkeypatch.setattr(latency, "read_sink", lambda _stack: arrived)
    measured = measure_latency(STACK, events=3, rate=2)
    assert measured == {"crm": [pytest.approx(250.0)] * 3, "mail": [pytest.approx(500.0)] * 3}
    assert clock.now == 1_800_000_001.0


@pytest.mark.parametrize(
    ("arriving", "message"),
    [(1, "2 of 2 events reached no destination"), (0, "the first event reached no destination")],
)
def test_events_that_reach_nobody_are_an_error(
    monkeypatch: pytest.MonkeyPatch, arriving: int, message: str
) -> None:
    clock, sent = Clock(), list[dict[str, Any]]()

    def send(_stack: Any, message_id: str) -> None:
        sent.append({"path": "/crm/events", "body": [message_id], "time": format_time(clock.now)})

    monkeypatch.setattr(latency, "time", clock)
    monkeypatch.setattr(latency, "warm_functions", lambda _stack: 0)
    monkeypatch.setattr(latency, "_send", send)
    monkeypatch.setattr(latency, "read_sink", lambda _stack: sent[:arriving])
    monkeypatch.setattr(latency, "wait_until", lambda condition, _seconds: condition())
    with pytest.raises(LocalStackError, match=message):
        measure_latency(STACK, events=2, rate=10)


def test_variables_for_a_shell_are_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.local.commands.read_stack", lambda _settings: STACK)
    result = CliRunner().invoke(app, ["local", "env", "--source", "app"])
    assert result.stdout.splitlines() == [
        "export SLUICE_API=http://127.0.0.1:1/api",
        "export SLUICE_KEY='key of app'",
        "export SLUICE_SINK=http://127.0.0.1:2",
    ]


def test_a_source_that_is_not_there_is_named_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.local.commands.read_stack", lambda _settings: STACK)
    result = CliRunner().invoke(app, ["local", "env", "--source", "shop"])
    assert result.exit_code == 1
    assert "web, app" in result.stderr
