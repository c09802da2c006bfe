"""What commands say on a bad day: late metrics, a new account's concurrency, CloudWatch that refuses."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
import typer
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from rich.console import Console

from cli.cost.measured import bill_stack
from cli.cost.prices import load_prices
from cli.stack import CommandError, Stack, explain_failure
from cli.status.concurrency import Concurrency, read_concurrency
from cli.status.overview import read_overview
from cli.status.report import dump_overview, render_overview
from cli.status.series import Ask, MetricReader, make_metric, make_range
from tests.adapters.aws import fake_aws, make_table
from tests.fakes.metrics import FakeCloudWatch

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SPAN = make_range(NOW - timedelta(hours=24), NOW, NOW)
ASK = Ask(make_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="sluice-All"), "Maximum", 60)


class FakeLambda:
    """An account with a limit; each mapping has a MaximumConcurrency."""

    def __init__(self, limit=1000, denied=False):
        self.limit, self.denied = limit, denied

    def get_account_settings(self):
        if self.denied:
            raise make_error("AccessDeniedException", "GetAccountSettings")
        return {"AccountLimit": {"ConcurrentExecutions": self.limit}}

    def get_event_source_mapping(self, UUID):
        most = 50 if UUID == "router" else 10
        return {"State": "Enabled", "ScalingConfig": {"MaximumConcurrency": most}}


def make_error(code, operation, message="Rate exceeded"):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.fixture
def account():
    return FakeLambda()


@pytest.fixture
def cloudwatch():
    return FakeCloudWatch()


@pytest.fixture
def stack(account, cloudwatch):
    with fake_aws():
        sqs, s3 = boto3.client("sqs"), boto3.client("s3")
        s3.create_bucket(Bucket="archive")
        make_table("control", "kind", "id")
        resources = {
            "ArchiveBucket": "archive",
            "ControlTable": "control",
            "AllDeliveryMapping": "all",
            "RouterMapping": "router",
        }
        for name in ("Ingest", "All"):
            resources[f"{name}Queue"] = sqs.create_queue(QueueName=f"sluice-{name}")["QueueUrl"]
            resources[f"{name}Dlq"] = sqs.create_queue(QueueName=f"sluice-{name}-dlq")["QueueUrl"]
        clients = {
            "cloudwatch": cloudwatch,
            "sqs": sqs,
            "s3": s3,
            "dynamodb": boto3.client("dynamodb"),
            "lambda": account,
        }
        yield Stack("sluice", "us-east-1", resources, clients.__getitem__, is_local=False)


def draw(stack):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(render_overview(read_overview(stack, (), SPAN, NOW), NOW))
    return " ".join(console.export_text().split())


def wait_in_queue(stack, count=3):
    for n in range(count):
        stack.client("sqs").send_message(QueueUrl=stack.resources["AllQueue"], MessageBody=str(n))


# Late metrics of SQS


def test_messages_are_counted_although_sqs_has_no_metrics_yet(stack):
    wait_in_queue(stack)
    told = dump_overview(read_overview(stack, (), SPAN, NOW), NOW)["syncs"]
    [sync] = told.values()
    assert (sync["queue"]["ready"], sync["oldest"]) == (3, None)
    assert "3 0 0 –" in draw(stack)


def test_the_age_is_deliverys_while_that_of_sqs_is_late(stack, cloudwatch):
    wait_in_queue(stack)
    told = dump_overview(read_overview(stack, (), SPAN, NOW), NOW)["syncs"]
    [slug] = told
    cloudwatch.put("OldestWaitingSeconds", NOW - timedelta(minutes=3), 600, sync=slug, service="delivery")
    told = dump_overview(read_overview(stack, (), SPAN, NOW), NOW)["syncs"]
    assert 600 <= told[slug]["oldest"] <= 600 + 3 * 60


def test_an_age_of_sqs_that_comes_late_is_used_when_it_is_there(stack, cloudwatch):
    wait_in_queue(stack)
    at = NOW - timedelta(minutes=10)
    cloudwatch.put("ApproximateAgeOfOldestMessage", at, 45, namespace="AWS/SQS", QueueName="sluice-All")
    told = dump_overview(read_overview(stack, (), SPAN, NOW), NOW)["syncs"]
    assert [sync["oldest"] for sync in told.values()] == [45]


# A new account's ten concurrent executions


def test_status_says_when_the_account_runs_fewer_functions_than_the_stack_may_use(stack, account):
    account.limit = 10
    text = draw(stack)
    assert "this account runs 10 functions at once; the router and these syncs may use 60" in text
    assert "Service Quotas" in text


@pytest.mark.parametrize(("limit", "is_short"), [(10, True), (60, True), (61, False), (1000, False)])
def test_one_run_must_be_left_for_ingest(stack, account, limit, is_short):
    account.limit = limit
    assert read_concurrency(stack, [10]) == Concurrency(limit, 60)
    assert ("functions at once" in draw(stack)) is is_short


def test_the_limit_is_in_the_overview_for_programs(stack, account):
    account.limit = 10
    told = dump_overview(read_overview(stack, (), SPAN, NOW), NOW)
    assert json.loads(json.dumps(told))["concurrency"] == {"account": 10, "wanted": 60}


def test_status_works_for_people_who_may_not_read_the_accounts_limit(stack, account):
    account.denied = True
    assert "functions at once" not in draw(stack)


# CloudWatch refuses


def read_throttled(stack):
    """A real client whose every call is answered with Throttling."""
    client = boto3.client("cloudwatch", region_name="us-east-1")
    with Stubber(client) as stubber:
        stubber.add_client_error("get_metric_data", "Throttling", "Rate exceeded", 400)
        reader = MetricReader(SimpleNamespace(name=stack.name, client=lambda _: client))
        reader.read([ASK], SPAN.since, SPAN.until)


def test_throttled_metrics_are_an_error_that_says_to_wait(stack, capsys):
    with pytest.raises(typer.Exit) as caught, explain_failure():
        read_throttled(stack)
    first, hint = capsys.readouterr().err.splitlines()
    assert caught.value.exit_code == 1
    assert first.startswith("error: ")
    assert "GetMetricData" in first
    assert "again in a minute" in hint


def test_a_bill_is_not_computed_from_throttled_metrics(stack, cloudwatch):
    def refuse(**_arguments):
        raise make_error("ThrottlingException", "GetMetricData")

    cloudwatch._get_metric_data = refuse
    resources = {**stack.resources, "HttpApi": "api1"}
    with pytest.raises(ClientError, match="Rate exceeded"):
        bill_stack(Stack("sluice", "us-east-1", resources, stack.client, is_local=False), SPAN, load_prices())


@pytest.mark.parametrize(
    ("status", "told"), [("InternalError", "could not read every metric"), ("Forbidden", "may not read")]
)
def test_a_metric_that_cannot_be_read_is_not_one_without_data(stack, cloudwatch, status, told):
    answer = {"Id": "m0", "StatusCode": status, "Timestamps": [], "Values": []}
    cloudwatch._get_metric_data = lambda **_arguments: {"MetricDataResults": [answer]}
    with pytest.raises(CommandError, match=told):
        MetricReader(stack).read([ASK], SPAN.since, SPAN.until)


@pytest.mark.parametrize(
    "code", ["Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown"]
)
def test_every_service_that_is_called_too_often_gets_the_same_hint(code, capsys):
    with pytest.raises(typer.Exit), explain_failure():
        raise make_error(code, "SomeCall")
    assert "hint: AWS gets too many calls" in capsys.readouterr().err
