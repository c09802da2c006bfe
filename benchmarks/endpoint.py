"""A loopback endpoint that plays SQS, Firehose, DynamoDB, SSM and a destination, does nothing, and counts.

Runs in a process of its own, so its CPU is not the product's. What it got is read by `GET /_counts`: a run
that lost an event fails.
"""

import base64
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

SLOW_SECONDS = 0.02
DESTINATIONS = {"/events", "/slow"}

counts: Counter[str] = Counter()
counting = threading.Lock()


def count(name: str, number: int = 1) -> None:
    with counting:
        counts[name] += number


class Endpoint(BaseHTTPRequestHandler):
    """One connection; AWS calls are told by their target header."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(dict(counts))

    def do_DELETE(self) -> None:
        counts.clear()
        self._answer({})

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        count("PutObject")
        self.send_response_only(200)  # without a body, as S3's
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers.get("X-Amz-Target", "")
        if not target:
            if self.path == "/slow":
                time.sleep(SLOW_SECONDS)  # what this destination is for
            name = "destination" if self.path in DESTINATIONS else self.path  # Lambda has no target either
            count(name, len(found) if isinstance(found := orjson.loads(body), list) else 1)
            return self._answer({"ok": True})
        return self._answer(answer_aws(target.rpartition(".")[2], orjson.loads(body)))

    def _answer(self, body: Any) -> None:
        data = orjson.dumps(body)
        self.send_response_only(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


def answer_aws(operation: str, call: dict[str, Any]) -> dict[str, Any]:
    """What AWS would answer if all went well."""
    count(operation)
    match operation:
        case "SendMessageBatch":
            for entry in call["Entries"]:
                pack = orjson.loads(entry["MessageBody"])
                count("queued", len(pack["events"] if "events" in pack else pack["items"]))
            return {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in call["Entries"]]}
        case "DeleteMessageBatch" | "ChangeMessageVisibilityBatch":
            return {"Successful": [{"Id": entry["Id"]} for entry in call["Entries"]]}
        case "PutRecordBatch":
            count("archived", sum(_count_lines(record["Data"]) for record in call["Records"]))
            return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "r"} for _ in call["Records"]]}
        case "BatchExecuteStatement":
            return {"Responses": [{} for _ in call["Statements"]]}
        case "GetParameter":
            return {"Parameter": {"Name": call["Name"], "Type": "SecureString", "Value": "benchmark"}}
        case "Query":
            return {"Items": [], "Count": 0}
    return {}


def _count_lines(data: str) -> int:
    return base64.b64decode(data).count(b"\n")


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # 32 connections come at once; five, the default, would have some refused


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Endpoint)
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit()
