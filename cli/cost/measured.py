"""A bill from what CloudWatch counted of the services that a stack is made of."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from cli.cost.bill import Bill, add
from cli.cost.fixed import HOURS, Fixtures, price_idle
from cli.cost.meters import Function, Meter, Queue, Stream, Table
from cli.cost.model import GB, OVERHEAD_BYTES
from cli.cost.prices import PriceTable
from cli.stack import Stack
from cli.status.expected import expect_traffic
from cli.status.names import read_names
from cli.status.series import (
    DAY,
    Ask,
    MetricReader,
    Range,
    make_metric,
)

_API_STEP = 512 * 1024
_MINUTES_KEPT = timedelta(days=15)  # by CloudWatch


def bill_stack(stack: Stack, span: Range, prices: PriceTable) -> Bill:
    """What a deployed stack cost in the range, by hop."""
    metrics, meter = MetricReader(stack), Meter(span)
    known = metrics.list_own()
    names = stack.resources
    functions = {name: Function(stack, meter, name) for name in names if name.endswith("Function")}
    queues = {name: Queue(meter, names[name]) for name in names if name.endswith(("Queue", "Dlq"))}
    streams = {
        name: Stream(meter, names[name]) for name in ("EventStream", "DeliveryStream") if name in names
    }
    tables = {name: Table(meter, names[name]) for name in names if name.endswith("Table")}
    logs = [
        meter.ask("AWS/Logs", "IncomingBytes", LogGroupName=names[name])
        for name in names
        if name.endswith("LogGroup")
    ]
    requests = meter.ask("AWS/ApiGateway", "Count", ApiId=stack.find("HttpApi"))
    processed = meter.ask("AWS/ApiGateway", "DataProcessed", ApiId=stack.find("HttpApi"))
    traffic = known | {*expect_traffic(metrics, read_names(stack))}
    own = [meter.ask_metric(metric) for metric in traffic if metric.get("service") in ("router", "delivery")]
    hours = [meter.ask_metric(metric, "SampleCount", 3600) for metric in known]
    meter.read(metrics)

    def count(name: str, service: str) -> float | None:
        found = [ask for ask in own if (ask.metric.name, ask.metric.get("service")) == (name, service)]
        return _add_known(meter.get(ask) for ask in found if not ask.metric.get("reason"))

    def price_functions(hop: str) -> float | None:
        return _add_known(f.price(meter, prices) for f in functions.values() if f.hop == hop)

    def count_runs(name: str) -> float:
        return functions[name].count_runs(meter) if name in functions else 0.0

    router_runs = count_runs("RouterFunction")
    sync_queues = {name: q for name, q in queues.items() if name not in ("IngestQueue", "IngestDlq")}
    sent = _add_known(meter.get(queue.size) for queue in sync_queues.values())
    items = add(count(name, of) for name, of in _SENT.items())
    attempts = count("Attempts", "delivery")
    accepted, duplicates = count("Accepted", "router"), count("Duplicates", "router")
    blocked = add(meter.get(ask) for ask in own if ask.metric.name == "Blocked")
    log_bytes = _add_known(meter.get(ask) for ask in logs)
    pipeline = {
        "API": _price_api(meter.get(requests), meter.get(processed), prices),
        "ingest function": price_functions("ingest function"),
        "ingest queue": queues["IngestQueue"].price(meter, prices, one_by_one=True, runs=router_runs),
        "router function": price_functions("router function"),
        "sync queues": _add_known(
            queue.price(
                meter,
                prices,
                sends=router_runs,
                runs=count_runs(f"{name.removesuffix('Queue')}DeliveryFunction"),
            )
            for name, queue in sync_queues.items()
        ),
        "delivery functions": price_functions("delivery functions"),
        "egress": None
        if attempts is None or not sent or not items
        else attempts * (sent / items + OVERHEAD_BYTES) / GB * prices["egress_gb"],
        "archive (Firehose)": _price_stream(streams, "EventStream", meter, prices),
        "de-duplication": tables["DedupTable"].price(meter, prices) if "DedupTable" in tables else None,
        "logs": None if log_bytes is None else log_bytes / GB * prices["log_gb"],
    }
    measured_hours = sum(len(meter.values[ask]) for ask in hours)
    additions = {
        "delivery log (Firehose)": _price_stream(streams, "DeliveryStream", meter, prices),
        "other tables": _add_known(
            t.price(meter, prices) for name, t in tables.items() if name != "DedupTable"
        ),
        "scheduled functions": price_functions("scheduled functions"),
        "metrics, by the hour": measured_hours / HOURS * prices["metric_month"],
        "S3 objects": _count_objects(stack, span, prices),
    }
    fixtures = list_deployed(stack)
    idle = price_idle(fixtures, prices)
    fixed = {name: idle[name] for name in ("alarms", "composite alarms", "dashboard")}
    storage = _measure_storage(stack, span)
    if storage is not None:
        fixed["S3 storage"] = storage / GB * prices["s3_gb_month"]
    missing = [name for name, dollars in {**pipeline, **additions}.items() if dollars is None]
    return Bill(
        title=f"{stack.name}: {_tell_count(accepted)} events",
        basis=(
            "Counted by CloudWatch's metrics of the services, which are a few minutes late;"
            " egress by the size of the packs."
        ),
        events=None if accepted is None else accepted + (duplicates or 0.0) + blocked,
        seconds=span.seconds,
        pipeline=pipeline,
        additions=additions,
        fixed=fixed,
        idle=idle,
        notes=(f"Not measured, and not in the sums: {', '.join(missing)}.",) if missing else (),
    )


_SENT = {"Routed": "router", "Retried": "delivery", "Postponed": "delivery"}  # items into a sync's queue


def list_deployed(stack: Stack) -> Fixtures:
    """What the stack has; alarms as CloudWatch knows them, each with the metrics it computes from."""
    pages = (
        stack.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{stack.name}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    )
    found = pages.build_full_result()
    alarms = found.get("MetricAlarms", [])
    return Fixtures(
        syncs=sum(name.endswith("DeliveryMapping") for name in stack.resources),
        alarm_metrics=sum(map(_count_metrics, alarms)),
        composites=len(found.get("CompositeAlarms", [])),
        dashboards=int("Dashboard" in stack.resources),
    )


def _count_metrics(alarm: Mapping[str, Any]) -> int:
    """Those that it names. A query is billed by what it finds, which is nothing while nothing is wrong."""
    return "MetricName" in alarm or sum("MetricStat" in query for query in alarm.get("Metrics", ()))


def _price_api(requests: float | None, processed: float | None, prices: PriceTable) -> float | None:
    if requests is None:
        return None
    return max(requests, (processed or 0.0) / _API_STEP) * prices["api_request"]


def _price_stream(streams: dict[str, Stream], name: str, meter: Meter, prices: PriceTable) -> float | None:
    return streams[name].price(meter, prices) if name in streams else None


def _count_objects(stack: Stack, span: Range, prices: PriceTable) -> float | None:
    """Firehose writes an object for each minute in which it got something. None for what is too long ago."""
    if span.until - span.since > _MINUTES_KEPT:
        return None
    asks = [
        Ask(
            make_metric("AWS/Firehose", "IncomingRecords", DeliveryStreamName=stack.resources[name]),
            "Sum",
            60,
        )
        for name in ("EventStream", "DeliveryStream")
        if name in stack.resources
    ]
    values = MetricReader(stack).read(asks, span.since, span.until)
    if not any(values.values()):
        return None
    return sum(value > 0 for points in values.values() for _, value in points) * prices["s3_put"]


def _measure_storage(stack: Stack, span: Range) -> float | None:
    """Bytes in the bucket as S3 told CloudWatch last, once a day."""
    ask = Ask(
        make_metric(
            "AWS/S3", "BucketSizeBytes", BucketName=stack.archive_bucket, StorageType="StandardStorage"
        ),
        "Average",
        DAY,
    )
    since = span.until - timedelta(days=3)
    points = MetricReader(stack).read([ask], since, span.until)[ask]
    return points[-1][1] if points else None


def _add_known(dollars: Iterable[float | None]) -> float | None:
    """The sum of what is known, None where nothing is."""
    known = [each for each in dollars if each is not None]
    return sum(known) if known else None


def _tell_count(number: float | None) -> str:
    return "an unknown number of" if number is None else f"{number:,.0f}"
