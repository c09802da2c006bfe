"""Alarms as whoever is on call meets them: they go off, mail, and end when the runbook was followed.

Each test causes one trouble, sees its alarm, and does what docs/operations.md says. That alarms end, two
minutes after their cause, is waited for once. Alarms that look at hours come after that: theirs are minutes.
"""

import json
import os
import re
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.doctor.names import list_names
from cli.local.clients import make_client
from cli.local.metrics.sources import AGE, LATE
from cli.local.observe import script_sink
from cli.local.pump import FIREHOSE
from sluice.reconciling.hours import HOUR, SLACK
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, make_order, post_batch, send
from tests.e2e.evidence import Facts, list_attempts, wait_for_delivery, wait_for_letters
from tests.e2e.queues import changed_queue, count_in_flight, put_message, take_messages
from tests.e2e.stacks import WORKSPACE, LocalStack, find_workers, running_stack
from tests.template.expand import TEMPLATE

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

STACK = "sluice-local"
CRM, LAKE, TILL = (f"{STACK}-{sync}" for sync in ("OrdersToCrm", "EverythingToLake", "TillToLake"))
UNHEALTHY = f"{STACK}-unhealthy"
TEN_DAYS = 10 * 86_400 + 60
REDELIVERY_SECONDS = "8"  # instead of six minutes
LIMITS = {  # what a sync's alarms wait for, so short that the tests can, too
    "orders-to-crm": "{queue_age: 5s}",
    "everything-to-lake": "{oldest_waiting: 5s}",
    "till-to-lake": "{latency_p95: 2s}",
}
LONGEST_WINDOW = timedelta(minutes=2)  # of the syncs in tests/e2e/workspace


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One of its own: what other tests break would go off here too, and `pause` marks a file."""
    workspace = tmp_path_factory.mktemp("alarms") / "workspace"
    shutil.copytree(WORKSPACE, workspace)
    for sync, limits in LIMITS.items():
        path = workspace / "syncs" / f"{sync}.yaml"
        path.write_text(f"{path.read_text()}alarms: {limits}\n")
    with running_stack("alarms", workspace=workspace) as stack:
        yield stack


@pytest.fixture(scope="module")
def watched(stack: LocalStack) -> Facts:
    return stack.facts


@pytest.fixture(scope="module")
def inbox(watched: Facts) -> str:
    """A queue that gets what an e-mail subscriber gets."""
    sqs, sns = (make_client(service, watched["endpoint_url"]) for service in ("sqs", "sns"))
    url = str(sqs.create_queue(QueueName="inbox")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = watched["resources"]["AlarmTopic"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return url


def read_states(facts: Facts) -> dict[str, str]:
    cloudwatch = make_client("cloudwatch", facts["endpoint_url"])
    found = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}


def name_queue(url: str) -> str:
    """The name in a queue's URL, as CloudWatch has it."""
    return url.rpartition("/")[2]


def wait_for_state(facts: Facts, alarm: str, state: str) -> None:
    eventually(lambda: read_states(facts).get(alarm), lambda found: found == state, what=f"{alarm} {state}")


def wait_for_alarm(facts: Facts, alarm: str, of: str = "") -> None:
    """Until the alarm is on; for `of`, where it watches many."""
    cloudwatch = make_client("cloudwatch", facts["endpoint_url"])

    def read() -> str:
        [found] = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return f"{found['StateValue']}: {found['StateReason']}"

    def is_on(found: str) -> bool:
        return found.startswith("ALARM: ") and (
            not of or re.search(rf"[:,] {re.escape(of)} \d", found) is not None
        )

    eventually(read, is_on, what=f"{alarm} is on for {of or 'it'}")


def read_mails(facts: Facts, inbox: str) -> list[tuple[str, str, str]]:
    """(alarm, state, reason) of what came since the last look."""
    mails: list[dict[str, Any]] = [json.loads(body) for body in take_messages(facts, inbox)]
    return [(m["AlarmName"], m["NewStateValue"], m["NewStateReason"]) for m in mails]


@pytest.fixture(scope="module")
def mended() -> list[tuple[str, str]]:
    """(destination, message id) of what is on its way again once a breaker's time is over."""
    return []


def follow(stack: LocalStack, *words: str) -> None:
    """A command of the runbook."""
    finished = stack.run(*words)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def put_secret(facts: Facts, destination: str, name: str, value: str) -> None:
    make_client("ssm", facts["endpoint_url"]).put_parameter(
        Name=f"/{STACK}/destinations/{destination}/{name}", Value=value, Type="SecureString", Overwrite=True
    )


