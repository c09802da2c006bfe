from collections import Counter
from dataclasses import replace

import orjson
import pytest

from sluice.delivery.deliver import Delivery
from sluice.delivery.ports import Places
from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Response
from sluice.errors import GiveUp, MappingError, RetryLater, WorkspaceError
from sluice.reasons import Reason
from tests.unit.delivery.world import DLQ, NOW, QUEUE, World, ids_of, make_event, make_pack, make_workspace


def test_every_item_is_one_request_with_its_payload_and_key():
    mappings = {"id": {"field": "userId"}, "kind": {"value": "order"}}
    event_types = [{"type": "custom_event", "filter": None, "mappings": mappings}]
    world = World(make_workspace(event_types=event_types))
    report = world.run(make_pack(make_event(1), make_event(2)))
    assert report.delivered == 2
    assert report.as_partial_batch_response() == {"batchItemFailures": []}
    assert world.waiting == []
    bodies = sorted(call.request.body for call in world.vendor.calls)
    assert bodies == [b'{"id":"u-1","kind":"order"}', b'{"id":"u-2","kind":"order"}']
    keys = {call.request.headers["Idempotency-Key"] for call in world.vendor.calls}
    assert len(keys) == 2


def test_without_mappings_the_whole_event_is_sent():
    world = World()
    world.run(make_pack(make_event(properties={"total": 9.5})))
    assert orjson.loads(world.vendor.calls[0].request.body) == make_event(properties={"total": 9.5})


def test_items_go_in_arrays_up_to_the_batch_size():
    world = World(make_workspace({"batch_size": 2}, concurrency=1))
    world.run(make_pack(*(make_event(n) for n in range(5))))
    assert [call.ids for call in world.vendor.calls] == [["m-0", "m-1"], ["m-2", "m-3"], ["m-4"]]
    assert len(orjson.loads(world.vendor.calls[0].request.body)) == 2


def test_a_sync_may_ask_for_smaller_batches_but_not_for_larger_ones():
    assert compile_sync(make_workspace({"batch_size": 100}, batch_size=10), "crm").max_items == 10
    assert compile_sync(make_workspace({"batch_size": 100}, batch_size=500), "crm").max_items == 100


def test_a_sync_that_the_workspace_does_not_have_is_said():
    with pytest.raises(WorkspaceError):
        compile_sync(make_workspace(), "other")


def test_one_pack_parts_into_delivered_waiting_and_dead():
    answers = {"m-1": 200, "m-2": 503, "m-3": 400}
    world = World()
    world.vendor.script = lambda request: answers[request.entries[0][0].message_id]
    report = world.run(make_pack(*(make_event(n) for n in (1, 2, 3))))
    assert (report.delivered, report.retried, report.dead) == (1, 1, Counter(rejected=1))
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-2"]]
    assert [letter["message_id"] for letter in world.letters] == ["m-3"]


def test_a_retry_pack_says_when_and_which_attempt():
    world = World(draw=lambda: 0.5)
    world.vendor.script = lambda _request: 500
    first = make_pack(first_seen="2027-01-15T07:00:00.000Z", attempt=4, first_attempt_at=None)
    world.run(first)
    [pack] = world.waiting_packs
    assert pack["attempt"] == 5
    assert pack["first_seen"] == "2027-01-15T07:00:00.000Z"
    assert pack["first_attempt_at"] == "2027-01-15T08:00:00.000Z"
    assert pack["not_before"] == "2027-01-15T08:00:20.000Z"
    assert world.waiting[0].visible_at == NOW + 20


def test_items_are_regrouped_only_within_their_pack():
    world = World()
    world.vendor.script = lambda _request: 500
    world.run(make_pack(make_event(1), make_event(2)), make_pack(make_event(3), attempt=7))
    found = {(pack["attempt"], tuple(ids_of(pack))) for pack in world.waiting_packs}
    assert found == {(2, ("m-1", "m-2")), (8, ("m-3",))}


def test_items_with_a_retry_after_wait_apart_from_the_others():
    world = World(draw=lambda: 0.0)
    waits = {"m-1": "600", "m-2": None, "m-3": "590"}

    def script(request):
        wait = waits[request.entries[0][0].message_id]
        return Response(429, {"retry-after": wait} if wait else {})

    world.vendor.script = script
    world.run(make_pack(*(make_event(n) for n in (1, 2, 3))))
    found = {
        (tuple(ids_of(pack)), message.visible_at - NOW)
        for pack, message in zip(world.waiting_packs, world.waiting, strict=True)
    }
    assert found == {(("m-1", "m-3"), 600), (("m-2",), 1)}


