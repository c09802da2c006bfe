"""Ages of queues out of CloudWatch, on moto and on an own client."""

import boto3

from sluice.adapters.queue_ages import MOST_QUERIES, QueueAges
from tests.adapters.aws import fake_aws

NOW = 1_764_590_400.0


def put(client, queue, value, before):
    metric = {
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
        "Timestamp": NOW - before,
        "Value": value,
    }
    client.put_metric_data(Namespace="AWS/SQS", MetricData=[metric])


def test_the_newest_age_of_each_queue_that_has_one_lately():
    with fake_aws():
        client = boto3.client("cloudwatch", region_name="us-east-1")
        put(client, "one", 10, 700)
        put(client, "one", 310, 400)
        put(client, "two", 5, 400)
        put(client, "old", 9999, 3600)
        assert QueueAges(client).read(["one", "two", "old", "never"], NOW) == {"one": 310, "two": 5}


class Client:
    """Answers each query with its own number, on two pages."""

    def __init__(self):
        self.asked = []

    def get_paginator(self, _name):
        return self

    def paginate(self, *, MetricDataQueries, **_):
        self.asked.append(len(MetricDataQueries))
        results = [
            {
                "Label": q["Label"],
                "Timestamps": [1, 3, 2],
                "Values": [0.0, float(q["MetricStat"]["Metric"]["Dimensions"][0]["Value"]), 1.0],
            }
            for q in MetricDataQueries
        ]
        empty = [{"Label": result["Label"], "Timestamps": [], "Values": []} for result in results]
        yield {"MetricDataResults": empty[:100] + results[100:]}
        yield {"MetricDataResults": results[:100] + empty[100:]}


def test_more_queues_than_one_call_takes():
    client = Client()
    names = [str(n) for n in range(MOST_QUERIES + 3)]
    assert QueueAges(client).read(names, NOW) == {name: float(name) for name in names}
    assert client.asked == [MOST_QUERIES, 3]
