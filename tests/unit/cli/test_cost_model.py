"""The model behind `sluice cost --what-if`, against the tables that it has to agree with, line by line."""

import contextlib
import io
import json
import os
import re
from collections import Counter
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from cli.cost.fixed import (
    ARCHIVER_LOG_BYTES,
    ARCHIVER_METRICS,
    DASHBOARDS,
    RECONCILER_LOG_BYTES,
    RECONCILER_METRICS,
    RECONCILER_SYNC_LOG_BYTES,
    ROUTER_METRICS,
    SOURCE_METRICS,
    STACK_ALARM_METRICS,
    SYNC_ALARM_METRICS,
    SYNC_METRICS,
    list_fixtures,
    price_idle,
    price_metrics,
)
from cli.cost.model import (
    ARCHIVE_FRAME_BYTES,
    DELIVERY_GB,
    DELIVERY_LINE_BYTES,
    DELIVERY_LOG_BYTES,
    INGEST_GB,
    LATENCIES,
    LATENCY_LOG_BYTES,
    REQUEST_LOG_BYTES,
    ROUTER_GB,
    ROUTER_LOG_BYTES,
    SYNC_LOG_BYTES,
    Load,
    bill_records,
    count_requests,
    price_additions,
    price_pipeline,
    trace_load,
)
from cli.cost.modelled import bill_load
from cli.cost.prices import load_prices
from cli.cost.rates import fill_batch
from cli.cost.what_if import parse_load
from cli.resources import count_composites
from cli.stack import CommandError
from cli.template import render
from sluice.delivery.log import dump_lines
from sluice.delivery.report import Report
from sluice.ingest.serve import Outcome
from sluice.packs import IngestPack, Item, SyncPack
from sluice.reconciling.reconcile import Report as ReconcilerReport
from sluice.routing.decide import Decision
from sluice.routing.report import Report as RouterReport
from sluice.routing.verdicts import judge_pack
from tests.template.builders import make_sync, make_workspace
from tests.template.expand import TEMPLATE, expand_template

PRICES = load_prices()
TABLES = "reference/aws.md"
# The rows of the reference by its names that do not depend on how full invocations are.
ROWS = {
    "API": "API",
    "ingest Lambda": "ingest function",
    "egress": "egress",
    "Firehose": "archive (Firehose)",
    "DynamoDB dedup": "de-duplication",
}
# The reference assumes full invocations, of 1,000 events at the router. Only a burst fills them.
FULL = {"burst": 1e6}
BATCH_API = {"per_call": 50, "call_ms": 250, "parallel": 8}
ZSTD = {**BATCH_API, "gzip": 6, "compression": 6, "per_pack": 300}
COLUMNS = {
    "packed b=1": {"per_request": 1},
    "b=5": {"per_request": 5},
    "b=20": {},
    "b=100": {"per_request": 100},
    "base D=1": {},
    "D=50 batch API": BATCH_API,
    "+ gzip out 6×": {**BATCH_API, "gzip": 6},
    "+ zstd messages 6×": ZSTD,
    "+ function URL": {**ZSTD, "api": 0},
    "− dedup": {**ZSTD, "api": 0, "dedup": 0},
    "S=1": {"syncs": 1},
    "S=3": {},
    "S=10": {"syncs": 10},
    "S=30": {"syncs": 30},
    "512 B": {"bytes": 512},
    "1,024 B": {},
    "4,096 B": {"bytes": 4096},
    "16,384 B": {"bytes": 16384},
}


def read_tables(shared):
    """`{column: {row: dollars}}` of the reference's tables of the packed design."""
    section = (shared / TABLES).read_text().partition("### 2.2 ")[2].partition("\n| Reading")[0]
    found = {}
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines()]
        rows = [row for row in rows if not set("".join(row)) <= {"-"}]
        for at, column in enumerate(rows[0]):
            if column in COLUMNS:
                found[column] = {row[0]: float(row[at]) for row in rows[1:]}
    return found


@pytest.mark.parametrize("column", COLUMNS)
def test_what_does_not_depend_on_the_rate_costs_what_the_reference_says(shared, column):
    expected = read_tables(shared)[column]
    priced = price_pipeline(Load(**COLUMNS[column]), PRICES)
    for theirs, ours in ROWS.items():
        assert priced[ours] == pytest.approx(expected[theirs], abs=0.00006), ours


