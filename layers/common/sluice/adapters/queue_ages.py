"""The age of the oldest message in each queue, from the metrics that SQS sends to CloudWatch."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

MOST_QUERIES = 500  # of one GetMetricData
PERIOD, RANGE = 300, timedelta(minutes=20)  # SQS's figures are some minutes late


class QueueAges:
    """`client` is boto3's of CloudWatch."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, names: Sequence[str], now: float) -> dict[str, float]:
        """Seconds by queue name. Queues without a recent value are left out. Raises ClientError."""
        ages: dict[str, float] = {}
        for start in range(0, len(names), MOST_QUERIES):
            some = names[start : start + MOST_QUERIES]
            ages.update({some[int(label)]: age for label, age in self._read_some(some, now).items()})
        return ages

    def _read_some(self, names: Sequence[str], now: float) -> Mapping[str, float]:
        end = datetime.fromtimestamp(now, UTC)
        pages = self._client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[_ask(at, name) for at, name in enumerate(names)],
            StartTime=end - RANGE,
            EndTime=end,
        )
        newest: dict[str, tuple[datetime, float]] = {}
        for page in pages:
            for result in page["MetricDataResults"]:
                points = zip(result["Timestamps"], result["Values"], strict=True)
                known = [newest[result["Label"]]] if result["Label"] in newest else []
                if last := max([*points, *known], default=None):
                    newest[result["Label"]] = last
        return {label: age for label, (_, age) in newest.items()}


def _ask(at: int, queue: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
    }
    stat = {"Metric": metric, "Period": PERIOD, "Stat": "Maximum"}
    return {"Id": f"q{at}", "Label": str(at), "MetricStat": stat}