def throttle(facts: Facts, logical_id: str) -> None:
    """One call that finds no free concurrency."""
    lambda_, name = make_client("lambda", facts["endpoint_url"]), facts["resources"][logical_id]
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with suppress(ClientError):
        lambda_.invoke(FunctionName=name, Payload=b"{}")
    lambda_.delete_function_concurrency(FunctionName=name)


@contextmanager
def paused_pump(stack: LocalStack) -> Iterator[None]:
    """While the block runs nobody looks, so that one mail tells of all that happens in it.

    A line younger than `LATE` is left to the pump's next round, and then is in no mail.
    """
    pump = int((stack.folder / "pump.pid").read_text())
    os.kill(pump, signal.SIGSTOP)
    try:
        yield
        last = time.time()
        eventually(lambda: time.time() - last, lambda age: age > 2 * LATE, what="all lines are old enough")
    finally:
        os.kill(pump, signal.SIGCONT)


@contextmanager
def changed_environment(facts: Facts, logical_id: str, **changes: str) -> Iterator[None]:
    """A function that has other variables while the block runs."""
    lambda_, name = make_client("lambda", facts["endpoint_url"]), facts["resources"][logical_id]
    former = lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": former | changes})
    try:
        yield
    finally:
        lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": former})


def invoke(facts: Facts, logical_id: str, payload: dict[str, Any]) -> str:
    """The error of one run, "" where it ended well."""
    lambda_, name = make_client("lambda", facts["endpoint_url"]), facts["resources"][logical_id]
    return str(lambda_.invoke(FunctionName=name, Payload=json.dumps(payload)).get("FunctionError", ""))


def kill_at_work(stack: LocalStack, function: str, work: Callable[[], Any], begun: Callable[[], Any]) -> None:
    """Kills the processes of a function that have some work in hand."""
    workers = find_workers(stack, function)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    doing = Thread(target=work)
    doing.start()
    begun()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    doing.join()


@contextmanager
def stopped_router(facts: Facts) -> Iterator[None]:
    """While the block runs, packs stay in the queue of ingest."""
    lambda_, mapping = make_client("lambda", facts["endpoint_url"]), facts["resources"]["RouterMapping"]
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
    finally:
        lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)


def test_a_stack_without_trouble_has_every_alarm_of_the_template_and_none_goes_off(watched: Facts) -> None:
    syncs = ("EverythingToLake", "OrdersToCrm", "TillToLake")
    wanted = {
        *(f"{STACK}-{sync}-{cause}" for sync in syncs for cause in ("dead-letters", "function-errors")),
        *(name for name in list_names(TEMPLATE.read_text(), STACK)["AlarmName"] if not is_of_a_sync(name)),
    }

    eventually(
        lambda: read_states(watched), lambda states: set(states.values()) == {"OK"}, what="all alarms are OK"
    )
    assert set(read_states(watched)) == wanted
    assert UNHEALTHY in wanted


def is_of_a_sync(alarm: str) -> bool:
    return alarm.removeprefix(f"{STACK}-")[0].isupper()


@pytest.mark.usefixtures("inbox")
def test_an_event_that_dies_raises_the_alarm_until_its_letter_is_redriven(
    stack: LocalStack, watched: Facts, run: str
) -> None:
    script_sink(watched, "/lake/*", [{"status": 422, "repeat": "forever"}], contains=run)
    sent = send(watched, [make_event(run, properties={"n": n}) for n in range(20)], "till")
    wait_for_letters(watched, "till-to-lake", sent)
    wait_for_alarm(watched, f"{TILL}-dead-letters")
    wait_for_alarm(watched, f"{STACK}-failure-rate", "till-to-lake")
    wait_for_state(watched, UNHEALTHY, "ALARM")

    script_sink(watched, "/lake/*", [], contains=run)
    follow(stack, "dlq", "redrive", "--sync", "till-to-lake", "--reason", "rejected", "--yes")
    assert wait_for_delivery(watched, "lake", sent) == dict.fromkeys(sent, 1)


