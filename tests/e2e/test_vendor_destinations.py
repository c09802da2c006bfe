"""Braze, Slack and RudderStack on a stack of their own, their part played by the sink: what arrives, and with
which secret; what a vendor refuses by its own means becomes a dead letter."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.local.clients import make_client
from cli.local.observe import read_sink, script_sink
from tests.e2e.deadlines import eventually
from tests.e2e.events import make_event, make_order, send
from tests.e2e.evidence import Facts, read_archived_letters, wait_for_letters
from tests.e2e.stacks import running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

SECRETS = {
    "braze/api-key": "braze-rest-api-key",
    "slack/token": "xoxb-1-slack-bot-token",
    "rudderstack/write-key": "rudderstack-write-key",
}
AUTHORIZATION = {
    "braze": f"Bearer {SECRETS['braze/api-key']}",
    "slack": f"Bearer {SECRETS['slack/token']}",
    "rudderstack": f"Basic {b64encode(f'{SECRETS["rudderstack/write-key"]}:'.encode()).decode()}",
}
FILES = {
    "sources/web.yaml": "keys: []\n",
    "destinations/braze.yaml": """
kind: braze
settings:
  instance: fra-01
  api_key: {secret: "ssm:api-key"}
""",
    "destinations/slack.yaml": """
kind: slack
settings:
  token: {secret: "ssm:token"}
  channel: "#sales"
""",
    "destinations/rudderstack.yaml": """
kind: rudderstack
settings:
  data_plane_url: https://example.dataplane.rudderstack.com
  write_key: {secret: "ssm:write-key"}
""",
    "syncs/web-to-braze.yaml": """
source: web
destination: braze
event_types:
  - type: user_attributes
  - type: custom_event
retry: {for: 2m, first: 1s, max: 2s}
""",
    "syncs/orders-to-slack.yaml": """
source: web
destination: slack
event_types:
  - type: message
    filter: {field: event, op: equals, value: Order Completed}
    mappings:
      text: {template: "{{ row.userId }} paid {{ row.properties.total }}"}
retry: {for: 2m, first: 1s, max: 2s}
concurrency: 1
max_concurrency: 2
""",
    "syncs/web-to-rudderstack.yaml": """
source: web
destination: rudderstack
event_types:
  - type: track
  - type: identify
