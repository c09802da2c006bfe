"""TransformFunction with the invocations in `events/transform`, on the functions that ship."""

import importlib
from pathlib import Path

import orjson
import pytest

from cli.build import write_workspace_layer
from sluice.transforms.protocol import unpack_lines
from tests.functions.container import forget_container

EVENTS = Path("events/transform")


@pytest.fixture(autouse=True)
def _container(tmp_path, monkeypatch):
    write_workspace_layer(Path("workspace"), tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "python"))
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Sluice")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "transform")
    monkeypatch.setenv("SLUICE_STACK", "stack")
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", raising=False)
    forget_container("transform")
    yield
    forget_container("transform")


def invoke(name):
    app = importlib.import_module("functions.transform.app")
    return app.handler(orjson.loads((EVENTS / f"{name}.json").read_bytes()), None)


def read_lines(capsys):
    return [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_batch_is_answered_with_the_events_and_where_they_come_from():
    answer = invoke("batch")
    changed, unchanged, _ = unpack_lines(answer["events"]).split(b"\n")
    assert orjson.loads(changed)["properties"] == {"note": "mail to [email]"}
    assert unchanged == b""
    assert (answer["parents"], answer["errors"]) == ([0, 1], {})


def test_a_function_that_is_not_deployed_is_an_answer(capsys):
    assert invoke("unknown_function")["error"] == "the deployed workspace has no such function"


def test_an_invocation_is_counted_by_function(capsys):
    invoke("batch")
    [line] = read_lines(capsys)
    assert (line["function"], line["Batches"], line["BatchesFailed"]) == ("redact_email", [1.0], [0.0])


@pytest.mark.filterwarnings("ignore:No application metrics")  # an invocation that failed has none
def test_what_the_router_did_not_send_is_an_error_of_the_invocation():
    with pytest.raises(ValueError, match="not a call of the router"):
        invoke("not_a_call")