def test_a_message_that_is_no_pack_raises_the_alarm_of_the_router(watched: Facts) -> None:
    queue, dlq = (watched["resources"][name] for name in ("IngestQueue", "IngestDlq"))
    sqs = make_client("sqs", watched["endpoint_url"])
    policy = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    soon = json.dumps({**json.loads(policy["RedrivePolicy"]), "maxReceiveCount": 1})  # instead of 20
    with changed_queue(watched, queue, RedrivePolicy=soon, VisibilityTimeout="1"):
        put_message(watched, queue, "no pack")
        wait_for_alarm(watched, f"{STACK}-router-failures")
        wait_for_alarm(watched, f"{STACK}-ingest-dlq")
    assert take_messages(watched, dlq) == ["no pack"]


def test_a_destination_that_takes_long_raises_the_alarm_of_latency(watched: Facts, run: str) -> None:
    script_sink(watched, "/lake/*", [{"delay": 4}], contains=run)
    sent = send(watched, [make_event(run)], "till")
    wait_for_delivery(watched, "lake", sent)
    wait_for_alarm(watched, f"{STACK}-latency", "till-to-lake")


def test_a_function_that_is_killed_raises_the_alarm_and_its_pack_comes_again(
    stack: LocalStack, watched: Facts, run: str
) -> None:
    script_sink(watched, "/crm/*", [{"delay": 60}], contains=run)
    queue = watched["queues"]["orders-to-crm"]["queue"]
    with changed_queue(watched, queue, VisibilityTimeout=REDELIVERY_SECONDS):
        [sent] = send(watched, [make_order(run)])
        eventually(lambda: list_attempts(watched, "crm", [sent])[sent], what="the destination thinks")
        for worker in find_workers(stack, "OrdersToCrmDeliveryFunction"):
            os.kill(worker, signal.SIGKILL)
        wait_for_alarm(watched, f"{CRM}-function-errors")
        eventually(lambda: len(list_attempts(watched, "crm", [sent])[sent]) > 1, what="the pack comes again")


def test_a_destination_that_is_down_raises_the_alarms_of_retries_and_of_waiting(
    watched: Facts, run: str, mended: list[tuple[str, str]]
) -> None:
    script_sink(watched, "/lake/*", [{"status": 503, "repeat": "forever"}], contains=run)
    sent = send(watched, [make_event(run, properties={"n": n}) for n in range(30)])
    wait_for_alarm(watched, f"{STACK}-retry-rate", "everything-to-lake")
    wait_for_alarm(watched, f"{STACK}-waiting", "everything-to-lake")

    script_sink(watched, "/lake/*", [], contains=run)
    mended += [("lake", message_id) for message_id in sent]


def test_a_pack_that_could_not_be_routed_raises_the_alarm_until_it_is_redriven(
    stack: LocalStack, watched: Facts, run: str
) -> None:
    with stopped_router(watched):
        sent = send(watched, [make_order(run)])
        [pack] = take_messages(watched, watched["resources"]["IngestQueue"])
        put_message(watched, watched["resources"]["IngestDlq"], pack)  # as SQS does after 20 receives
        wait_for_alarm(watched, f"{STACK}-ingest-dlq")

    follow(stack, "dlq", "redrive", "--ingest", "--yes")
    wait_for_delivery(watched, "crm", sent)


def test_a_throttled_function_raises_the_alarm(watched: Facts) -> None:
    for logical_id in ("EverythingToLakeDeliveryFunction", "RouterFunction", "IngestFunction"):
        throttle(watched, logical_id)
    wait_for_alarm(watched, f"{LAKE}-function-errors")
    wait_for_alarm(watched, f"{STACK}-router-throttles")
    wait_for_alarm(watched, f"{STACK}-ingest-throttles")


def test_requests_that_fail_and_functions_that_crash_raise_the_alarms_of_ingest_and_of_the_router(
    stack: LocalStack, watched: Facts, run: str
) -> None:
    """Clients send again what was answered 5xx, and SQS delivers again what the router had in hand."""
    queue, order = watched["resources"]["IngestQueue"], make_order(run)

    def crash_ingest() -> int:
        """The status of a request whose worker dies soon after it came."""
        send(watched, [make_event(run)])  # so that there is a worker
        answers, answered = list[int](), Event()

        def request() -> None:
            answers.append(post_batch(watched, [order]).status)
            answered.set()

        kill_at_work(stack, "IngestFunction", request, lambda: answered.wait(0.5))
        return answers[0]

    with paused_pump(stack):
        eventually(crash_ingest, lambda status: status >= 500, what="ingest dies over a request")
        with changed_environment(watched, "IngestFunction", SLUICE_INGEST_QUEUE_URL=f"{queue}-gone"):
            assert [post_batch(watched, [order]).status for _ in range(5)] == [503] * 5
        sent = send(watched, [order])
    wait_for_alarm(watched, f"{STACK}-ingest-5xx")
    wait_for_alarm(watched, f"{STACK}-ingest-errors")
    assert wait_for_delivery(watched, "crm", sent) == {sent[0]: 1}

    with changed_queue(watched, queue, VisibilityTimeout=REDELIVERY_SECONDS):
        kill_at_work(
            stack,
            "RouterFunction",
            lambda: sent.extend(send(watched, [make_order(run)])),
            lambda: eventually(lambda: count_in_flight(watched, queue), what="the router has the pack"),
        )
        wait_for_alarm(watched, f"{STACK}-router-errors")
        assert wait_for_delivery(watched, "crm", sent) == dict.fromkeys(sent, 1)


