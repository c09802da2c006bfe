"""Log lines in CloudWatch's embedded metric format become points."""

import json
from collections.abc import Iterator
from typing import Any

from cli.local.metrics.series import Point, make_metric


def read_line(text: str) -> Iterator[Point]:
    """The points of one log line; none where it is not a line with metrics."""
    line = parse_line(text)
    if line is None:
        return
    time = line["_aws"]["Timestamp"] / 1000
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(line[name]) for name in names}
            for definition in directive["Metrics"]:
                metric = make_metric(directive["Namespace"], definition["Name"], dimensions)
                found = line[definition["Name"]]
                for value in found if isinstance(found, list) else [found]:
                    yield Point(metric, time, float(value), definition.get("Unit", "None"))


def parse_line(text: str) -> dict[str, Any] | None:
    """The object of a line with metrics, None for any other line."""
    if '"_aws"' not in text:
        return None
    try:
        line = json.loads(text)
    except ValueError:
        return None
    is_emf = isinstance(line, dict) and "CloudWatchMetrics" in line.get("_aws", {})
    return line if is_emf else None


def read_request(text: str, api_id: str) -> Iterator[Point]:
    """What API Gateway would count for a request that ingest logged: `Count`, and `5xx` or not."""
    line = parse_line(text)
    if line is None or "Requests" not in line or "status" not in line:
        return
    time = line["_aws"]["Timestamp"] / 1000
    counts = {"Count": 1, "5xx": line["status"] >= 500, "4xx": 400 <= line["status"] < 500}
    for name, count in counts.items():
        yield Point(make_metric("AWS/ApiGateway", name, {"ApiId": api_id}), time, float(count), "Count")
