"""A local stack seen from outside: its archive, its destinations, its queues. Nothing here asks a function.

`stack` is what `.local/stack.json` holds. For the demo and for end-to-end tests.
"""

import gzip
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from cli.local.clients import make_client

type Stack = dict[str, Any]


def read_archive(stack: Stack) -> list[dict[str, Any]]:
    """Every archive line, one for each event of each pack: what a repeated write added is left out."""
    lines = {}
    for content in read_objects(stack, "events/"):
        for text in content.splitlines():
            line = json.loads(text)
            lines[line["pack_id"], line["n"], line["verdict"]] = line
    return list(lines.values())


def read_objects(stack: Stack, prefix: str) -> Iterator[str]:
    """Objects of the archive bucket as text. Firehose's compression is told by its first bytes."""
    s3 = make_client("s3", stack["endpoint_url"])
    bucket = stack["archive_bucket"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            content = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            yield (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()


def read_sink(stack: Stack, path: str = "") -> list[dict[str, Any]]:
    """What arrived at the local destination, oldest first; `/crm/*` for those of one destination."""
    query = urllib.parse.urlencode({"path": path} if path else {})
    requests: list[dict[str, Any]] = _call_sink(stack, "GET", f"/_requests?{query}")
    return requests


def script_sink(stack: Stack, path: str, answers: list[dict[str, Any]], *, contains: str = "") -> None:
    """Sets the answers to come for a path; `contains` limits them to bodies with that text."""
    _call_sink(stack, "PUT", "/_script", {"path": path, "contains": contains, "answers": answers})


def clear_sink(stack: Stack) -> None:
    _call_sink(stack, "DELETE", "/_requests?scripts=true")


def read_dead_letters(stack: Stack, sync: str) -> list[dict[str, Any]]:
    """The dead letters of a sync as they lie in its DLQ, body and `attributes`; they stay there."""
    sqs = make_client("sqs", stack["endpoint_url"])
    url = stack["queues"][sync]["dlq"]
    letters: dict[str, dict[str, Any]] = {}
    handles = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30, MessageAttributeNames=["All"]
    ).get("Messages", []):
        for message in messages:
            handles.append(message["ReceiptHandle"])
            attributes = message.get("MessageAttributes", {})
            letters[message["MessageId"]] = {
                **json.loads(message["Body"]),
                "attributes": {name: value["StringValue"] for name, value in attributes.items()},
            }
    for handle in handles:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    return list(letters.values())


def count_deliveries(stack: Stack, sync: str, since: float) -> int:
    """What a sync's function counted as delivered since an epoch time, where no sink can."""
    logs = make_client("logs", stack["endpoint_url"])
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=stack["resources"]["DeliveryLogGroup"], startTime=int(since * 1000)
    )
    lines = (read_json(event["message"]) for page in pages for event in page["events"])
    counted = (line for line in lines if "_aws" in line and "Delivered" in line and line.get("sync") == sync)
    return sum(int(line["Delivered"][0]) for line in counted)


def read_json(text: str) -> dict[str, Any]:
    """The object in a log line, empty where it holds none."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def count_messages(stack: Stack, url: str) -> int:
    """Messages in a queue: those to be had, those in work and those that are delayed."""
    names = ["", "NotVisible", "Delayed"]
    wanted = [f"ApproximateNumberOfMessages{name}" for name in names]
    sqs = make_client("sqs", stack["endpoint_url"])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return sum(int(attributes[name]) for name in wanted)


def is_idle(stack: Stack) -> bool:
    """Whether no event is on its way: ingest queue and all queues of syncs are empty."""
    urls = [stack["ingest_queue"], *(queues["queue"] for queues in stack["queues"].values())]
    return all(count_messages(stack, url) == 0 for url in urls)


def _call_sink(stack: Stack, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{stack['sink_url']}{path}", data=data, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)
