import re
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.delivery.auth import Auth
from sluice.delivery.dead_letters import (
    MAX_BODY,
    Death,
    clean_text,
    dump_letter,
    letter_attributes,
    name_letters,
    write_letter,
)
from sluice.delivery.deliver import Delivery
from sluice.delivery.ports import Places
from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Request, Response
from sluice.errors import GiveUp
from sluice.packs import Item, SyncPack
from sluice.reasons import Reason
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.delivery.world import DLQ, NOW, QUEUE, World, make_event, make_pack, make_workspace

SQS_TEXT = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


def make_letter(event=None, payload=None, body=b"{}", excerpt=b"no", **over):
    item = Item("custom_event", event or make_event())
    pack = SyncPack(sync="crm", items=[item], attempt=3, first_seen="2027-01-15T07:00:00.000Z")
    entry = (item, payload or item.event)
    request = Request("POST", "https://crm.example/", {"A": "b"}, body, (entry,), 3)
    error = GiveUp(Reason.REJECTED, "HTTP 400", status=400)
    death = Death(entry, error, request, Response(400, {}, excerpt))
    auth = Auth({}, FakeSecretStore())
    letter = write_letter(pack, death, auth, first_attempt_at="2027-01-15T07:00:01.000Z", now=NOW)
    return {**letter, **over}


def test_a_letter_tells_everything():
    assert make_letter(payload={"id": 1}, body=b'{"id":1}', excerpt=b'{"error":"id"}') == {
        "v": 1,
        "sync": "crm",
        "event_type": "custom_event",
        "message_id": "m-1",
        "reason": "rejected",
        "detail": "HTTP 400",
        "status": 400,
        "attempts": 3,
        "first_seen": "2027-01-15T07:00:00.000Z",
        "first_attempt_at": "2027-01-15T07:00:01.000Z",
        "died_at": "2027-01-15T08:00:00.000Z",
        "event": make_event(),
        "payload": {"id": 1},
        "request": {
            "method": "POST",
            "url": "https://crm.example/",
            "headers": {"A": "b"},
            "items": 1,
            "body": '{"id":1}',
        },
        "response": {"status": 400, "body": '{"error":"id"}', "truncated": False},
    }


def test_what_tools_filter_by_is_in_the_attributes():
    assert letter_attributes(make_letter()) == {
        "reason": "rejected",
        "status": "400",
        "attempts": "3",
        "message_id": "m-1",
        "event_name": "Order Completed",
        "event_type": "custom_event",
        "first_seen": "2027-01-15T07:00:00.000Z",
    }


def test_empty_attributes_are_left_out():
    letter = make_letter(event={"type": "identify", "event": " ", "messageId": ""}, status=None)
    assert set(letter_attributes(letter)) == {"reason", "attempts", "event_type", "first_seen"}


@given(st.text(st.characters(codec=None), min_size=300), st.text(st.characters(codec=None)))
def test_attributes_hold_what_sqs_takes(name, message_id):
    letter = {**make_letter(event=make_event(event=name)), "message_id": message_id}
    attributes = letter_attributes(letter)
    assert len(attributes) <= 10
    for text in attributes.values():
        assert 0 < len(text) <= 256
        assert SQS_TEXT.fullmatch(text)


@given(st.text())
def test_a_body_holds_what_sqs_takes(text):
    body = dump_letter(make_letter(excerpt=text.encode("utf-8", "replace"), detail=text))
    assert SQS_TEXT.fullmatch(body)
    assert orjson.loads(body)["detail"] == clean_text(text) or "\x00" <= min(text) < "\x20"


def test_an_excerpt_is_text_and_short_whatever_came():
    letter = make_letter(excerpt=bytes(range(256)) * 300)
    assert len(letter["response"]["body"]) <= 4096
    assert letter["response"]["truncated"] is True


@pytest.mark.parametrize(
    ("sizes", "dropped"),
    [
        ({}, None),
        ({"body": 500_000, "payload": 300_000}, None),
        ({"body": 950_000}, ["request"]),
        ({"body": 500_000, "payload": 500_000}, ["request"]),
        ({"body": 950_000, "payload": 950_000}, ["request", "payload"]),
        ({"event": 950_000}, ["request", "payload", "response", "event"]),
    ],
)
def test_a_letter_that_is_too_large_loses_parts_in_order_and_says_so(sizes, dropped):
    letter = make_letter(
        event=make_event(x="x" * sizes.get("event", 0)),
        payload={"x": "x" * sizes.get("payload", 0)},
        body=b"x" * sizes.get("body", 0),
    )
    body = dump_letter(letter)
    assert len(body.encode()) <= MAX_BODY
    found = orjson.loads(body)
    assert found.get("dropped") == dropped
    for part in ("request", "payload", "response", "event"):
        assert found[part] == (None if part in (dropped or []) else letter[part])


def test_the_archive_keeps_a_letter_whole():
    world = World(
        make_workspace(
            event_types=[
                {
                    "type": "custom_event",
                    "filter": None,
                    "mappings": {f"copy{n}": {"field": "properties"} for n in range(9)},
                }
            ]
        )
    )
    world.vendor.script = lambda _request: 400
    world.run(make_pack(make_event(properties={"x": "x" * 90_000})))
    [line], [letter] = world.archive.lines(), world.letters
    assert letter["dropped"] == ["request"]
    assert line["request"]["body"]
    assert line["payload"] == letter["payload"]


def test_a_letter_of_a_batch_has_the_request_with_its_own_part_of_the_body():
    world = World(make_workspace({"batch_size": 10}))
    world.vendor.script = lambda _request: 402
    world.run(make_pack(*(make_event(n) for n in range(10))))
    assert len(world.letters) == 10
    for letter in world.letters:
        request = letter["request"]
        assert (request["method"], request["url"], request["items"]) == (
            "POST",
            "https://crm.example/events",
            10,
        )
        assert orjson.loads(request["body"]) == [letter["payload"]]


def test_a_letter_of_an_item_that_its_batch_names_has_its_own_part_of_the_body():
    settings = {"batch_size": 10, "fail_events": ["Refund"]}
    world = World(make_workspace(settings, kind="sandbox"))
    world.run(make_pack(make_event(1), make_event(2, event="Refund")))
    [letter] = world.letters
    assert (letter["request"]["items"], letter["request"]["body"]) == (2, "")


def test_a_body_that_cannot_be_built_again_costs_the_letter_nothing_else():
    world = World(make_workspace({"batch_size": 10}))
    sync = compile_sync(world.workspace, "crm")

    def build_lists(settings, batch):
        if len(batch.entries) == 1:
            raise ValueError("no list")
        return sync.declaration.build(settings, batch)

    declaration = replace(sync.declaration, build=build_lists)
    world.vendor.script = lambda _request: 402
    delivery = Delivery(replace(sync, declaration=declaration), Places(QUEUE, DLQ), world.ports)
    world.queues.send(QUEUE, [make_pack(make_event(1), make_event(2))])
    report = world.poll(delivery)
    assert (report.failed, len(world.letters)) == ({}, 2)
    assert world.letters[0]["request"]["body"] == "not shown: ValueError('no list')"


def test_letters_are_named_by_what_they_hold():
    one, other = make_letter(), make_letter(event=make_event(2))
    assert name_letters([one]) == name_letters([{**one, "died_at": "2027-01-15T23:00:00.000Z"}])
    assert name_letters([one]) != name_letters([one, other])
    assert re.fullmatch(r"dead/sync=crm/dt=2027-01-15/[0-9a-f]{32}\.jsonl", name_letters([one]))