@pytest.mark.parametrize("column", COLUMNS)
def test_full_invocations_cost_what_the_reference_says(shared, column):
    full = Load(**{**COLUMNS[column], **FULL})
    priced = price_pipeline(replace(full, router_batch=1000 / full.per_request), PRICES)
    assert sum(priced.values()) == pytest.approx(read_tables(shared)[column]["total"], rel=0.12)


def test_the_cost_target_holds_when_invocations_are_full():
    load = Load(events=1e9, syncs=3, per_request=20, bytes=1024, burst=100)
    assert sum(price_pipeline(load, PRICES).values()) / 1e3 <= 0.70


def test_an_even_load_costs_less_than_a_dollar_per_million():
    assert sum(price_pipeline(Load(events=1e9), PRICES).values()) / 1e3 < 1.00


def test_copies_of_sync_packs_cost_one_write_a_pack():
    load = Load(events=1e6, syncs=3, per_request=20)
    assert price_additions(load, PRICES)["copies of sync packs (writes)"] == pytest.approx(150_000 * 0.625e-6)


def test_a_message_that_comes_alone_is_a_run_of_its_own():
    flow = trace_load(Load(events=1e6, per_request=20))
    assert (flow.router_runs, flow.delivery_runs) == (50_000, 150_000)


def test_a_window_brings_messages_together_and_makes_the_month_cheaper():
    alone, together = (Load(events=1e9, router_batch=n, router_window=w) for n, w in ((10, 0), (100, 1)))
    assert trace_load(together).router_runs < trace_load(alone).router_runs / 4
    assert trace_load(together).delivery_runs < trace_load(alone).delivery_runs
    assert sum(price_pipeline(together, PRICES).values()) < sum(price_pipeline(alone, PRICES).values())


def test_a_burst_fills_invocations_and_leaves_fewer_minutes_with_traffic():
    even, burst = Load(events=1e8), Load(events=1e8, burst=1000)
    assert trace_load(burst).router_runs < trace_load(even).router_runs / 2
    objects = [price_additions(load, PRICES)["S3 objects"] for load in (even, burst)]
    assert objects[0] == pytest.approx(2 * 43_200 * 5e-6)
    assert objects[1] < objects[0] / 5


def test_no_more_messages_than_the_batch_size_are_in_an_invocation():
    assert fill_batch(1e6, lambda _: 1.0, batch=7) == 7
    assert fill_batch(1e6, lambda _: 1.0, batch=100, window=60) == 100


def test_no_more_messages_than_lambdas_payload_holds_are_in_an_invocation():
    flow = trace_load(Load(events=1e9, router_batch=10_000, router_window=300))
    assert flow.router_runs == pytest.approx(1e9 * 1024 / 5e6)


def test_firehose_writes_more_objects_than_one_a_minute_where_64_mb_come_sooner():
    load = Load(events=1e10)
    written = price_additions(load, PRICES)["S3 objects"] / 5e-6
    assert written == pytest.approx(1e10 * (1024 + 420) / 2**26 + 3e10 * 300 / 2**26)


def test_the_reconciler_reads_the_hours_events_once_and_its_attempts_three_times():
    few = price_additions(Load(events=1e6), PRICES)["reconciler"]
    gets, lists, lines = 43_200 * (1 + 3), 720 * 3, 1e6 * (1 + 3 * 3)
    seconds = gets * 0.03 + lines * 20e-6
    assert few == pytest.approx(gets * 0.4e-6 + lists * 5e-6 + seconds * 0.5 * 0.0000133334)


def test_nothing_sent_costs_nothing_but_the_idle_lines():
    bill = bill_load(parse_load("events=0,syncs=3"), PRICES)
    assert {*bill.pipeline.values(), *bill.additions.values()} == {0}
    assert bill.compute_month() == pytest.approx(sum(bill.idle.values()))
    assert set(bill.idle) == {
        "polling of the queues",
        "alarms",
        "composite alarms",
        "dashboard",
        "metrics of scheduled functions",
        "scheduled functions",
        "logs of scheduled functions",
        "secrets",
    }


def test_secrets_of_secrets_manager_cost_by_the_month():
    assert bill_load(Load(events=0, secrets=5), PRICES).idle["secrets"] == pytest.approx(2.00)


@pytest.mark.parametrize("events", [1, 7, 1e3, 1e12])
@pytest.mark.parametrize("syncs", [0, 0.3, 1, 35])
def test_every_size_of_load_has_a_price(events, syncs):
    load = Load(events=events, syncs=syncs)
    dollars = [*price_pipeline(load, PRICES).values(), *price_additions(load, PRICES).values()]
    assert all(0 <= each < events for each in dollars)