retry: {for: 2m, first: 1s, max: 2s}
""",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vendors") / "workspace"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
    return folder


@pytest.fixture(scope="module")
def facts(workspace: Path) -> Iterator[Facts]:
    """A stack whose secrets are the operator's own, put where the destinations' pages say."""
    with running_stack("vendors", workspace=workspace) as stack:
        found = stack.facts
        ssm = make_client("ssm", found["endpoint_url"])
        for name, value in SECRETS.items():
            path = f"/{found['stack_name']}/destinations/{name}"
            ssm.put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
        yield found


def find_requests(facts: Facts, destination: str, text: str) -> list[dict[str, Any]]:
    """The requests to a destination whose body has the text in it, oldest first."""
    return [
        request for request in read_sink(facts, f"/{destination}/*") if text in json.dumps(request["body"])
    ]


def wait_for_requests(facts: Facts, destination: str, text: str, count: int = 1) -> list[dict[str, Any]]:
    return eventually(
        lambda: find_requests(facts, destination, text),
        lambda found: len(found) >= count,
        what=f"{count} requests at {destination}",
    )


def test_each_vendor_gets_the_event_in_its_own_words_and_with_its_own_secret(facts: Facts, run: str) -> None:
    order = make_order(run)
    send(facts, [order], source="web")

    [braze] = wait_for_requests(facts, "braze", order["userId"])
    [slack] = wait_for_requests(facts, "slack", order["userId"])
    [rudderstack] = wait_for_requests(facts, "rudderstack", order["userId"])

    assert braze["path"] == "/braze/users/track"
    [event] = braze["body"]["events"]
    assert (event["external_id"], event["name"]) == (order["userId"], "Order Completed")
    assert event["properties"] == {"total": 12.5}
    assert slack["path"] == "/slack/api/chat.postMessage"
    assert slack["body"] == {"channel": "#sales", "text": f"{order['userId']} paid 12.5"}
    assert rudderstack["path"] == "/rudderstack/v1/batch"
    [call] = rudderstack["body"]["batch"]
    assert (call["type"], call["event"], call["messageId"]) == (
        "track",
        "Order Completed",
        order["messageId"],
    )
    sent = {"braze": braze, "slack": slack, "rudderstack": rudderstack}
    assert {name: request["headers"]["authorization"] for name, request in sent.items()} == AUTHORIZATION


def test_who_a_user_is_goes_where_a_vendor_has_a_place_for_it(facts: Facts, run: str) -> None:
    identify = make_event(run, type="identify", event="", traits={"plan": "pro"})
    send(facts, [identify], source="web")

    [braze] = wait_for_requests(facts, "braze", identify["userId"])
    [rudderstack] = wait_for_requests(facts, "rudderstack", identify["userId"])

    [user] = braze["body"]["attributes"]
    assert (user["external_id"], user["plan"]) == (identify["userId"], "pro")
    [call] = rudderstack["body"]["batch"]
    assert (call["type"], call["traits"]) == ("identify", {"plan": "pro"})
    assert find_requests(facts, "slack", identify["userId"]) == []


def test_a_message_that_slack_refuses_with_200_is_a_dead_letter(facts: Facts, run: str) -> None:
    refusal = {"status": 200, "body": {"ok": False, "error": "channel_not_found"}, "repeat": "forever"}
    script_sink(facts, "/slack/*", [refusal], contains=run)
    order = make_order(run)
    send(facts, [order], source="web")

    letter = wait_for_letters(facts, "orders-to-slack", [order["messageId"]])[order["messageId"]]

    attributes = letter.pop("attributes")
    assert (attributes["reason"], attributes["status"], attributes["attempts"]) == ("rejected", "200", "1")
    assert letter["detail"] == "Slack says channel_not_found"
    assert letter["payload"] == {"text": f"{order['userId']} paid 12.5"}
    assert SECRETS["slack/token"] not in json.dumps(letter)
    assert read_archived_letters(facts, "orders-to-slack")[order["messageId"]] == letter
    assert len(find_requests(facts, "slack", order["userId"])) == 1


def test_a_message_that_slack_could_not_take_with_200_is_sent_again(facts: Facts, run: str) -> None:
    script_sink(facts, "/slack/*", [{"body": {"ok": False, "error": "internal_error"}}], contains=run)
    order = make_order(run)
    send(facts, [order], source="web")

    first, second = wait_for_requests(facts, "slack", order["userId"], 2)

    assert first["body"] == second["body"]


def test_of_a_batch_only_what_braze_names_is_a_dead_letter(facts: Facts, run: str) -> None:
    errors = [{"type": "'name' is not a valid string", "input_array": "events", "index": 1}]
    answer = {"status": 201, "body": {"message": "success", "errors": errors}}
    script_sink(facts, "/braze/*", [answer], contains=run)
    views = {n: make_event(run, userId=f"{run}-{n}") for n in range(3)}
    ids = {view["userId"]: view["messageId"] for view in views.values()}
    send(facts, list(views.values()), source="web")

    [request] = wait_for_requests(facts, "braze", run)
    named = ids[request["body"]["events"][1]["external_id"]]
    letters = wait_for_letters(facts, "web-to-braze", [named])

    assert len(request["body"]["events"]) == 3
    assert letters[named]["attributes"]["reason"] == "rejected"
    assert errors[0]["type"] in letters[named]["detail"]
    assert SECRETS["braze/api-key"] not in json.dumps(letters[named])
    archived = read_archived_letters(facts, "web-to-braze")
    assert [message_id for message_id in ids.values() if message_id in archived] == [named]


def test_one_call_that_rudderstack_refuses_costs_no_other_call_of_its_batch(facts: Facts, run: str) -> None:
    script_sink(facts, "/rudderstack/*", [{"status": 400, "repeat": "forever"}], contains=f"{run}-bad")
    views = [make_event(run, userId=f"{run}-bad" if n == 33 else f"{run}-{n}") for n in range(60)]
    sent = send(facts, views, source="web")

    def count_taken() -> Counter[str]:
        requests = find_requests(facts, "rudderstack", run)
        taken = [request for request in requests if request["status"] == 200]
        return Counter(call["messageId"] for request in taken for call in request["body"]["batch"])

    bad = sent.pop(33)
    letters = wait_for_letters(facts, "web-to-rudderstack", [bad])
    taken = eventually(count_taken, lambda taken: len(taken) >= len(sent), what="the others at RudderStack")

    assert taken == dict.fromkeys(sent, 1)
    assert letters[bad]["attributes"]["reason"] == "rejected"
    [call] = json.loads(letters[bad]["request"]["body"])["batch"]
    assert call["messageId"] == bad
    assert len(find_requests(facts, "rudderstack", run)) <= 13
