import threading
from base64 import b64encode
from urllib.parse import quote

import orjson
import pytest

from sluice.delivery.auth import Auth
from sluice.destinations.declaration import BasicUser, Response, SecretRef, fill_url
from sluice.errors import GiveUp, RetryLater
from sluice.reasons import Reason
from sluice.secret_texts import DROPPED
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.delivery.world import World, make_event, make_pack, make_workspace

TOKEN = {"Authorization": {"secret": "ssm:token", "format": "Bearer {}"}}


def make_world(**over):
    world = World(make_workspace({"headers": TOKEN}, **over))
    world.secrets.secrets["ssm:token"] = "s3cr3t-old"
    return world


def answer_to(world, good):
    """The destination knows one token."""

    def script(_request):
        return 200 if world.vendor.calls[-1].auth == {"Authorization": f"Bearer {good}"} else 401

    return script


def test_a_secret_goes_into_its_header():
    world = make_world()
    world.run(make_pack())
    [call] = world.vendor.calls
    assert call.auth == {"Authorization": "Bearer s3cr3t-old"}
    assert "Authorization" not in call.request.headers


def test_before_it_is_opened_it_has_no_headers():
    assert Auth({}, FakeSecretStore()).headers == {}


def test_a_secret_that_is_encoded_is_known_as_it_is_and_as_it_is_sent():
    store = FakeSecretStore()
    store.secrets["ssm:key"] = "write-key"
    auth = Auth({"Authorization": BasicUser(secret="ssm:key")}, store)
    auth.open()
    assert auth.headers == {"Authorization": "Basic d3JpdGUta2V5Og=="}
    assert auth.secrets.are_in("no write-key")
    assert auth.secrets.are_in("no d3JpdGUta2V5Og==")


def test_a_rotated_secret_is_read_afresh_and_the_event_delivered_in_the_run():
    world = make_world()
    world.run(make_pack())
    world.secrets.secrets["ssm:token"] = "s3cr3t-new"
    world.vendor.script = answer_to(world, "s3cr3t-new")
    report = world.run(make_pack(*(make_event(n) for n in range(20))))
    assert (report.delivered, report.retried) == (20, 0)
    assert world.secrets.fresh_reads == 1


def test_refused_for_good_means_one_more_try_and_then_nobody_calls():
    world = make_world(concurrency=1)
    world.vendor.script = lambda _request: 403
    report = world.run(make_pack(make_event(1), make_event(2)))
    assert (report.retried, report.postponed, report.dead) == (1, 1, {})
    assert [call.ids for call in world.vendor.calls] == [["m-1"], ["m-1"]]
    assert world.secrets.fresh_reads == 1
    assert (report.breaker_open, report.auth_rejected) == (True, 2)


def test_without_a_secret_there_is_nothing_to_read_afresh():
    world = World()
    world.vendor.script = lambda _request: 401
    assert world.run(make_pack()).retried == 1
    assert len(world.vendor.calls) == 1


def test_a_missing_secret_lets_events_wait():
    world = World(make_workspace({"headers": TOKEN}))
    report = world.run(make_pack(make_event(1), make_event(2)))
    assert (report.retried, report.dead) == (2, {})
    assert world.vendor.calls == []
    assert world.waiting_packs[0]["attempt"] == 2


def test_a_secret_that_vanishes_between_two_tries_lets_the_event_wait():
    world = make_world()
    world.run(make_pack())
    world.secrets.secrets.clear()
    world.vendor.script = lambda _request: 401
    assert world.run(make_pack(make_event(2))).retried == 1


@pytest.mark.parametrize("text", ["", " \n", "two\nlines", "café", "tab\there", "nul\0"])
def test_a_secret_that_no_header_carries_lets_events_wait_and_is_not_told(text):
    auth = Auth({"X": SecretRef(secret="ssm:token")}, FakeSecretStore({"ssm:token": text}))
    with pytest.raises(RetryLater) as caught:
        auth.open()
    assert "ssm:token" in str(caught.value)
    assert not text.strip() or text not in str(caught.value)


def test_white_space_around_a_secret_is_no_part_of_it():
    auth = Auth({"X": SecretRef(secret="ssm:token")}, FakeSecretStore({"ssm:token": " abc\n"}))
    auth.open()
    assert auth.headers == {"X": "abc"}


