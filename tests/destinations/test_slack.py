"""Events through delivery to a server that plays Slack: its token, its channels, its 200 for everything."""

import re
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from sluice.adapters.http import MAX_BODY, HttpTransport
from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Batch, Response
from sluice.destinations.slack.answers import NOT_NOW, TOKEN_REFUSED, judge
from sluice.destinations.slack.messages import EVENT_TYPES, build
from sluice.destinations.slack.settings import SlackSettings, auth
from sluice.errors import AuthRejected, GiveUp, RetryLater
from sluice.packs import Item
from sluice.workspace.compile import Workspace, compile_workspace, find_problems
from sluice.workspace.models import Destination, Source, Sync
from tests.fakes.vendor_server import run_server
from tests.unit.delivery.world import World, make_event, make_pack

TOKEN = "xoxb-1-a-bot-token"
SETTINGS = {"token": {"secret": "ssm:token"}, "channel": "#events"}
CHANNELS = {"#events", "#sales", "C0123456789"}


def play_slack(sock, request):
    """`ok: false` with a word for a wrong token, an unknown channel and nothing to say; else the echo."""
    head, _, body = request.partition(b"\r\n\r\n")
    message = orjson.loads(body)
    if f"authorization: bearer {TOKEN}".encode() not in head.lower():
        answer = {"ok": False, "error": "invalid_auth"}
    elif message["channel"] not in CHANNELS:
        answer = {"ok": False, "error": "channel_not_found"}
    elif not message.get("text") and not message.get("blocks"):
        answer = {"ok": False, "error": "no_text"}
    else:
        answer = {"ok": True, "channel": "C0123456789", "ts": "1503435956.000247", "message": message}
    said = orjson.dumps(answer)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))


def make_workspace(mappings=None, **settings):
    event_type = {"type": "message", **({"mappings": mappings} if mappings else {})}
    return compile_workspace(
        Workspace(
            sources={"web": Source()},
            destinations={"crm": Destination(kind="slack", settings={**SETTINGS, **settings})},
            syncs={"crm": Sync(source="web", destination="crm", event_types=[event_type])},
        )
    )


@contextmanager
def run_slack(mappings=None, *, token=TOKEN, play=play_slack, **settings):
    """A sync to Slack on loopback, with its defaults as the compiled workspace has them."""
    with run_server(play) as server:
        workspace = make_workspace(mappings, api_url=server.url("/api"), **settings)
        world = World(workspace, vendor=HttpTransport(allow_private=True))
        world.secrets.secrets["ssm:token"] = token
        yield world, server


def read_messages(server):
    return [orjson.loads(raw.partition(b"\r\n\r\n")[2]) for raw in server.requests]


def map_event(event, mappings=None):
    return compile_sync(make_workspace(mappings), "crm").mappers["message"](event)


@pytest.mark.enable_socket
def test_each_event_is_a_message_of_its_own_in_the_channel_of_the_settings():
    with run_slack() as (world, server):
        report = world.run(make_pack(make_event(1), make_event(2), type="message"))
    assert report.delivered == 2
    assert all(raw.startswith(b"POST /api/chat.postMessage HTTP/1.1\r\n") for raw in server.requests)
    assert all(b"Content-Type: application/json; charset=utf-8\r\n" in raw for raw in server.requests)
    assert sorted(read_messages(server), key=str) == [
        {"text": "u-1: Order Completed", "channel": "#events"},
        {"text": "u-2: Order Completed", "channel": "#events"},
    ]


@pytest.mark.enable_socket
def test_a_mapping_may_choose_the_channel_and_all_else_of_a_message():
    mappings = {
        "channel": {"field": "properties.channel"},
        "text": {"template": "{{ row.event }}: {{ row.properties.total }}"},
        "blocks": {"value": [{"type": "divider"}]},
        "thread_ts": {"value": "1503435956.000247"},
        "unfurl_links": {"value": False},
        "username": {"field": "properties.nobody", "if_missing": None},
    }
    event = make_event(1, properties={"channel": "#sales", "total": 12.5})
    with run_slack(mappings) as (world, server):
        report = world.run(make_pack(event, type="message"))
    assert report.delivered == 1
    assert read_messages(server) == [
        {
            "channel": "#sales",
            "text": "Order Completed: 12.5",
            "blocks": [{"type": "divider"}],
            "thread_ts": "1503435956.000247",
            "unfurl_links": False,
        }
    ]