def test_a_source_above_its_quota_and_quotas_that_cannot_be_checked_raise_the_alarm(
    stack: LocalStack, watched: Facts, run: str
) -> None:
    def send_some() -> int:
        return post_batch(watched, [make_event(run) for _ in range(10)], "kiosk").status

    with paused_pump(stack):
        eventually(send_some, lambda status: status == 429, what="the quota is used up")
    wait_for_alarm(watched, f"{STACK}-over-quota", "kiosk")

    with paused_pump(stack), changed_environment(watched, "IngestFunction", SLUICE_CONTROL_TABLE="gone"):
        eventually(send_some, lambda status: status == 200, what="the quota is not checked")
    wait_for_alarm(watched, f"{STACK}-quota-unchecked", "kiosk")


def test_a_firehose_that_is_late_raises_its_alarm(stack: LocalStack, watched: Facts) -> None:
    """By CloudWatch's word: the cause itself is not tried."""
    with paused_pump(stack):
        for stream in ("events", "deliveries"):
            dimension = {"Name": "DeliveryStreamName", "Value": f"{STACK}-{stream}"}
            put_metric(watched, FIREHOSE, "DeliveryToS3.DataFreshness", dimension, 1000)
    wait_for_alarm(watched, f"{STACK}-archive-late")
    wait_for_alarm(watched, f"{STACK}-delivery-log-late")


def put_metric(facts: Facts, namespace: str, metric: str, dimension: dict[str, str], value: float) -> None:
    datum = {"MetricName": metric, "Dimensions": [dimension], "Value": value, "Timestamp": time.time()}
    make_client("cloudwatch", facts["endpoint_url"]).put_metric_data(Namespace=namespace, MetricData=[datum])


def test_refused_credentials_raise_the_alarm_until_the_secret_is_right(
    watched: Facts, run: str, mended: list[tuple[str, str]]
) -> None:
    script_sink(watched, "/crm/*", [{"status": 401, "repeat": "forever"}], contains=run)
    sent = send(watched, [make_order(run)])
    wait_for_alarm(watched, f"{STACK}-credentials-rejected", "orders-to-crm")
    wait_for_alarm(watched, f"{STACK}-breaker-open", "orders-to-crm")

    put_secret(watched, "crm", "token", f"right-{run}")
    script_sink(watched, "/crm/*", [], contains=run)
    mended += [("crm", message_id) for message_id in sent]


def test_every_alarm_ends_after_its_trouble_and_says_so(
    watched: Facts, inbox: str, mended: list[tuple[str, str]]
) -> None:
    for destination in ("crm", "lake"):
        sent = [message_id for at, message_id in mended if at == destination]
        assert wait_for_delivery(watched, destination, sent, seconds=90) == dict.fromkeys(sent, 1)
    eventually(
        lambda: {name: state for name, state in read_states(watched).items() if state != "OK"},
        lambda troubled: not troubled,
        what="all alarms are OK",
        seconds=180,
    )

    mails = read_mails(watched, inbox)
    told: dict[str, list[str]] = defaultdict(list)
    for name, state, _ in mails:
        told[name].append(state)
    assert {f"{STACK}-retry-rate", f"{STACK}-router-errors", f"{TILL}-dead-letters", UNHEALTHY} <= set(told)
    failures = next(reason for name, _, reason in mails if name == f"{STACK}-failure-rate")
    assert re.search(r"evaluated to ALARM: till-to-lake 100$", failures), failures
    for name, states in told.items():
        assert states[0] == "ALARM", name
        assert states[-1] == "OK", name