def test_no_secret_is_in_a_dead_letter_whatever_the_destination_echoes():
    secret = 's3cr3t/"quoted" & long'
    world = make_world()
    world.secrets.secrets["ssm:token"] = secret
    echo = (
        orjson.dumps({"you sent": f"Bearer {secret}"}) + b" s3cr3t%2F%22quoted%22%20%26%20long " + b"x" * 4096
    )
    world.vendor.script = lambda _request: Response(400, {}, echo)
    world.run(make_pack())
    written = orjson.dumps(world.letters).decode() + repr(world.archive.objects)
    assert "s3cr3t" not in written
    assert "quoted" not in written
    [letter] = world.letters
    assert letter["request"]["headers"]["Authorization"] == "***"
    assert letter["response"] == {"status": 400, "body": DROPPED, "truncated": True}


def test_half_a_secret_at_the_end_of_an_excerpt_is_no_secret_either():
    world = make_world()
    echo = b"." * 4090 + b"s3cr3t-old" + b"." * 100
    world.vendor.script = lambda _request: Response(400, {}, echo)
    world.run(make_pack())
    assert world.letters[0]["response"]["body"] == DROPPED


ENCODINGS = {
    "escaped slashes": lambda text: text.replace("/", "\\/"),
    "a character as an escape": lambda text: text.replace("+", "\\u002B"),
    "lower-case percent-encoding": lambda text: quote(text, safe="").lower(),
    "entities": lambda text: text.replace("+", "&#43;").replace("/", "&#x2F;"),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "the first ten characters": lambda text: text.removeprefix("Bearer ")[:10],
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_an_answer_that_shows_the_credentials_in_any_encoding_is_dropped(encode):
    secret = "aB3/dE+fG7/hI9+jK1"
    world = make_world()
    world.secrets.secrets["ssm:token"] = secret
    world.vendor.script = lambda _request: Response(400, {}, encode(f"Bearer {secret}").encode())
    world.run(make_pack())
    assert world.letters[0]["response"] == {"status": 400, "body": DROPPED, "truncated": False}
    assert DROPPED in repr(world.archive.objects)


def test_an_error_that_shows_a_secret_is_dropped():
    world = make_world()
    world.vendor.script = lambda _request: GiveUp(Reason.REJECTED, "no user for czNjcjN0LW9sZA==")
    world.run(make_pack())
    assert world.letters[0]["detail"] == DROPPED


def test_an_answer_without_a_secret_is_kept():
    world = make_world()
    world.vendor.script = lambda _request: Response(400, {}, b'{"error":"the token is not valid: a%20b"}')
    world.run(make_pack())
    assert world.letters[0]["response"]["body"] == '{"error":"the token is not valid: a%20b"}'


HOOK = "https://hooks.example/in/{ssm:hook}?key={secretsmanager:team/key}"


def make_hook_world():
    world = World(make_workspace({"url": HOOK}))
    world.secrets.secrets |= {"ssm:hook": "a/b?c#d..%2f", "secretsmanager:team/key": "x&y=z@evil.example"}
    return world


def test_secrets_of_the_url_are_left_to_the_transport_percent_encoded():
    world = make_hook_world()
    world.run(make_pack())
    [call] = world.vendor.calls
    assert call.request.url == HOOK
    assert fill_url(call.request.url, call.auth) == (
        "https://hooks.example/in/a%2Fb%3Fc%23d..%252f?key=x%26y%3Dz%40evil.example"
    )


def test_a_letter_shows_the_url_with_the_references_of_its_secrets():
    world = make_hook_world()
    echo = b"POST /in/a%2Fb%3Fc%23d..%252f was refused"
    world.vendor.script = lambda _request: Response(404, {}, echo)
    world.run(make_pack())
    [letter] = world.letters
    assert letter["request"]["url"] == HOOK
    assert not any("{" in name for name in letter["request"]["headers"])
    assert letter["response"]["body"] == DROPPED
    assert "evil.example" not in repr(world.archive.objects)


def test_a_secret_of_the_url_that_is_rotated_is_read_afresh():
    world = make_hook_world()
    world.run(make_pack())
    world.secrets.secrets["ssm:hook"] = "new"
    world.vendor.script = lambda _request: 200 if world.vendor.calls[-1].auth["{ssm:hook}"] == "new" else 403
    assert world.run(make_pack(make_event(2))).delivered == 1


def test_of_many_threads_one_reads_the_secret_afresh():
    store = FakeSecretStore({"ssm:token": "old"})
    auth = Auth({"X": SecretRef(secret="ssm:token")}, store)
    auth.open()
    refused, store.secrets["ssm:token"] = auth.headers, "new"
    threads = [threading.Thread(target=auth.renew, args=(refused,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.fresh_reads, auth.headers) == (1, {"X": "new"})
