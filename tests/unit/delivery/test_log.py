"""The delivery log: its lines, where they go, and when."""

from dataclasses import replace

import pytest

from sluice.delivery.log import name_object
from sluice.destinations.declaration import Response
from tests.unit.delivery.steps import Steps, Watched
from tests.unit.delivery.world import DLQ, NOW, QUEUE, World, make_event, make_pack, make_workspace


def find_lines(world, **wanted):
    return [line for line in world.log.lines() if wanted.items() <= line.items()]


def test_a_line_says_what_a_delivery_was():
    world = World()

    def script(_request):
        world.now += 0.25
        return 202

    world.vendor.script = script
    world.run(make_pack(first_seen="2027-01-15T07:59:59.000Z"))
    assert world.log.lines() == [
        {
            "v": 1,
            "sync": "crm",
            "event_type": "custom_event",
            "message_id": "m-1",
            "attempt": 1,
            "outcome": "delivered",
            "reason": None,
            "status": 202,
            "latency_ms": 250,
            "at": "2027-01-15T08:00:00.250Z",
            "next_at": None,
            "first_seen": "2027-01-15T07:59:59.000Z",
            "replay": None,
        }
    ]


def test_a_retry_says_when_the_next_attempt_is():
    world = World()
    world.vendor.script = lambda _request: 503
    world.run(make_pack(attempt=4))
    [line] = world.log.lines()
    found = [line[name] for name in ("attempt", "outcome", "reason", "status", "next_at")]
    assert found == [4, "retry", "server_error", 503, "2027-01-15T08:00:20.000Z"]
    assert world.waiting_packs[0]["not_before"] == line["next_at"]


@pytest.mark.parametrize(("over", "attempt", "status"), [({}, 1, 400), ({"type": "gone"}, 0, None)])
def test_a_death_has_the_letters_attempts_and_reason(over, attempt, status):
    world = World()
    world.vendor.script = lambda _request: 400
    world.run(make_pack(**over))
    [line], [letter] = world.log.lines(), world.letters
    assert (line["outcome"], line["reason"], line["attempt"]) == ("dead", letter["reason"], attempt)
    assert letter["attempts"] == attempt
    assert (line["status"], line["latency_ms"]) == (status, 0 if status else None)


def test_every_item_of_a_batch_has_its_own_line():
    settings = {"batch_size": 10, "fail_events": ["Refund"], "fail_status": 503}
    world = World(make_workspace(settings, kind="sandbox"))
    world.run(make_pack(*(make_event(n, event="Refund" if n % 2 else "Order") for n in range(4))))
    found = {line["message_id"]: (line["outcome"], line["status"]) for line in world.log.lines()}
    assert found == {
        "m-0": ("delivered", 207),
        "m-1": ("retry", 503),
        "m-2": ("delivered", 207),
        "m-3": ("retry", 503),
    }


def test_what_was_only_postponed_has_no_line():
    world = World(make_workspace(concurrency=1))
    world.vendor.script = lambda _request: Response(503, {"retry-after": "2000"})
    world.run(make_pack(*(make_event(n) for n in range(7))))
    assert len(find_lines(world, outcome="retry")) == 5  # the breaker turned two away
    world.now += 800
    world.poll()
    world.left = 1
    assert len(world.log.lines()) == 5


def test_a_replayed_event_says_of_which_replay():
    world = World()
    world.run(make_pack(replay="r7"))
    assert world.log.lines()[0]["replay"] == "r7"


def test_quotes_in_names_stay_json():
    world = World()
    world.run(make_pack(make_event(messageId='m"1\n', event="x")))
    assert world.log.lines()[0]["message_id"] == 'm"1\n'


def test_the_log_is_one_record_for_many_packs():
    world = World()
    world.run(*(make_pack(make_event(n)) for n in range(10)))
    assert len(world.log.records) == 1
    assert len(world.log.lines()) == 10


def test_what_firehose_refuses_is_one_object_in_the_same_hour():
    world = World()
    world.log.refuse = lambda _record: True
    report = world.run(make_pack(make_event(1)), make_pack(make_event(2)))
    assert (report.delivered, report.failed) == (2, {})
    [key] = world.archive.objects
    assert key.startswith("deliveries/dt=2027-01-15/hr=08/direct-")
    assert [line["message_id"] for line in world.archive.lines()] == ["m-1", "m-2"]
    assert key == name_object(world.archive.objects[key], NOW)


def test_where_s3_refuses_too_the_lines_wait_in_the_queue_and_no_item_is_sent_again():
    world = World()
    world.log.refuse, world.archive.broken = lambda _record: True, True
    report = world.run(make_pack())
    assert (report.failed, report.delivered, report.sent_again) == ({}, 1, 1)
    assert "log" in report.trouble["m1"]
    [pack] = world.waiting_packs
    assert (pack["items"], len(pack["lines"])) == ([], 1)
    world.log.refuse, world.archive.broken = lambda _record: False, False
    world.now += 2
    world.poll()
    assert [(line["message_id"], line["outcome"]) for line in world.log.lines()] == [("m-1", "delivered")]
    assert (world.vendor.took, world.waiting) == (["m-1"], [])


def test_a_pack_whose_dead_letter_is_refused_has_no_line_and_its_neighbours_have_theirs():
    """Its event goes back to the queue, and gets its line when it dies again."""
    world = World()
    answers = {"m-1": 400, "m-2": 200}
    world.vendor.script = lambda request: answers[request.entries[0][0].message_id]
    world.archive.broken = True
    report = world.run(make_pack(make_event(1)), make_pack(make_event(2)))
    assert (report.failed, list(report.trouble)) == ({}, ["m1"])
    assert "dead letters" in report.trouble["m1"]
    assert [(line["message_id"], line["outcome"]) for line in world.log.lines()] == [("m-2", "delivered")]
    assert (world.letters, len(world.waiting)) == ([], 1)


def test_the_order_is_letters_log_dlq_queue():
    world = World()
    answers = {"m-1": 400, "m-2": 503}
    world.vendor.script = lambda request: answers[request.entries[0][0].message_id]
    order = []

    class Told(Steps):
        def wrap(self, call):
            def step(*args, **kwargs):
                order.append(args[0] if call.__name__ == "send" else call.__qualname__)
                return call(*args, **kwargs)

            return step

    told = Told(0, after=False)
    world.ports = replace(
        world.ports,
        queues=Watched(world.queues, told, ["send", "delete", "set_visibility"]),
        archive=Watched(world.archive, told, ["put"]),
        log=Watched(world.log, told, ["put"]),
    )
    world.queues.send(QUEUE, [make_pack(make_event(1), make_event(2))])
    world.poll()
    assert order == ["FakeArchive.put", "FakeStream.put", DLQ, QUEUE]