def test_a_wait_longer_than_sqs_delays_is_sent_on_again_uncounted():
    world = World()
    world.vendor.script = lambda _request: Response(429, {"retry-after": "2000"})
    world.run(make_pack())
    [pack] = world.waiting_packs
    assert world.waiting[0].visible_at == NOW + 900
    for passed, visible in ((900, 1800), (1800, 2000)):
        world.now = NOW + passed
        report = world.poll()
        assert (report.postponed, report.retried) == (1, 0)
        assert world.waiting_packs == [pack]
        assert world.waiting[0].visible_at == NOW + visible
    assert len(world.vendor.calls) == 1
    world.now = NOW + 2000
    world.poll()
    assert len(world.vendor.calls) == 2


def test_an_item_dies_with_its_last_reason_when_the_window_ends():
    world = World()
    world.vendor.script = lambda _request: RetryLater(Reason.TIMEOUT, "no answer")
    report = world.run(make_pack(attempt=9, first_attempt_at="2027-01-15T04:00:00.000Z"))
    assert report.dead == Counter(timeout=1)
    [letter] = world.letters
    assert (letter["reason"], letter["detail"], letter["attempts"]) == ("timeout", "no answer", 9)
    assert letter["first_attempt_at"] == "2027-01-15T04:00:00.000Z"


def test_an_item_dies_after_the_attempts_that_the_sync_allows():
    world = World(make_workspace(retry={"for": 14_400, "first": 5, "max": 900, "attempts": 2}))
    world.vendor.script = lambda _request: 503
    world.run(make_pack())
    world.now += 60
    report = world.poll()
    assert report.dead == Counter(server_error=1)
    assert world.waiting == []


def test_an_error_of_the_transport_decides_like_an_answer():
    world = World()
    world.vendor.script = lambda _request: GiveUp(Reason.ADDRESS_REFUSED, "127.0.0.1")
    assert world.run(make_pack()).dead == Counter(address_refused=1)


def test_an_event_type_that_the_sync_lost_is_dead_and_the_others_go_on():
    world = World()
    report = world.run(make_pack(make_event(1), type="gone"), make_pack(make_event(2)))
    assert (report.delivered, report.dead) == (1, Counter(unknown_event_type=1))
    assert world.letters[0]["event"] == make_event(1)


def test_a_missing_required_field_is_dead_without_a_call():
    strict = {"type": "strict_event", "filter": None, "mappings": {"id": {"field": "properties.id"}}}
    world = World(make_workspace(kind="sandbox", event_types=[strict]))
    events = [make_event(1, properties={"id": 7}), make_event(2)]
    report = world.run(make_pack(*events, type="strict_event"))
    assert (report.delivered, report.dead) == (1, Counter(missing_required_field=1))
    [letter] = world.letters
    assert letter["message_id"] == "m-2"
    assert "'id'" in letter["detail"]
    assert (letter["attempts"], letter["request"], letter["response"]) == (0, None, None)


def test_what_was_never_attempted_has_no_first_attempt():
    world = World()
    world.run(make_pack(type="gone"))
    assert world.letters[0]["first_attempt_at"] is None


def test_a_batch_that_is_too_large_is_halved_in_the_same_run():
    world = World(make_workspace({"batch_size": 8}))
    world.vendor.script = lambda request: 413 if len(request.entries) > 2 else 200
    report = world.run(make_pack(*(make_event(n) for n in range(8))))
    assert report.delivered == 8
    assert sorted(world.vendor.took) == sorted(f"m-{n}" for n in range(8))
    assert (report.retried, report.dead) == (0, Counter())


def test_a_single_item_that_is_too_large_is_dead_and_its_batch_is_not():
    world = World(make_workspace({"batch_size": 8}))
    world.vendor.script = lambda request: 413 if "m-5" in str(request.entries) else 200
    report = world.run(make_pack(*(make_event(n) for n in range(8))))
    assert (report.delivered, report.dead) == (7, Counter(payload_too_large=1))
    assert [letter["message_id"] for letter in world.letters] == ["m-5"]