def test_twice_the_events_cost_twice_as_much():
    once, twice = (price_pipeline(Load(events=n), PRICES) for n in (1e6, 2e6))
    assert twice == pytest.approx({hop: 2 * dollars for hop, dollars in once.items()})


def test_a_retry_is_paid_for_from_the_sync_queue_on():
    once, twice = (price_pipeline(Load(attempts=n), PRICES) for n in (1, 2))
    dearer = {hop for hop in once if twice[hop] > once[hop]}
    assert dearer == {"sync queues", "delivery functions", "egress", "logs"}


@pytest.mark.parametrize(
    ("messages", "size", "alone", "requests"),
    [
        (10, 100, False, 1 + 1 + 1),
        (10, 100, True, 10 + 1 + 1),
        (10, 64 * 1024, False, 10 + 10 + 1),
        (10, 240 * 1024, False, 40 + 37.5 + 1),
    ],
)
def test_sqs_bills_calls_by_64_kb(messages, size, alone, requests):
    assert count_requests(messages, size, one_by_one=alone) == requests


def test_sqs_bills_at_least_a_call_for_each_run_before_and_behind_a_queue():
    assert count_requests(100, 1000, sends=40, runs=60) == 40 + 60 + 60
    assert count_requests(100, 1000, sends=1000) == 100 + 10 + 10


def test_firehose_bills_records_by_5_kb():
    assert bill_records(10, 1) == bill_records(10, 5120) == 51_200
    assert bill_records(10, 5121) == 102_400


# What the model takes for granted of the code and the template


@pytest.fixture(scope="module")
def resources():
    return expand_template(TEMPLATE.read_text())["Resources"]


def test_the_functions_have_the_memory_that_is_billed(resources):
    sizes = {name: made.get("Properties", {}).get("MemorySize", 0) / 1024 for name, made in resources.items()}
    assert (sizes["IngestFunction"], sizes["RouterFunction"]) == (INGEST_GB, ROUTER_GB)
    assert {n for name, n in sizes.items() if name.endswith("DeliveryFunction")} == {DELIVERY_GB}


def count_metrics_of_alarm(alarm):
    """Those that it names. A query is billed by what it finds: nothing, while nothing is wrong."""
    return "MetricName" in alarm or sum("MetricStat" in metric for metric in alarm["Metrics"])


def test_the_template_has_the_alarms_that_are_billed(resources):
    alarms = {
        name: count_metrics_of_alarm(made["Properties"])
        for name, made in resources.items()
        if made["Type"] == "AWS::CloudWatch::Alarm"
    }
    syncs = [name.removesuffix("DeliveryFunction") for name in resources if name.endswith("DeliveryFunction")]
    of_syncs = {sync: sum(n for name, n in alarms.items() if name.startswith(sync)) for sync in syncs}
    assert set(of_syncs.values()) == {SYNC_ALARM_METRICS}
    assert sum(alarms.values()) - sum(of_syncs.values()) == STACK_ALARM_METRICS
    kinds = Counter(made["Type"] for made in resources.values())
    assert kinds["AWS::CloudWatch::CompositeAlarm"] == count_composites(3)
    dashboards = [made for made in resources.values() if made["Type"] == "AWS::CloudWatch::Dashboard"]
    assert [made["Condition"] for made in dashboards] == ["HasDashboard"]
    template = expand_template(TEMPLATE.read_text())
    assert template["Parameters"]["WithDashboard"]["Default"] == "false"
    assert DASHBOARDS == 0


