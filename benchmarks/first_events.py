"""The first event of each function: `python -m benchmarks.first_events` prints `{function: event}`."""

import os

import orjson

from benchmarks.delivery import sync_packs
from benchmarks.events import load_events
from benchmarks.harness import sqs_events
from benchmarks.router import ingest_packs

SYNC = "mapped"
REQUEST = {
    "rawPath": "/v1/track",
    "headers": {"content-type": "application/json"},
    "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.1", "userAgent": "curl"}},
    "body": '{"writeKey": "benchmark", "userId": "u1", "event": "Started"}',
    "isBase64Encoded": False,
}

if __name__ == "__main__":
    events = load_events(None)[:1]
    [routed] = sqs_events(ingest_packs(events), 1)
    [delivered] = sqs_events(sync_packs(events, SYNC), 1)
    os.write(3, orjson.dumps({"ingest": REQUEST, "router": routed, "delivery": delivered}))