def test_a_destination_may_answer_each_item():
    settings = {"batch_size": 10, "fail_events": ["Refund"], "fail_status": 503}
    world = World(make_workspace(settings, kind="sandbox"))
    events = [make_event(n, event="Refund" if n % 2 else "Order") for n in range(6)]
    report = world.run(make_pack(*events))
    assert (report.delivered, report.retried) == (3, 3)
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-1", "m-3", "m-5"]]


def run_changed(world, **over):
    """An invocation of three items, for a destination that declares something else."""
    sync = compile_sync(world.workspace, "crm")
    delivery = Delivery(
        replace(sync, declaration=replace(sync.declaration, **over)), Places(QUEUE, DLQ), world.ports
    )
    world.queues.send(QUEUE, [make_pack(*map(make_event, range(3)))])
    return world.poll(delivery)


def test_results_that_are_fewer_than_the_items_are_tried_again():
    world = World(make_workspace({"batch_size": 10}))
    report = run_changed(world, judge=lambda *_told: [None])
    assert (report.delivered, report.retried, report.failed) == (0, 3, {})


def test_an_item_that_cannot_be_built_dies_of_the_reason_that_the_destination_gives():
    world = World(make_workspace({"batch_size": 10}))
    original = compile_sync(world.workspace, "crm").declaration.build

    def build(settings, batch):
        if any(item.message_id == "m-1" for item, _ in batch.entries):
            raise MappingError("no price", reason=Reason.MISSING_REQUIRED_FIELD)
        return original(settings, batch)

    report = run_changed(world, build=build)
    assert (report.delivered, report.dead) == (2, Counter(missing_required_field=1))


def test_a_letter_of_a_replay_says_so():
    world = World()
    world.vendor.script = lambda _request: 400
    world.run(make_pack(replay="r1"), make_pack())
    assert [letter.get("replay") for letter in world.letters] == ["r1", None]


def test_a_payload_that_cannot_be_written_is_dead_alone():
    deep: list = []
    for _ in range(400):
        deep = [deep]
    event_types = [
        {"type": "custom_event", "filter": None, "mappings": None},
        {"type": "deep", "filter": None, "mappings": {"x": {"value": deep}}},
    ]
    world = World(make_workspace({"batch_size": 50}, event_types=event_types))
    body = make_pack(make_event(1), make_event(2), make_event(3))
    body = body.replace('"custom_event"', '"deep"', 1)
    report = world.run(body)
    assert (report.delivered, report.dead) == (2, Counter(mapping_failed=1))
    assert world.letters[0]["message_id"] == "m-1"


def test_what_cannot_be_written_down_fails_its_own_pack_only():
    deep: list = []
    for _ in range(400):
        deep = [deep]
    event_types = [
        {"type": "custom_event", "filter": None, "mappings": None},
        {"type": "deep", "filter": None, "mappings": {"x": {"value": deep}}},
    ]
    world = World(make_workspace({"fail_rate": 1}, kind="sandbox", event_types=event_types))
    report = world.run(make_pack(make_event(1), type="deep"), make_pack(make_event(2)))
    assert report.failed == {"m1": 2}
    assert report.dead == Counter(rejected=1)


def test_a_bug_in_a_sender_costs_neither_the_item_nor_its_neighbours():
    world = World()
    bug = ZeroDivisionError("division by zero")
    world.vendor.script = lambda request: bug if "m-1" in str(request.entries) else 200
    report = world.run(make_pack(make_event(1), make_event(2)))
    assert (report.delivered, report.retried) == (1, 1)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        '{"v":2}',
        make_pack(sync="another-sync"),
        make_pack(attempt="1"),
        make_pack(attempt=0),
        make_pack(first_seen="yesterday"),
        make_pack(first_attempt_at="soon"),
        make_pack(not_before=5),
        make_pack()
        .replace('"messageId":"m-1"', '"messageId":"m-1"')
        .replace('{"type":"track"', '[{"type":"'),
    ],
)
def test_what_is_no_pack_of_this_sync_stays_in_the_queue_and_soon_is_in_its_dlq(body):
    world = World()
    report = world.run(body, make_pack())
    assert report.delivered == 1
    assert report.as_partial_batch_response() == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [message.body for message in world.waiting] == [body]
    assert world.waiting[0].visible_at == NOW + 1
    assert world.letters == []


def test_an_invocation_of_nothing_is_nothing():
    world = World()
    world.queues.send(QUEUE, [])
    assert world.poll().as_partial_batch_response() == {"batchItemFailures": []}
