"""What orjson writes for the large calls is what botocore would have written."""

import json

import pytest

from sluice.adapters.clients import build_client
from sluice.adapters.request_json import LARGE_CALLS, keep_parameters, write_body
from tests.adapters.aws import fake_aws

CALLS = {
    ("sqs", "SendMessageBatch"): {
        "QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q",
        "Entries": [
            {
                "Id": "0",
                "MessageBody": '{"a":"é ☃ 😀 \\" \\\\ \x7f"}',
                "DelaySeconds": 3,
                "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "ü"}},
            }
        ],
    },
    ("firehose", "PutRecordBatch"): {
        "DeliveryStreamName": "events",
        "Records": [{"Data": b""}, {"Data": b"\x00\xff"}, {"Data": "é\n".encode()}],
    },
}


def send(client, service, operation, params):
    """The request as it would leave, signed."""
    sent = []

    def stop(request, **_):
        sent.append(request)
        raise InterruptedError

    client.meta.events.register_first(f"before-send.{service}.{operation}", stop)
    with pytest.raises(InterruptedError):
        client._make_api_call(operation, params)
    return sent[0]


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_the_request_is_the_one_botocore_writes(service, operation):
    with fake_aws():
        fast, plain = build_client(service), build_client(service)
        plain.meta.events.unregister(f"provide-client-params.{service}.{operation}", keep_parameters)
        plain.meta.events.unregister(f"before-call.{service}.{operation}", write_body)
        ours = send(fast, service, operation, CALLS[service, operation])
        theirs = send(plain, service, operation, CALLS[service, operation])
    assert json.loads(ours.body) == json.loads(theirs.body)
    assert ours.body != theirs.body
    same = ("Content-Type", "X-Amz-Target")
    assert [ours.headers[name] for name in same] == [theirs.headers[name] for name in same]
    assert int(ours.headers["Content-Length"]) == len(ours.body)
    assert ours.headers["Authorization"]


def test_every_large_call_is_compared():
    assert {(service, name) for service, names in LARGE_CALLS.items() for name in names} == set(CALLS)