def test_queues_and_functions_have_metrics_to_look_at(watched: Facts, run: str) -> None:
    sent = send(watched, [make_order(run)])
    wait_for_delivery(watched, "crm", sent)
    cloudwatch = make_client("cloudwatch", watched["endpoint_url"])

    def list_metrics() -> set[tuple[str, str]]:
        return {
            (metric["MetricName"], dimension["Value"])
            for namespace in (f"Sluice/{STACK}", "AWS/SQS", "AWS/Lambda", "AWS/ApiGateway")
            for metric in cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
            for dimension in metric["Dimensions"]
        }

    crm = name_queue(watched["queues"]["orders-to-crm"]["queue"])
    wanted = {
        ("Delivered", "orders-to-crm"),
        ("Accepted", "router"),
        ("ApproximateNumberOfMessagesDelayed", crm),
        ("ApproximateNumberOfMessagesVisible", f"{crm}-dlq"),
        ("Errors", CRM),
        ("Count", watched["resources"]["HttpApi"]),
    }
    eventually(list_metrics, lambda found: wanted <= found, what="metrics of every kind")


def test_a_paused_sync_raises_the_alarm_of_its_queue_until_it_is_resumed(
    stack: LocalStack, watched: Facts, run: str
) -> None:
    follow(stack, "sync", "pause", "orders-to-crm")
    sent = send(watched, [make_order(run)])
    wait_for_reconciler(watched, f"{STACK}-queue-age", lambda: None)
    wait_for_alarm(watched, f"{STACK}-queue-age", "orders-to-crm")
    assert not list_attempts(watched, "crm", sent)[sent[0]]

    queue = {"Name": "QueueName", "Value": name_queue(watched["queues"]["orders-to-crm"]["queue"])}
    wait_for_reconciler(
        watched,
        f"{STACK}-events-near-retention",
        lambda: put_metric(watched, "AWS/SQS", AGE, queue, TEN_DAYS),
    )
    wait_for_alarm(watched, f"{STACK}-events-near-retention", "orders-to-crm")

    follow(stack, "sync", "resume", "orders-to-crm")
    wait_for_delivery(watched, "crm", sent)


def wait_for_reconciler(facts: Facts, alarm: str, prepare: Callable[[], None]) -> None:
    """Its run of every hour, again and again until the alarm is on."""

    def run() -> str | None:
        prepare()
        assert not invoke(facts, "ReconcilerFunction", {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"})
        return read_states(facts).get(alarm)

    eventually(run, lambda state: state == "ALARM", what=f"{alarm} is on")


def test_an_event_without_an_end_and_runs_that_fail_raise_their_alarms(
    stack: LocalStack, watched: Facts, run: str
) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    route = {"sync": "orders-to-crm", "type": "order"}
    line = {"pack_id": run, "n": 0, "message_id": f"{run}-lost", "verdict": "accepted", "syncs": [route]}
    make_client("s3", watched["endpoint_url"]).put_object(
        Bucket=watched["archive_bucket"],
        Key=f"events/dt={hour:%Y-%m-%d}/hr={hour:%H}/{run}.jsonl",
        Body=json.dumps(line, separators=(",", ":")).encode(),
    )
    due = f"{hour + HOUR + LONGEST_WINDOW + SLACK:%Y-%m-%dT%H:%M:%SZ}"
    nowhere = watched["resources"]["IngestDlq"] + "-gone"
    with paused_pump(stack):
        assert not invoke(watched, "ReconcilerFunction", {"time": due})
        assert invoke(watched, "ReconcilerFunction", {"time": "yesterday"})
        with changed_environment(watched, "ArchiverFunction", SLUICE_DLQ_ARCHIVE_AFTER_DAYS="soon"):
            assert invoke(watched, "ArchiverFunction", {})
        with changed_environment(watched, "ArchiverFunction", SLUICE_INGEST_DLQ_URL=nowhere):
            assert not invoke(watched, "ArchiverFunction", {})
        for function in ("ReconcilerFunction", "ArchiverFunction"):  # as the runbook says
            assert not invoke(watched, function, {"time": due})
    wait_for_alarm(watched, f"{STACK}-unaccounted")
    wait_for_alarm(watched, f"{STACK}-reconciler-errors")
    wait_for_alarm(watched, f"{STACK}-archiver-errors")
    wait_for_alarm(watched, f"{STACK}-letters-not-archived", f"{name_queue(nowhere)}")