@pytest.mark.parametrize("syncs", [1, 3, 40])
def test_the_idle_bill_is_that_of_the_expanded_template(syncs):
    """Counted from the resources, with prices written down here, and compared with the model's."""
    workspace = make_workspace(**{f"s{n}": make_sync(f"S{n}") for n in range(syncs)})
    made = expand_template(render(TEMPLATE.read_text(), workspace))["Resources"].values()

    def find(kind):
        return [r["Properties"] for r in made if r["Type"] == kind and r.get("Condition") != "HasDashboard"]

    month = 30 * 24 * 3600
    mappings = find("AWS::Lambda::EventSourceMapping")
    assert all(mapping["ScalingConfig"] for mapping in mappings), "five pollers each"
    polls = len(mappings) * 5 * month / 20 * 0.40e-6
    alarms = 0.10 * sum(map(count_metrics_of_alarm, find("AWS::CloudWatch::Alarm")))
    composites = 0.50 * len(find("AWS::CloudWatch::CompositeAlarm"))
    dashboards = 3 * len(find("AWS::CloudWatch::Dashboard"))
    runs = {"cron(20 * * * ? *)": 720, "rate(6 hours)": 120}
    ran = sum(runs[rule["ScheduleExpression"]] for rule in find("AWS::Events::Rule"))
    metrics = 0.30 * (720 + 120) / 720  # one each, in the hours in which they run
    read = 720 * (syncs + 1) * 0.01e-3
    logs = ran * 2000 / 1e9 * 0.50
    functions = ran * (0.2e-6 + 3 * 0.75 * 0.0000133334) + 720 * 5e-6
    secrets = 0.40 * len(find("AWS::SecretsManager::Secret"))
    bill = sum((polls, alarms, composites, dashboards, metrics, read, logs, functions, secrets))
    modelled = sum(price_idle(list_fixtures(syncs), PRICES).values())
    assert modelled == pytest.approx(bill, abs=0.02)


def test_an_idle_stack_costs_what_it_should():
    idle = [sum(price_idle(list_fixtures(n), PRICES).values()) for n in (3, 4, 60)]
    assert idle[0] <= 5
    assert idle[1] - idle[0] <= 0.60
    assert (idle[2] - idle[0]) / 57 <= 0.60, "further composite alarms included"


def log_lines(service, run):
    """What a handler's `count` prints, as the objects of its lines."""
    out = io.StringIO()
    environment = {"POWERTOOLS_METRICS_NAMESPACE": "Sluice", "POWERTOOLS_SERVICE_NAME": service}
    with patch.dict(os.environ, environment), contextlib.redirect_stdout(out):
        run()
    return [line for line in out.getvalue().splitlines() if line]


def count_metrics(lines):
    """Metrics that CloudWatch bills: names by their dimensions."""
    return sum(
        len(directive["Metrics"])
        for line in lines
        for directive in json.loads(line)["_aws"]["CloudWatchMetrics"]
    )


def run_delivery(items=500):
    app = import_module("functions.delivery.app")

    report = Report(packs=9, delivered=items, attempts=items, ages={"m": 3.456})
    report.latencies = [1234.567 + n for n in range(min(items, LATENCIES))]
    app.count(report, "purchases-to-crm")
    app.metrics.flush_metrics()


def run_router():
    app = import_module("functions.router.app")

    routed = Counter({"events-to-webhook": 1000, "purchases-to-crm": 300, "signups-to-sandbox": 20})
    app.count(RouterReport(packs=50, accepted=1000, routed=routed))
    app.metrics.flush_metrics()


def run_ingest():
    app = import_module("functions.ingest.app")

    app.count(Outcome(SimpleNamespace(status=200), "web", 20))
    app.metrics.flush_metrics()


def run_reconciler():
    app = import_module("functions.reconciler.app")

    app.count(ReconcilerReport(hour="2026-11-22T01", one_in=1), ["one", "two", "three"])
    app.metrics.flush_metrics()


def run_archiver():
    app = import_module("functions.archiver.app")

    app.count({})
    app.metrics.flush_metrics()


LAMBDAS = 350  # START, END and REPORT


def test_log_lines_are_as_long_as_they_are_billed():
    access_log = 300
    ingest = sum(map(len, log_lines("ingest", run_ingest))) + LAMBDAS + access_log
    router = sum(map(len, log_lines("router", run_router))) + LAMBDAS
    assert ingest == pytest.approx(REQUEST_LOG_BYTES, rel=0.15)
    assert router == pytest.approx(ROUTER_LOG_BYTES + 3 * SYNC_LOG_BYTES, rel=0.1)


@pytest.mark.parametrize("items", [1, 20, 99, 500])
def test_lines_of_delivery_are_as_long_as_they_are_billed(items):
    size = sum(map(len, log_lines("delivery", partial(run_delivery, items)))) + LAMBDAS
    billed = DELIVERY_LOG_BYTES + LATENCY_LOG_BYTES * min(items, LATENCIES)
    assert size == pytest.approx(billed, rel=0.05)


def test_lines_of_scheduled_functions_are_as_long_as_they_are_billed():
    reconciler = sum(map(len, log_lines("reconciler", run_reconciler))) + LAMBDAS
    archiver = sum(map(len, log_lines("archiver", run_archiver))) + LAMBDAS
    assert reconciler == pytest.approx(RECONCILER_LOG_BYTES + 3 * RECONCILER_SYNC_LOG_BYTES, rel=0.1)
    assert archiver == pytest.approx(ARCHIVER_LOG_BYTES, rel=0.1)


