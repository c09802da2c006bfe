"""CloudWatch as far as `status` and `cost` read it: periods count from the start that is asked for.

The stack is called `sluice`, so its own metrics are in `Sluice/sluice`.
"""

from collections import defaultdict
from datetime import timedelta

from botocore.exceptions import ClientError

from cli.local.metrics.series import compute_statistic


class FakeCloudWatch:
    """`put` values, then read them; `queries` are the metrics that were asked for."""

    def __init__(self, alarms=(), composites=()):
        self._points = defaultdict(list)
        self._alarms, self._composites = list(alarms), list(composites)
        self._contributors = {}
        self.queries = []

    def put(self, name, at, *values, namespace="Sluice/sluice", **dimensions):
        key = namespace, name, frozenset(dimensions.items())
        self._points[key] += [(at, float(value)) for value in values]

    def get_paginator(self, operation):
        return _Pages(getattr(self, f"_{operation}"))

    def _list_metrics(self, Namespace):
        return {
            "Metrics": [
                {
                    "Namespace": Namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions],
                }
                for namespace, name, dimensions in self._points
                if namespace == Namespace
            ]
        }

    def _describe_alarms(self, AlarmNamePrefix, AlarmTypes, StateValue=""):
        on = [alarm for alarm in self._alarms if StateValue in ("", alarm.get("StateValue"))]
        return {"MetricAlarms": on, "CompositeAlarms": self._composites}

    def describe_alarm_contributors(self, AlarmName, NextToken="0"):
        """One a page; none, where `_contributors` is None, for want of a right."""
        if self._contributors is None:
            error = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise ClientError(error, "DescribeAlarmContributors")
        at = int(NextToken)
        names = self._contributors[AlarmName]
        page = {"AlarmContributors": [{"ContributorAttributes": {"sync": names[at]}}]}
        return page | ({"NextToken": str(at + 1)} if at + 1 < len(names) else {})

    def _get_metric_data(self, MetricDataQueries, StartTime, EndTime, ScanBy):
        self.queries += MetricDataQueries
        return {"MetricDataResults": [self._answer(q, StartTime, EndTime) for q in MetricDataQueries]}

    def _answer(self, query, start, end):
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        dimensions = frozenset((d["Name"], d["Value"]) for d in metric["Dimensions"])
        parts = defaultdict(list)
        for at, value in self._points.get((metric["Namespace"], metric["MetricName"], dimensions), ()):
            if start <= at < end:
                period = timedelta(seconds=stat["Period"])
                parts[start + (at - start) // period * period].append(value)
        return {
            "Id": query["Id"],
            "Timestamps": sorted(parts),
            "Values": [compute_statistic(stat["Stat"], parts[at]) for at in sorted(parts)],
        }


class _Pages:
    def __init__(self, answer):
        self._answer = answer

    def paginate(self, **arguments):
        return _Result([self._answer(**arguments)])


class _Result(list):
    def build_full_result(self):
        return self[0]