@pytest.mark.enable_socket
def test_a_message_that_slack_refuses_is_a_dead_letter_with_its_word():
    mappings = {"extends": "defaults", "channel": {"field": "properties.channel"}}
    lost = make_event(2, properties={"channel": "#gone"})
    with run_slack(mappings) as (world, _server):
        report = world.run(make_pack(make_event(1), lost, type="message"))
    assert (report.delivered, report.dead) == (1, Counter(rejected=1))
    [letter] = world.letters
    assert (letter["message_id"], letter["status"]) == ("m-2", 200)
    assert letter["detail"] == "Slack says channel_not_found"
    assert orjson.loads(letter["response"]["body"]) == {"ok": False, "error": "channel_not_found"}
    assert TOKEN not in orjson.dumps(letter).decode()


@pytest.mark.enable_socket
def test_a_token_that_is_refused_waits_and_is_not_shown():
    with run_slack(token="xoxb-an-old-token") as (world, server):
        report = world.run(make_pack(type="message"))
    assert (report.delivered, len(world.waiting), world.letters) == (0, 1, [])
    assert world.secrets.fresh_reads == 1
    assert len(server.requests) == 2
    assert "xoxb-an-old-token" not in orjson.dumps(world.waiting_packs).decode()


@pytest.mark.enable_socket
def test_slack_is_asked_again_when_it_said_it_may_be():
    def play_busy(sock, _request):
        said = b'{"ok":false,"error":"ratelimited"}'
        sock.sendall(
            b"HTTP/1.1 429 Slow Down\r\nRetry-After: 30\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
        )

    with run_slack(play=play_busy) as (world, _server):
        report = world.run(make_pack(type="message"))
    assert (report.retried, world.letters) == (1, [])
    [pack] = world.waiting_packs
    assert pack["not_before"] == "2027-01-15T08:00:30.000Z"


@pytest.mark.enable_socket
def test_the_echo_of_a_message_too_long_to_be_read_counts_as_taken():
    text = "é" * 60_000
    with run_slack({"text": {"value": text}}) as (world, server):
        report = world.run(make_pack(type="message"))
    assert len(server.requests[0]) > MAX_BODY
    assert (report.delivered, world.waiting, world.letters) == (1, [], [])


@pytest.mark.enable_socket
def test_a_message_with_nothing_to_say_makes_no_request():
    with run_slack({"text": {"field": "properties.text"}}) as (world, server):
        report = world.run(make_pack(type="message"))
    assert report.dead == Counter(missing_required_field=1)
    assert server.requests == []
    assert "'text' or 'blocks'" in world.letters[0]["detail"]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"type": "track", "userId": "u-1", "event": "Signed Up"}, "u-1: Signed Up"),
        ({"type": "track", "anonymousId": "a-1", "event": "Signed Up"}, "a-1: Signed Up"),
        ({"type": "identify", "userId": "u-1", "traits": {"email": "ada@a.example"}}, "u-1 was identified"),
        ({"type": "page", "userId": "u-1", "name": "Pricing"}, "u-1 viewed Pricing"),
        ({"type": "page", "userId": "u-1"}, "u-1 viewed a page"),
        ({"type": "screen", "userId": "u-1"}, "u-1 viewed a screen"),
        ({"type": "group", "userId": "u-1", "groupId": "g-1"}, "u-1 is in group g-1"),
        ({"type": "alias", "userId": "u-1", "previousId": "a-1"}, "a-1 is now u-1"),
    ],
)
def test_the_default_says_who_did_what_for_every_kind_of_event(event, text):
    assert map_event(event) == {"text": text}


def test_what_an_event_says_can_neither_call_a_channel_nor_hide_a_link():
    event = make_event(1, event="<!channel> <https://evil.example|Bank> & it's")
    escaped = "&lt;!channel&gt; &lt;https://evil.example|Bank&gt; &amp; it's"
    assert map_event(event) == {"text": f"u-1: {escaped}"}


@pytest.mark.parametrize(
    ("word", "error", "reason"),
    [
        ("ratelimited", RetryLater, "rate_limited"),
        ("rate_limited", RetryLater, "rate_limited"),
        ("message_limit_exceeded", RetryLater, "rate_limited"),
        ("internal_error", RetryLater, "server_error"),
        ("fatal_error", RetryLater, "server_error"),
        ("service_unavailable", RetryLater, "server_error"),
        ("request_timeout", RetryLater, "timeout"),
        ("team_added_to_org", RetryLater, "not_ready"),
        ("org_login_required", RetryLater, "not_ready"),
        ("invalid_auth", AuthRejected, "auth_rejected"),
        ("not_authed", AuthRejected, "auth_rejected"),
        ("token_revoked", AuthRejected, "auth_rejected"),
        ("token_expired", AuthRejected, "auth_rejected"),
        ("account_inactive", AuthRejected, "auth_rejected"),
        ("missing_scope", AuthRejected, "auth_rejected"),
        ("no_permission", AuthRejected, "auth_rejected"),
        ("not_allowed_token_type", AuthRejected, "auth_rejected"),
        ("channel_not_found", GiveUp, "rejected"),
        ("not_in_channel", GiveUp, "rejected"),
        ("is_archived", GiveUp, "rejected"),
        ("msg_too_long", GiveUp, "rejected"),
        ("no_text", GiveUp, "rejected"),
        ("invalid_blocks", GiveUp, "rejected"),
        ("a_word_of_next_year", GiveUp, "rejected"),
    ],
)
def test_each_word_of_slack_says_what_happens_next(word, error, reason):
    body = orjson.dumps({"ok": False, "error": word})
    verdict = judge_answer(Response(200, {"retry-after": "7"}, body))
    assert (type(verdict), verdict.reason, verdict.status) == (error, reason, 200)
    assert verdict.detail == f"Slack says {word}"
    if error is RetryLater:
        assert verdict.after == 7


