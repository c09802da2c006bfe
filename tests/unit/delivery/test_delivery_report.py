"""What an invocation says that it did."""

from collections import Counter

from sluice.times import format_time
from tests.unit.delivery.world import NOW, World, make_event, make_pack


def received(seconds_ago):
    return format_time(NOW - seconds_ago)


def test_every_delivered_live_event_has_its_latency_whatever_request_and_pack_it_was_in():
    world = World()
    first = make_pack(make_event(1, receivedAt=received(1)), make_event(2, receivedAt=received(2)))
    report = world.run(first, make_pack(make_event(3, receivedAt=received(4))))
    assert sorted(report.latencies) == [1000, 2000, 4000]


def test_an_event_from_the_future_took_no_time_and_one_without_a_time_has_no_latency():
    report = World().run(make_pack(make_event(1, receivedAt=received(-5)), make_event(2)))
    assert (report.delivered, report.latencies) == (2, [0])


def test_latencies_are_those_of_99_items_at_most():
    events = [make_event(n, receivedAt=received(1)) for n in range(150)]
    report = World().run(make_pack(*events[:90]), make_pack(*events[90:]))
    assert (report.delivered, len(report.latencies)) == (150, 99)


def test_what_is_replayed_has_neither_latency_nor_age():
    report = World().run(make_pack(make_event(1, receivedAt=received(9)), first_seen=received(9), replay="r"))
    assert (report.delivered, report.latencies) == (1, [])
    world = World()
    world.vendor.script = lambda _request: 503
    report = world.run(make_pack(make_event(1, receivedAt=received(9)), first_seen=received(9), replay="r"))
    assert (report.retried, report.oldest) == (1, 0)


def test_the_age_is_that_of_the_oldest_pack_that_still_waits():
    world = World()
    answers = {"m-0": 503, "m-1": 503, "m-2": 200, "m-3": 400}
    world.vendor.script = lambda request: answers[request.entries[0][0].message_id]
    packs = [
        make_pack(make_event(n), first_seen=received(seconds)) for n, seconds in enumerate((3, 70, 100, 200))
    ]
    assert world.run(*packs).oldest == 70


def test_nothing_waits_once_everything_is_delivered():
    assert World().run(make_pack(make_event(1), first_seen=received(70))).oldest == 0


def test_a_pack_that_cannot_be_settled_still_waits():
    world = World()

    def fail(_request):
        world.queues.refuse = lambda _url, _body: True
        return 503

    world.vendor.script = fail
    assert world.run(make_pack(make_event(1), first_seen=received(70))).oldest == 70


def test_items_are_counted_by_what_became_of_them():
    world = World()
    answers = {"m-1": 200, "m-2": 400, "m-3": 503, "m-4": 404}
    world.vendor.script = lambda request: answers[request.entries[0][0].message_id]
    report = world.run(make_pack(*map(make_event, (1, 2))), make_pack(*map(make_event, (3, 4))))
    assert (report.packs, report.attempts, report.delivered, report.retried) == (2, 4, 1, 1)
    assert report.dead == Counter(rejected=2)
    told = report.count()
    names = ("Packs", "PacksFailed", "Attempts", "Delivered", "Retried", "Postponed", "Dead")
    assert [told[name] for name in names] == [2, 0, 4, 1, 1, 0, 2]
    assert report.find_trouble() == {}


def test_metrics_of_alarms_are_there_only_where_something_is_wrong():
    world = World()
    world.vendor.script = lambda _: 503
    old = world.run(make_pack(*map(make_event, range(30)), first_seen=received(3700)))
    assert old.find_trouble() == {"BreakerOpen": 1, "WaitingExceeded": 3700}

    world = World()
    world.vendor.script = lambda _: 401
    assert world.run(make_pack(make_event(40))).find_trouble() == {"AuthRejected": 1, "BreakerOpen": 1}


def test_why_a_pack_failed_is_told_in_200_characters_at_most():
    world = World()
    world.queues.send("https://sqs/stack-Crm", ["x" * 1000])
    report = world.poll()
    assert list(report.failed) == ["m1"]
    assert report.trouble["m1"].startswith("unreadable: ")
    report.add_failed("m2", 5, "y" * 1000)
    assert (report.failed["m2"], report.trouble["m2"]) == (5, "y" * 200)