def test_functions_publish_as_many_metrics_as_are_billed():
    delivery = count_metrics(log_lines("delivery", run_delivery))
    assert delivery + 1 == SYNC_METRICS  # and the router's Routed
    assert count_metrics(log_lines("router", run_router)) == ROUTER_METRICS + 3
    assert count_metrics(log_lines("ingest", run_ingest)) == SOURCE_METRICS
    reconciler = count_metrics(log_lines("reconciler", run_reconciler))
    assert reconciler == RECONCILER_METRICS
    assert count_metrics(log_lines("archiver", run_archiver)) == ARCHIVER_METRICS


def test_lines_of_the_delivery_log_are_as_long_as_they_are_billed():
    item = Item("track_purchase", {"messageId": "0b2f6f0c-5cf1-4f5f-9a77-0d1a2f3b4c5d"})
    pack = SyncPack("purchases-to-crm", [item], 1, "2026-11-22T01:02:03.456Z")
    [line] = dump_lines(pack, [item], "delivered", attempt=1, at=1.7e9, status=200, latency=0.15)
    assert len(line) == pytest.approx(DELIVERY_LINE_BYTES, rel=0.1)


def test_archive_lines_are_as_much_longer_than_their_event_as_is_billed():
    event = {"type": "track", "messageId": "0b2f6f0c-5cf1-4f5f-9a77-0d1a2f3b4c5d"}
    client = {"ip": "192.0.2.1", "user_agent": "sdk"}
    pack = IngestPack("p" * 32, 0, "web", "2026-11-22T01:02:03.456Z", client, "k" * 64, [event])
    routes = (("events-to-webhook", "custom_event"), ("purchases-to-crm", "track_purchase"))
    syncs = json.dumps([{"sync": sync, "type": event_type} for sync, event_type in routes])
    decision = Decision(routes, f'"verdict":"accepted","reasons":[],"syncs":{syncs}'.encode())
    decided = judge_pack(pack, lambda _: decision, frozenset(), "d" * 64)
    assert decided.lines
    assert len(decided.lines[0]) - len(json.dumps(event)) == pytest.approx(ARCHIVE_FRAME_BYTES, rel=0.25)


# Words and prices


def test_what_if_takes_names_as_they_are_said():
    load = parse_load("events=1e7, syncs=5,per-request=100,bytes=2048,gzip=6")
    assert load == replace(Load(), events=1e7, syncs=5, per_request=100, bytes=2048, gzip=6)


def test_what_is_left_out_is_the_cost_targets():
    assert parse_load("") == Load()


@pytest.mark.parametrize(
    "text",
    ["event=1", "events", "events=", "events=many", "events=-1", "bytes=nan", "syncs=inf", "burst=0.5"],
)
def test_what_makes_no_sense_is_refused(text):
    with pytest.raises(CommandError):
        parse_load(text)


def test_prices_have_a_date_and_say_where_they_are_from():
    assert PRICES.date.year >= 2026
    assert all(price.source and price.per for price in PRICES.prices.values())


def test_a_file_replaces_the_prices_that_it_has(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("date: 2027-01-01\nregion: eu-west-1\nprices:\n  egress_gb: {usd: 0.05}\n")
    prices = load_prices(path)
    assert (prices["egress_gb"], prices["api_request"]) == (0.05, PRICES["api_request"])
    assert (prices.date.year, prices.region) == (2027, "eu-west-1")


@pytest.mark.parametrize(
    "text",
    [
        "prices: {egress_gb: {usd: 1}}",
        "date: 2027-01-01\nprices: {moon_dust: {usd: 1}}",
        "date: 2027-01-01\nprices: {egress_gb: {usd: -1}}",
        "date: 2027-01-01\nprices: {egress_gb: 1}",
        "date: 2027-01-01\nprices: 1",
        "[1]",
        "{",
    ],
)
def test_a_wrong_file_of_prices_is_refused(tmp_path, text):
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(CommandError):
        load_prices(path)


def test_each_sync_costs_as_much_as_the_last_one():
    costs = [sum(price_idle(list_fixtures(n), PRICES).values()) for n in range(4)]
    steps = [b - a for a, b in pairwise(costs)]
    assert steps == pytest.approx([steps[0]] * 3)
    assert price_metrics(4, PRICES) - price_metrics(3, PRICES) == pytest.approx(SYNC_METRICS * 0.30)
