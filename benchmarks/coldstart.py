"""A fresh process: import of ingest's handler, and its first answer. Prints milliseconds on descriptor 3."""

import os
import sys
import time

started = time.perf_counter()

from functions.ingest.app import handler  # noqa: E402 - what is measured

REQUEST = {
    "rawPath": "/v1/track",
    "headers": {"content-type": "application/json"},
    "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.1", "userAgent": "curl"}},
    "body": '{"writeKey": "benchmark", "userId": "u1", "event": "Started"}',
    "isBase64Encoded": False,
}

answer = handler(REQUEST, None)
milliseconds = (time.perf_counter() - started) * 1000
if answer["statusCode"] != 200:
    sys.exit(f"the first request was answered {answer['statusCode']}")
os.write(3, f"{milliseconds:.0f}".encode())
