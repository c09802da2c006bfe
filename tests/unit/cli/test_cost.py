"""`sluice cost`: what was measured is priced, what was not is told, and nothing is counted twice."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from cli.cost import cost
from cli.cost.bill import Bill
from cli.cost.fixed import SYNC_METRICS, list_fixtures, price_idle
from cli.cost.measured import bill_stack, list_deployed
from cli.cost.model import Load, count_requests, price_pipeline, trace_load
from cli.cost.modelled import bill_counts, bill_load, count_load
from cli.cost.prices import load_prices
from cli.cost.report import render_bill
from cli.resources import read_resources
from cli.stack import CommandError, Stack
from cli.status.series import make_range
from tests.adapters.aws import fake_aws
from tests.fakes.metrics import FakeCloudWatch
from tests.template.expand import TEMPLATE
from tests.unit.cli.terminals import TERMINAL

PRICES = load_prices()
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SPAN = make_range(NOW - timedelta(hours=24), NOW, NOW)
AN_HOUR_AGO = NOW - timedelta(hours=1)
README = TEMPLATE.parent / "README.md"
DOCUMENT = Path(__file__).parents[3] / "docs/scale-and-cost.md"
METRICS = [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a + b"}]
RESOURCES = {
    "HttpApi": "api1",
    "ArchiveBucket": "archive",
    "IngestFunction": "sluice-ingest",
    "RouterFunction": "sluice-router",
    "AllDeliveryFunction": "sluice-All",
    "ReconcilerFunction": "sluice-reconciler",
    "AllDeliveryMapping": "uuid",
    "IngestQueue": "https://queue/sluice-ingest",
    "IngestDlq": "https://queue/sluice-ingest-dlq",
    "AllQueue": "https://queue/sluice-All",
    "AllDlq": "https://queue/sluice-All-dlq",
    "EventStream": "sluice-events",
    "DeliveryStream": "sluice-deliveries",
    "DedupTable": "dedup",
    "ControlTable": "control",
    "IngestLogGroup": "/aws/lambda/sluice-ingest",
    "Dashboard": "sluice",
}


@pytest.fixture
def cloudwatch():
    return FakeCloudWatch(alarms=[{"Metrics": METRICS}, {"MetricName": "Errors"}], composites=[{}, {}])


@pytest.fixture
def stack(cloudwatch):
    def describe(FunctionName):
        return {"MemorySize": 1024 if FunctionName == "sluice-router" else 512, "Architectures": ["arm64"]}

    with fake_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="archive")
        clients = {
            "cloudwatch": cloudwatch,
            "s3": s3,
            "lambda": SimpleNamespace(get_function_configuration=describe),
        }
        yield Stack("sluice", "us-east-1", RESOURCES, clients.__getitem__, is_local=False)


def put(cloudwatch, namespace, dimension, name, **values):
    for metric, value in values.items():
        cloudwatch.put(metric, AN_HOUR_AGO, value, namespace=namespace, **{dimension: name})


def count_a_million(cloudwatch):
    """A million events of 1 KB in a day, 20 a request, one sync, as CloudWatch counts them."""
    flow = trace_load(Load(syncs=1))
    put(cloudwatch, "AWS/ApiGateway", "ApiId", "api1", Count=50_000, DataProcessed=1.1e9)
    for name, runs, seconds in (
        ("sluice-ingest", 50_000, flow.ingest_seconds),
        ("sluice-router", flow.router_runs, flow.router_seconds),
        ("sluice-All", flow.delivery_runs, flow.delivery_seconds),
    ):
        put(cloudwatch, "AWS/Lambda", "FunctionName", name, Invocations=runs, Duration=seconds * 1e3)
    for name, messages in (("sluice-ingest", 50_000), ("sluice-All", flow.packs)):
        put(
            cloudwatch,
            "AWS/SQS",
            "QueueName",
            name,
            NumberOfMessagesSent=messages,
            SentMessageSize=1.024e9,
            NumberOfEmptyReceives=0,
        )
    put(
        cloudwatch,
        "AWS/Firehose",
        "DeliveryStreamName",
        "sluice-events",
        IncomingBytes=1.024e9,
        IncomingRecords=50_000,
    )
    put(cloudwatch, "AWS/DynamoDB", "TableName", "dedup", ConsumedWriteCapacityUnits=50_000)
    put(
        cloudwatch,
        "AWS/Logs",
        "LogGroupName",
        "/aws/lambda/sluice-ingest",
        IncomingBytes=(50_000 + flow.lines) * 500,
    )
    cloudwatch.put("Accepted", AN_HOUR_AGO, 990_000, service="router")
    cloudwatch.put("Duplicates", AN_HOUR_AGO, 10_000, service="router")
    cloudwatch.put("Routed", AN_HOUR_AGO, 1_000_000, sync="all", service="router")
    cloudwatch.put("Attempts", AN_HOUR_AGO, 1_000_000, sync="all", service="delivery")


def test_what_is_measured_costs_what_the_model_says_of_the_same_traffic(stack, cloudwatch):
    count_a_million(cloudwatch)
    measured = bill_stack(stack, SPAN, PRICES).pipeline
    modelled = price_pipeline(Load(syncs=1), PRICES)
    assert measured == pytest.approx(modelled, rel=0.01)


def test_events_are_those_that_the_router_took_and_the_duplicates(stack, cloudwatch):
    count_a_million(cloudwatch)
    assert bill_stack(stack, SPAN, PRICES).events == 1_000_000


def test_events_are_counted_although_their_metrics_are_too_new_for_a_list(stack, cloudwatch, monkeypatch):
    """CloudWatch lists a new metric after 15 minutes, and has its values at once."""
    count_a_million(cloudwatch)
    whole = bill_stack(stack, SPAN, PRICES).pipeline
    monkeypatch.setattr(cloudwatch, "_list_metrics", lambda Namespace: {"Metrics": []})
    workspace = json.dumps({"sources": {"web": {}}, "syncs": {"all": {}}}).encode()
    stack.client("s3").put_object(Bucket="archive", Key="workspaces/d1.json", Body=workspace)
    bill = bill_stack(stack, SPAN, PRICES)
    assert (bill.events, bill.pipeline) == (1_000_000, whole)


def test_what_was_not_measured_is_unknown_and_named(stack, cloudwatch):
    bill = bill_stack(stack, SPAN, PRICES)
    assert set(bill.pipeline.values()) == {None}
    assert bill.events is None
    [note] = bill.notes
    assert "API" in note
    assert "de-duplication" in note
    assert draw(bill, "24h").count("–") > 20


def test_polls_that_find_nothing_are_paid_for(stack, cloudwatch):
    put(cloudwatch, "AWS/SQS", "QueueName", "sluice-All", NumberOfEmptyReceives=21_600)
    assert bill_stack(stack, SPAN, PRICES).pipeline["sync queues"] == pytest.approx(21_600 * 0.4e-6)


def test_a_queue_of_large_messages_is_paid_by_64_kb(stack, cloudwatch):
    put(
        cloudwatch,
        "AWS/SQS",
        "QueueName",
        "sluice-All",
        NumberOfMessagesSent=100,
        SentMessageSize=100 * 240 * 1024,
    )
    expected = count_requests(100, 240 * 1024) * 0.4e-6
    assert bill_stack(stack, SPAN, PRICES).pipeline["sync queues"] == pytest.approx(expected)


def test_requests_over_512_kb_count_more_than_once(stack, cloudwatch):
    put(cloudwatch, "AWS/ApiGateway", "ApiId", "api1", Count=10, DataProcessed=10 * 2**20)
    assert bill_stack(stack, SPAN, PRICES).pipeline["API"] == pytest.approx(20e-6)


def test_alarms_cost_by_the_metrics_that_they_compute_from(stack):
    deployed = list_deployed(stack)
    assert (deployed.syncs, deployed.alarm_metrics, deployed.composites, deployed.dashboards) == (1, 3, 2, 1)
    assert bill_stack(stack, SPAN, PRICES).fixed["alarms"] == pytest.approx(0.30)


def test_metrics_cost_by_the_hours_in_which_they_had_values(stack, cloudwatch):
    for hours in (1, 2, 3):
        cloudwatch.put("Packs", NOW - timedelta(hours=hours), 1, 2, service="router")
    bill = bill_stack(stack, SPAN, PRICES)
    assert bill.additions["metrics, by the hour"] == pytest.approx(3 / 720 * 0.30)


def test_an_object_is_written_in_each_minute_that_firehose_got_something(stack, cloudwatch):
    for minutes in (5, 5, 6, 90):
        at = NOW - timedelta(minutes=minutes)
        cloudwatch.put("IncomingRecords", at, 7, namespace="AWS/Firehose", DeliveryStreamName="sluice-events")
    assert bill_stack(stack, SPAN, PRICES).additions["S3 objects"] == pytest.approx(3 * 5e-6)


def test_a_month_is_thirty_days_at_this_rate(stack, cloudwatch):
    count_a_million(cloudwatch)
    bill = bill_stack(stack, SPAN, PRICES)
    day = sum(v for v in [*bill.pipeline.values(), *bill.additions.values()] if v is not None)
    assert bill.compute_month() == pytest.approx(day * 30 + sum(bill.fixed.values()))


# The local stack: Sluice's own counts


def test_own_counts_make_a_load(stack, cloudwatch):
    for name, value in {"Accepted": 900, "Duplicates": 50}.items():
        cloudwatch.put(name, AN_HOUR_AGO, value, service="router")
    cloudwatch.put("Blocked", AN_HOUR_AGO, 50, reason="missing_identity", service="router")
    cloudwatch.put("Requests", AN_HOUR_AGO, 100, source="web", service="ingest")
    for sync, routed in {"a": 900, "b": 600}.items():
        cloudwatch.put("Routed", AN_HOUR_AGO, routed, sync=sync, service="router")
        cloudwatch.put("Attempts", AN_HOUR_AGO, routed * 2, sync=sync, service="delivery")
        cloudwatch.put("Packs", AN_HOUR_AGO, routed / 5, sync=sync, service="delivery")
    load = count_load(stack, SPAN)
    assert (load.events, load.per_request, load.syncs, load.attempts, load.per_pack) == (1000, 10, 1.5, 2, 10)
    bill = bill_counts(stack, SPAN, PRICES)
    month = price_pipeline(replace(load, events=30 * 1000), PRICES)  # a day's load, every day
    assert bill.pipeline == pytest.approx({hop: dollars / 30 for hop, dollars in month.items()})
    assert "model" in bill.basis


def test_without_events_there_is_nothing_to_price(stack):
    with pytest.raises(CommandError, match="no events"):
        bill_counts(stack, SPAN, PRICES)


# The command


def run(*arguments):
    app = Typer()
    app.command()(cost)
    return CliRunner(env=TERMINAL).invoke(app, list(arguments))


def draw(bill: Bill, span: str = "") -> str:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(render_bill(bill, PRICES, span))
    return console.export_text()


def test_what_if_needs_no_stack_and_keeps_to_the_target_when_invocations_are_full():
    result = run("--what-if", "events=1e9,syncs=3,per-request=20,bytes=1024,burst=100", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["totals"]["pipeline_per_million"] <= 0.70
    assert told["totals"]["additions_per_million"] > 0
    assert told["prices"]["date"] == PRICES.date.isoformat()


def test_the_sums_are_the_sums_of_their_parts():
    told = json.loads(run("--what-if", "events=1e8", "--json").stdout)
    parts = [told[part] for part in ("pipeline", "additions", "fixed_month")]
    assert told["totals"]["month"] == pytest.approx(sum(sum(part.values()) for part in parts))
    assert told["totals"]["idle_month"] == pytest.approx(sum(told["idle_month"].values()))


def test_other_prices_make_another_bill(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("date: 2027-01-01\nprices:\n  egress_gb: {usd: 0}\n")
    told = json.loads(run("--what-if", "", "--prices", str(path), "--json").stdout)
    assert told["pipeline"]["egress"] == 0
    assert told["prices"]["date"] == "2027-01-01"


@pytest.mark.parametrize("text", ["events=lots", "colour=blue"])
def test_nonsense_is_refused_in_a_line(text):
    result = run("--what-if", text)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")


def test_eighty_columns_are_enough_for_a_bill(stack, cloudwatch):
    count_a_million(cloudwatch)
    for text in (draw(bill_stack(stack, SPAN, PRICES), "24h"), draw(bill_load(Load(events=1e12), PRICES))):
        assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
        assert "…" not in text


# The document


def list_examples():
    """Commands in the document with the output that stands below them."""
    text = DOCUMENT.read_text()
    return re.findall(
        r"^```text\n\$ (?:uv run )?sluice cost (.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )


@pytest.mark.parametrize(("arguments", "output"), list_examples())
def test_the_documents_tables_are_what_the_command_prints(arguments, output):
    printed = run(*arguments.replace('"', "").split())
    assert [line.rstrip() for line in printed.stdout.splitlines()] == [
        line.rstrip() for line in output.splitlines()
    ]


def test_the_document_has_examples():
    assert len(list_examples()) >= 1


def test_the_documents_table_of_loads_is_computed():
    table = DOCUMENT.read_text().partition("<!-- loads -->\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert len(rows) >= 5
    for words, *figures in rows:
        told = json.loads(run("--what-if", words.strip("`"), "--json").stdout)["totals"]
        names = ("pipeline_per_million", "additions_per_million", "idle_month", "month")
        assert figures == [f"{told[name]:,.2f}" for name in names], words


def test_the_documents_figures_of_the_model_hold():
    text = DOCUMENT.read_text()
    by_event = price_pipeline(Load(dedup=20), PRICES)["de-duplication"]
    by_request = price_pipeline(Load(), PRICES)["de-duplication"]
    assert f"${by_event - by_request:.2f} per million more" in text
    idle = [sum(price_idle(list_fixtures(n), PRICES).values()) for n in (0, 1, 3)]
    assert f"${idle[1] - idle[0]:.2f} a month idle, ${SYNC_METRICS * 0.30:.2f} more" in text
    assert f"About ${idle[2]:.0f} a month with three syncs" in text
    for dollars in ("$2.50 for 25", "$0.50 for the composite", "$0.35 for metrics", "$1.04 for polling"):
        assert dollars in text


def test_the_readmes_prices_are_the_models():
    [sentence] = re.findall(
        r"^It is for .*With three syncs it costs (.*) \(\[how", README.read_text(), re.MULTILINE
    )
    told = [float(dollars) for dollars in re.findall(r"\$([\d.]+)", sentence)]
    idle, *months = (
        json.loads(run("--what-if", f"events={events},syncs=3", "--json").stdout)["totals"]
        for events in ("0", "1e6", "1e7", "1e8")
    )
    assert told == [round(idle["idle_month"], 2), *(round(month["month"]) for month in months)]


def test_the_documents_number_of_syncs_is_what_a_stack_has_room_for():
    [found] = re.findall(r"^\| syncs of a stack \| (\d+),", DOCUMENT.read_text(), re.MULTILINE)
    assert int(found) == read_resources(TEMPLATE.read_text()).room
