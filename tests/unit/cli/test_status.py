"""`sluice status`: every number from where it is counted, a dash for what is not, 80 columns."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from cli.local.errors import LocalStackError
from cli.redriven import count_redriven
from cli.stack import CommandError, Stack
from cli.status import status
from cli.status.alarms import read_alarms
from cli.status.commands import keep_showing
from cli.status.overview import read_overview
from cli.status.report import (
    draw_sparks,
    dump_overview,
    format_count,
    format_seconds,
    list_reasons,
    render_overview,
)
from cli.status.series import Ask, MetricReader, make_range
from tests.adapters.aws import fake_aws, make_table
from tests.fakes.metrics import FakeCloudWatch
from tests.template.expand import TEMPLATE, expand_template

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SPAN = make_range(NOW - timedelta(hours=24), NOW, NOW)
SYNCS = {"PurchasesToCrm": "purchases-to-crm", "EventsToWebhook": "events-to-webhook"}


def ago(**time):
    return NOW - timedelta(**time)


@pytest.fixture
def cloudwatch():
    return FakeCloudWatch()


@pytest.fixture
def mappings():
    return {f"uuid-{name}": "Enabled" for name in SYNCS}


@pytest.fixture
def stack(cloudwatch, mappings):
    with fake_aws():
        sqs, s3 = boto3.client("sqs"), boto3.client("s3")
        s3.create_bucket(Bucket="archive")
        make_table("control", "kind", "id")
        queues = ["Ingest", *SYNCS]
        resources = {"ArchiveBucket": "archive", "ControlTable": "control"}
        for name in queues:
            resources[f"{name}Queue"] = sqs.create_queue(QueueName=f"sluice-{name}")["QueueUrl"]
            resources[f"{name}Dlq"] = sqs.create_queue(QueueName=f"sluice-{name}-dlq")["QueueUrl"]
        resources |= {f"{name}DeliveryMapping": f"uuid-{name}" for name in SYNCS}
        clients = {
            "cloudwatch": cloudwatch,
            "sqs": sqs,
            "s3": s3,
            "dynamodb": boto3.client("dynamodb"),
            "lambda": SimpleNamespace(
                get_event_source_mapping=lambda UUID: {"State": mappings[UUID], "LastModified": ago(hours=5)}
            ),
        }
        yield Stack("sluice", "us-east-1", resources, clients.__getitem__, is_local=False)


def put_delivery(cloudwatch, sync="purchases-to-crm", at=None, **values):
    for name, value in values.items():
        cloudwatch.put(name, at or ago(hours=1), *value, sync=sync, service="delivery")


def send(stack, sync, count, **options):
    for n in range(count):
        stack.client("sqs").send_message(QueueUrl=stack.queue_url(sync), MessageBody=str(n), **options)


def read(stack, *syncs, span=SPAN):
    return read_overview(stack, syncs, span, NOW)


def test_a_syncs_numbers_are_the_sums_of_its_metrics(stack, cloudwatch):
    put_delivery(cloudwatch, at=ago(hours=20), Delivered=[5], Retried=[1], Dead=[0])
    put_delivery(cloudwatch, Delivered=[7, 8], Retried=[2], Dead=[3])
    cloudwatch.put("Routed", ago(hours=2), 40, sync="purchases-to-crm", service="router")
    counts = read(stack).syncs["purchases-to-crm"]
    assert (counts.matched, counts.delivered, counts.retried, counts.dead) == (40, 20, 3, 3)


def test_what_was_before_the_range_does_not_count(stack, cloudwatch):
    put_delivery(cloudwatch, at=ago(hours=30), Delivered=[5])
    put_delivery(cloudwatch, Delivered=[7])
    assert read(stack).syncs["purchases-to-crm"].delivered == 7


def test_what_has_no_metric_is_unknown_and_not_zero(stack):
    counts = read(stack).syncs["events-to-webhook"]
    assert (counts.matched, counts.delivered, counts.retried, counts.dead, counts.p95) == (None,) * 5
    assert read(stack).router.accepted is None


def test_another_stacks_syncs_of_the_same_name_do_not_count(stack, cloudwatch):
    put_delivery(cloudwatch, Delivered=[7])
    cloudwatch.put(
        "Delivered",
        ago(hours=1),
        100,
        namespace="Sluice/other",
        sync="purchases-to-crm",
        service="delivery",
    )
    assert read(stack).syncs["purchases-to-crm"].delivered == 7


def test_metrics_are_read_where_the_functions_publish_them():
    variables = expand_template(TEMPLATE.read_text())["Globals"]["Function"]["Environment"]["Variables"]
    namespace = variables["POWERTOOLS_METRICS_NAMESPACE"]["Fn::Sub"].replace("${AWS::StackName}", "blue")
    metrics = MetricReader(Stack("blue", "us-east-1", {}, lambda _: None, is_local=False))
    assert metrics.make_own("Delivered").namespace == namespace


def test_a_zero_that_was_measured_is_a_zero(stack, cloudwatch):
    put_delivery(cloudwatch, Dead=[0])
    assert read(stack).syncs["purchases-to-crm"].dead == 0


def test_latencies_are_percentiles_over_the_whole_range(stack, cloudwatch):
    put_delivery(cloudwatch, at=ago(hours=20), LatencyMs=range(100))
    put_delivery(cloudwatch, LatencyMs=[1000] * 100)
    counts = read(stack).syncs["purchases-to-crm"]
    assert (round(counts.p50), counts.p95) == (550, 1000)


def test_deaths_are_told_by_reason_the_most_frequent_first(stack, cloudwatch):
    put_delivery(cloudwatch, Dead=[5])
    for reason, count in (("rejected", 1), ("timeout", 4)):
        cloudwatch.put(
            "Dead", ago(hours=1), count, sync="purchases-to-crm", reason=reason, service="delivery"
        )
    counts = read(stack).syncs["purchases-to-crm"]
    assert list(counts.reasons.items()) == [("timeout", 4), ("rejected", 1)]
    assert counts.dead == 5


def test_sources_have_what_ingest_took_and_blocked(stack, cloudwatch):
    cloudwatch.put("Accepted", ago(hours=1), 90, source="web", service="ingest")
    cloudwatch.put("Accepted", ago(hours=1), 5, source="app", service="ingest")
    cloudwatch.put("Blocked", ago(hours=1), 10, source="web", reason="missing_identity", service="ingest")
    sources = read(stack).sources
    assert {name: (s.accepted, s.blocked) for name, s in sources.items()} == {
        "app": (5, {}),
        "web": (90, {"missing_identity": 10}),
    }


def test_the_router_knows_duplicates_and_what_it_blocked_itself(stack, cloudwatch):
    for name, value in {"Accepted": 90, "Duplicates": 7, "Replayed": 0}.items():
        cloudwatch.put(name, ago(hours=1), value, service="router")
    cloudwatch.put("Blocked", ago(hours=1), 3, reason="invalid_shape", service="router")
    cloudwatch.put("Blocked", ago(hours=1), 9, source="web", reason="invalid_shape", service="ingest")
    router = read(stack).router
    assert (router.accepted, router.duplicates, router.replayed) == (90, 7, 0)
    assert router.blocked == {"invalid_shape": 3}


def test_what_waits_is_told_by_where_it_is(stack):
    send(stack, "purchases-to-crm", 3)
    send(stack, "purchases-to-crm", 2, DelaySeconds=900)
    stack.client("sqs").receive_message(QueueUrl=stack.queue_url("purchases-to-crm"))
    stack.client("sqs").send_message(QueueUrl=stack.dlq_url("purchases-to-crm"), MessageBody="letter")
    now = read(stack).now["purchases-to-crm"]
    assert (now.queue.ready, now.queue.delayed, now.queue.in_flight) == (2, 2, 1)
    assert now.dlq.total == 1


def test_the_oldest_that_waits_is_the_older_of_what_delivery_and_sqs_say(stack, cloudwatch):
    send(stack, "purchases-to-crm", 1)
    put_delivery(cloudwatch, at=ago(minutes=5), OldestWaitingSeconds=[4000])
    for age in (100, 5000):
        cloudwatch.put(
            "ApproximateAgeOfOldestMessage",
            ago(minutes=5),
            age,
            namespace="AWS/SQS",
            QueueName="sluice-PurchasesToCrm",
        )
        oldest = read(stack).syncs["purchases-to-crm"].oldest
        if age == 5000:
            assert oldest == 5000
        else:
            assert 4000 + 180 <= oldest <= 4000 + 300, "what delivery saw has waited on since"


def test_events_that_wait_are_those_that_are_neither_delivered_nor_dead(stack, cloudwatch):
    cloudwatch.put("Routed", ago(minutes=5), 100, sync="purchases-to-crm", service="router")
    put_delivery(cloudwatch, Delivered=[80], Dead=[5], Retried=[30])
    overview = read(stack)
    assert overview.syncs["purchases-to-crm"].open == 15
    [row] = [line for line in draw(overview).splitlines() if line.startswith("purchases")][1:]
    assert row.split()[-1] == "15"
    assert overview.syncs["events-to-webhook"].open is None


def put_age(cloudwatch, at, age):
    cloudwatch.put(
        "ApproximateAgeOfOldestMessage", at, age, namespace="AWS/SQS", QueueName="sluice-PurchasesToCrm"
    )


def test_an_age_that_sqs_no_longer_measures_is_not_the_oldest(stack, cloudwatch):
    send(stack, "purchases-to-crm", 1)
    put_age(cloudwatch, ago(minutes=10), 700)
    put_age(cloudwatch, ago(minutes=2), 5)
    assert read(stack).syncs["purchases-to-crm"].oldest == 5


def test_what_waits_for_a_paused_sync_is_as_old_as_deliveries_saw_before_the_pause(
    stack, cloudwatch, mappings
):
    send(stack, "purchases-to-crm", 1)
    put_delivery(cloudwatch, at=ago(hours=5, minutes=2), OldestWaitingSeconds=[3600])
    put_age(cloudwatch, ago(minutes=6), 5 * 3600)
    assert read(stack).syncs["purchases-to-crm"].oldest == 5 * 3600
    mappings["uuid-PurchasesToCrm"] = "Disabled"
    cloudwatch.queries.clear()
    overview = read(stack)
    assert overview.syncs["purchases-to-crm"].oldest == 3600 + 5 * 3600 + 60
    assert "purchases-to-crm: paused for 5 h" in draw(overview)
    assert overview.asked == len(cloudwatch.queries)


def test_nothing_is_oldest_in_an_empty_queue(stack, cloudwatch):
    put_delivery(cloudwatch, at=ago(minutes=5), OldestWaitingSeconds=[4000])
    assert read(stack).syncs["purchases-to-crm"].oldest is None


def open_breaker(stack, slug="purchases-to-crm"):
    row = {"kind": f"breaker:{slug}", "id": slug, "state": "open", "reason": "server_error"}
    times = {"opened_at": NOW.timestamp() - 90, "until": NOW.timestamp() + 30, "failures": 7, "seconds": 60}
    item = {key: {"S": value} for key, value in row.items()}
    item |= {key: {"N": str(value)} for key, value in times.items()}
    stack.client("dynamodb").put_item(TableName="control", Item=item)


def test_an_open_breaker_shows_with_why_and_until_when(stack):
    open_breaker(stack)
    now = read(stack).now
    assert now["purchases-to-crm"].breaker.reason == "server_error"
    assert now["events-to-webhook"].breaker is None
    assert "breaker open for 1.5 min: server_error, 7 failures; next call in 30 s" in " ".join(
        draw(read(stack)).split()
    )


def test_a_paused_sync_shows(stack, mappings):
    mappings["uuid-PurchasesToCrm"] = "Disabled"
    assert [slug for slug, now in read(stack).now.items() if now.paused] == ["purchases-to-crm"]
    assert "purchases-to-crm: paused" in draw(read(stack))


def test_syncs_can_be_chosen(stack):
    assert list(read(stack, "events-to-webhook").syncs) == ["events-to-webhook"]


def test_a_sync_that_the_stack_does_not_have_is_named(stack):
    with pytest.raises(CommandError, match="no sync shop"):
        read(stack, "shop")


def test_slugs_are_spelt_as_the_metrics_spell_them(stack, cloudwatch):
    put_delivery(cloudwatch, sync="purchases-to-c-rm", Delivered=[1])
    put_delivery(cloudwatch, sync="events-to-webhook", Delivered=[2])
    assert read(stack).syncs["events-to-webhook"].delivered == 2


def test_as_many_metrics_are_asked_for_as_are_told(stack, cloudwatch):
    put_delivery(cloudwatch, Delivered=[7], LatencyMs=[3])
    overview = read(stack)
    assert overview.asked == len(cloudwatch.queries)
    assert {query["MetricStat"]["Metric"]["MetricName"] for query in cloudwatch.queries} >= {
        "Delivered",
        "LatencyMs",
    }


def keep_workspace(stack, digest="d1", **parts):
    workspace = {"digest": digest, "sources": {"web": {}}, "syncs": {"purchases-to-crm": {}}, **parts}
    stack.client("s3").put_object(
        Bucket="archive", Key=f"workspaces/{digest}.json", Body=json.dumps(workspace).encode()
    )


def test_metrics_that_are_too_new_for_a_list_are_asked_for_by_name(stack, cloudwatch, monkeypatch):
    """CloudWatch lists a new metric after 15 minutes, and has its values at once."""
    monkeypatch.setattr(cloudwatch, "_list_metrics", lambda Namespace: {"Metrics": []})
    keep_workspace(stack)
    put_delivery(cloudwatch, Delivered=[7], Dead=[1])
    cloudwatch.put("Routed", ago(minutes=5), 8, sync="purchases-to-crm", service="router")
    cloudwatch.put("Accepted", ago(minutes=5), 8, service="router")
    cloudwatch.put("Accepted", ago(minutes=5), 8, source="web", service="ingest")
    cloudwatch.put("Blocked", ago(minutes=5), 2, source="web", reason="missing_identity", service="ingest")
    cloudwatch.put("Blocked", ago(minutes=5), 2, reason="missing_identity", service="router")
    overview = read(stack)
    counts = overview.syncs["purchases-to-crm"]
    assert (counts.matched, counts.delivered, counts.dead) == (8, 7, 1)
    assert overview.router.accepted == 8
    assert overview.router.blocked == {"missing_identity": 2}
    assert overview.sources["web"].blocked == {"missing_identity": 2}


def test_letters_that_went_back_make_the_row_add_up(stack, cloudwatch):
    put_delivery(cloudwatch, Delivered=[10], Dead=[2])
    cloudwatch.put("Routed", ago(minutes=5), 10, sync="purchases-to-crm", service="router")
    assert "redriven" not in draw(read(stack))
    cloudwatch.put("Redriven", ago(minutes=5), 2, sync="purchases-to-crm", service="operator")
    counts = read(stack).syncs["purchases-to-crm"]
    assert counts.matched + counts.redriven == counts.delivered + counts.dead
    assert counts.open == 0
    assert "redriven" in draw(read(stack))


def test_what_a_redrive_sent_is_counted_where_status_looks(stack, cloudwatch):
    sent = []
    cloudwatch.put_metric_data = lambda **data: sent.append(data)
    assert count_redriven(stack, "purchases-to-crm", 3)
    [data] = sent
    [datum] = data["MetricData"]
    assert (data["Namespace"], datum["MetricName"], datum["Value"]) == ("Sluice/sluice", "Redriven", 3.0)
    assert {d["Name"]: d["Value"] for d in datum["Dimensions"]} == {
        "sync": "purchases-to-crm",
        "service": "operator",
    }


def test_what_consent_forbids_is_told_with_its_reason(stack, cloudwatch):
    cloudwatch.put("Skipped", ago(minutes=5), 4, reason="consent_denied", service="router")
    assert read(stack).router.skipped == {"consent_denied": 4}
    assert "consent_denied 4" in draw(read(stack))


def test_what_a_function_or_a_suppression_ended_is_counted_by_reason(stack, cloudwatch):
    cloudwatch.put("Dropped", ago(minutes=5), 3, reason="function_dropped", service="router")
    assert read(stack).router.dropped == {"function_dropped": 3}
    assert "function_dropped 3" in draw(read(stack))


def test_reasons_of_deaths_that_are_too_new_for_a_list_are_asked_for_by_name(stack, cloudwatch, monkeypatch):
    monkeypatch.setattr(cloudwatch, "_list_metrics", lambda Namespace: {"Metrics": []})
    put_delivery(cloudwatch, Dead=[5])
    cloudwatch.put("Dead", ago(hours=1), 5, sync="purchases-to-crm", reason="rejected", service="delivery")
    overview = read(stack)
    assert overview.syncs["purchases-to-crm"].reasons == {"rejected": 5}
    assert overview.asked == len(cloudwatch.queries)


def test_reasons_are_not_asked_for_by_name_where_those_that_are_listed_explain_all_deaths(stack, cloudwatch):
    put_delivery(cloudwatch, Dead=[5])
    cloudwatch.put("Dead", ago(hours=1), 5, sync="purchases-to-crm", reason="rejected", service="delivery")
    read(stack)
    reasons = [q for q in cloudwatch.queries if "reason" in str(q) and "Dead" in str(q)]
    assert len(reasons) == 1


def test_an_alarm_is_on_since_its_state_changed_last(stack, cloudwatch):
    cloudwatch._alarms.append(
        {
            "AlarmName": "sluice-router",
            "StateValue": "ALARM",
            "StateTransitionedTimestamp": ago(hours=2),
            "StateUpdatedTimestamp": ago(minutes=1),
        }
    )
    [alarm] = read(replace(stack, resources={**stack.resources, "RouterAlarm": "sluice-router"})).alarms
    assert alarm.since == ago(hours=2)


def test_alarms_that_are_on_show_with_what_they_say(stack, cloudwatch):
    alarm = {"AlarmDescription": "it is late", "StateUpdatedTimestamp": ago(hours=2)}
    cloudwatch._alarms += [
        {**alarm, "AlarmName": "sluice-router", "StateValue": "ALARM"},
        {**alarm, "AlarmName": "sluice-ingest", "StateValue": "OK"},
        {**alarm, "AlarmName": "sluice-other-router", "StateValue": "ALARM"},
    ]
    overview = read(replace(stack, resources={**stack.resources, "RouterAlarm": "sluice-router"}))
    assert [alarm.name for alarm in overview.alarms] == ["sluice-router"]
    assert "ALARM sluice-router, for 2 h: it is late" in draw(overview)


QUERY = [{"Id": "worst", "Expression": 'SELECT MAX(a) FROM SCHEMA("b", sync) GROUP BY sync'}]


def test_an_alarm_over_many_says_for_whom_it_is_on(stack, cloudwatch):
    alarm = {"AlarmDescription": "they wait", "StateUpdatedTimestamp": ago(hours=2), "Metrics": QUERY}
    cloudwatch._alarms.append({**alarm, "AlarmName": "sluice-waiting", "StateValue": "ALARM"})
    cloudwatch._contributors["sluice-waiting"] = ["orders-to-crm", "all-to-lake"]
    overview = read(replace(stack, resources={**stack.resources, "WaitingAlarm": "sluice-waiting"}))
    assert overview.alarms[0].contributors == ["all-to-lake", "orders-to-crm"]
    assert "ALARM sluice-waiting (all-to-lake, orders-to-crm), for 2 h: they wait" in draw(overview)


def test_without_the_right_to_read_contributors_the_alarm_shows_all_the_same(stack, cloudwatch):
    alarm = {"StateUpdatedTimestamp": ago(hours=2), "Metrics": QUERY}
    cloudwatch._alarms.append({**alarm, "AlarmName": "sluice-waiting", "StateValue": "ALARM"})
    cloudwatch._contributors = None
    overview = read(replace(stack, resources={**stack.resources, "WaitingAlarm": "sluice-waiting"}))
    assert [(found.name, found.contributors) for found in overview.alarms] == [("sluice-waiting", [])]


def test_on_the_local_stack_the_reason_names_the_contributors(stack, cloudwatch):
    reason = "2 out of 3 time series evaluated to ALARM: orders-to-crm 4000, till 1e+06"
    alarm = {"StateUpdatedTimestamp": ago(hours=2), "Metrics": QUERY, "StateReason": reason}
    cloudwatch._alarms.append({**alarm, "AlarmName": "sluice-waiting", "StateValue": "ALARM"})
    [found] = read_alarms(replace(stack, is_local=True))
    assert found.contributors == ["orders-to-crm", "till"]


def test_it_says_how_old_the_figures_of_each_stage_are(stack, cloudwatch):
    """Over a day, figures are of whole hours: when they were counted last is asked for by the minute."""
    cloudwatch.put("Accepted", ago(minutes=2), 1, source="web", service="ingest")
    cloudwatch.put("Accepted", ago(minutes=4), 1, service="router")
    put_delivery(cloudwatch, at=ago(hours=3), Delivered=[1], OldestWaitingSeconds=[0])
    overview = read(stack)
    assert overview.counted_until == {"ingest": ago(minutes=1), "router": ago(minutes=3), "delivery": None}
    text = " ".join(draw(overview).split())
    assert "until: ingest 11:59Z (1 min ago), router 11:57Z (3 min ago), delivery none in 20 min." in text
    assert "queues, breakers, pauses and alarms are of 12:00:00Z" in text


def test_of_a_range_that_is_over_it_says_no_age(stack, cloudwatch):
    cloudwatch.put("Accepted", ago(minutes=2), 1, service="router")
    past = make_range(ago(hours=30), ago(hours=6), NOW)
    assert "counts are CloudWatch's, of a range that is over." in draw(read(stack, span=past))


def draw(overview, width=80):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(render_overview(overview, NOW))
    return console.export_text()


def fill(stack, cloudwatch):
    for slug in SYNCS.values():
        for hour in range(24):
            put_delivery(
                cloudwatch,
                slug,
                ago(hours=hour, minutes=30),
                Delivered=[123_456 * (hour + 1)],
                Retried=[45_678],
                Dead=[9_999],
                LatencyMs=[150, 250_000],
            )
        cloudwatch.put("Routed", ago(hours=2), 98_765_432, sync=slug, service="router")
        for reason in ("missing_required_field", "auth_rejected", "rejected", "timeout"):
            cloudwatch.put("Dead", ago(hours=1), 60_000, sync=slug, reason=reason, service="delivery")
        send(stack, slug, 3)
    cloudwatch.put("Accepted", ago(hours=1), 12_345_678, service="router")
    cloudwatch.put("Accepted", ago(hours=1), 12_345_678, source="web", service="ingest")
    cloudwatch.put("Blocked", ago(hours=1), 77, source="web", reason="missing_identity", service="ingest")
    open_breaker(stack)


def test_eighty_columns_are_enough(stack, cloudwatch):
    fill(stack, cloudwatch)
    lines = draw(read(stack)).splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "…" in line]


def test_the_picture_says_everything(stack, cloudwatch):
    fill(stack, cloudwatch)
    text = draw(read(stack))
    for told in ("98.8M", "37M", "1.1M", "240k", "4.17 min", "missing_identity 77", "died of", "1 more"):
        assert told in text


def test_a_dash_stands_for_what_was_not_measured(stack):
    [row] = [line for line in draw(read(stack)).splitlines() if line.startswith("purchases")][:1]
    assert row.split() == ["purchases-to-crm", *["–"] * 7]


def test_json_has_null_for_what_was_not_measured(stack, cloudwatch):
    put_delivery(cloudwatch, Delivered=[7])
    told = json.loads(json.dumps(dump_overview(read(stack), NOW)))
    sync = told["syncs"]["purchases-to-crm"]
    assert (sync["delivered"], sync["dead"], sync["breaker"], sync["paused"]) == (7, None, None, False)
    assert sync["queue"] == {"ready": 0, "delayed": 0, "in_flight": 0}
    assert sum(sync["volume"]) == 7
    assert told["metrics_asked"] > 0
    assert told["counted_until"] == {"ingest": None, "router": None, "delivery": None}
    assert told["syncs"]["purchases-to-crm"]["paused_since"] is None


def test_without_a_stack_the_command_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path))
    monkeypatch.delenv("SLUICE_STACK", raising=False)
    app = Typer()
    app.command()(status)
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 1
    assert "make up" in result.stderr
    assert LocalStackError.__name__ not in result.stderr


def test_watching_draws_until_it_is_interrupted(stack):
    drawn = []

    def sleep(seconds):
        if len(drawn) == 3:
            raise KeyboardInterrupt

    def read_again():
        drawn.append(1)
        return read(stack), NOW

    keep_showing(read_again, Console(file=open("/dev/null", "w")), sleep)  # noqa: SIM115
    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("age", "length", "period"),
    [
        ({"hours": 24}, {"hours": 24}, 3600),
        ({"minutes": 15}, {"minutes": 15}, 60),
        ({"days": 7}, {"days": 7}, 43_200),
        ({"days": 20}, {"minutes": 15}, 300),
        ({"days": 70}, {"minutes": 15}, 3600),
        ({"days": 400}, {"days": 400}, 86_400),
    ],
)
def test_a_range_is_cut_into_parts_that_cloudwatch_still_has(age, length, period):
    since = NOW - timedelta(**age)
    span = make_range(since, since + timedelta(**length), NOW)
    assert span.period == period
    assert span.since <= since
    assert span.since.timestamp() % period == 0
    assert span.whole <= 86_400


@pytest.mark.parametrize("kind", ["fake", "moto"])
def test_the_fake_and_moto_give_the_same_values(kind, cloudwatch):
    with fake_aws():
        client = cloudwatch if kind == "fake" else boto3.client("cloudwatch")
        if kind == "fake":
            client.put("Delivered", ago(hours=3), 2, 3, sync="a", service="delivery")
        else:
            dimensions = [{"Name": "sync", "Value": "a"}, {"Name": "service", "Value": "delivery"}]
            for value in (2, 3):
                data = {"MetricName": "Delivered", "Dimensions": dimensions, "Value": value}
                client.put_metric_data(
                    Namespace="Sluice/sluice",
                    MetricData=[{**data, "Timestamp": ago(hours=3), "Unit": "Count"}],
                )
        metrics = MetricReader(Stack("sluice", "us-east-1", {}, lambda _: client, is_local=False))
        metric = metrics.make_own("Delivered", sync="a", service="delivery")
        assert metrics.list_own() == {metric}
        asks = [Ask(metric, "Sum", 3600), Ask(metrics.make_own("Dead", sync="a"), "Sum", 3600)]
        values = metrics.read(asks, SPAN.since, SPAN.until)
        assert [values[ask] for ask in asks] == [[(ago(hours=3), 5.0)], []]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "–"),
        (0, "0"),
        (99_999, "99,999"),
        (123_456, "123k"),
        (1_234_567, "1.23M"),
        (2e9, "2G"),
    ],
)
def test_counts_are_exact_while_they_are_short(number, text):
    assert format_count(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0.25, "250 ms"), (1.5, "1.5 s"), (90, "1.5 min"), (7200, "2 h")]
)
def test_times_have_the_unit_that_suits_them(seconds, text):
    assert format_seconds(seconds) == text


def test_only_the_most_frequent_reasons_are_told():
    assert list_reasons({"a": 4, "b": 3, "c": 2, "d": 1}) == "a 4, b 3, c 2, 1 more"


@pytest.mark.parametrize(
    ("volume", "text"), [([], "–"), ([0, 7, 14], " ▅█"), ([1] * 24, "█" * 8), ([0, 0], "  ")]
)
def test_a_bar_is_as_tall_as_its_share_of_the_tallest(volume, text):
    assert draw_sparks(volume) == text
