"""The functions' IAM policies, enforced: enough for every way an event can go, and needed for it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local.clients import make_client
from cli.local.observe import script_sink
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, make_order, post, post_batch, send
from tests.e2e.evidence import (
    Facts,
    count_verdicts,
    list_attempts,
    read_archived_letters,
    wait_for_delivery,
    wait_for_letters,
    wait_for_lines,
)
from tests.e2e.stacks import NO_PORTS, WORKSPACE, LocalStack, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

DENIALS = ("AccessDenied", "not authorized", "UnauthorizedOperation")


@pytest.fixture(scope="module")
def own_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that the test may write a key to."""
    return Path(shutil.copytree(WORKSPACE, tmp_path_factory.mktemp("enforced") / "workspace"))


@pytest.fixture(scope="module")
def made_key(own_workspace: Path) -> str:
    """A write key as an operator makes one, before the deploy."""
    maker = LocalStack(own_workspace, *NO_PORTS, own_workspace)
    finished = maker.run("keys", "create", "--source", "shop")
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.fixture(scope="module")
def enforced(own_workspace: Path, made_key: str) -> Iterator[LocalStack]:
    with running_stack("enforced", "--auth", workspace=own_workspace) as stack:
        yield stack


def test_an_event_may_go_every_way_there_is(enforced: LocalStack, run: str) -> None:
    facts = enforced.facts
    refused, flaky = make_order(run, userId=f"{run}-refused"), make_order(run, userId=f"{run}-flaky")
    script_sink(facts, "/crm/*", [{"status": 422, "repeat": "forever"}], contains=refused["userId"])
    script_sink(facts, "/crm/*", [{"status": 503}], contains=flaky["userId"])
    events = [make_order(run), flaky, refused, make_event(run), make_event(run, userId="")]

    for _ in range(2):
        sent = send(facts, events)
    till = send(facts, [make_event(run)], source="till")
    send(facts, [make_event(run)], source="kiosk")  # which has a quota

    wait_for_delivery(facts, "crm", [events[0]["messageId"], flaky["messageId"]])
    assert len(list_attempts(facts, "crm", [flaky["messageId"]])[flaky["messageId"]]) == 2
    wait_for_delivery(facts, "lake", [*sent[:4], *till])
    wait_for_letters(facts, "orders-to-crm", [refused["messageId"]])
    assert refused["messageId"] in read_archived_letters(facts, "orders-to-crm")
    verdicts = count_verdicts(wait_for_lines(facts, sent, times=2))
    assert verdicts == {"accepted": 4, "blocked": 1, "duplicate": 5}
    assert find_denials(facts) == []


def test_a_revoked_key_is_refused_within_a_minute_and_no_other(
    enforced: LocalStack, made_key: str, run: str
) -> None:
    facts = enforced.facts
    assert try_key(facts, made_key, run) == 200

    options = ("--source", "shop", "--id", "k1", "--stack", facts["stack_name"])
    revoked = enforced.run("keys", "revoke", *options, **facts["environment"])

    assert revoked.returncode == 0, revoked.stderr
    eventually(lambda: try_key(facts, made_key, run) == 401, what="the revoked key is refused", seconds=60)
    assert try_key(facts, facts["write_keys"]["shop"], run) == 200
    assert find_denials(facts) == []


def test_without_its_policy_a_function_may_do_nothing(enforced: LocalStack, run: str) -> None:
    """Proves that the tests before were refereed by anybody."""
    facts = enforced.facts
    iam, role = make_client("iam", facts["endpoint_url"]), facts["resources"]["IngestRole"]
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)

    assert post_batch(facts, [make_event(run)]).status == 503
    assert eventually(lambda: find_denials(facts), what="the denial in the function's log")


def try_key(facts: Facts, key: str, run: str) -> int:
    """The status of a request with this key."""
    return post(f"{facts['api_url']}/v1/track", make_event(run), {"X-Write-Key": key}).status


def find_denials(facts: Facts) -> list[str]:
    """Lines of the functions' logs that speak of a refused AWS call."""
    logs = make_client("logs", facts["endpoint_url"])
    groups = [
        group["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/lambda/")
        for group in page["logGroups"]
    ]
    lines = [
        event["message"]
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    ]
    assert any('"Requests"' in line for line in lines), "these are the functions' logs"
    return [line for line in lines if any(denial in line for denial in DENIALS)]
