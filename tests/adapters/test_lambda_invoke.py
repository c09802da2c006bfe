"""Calls of a Lambda function, and how each of its failures is told."""

import io
import threading

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from sluice.adapters.lambda_invoke import LambdaFunction
from sluice.transforms.protocol import Reply


class Client:
    """Answers with what `answer` gives of a payload, or raises it."""

    def __init__(self, answer):
        self.answer, self.calls = answer, []

    def invoke(self, **call):
        self.calls.append(call)
        told = self.answer(call["Payload"])
        if isinstance(told, Exception):
            raise told
        error, body = told
        return {"StatusCode": 200, "Payload": io.BytesIO(body), **({"FunctionError": error} if error else {})}


def call(answer):
    return LambdaFunction(Client(answer), "stack-transform", at_once=1).call(b"{}")


def test_an_answer_is_handed_on():
    client = Client(lambda payload: (None, b"got " + payload))
    assert LambdaFunction(client, "stack-transform", at_once=1).call(b"it") == Reply(payload=b"got it")
    assert client.calls[0]["FunctionName"] == "stack-transform"
    assert client.calls[0]["InvocationType"] == "RequestResponse"


@pytest.mark.parametrize(
    "body",
    [
        b'{"errorType": "Sandbox.Timedout", "errorMessage": "x Error: Task timed out after 10.00 seconds"}',
        b'{"errorMessage": "2026-11-22T00:00:00Z x Task timed out after 10.00 seconds"}',
    ],
)
def test_a_process_that_ran_out_of_time_did_not_end(body):
    assert call(lambda _: ("Unhandled", body)).crash.startswith("it did not end, and its process was ended")


@pytest.mark.parametrize(
    "body",
    [
        b'{"errorType": "Runtime.ExitError", "errorMessage": "x Error: Runtime exited: signal: killed"}',
        b'{"errorType": "Runtime.HandlerError", "errorMessage": "Worker process died"}',
        b'{"errorType": "Function.ResponseSizeTooLarge", "errorMessage": "Response payload size exceeded"}',
        b"not json",
        b"[]",
        b"",
    ],
)
def test_a_process_that_died_says_how(body):
    assert call(lambda _: ("Unhandled", body)).crash.startswith("its process died (")


@pytest.mark.parametrize("kind", ["Runtime.ImportModuleError", "Runtime.HandlerNotFound"])
def test_a_broken_deploy_is_not_what_an_event_is_blamed_for(kind):
    body = b'{"errorType": "%b", "errorMessage": "no module"}' % kind.encode()
    assert "cannot start" in call(lambda _: ("Unhandled", body)).trouble


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"),
        ConnectTimeoutError(endpoint_url="https://lambda"),
        ReadTimeoutError(endpoint_url="https://lambda"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_call_that_lambda_did_not_take_is_trouble(error):
    assert call(lambda _: error).trouble.startswith("Lambda could not be called: ")


def test_calls_are_made_at_once_and_answered_in_order():
    together = threading.Barrier(3, timeout=10)

    def answer(payload):
        together.wait()
        return None, payload

    replies = LambdaFunction(Client(answer), "f", at_once=3).call_all([b"1", b"2", b"3"])
    assert [reply.payload for reply in replies] == [b"1", b"2", b"3"]