@pytest.mark.parametrize("body", [b'{"ok":true,"ts":"1.2"}', b'{"ok":true,"warning":"missing_charset"}', b""])
def test_an_answer_that_refuses_nothing_took_the_message(body):
    assert judge_answer(Response(200, body=body)) is None


@pytest.mark.parametrize(
    "response",
    [
        Response(200, body=b"<html>Slack is away</html>"),
        Response(200, body=b"[]"),
        Response(200, body=b'{"ok":fal', complete=False),
        Response(200, body=b"", complete=False),
        Response(503, body=b'{"ok":true}'),
    ],
)
def test_an_answer_that_does_not_say_what_became_of_the_message_is_asked_for_again(response):
    verdict = judge_answer(response)
    assert (type(verdict), verdict.reason) == (RetryLater, "server_error")


def judge_answer(response):
    settings = SlackSettings.model_validate(SETTINGS)
    batch = Batch("crm", 1, 1, [(Item("message", {}), {"text": "a"})])
    [request] = build(settings, batch)
    return judge(settings, request, response, 0.0)


def test_the_token_is_sent_as_a_bearer_token_and_is_in_no_request():
    settings = SlackSettings.model_validate(SETTINGS)
    [(name, reference)] = auth(settings).items()
    assert (name, reference.secret, reference.format) == ("Authorization", "ssm:token", "Bearer {}")
    [request] = build(settings, Batch("crm", 1, 1, [(Item("message", {}), {"text": "a"})]))
    assert request.url == "https://slack.com/api/chat.postMessage"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "xoxb-in-the-open"},
        {"token": {"secret": "ssm:token", "format": "Bearer {}"}},
        {"channel": " "},
        {"api_url": "https://slack.com/api?a=b"},
        {"webhook_url": "https://hooks.slack.com/services/T/B/x"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValidationError):
        SlackSettings.model_validate({**SETTINGS, **wrong})


PAGE = (Path(__file__).parents[2] / "docs/destinations/slack.md").read_text()


def read_examples():
    """The YAML blocks of the page."""
    return [YAML(typ="safe").load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)]


def test_the_examples_of_the_page_pass_the_check():
    destination, sync, *event_types = read_examples()
    assert len(event_types) >= 2
    syncs = {"own": sync, **{f"n{n}": {**sync, **tree} for n, tree in enumerate(event_types)}}
    workspace = Workspace(
        sources={"web": Source()},
        destinations={"slack": Destination.model_validate(destination)},
        syncs={slug: Sync.model_validate(tree) for slug, tree in syncs.items()},
    )
    assert find_problems(workspace) == []


@pytest.mark.parametrize(
    ("example", "event", "message"),
    [
        (
            1,
            {"event": "Order Completed", "properties": {"order_id": "o-1", "total": 12.5}},
            {"text": "Order o-1: 12.5 EUR"},
        ),
        (2, {"event": "Signed Up", "userId": "u-1"}, {"text": "Welcome, u-1", "channel": "#signups"}),
        (
            2,
            {"event": "Payment Failed", "userId": "u-1"},
            {"text": ":warning: u-1 could not pay", "channel": "#billing"},
        ),
        (
            3,
            {"userId": "u 1", "properties": {"note": "<!channel> & co"}},
            {"text": "&lt;!channel&gt; &amp; co <https://crm.example.com/users/u+1|open>"},
        ),
    ],
)
def test_an_example_of_the_page_says_what_it_is_meant_to(example, event, message):
    [event_type] = read_examples()[example]["event_types"]
    assert map_event(make_event(1, **event), event_type["mappings"]) == message


def test_the_window_of_the_page_is_the_default_one():
    assert compile_sync(make_workspace(), "crm").schedule.window == 14_400 == 4 * 3600


def test_the_page_names_every_field_and_every_word_that_is_not_simply_a_refusal():
    fields = EVENT_TYPES["message"].fields
    for word in (*fields, *NOT_NOW, *TOKEN_REFUSED):
        assert f"`{word}`" in PAGE, word
