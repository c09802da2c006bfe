"""What an open breaker means for packs: nobody calls, they wait uncounted, their window runs."""

import pytest

from sluice.delivery.breaker import Pause
from sluice.destinations.declaration import Response
from sluice.reasons import Reason
from tests.unit.delivery.world import NOW, QUEUE, World, ids_of, make_event, make_pack, make_workspace

EVENTS = [make_event(n) for n in range(20)]


def make_world(**over):
    return World(make_workspace(concurrency=1, **over), draw=lambda: 0.5)


def make_closed_world(reason=Reason.SERVER_ERROR, until=NOW + 60, **over):
    world = make_world(**over)
    world.pauses.row = Pause(NOW, until, reason, 5, 60)
    return world


def test_a_dead_destination_gets_five_calls_and_the_rest_of_the_run_waits():
    world = make_world()
    world.vendor.script = lambda _request: 503
    report = world.run(make_pack(*EVENTS))
    assert len(world.vendor.calls) == 5
    assert (report.retried, report.postponed, report.attempts, report.breaker_open) == (5, 15, 5, True)
    retry, held = world.waiting_packs
    assert (retry["attempt"], held["attempt"]) == (2, 1)
    assert held["first_attempt_at"] == "2027-01-15T08:00:00.000Z"


def test_with_threads_it_gets_no_more_than_one_more_a_thread():
    world = World(make_workspace(concurrency=8))
    world.vendor.script = lambda _request: 503
    world.run(make_pack(*(make_event(n) for n in range(200))))
    assert 5 <= len(world.vendor.calls) <= 12


def test_while_it_is_open_packs_go_back_for_as_long_plus_jitter_unmapped():
    world = make_closed_world()
    report = world.run(make_pack(*EVENTS, attempt=3))
    assert world.vendor.calls == []
    assert (report.postponed, report.attempts, world.log.records) == (20, 0, [])
    [pack] = world.waiting_packs
    assert (pack["attempt"], len(pack["items"])) == (3, 20)
    assert world.waiting[0].visible_at == NOW + 60 + 8  # half of a quarter of 60, as whole seconds
    assert pack["not_before"] == "2027-01-15T08:01:07.500Z"


def test_the_window_begins_when_the_breaker_first_turned_a_pack_away():
    world = make_closed_world()
    world.run(make_pack())
    [pack] = world.waiting_packs
    assert pack["first_attempt_at"] == "2027-01-15T08:00:00.000Z"
    world.pauses.row = Pause(NOW, NOW + 400, Reason.SERVER_ERROR, 5, 300)
    world.now += 100
    world.poll()
    assert world.waiting_packs[0]["first_attempt_at"] == pack["first_attempt_at"]


def test_a_pack_whose_window_is_over_dies_of_what_opened_the_breaker():
    world = make_closed_world(Reason.AUTH_REJECTED)
    body = make_pack(attempt=4, first_attempt_at="2027-01-15T04:00:00.000Z")
    report = world.run(body)
    assert report.dead == {"auth_rejected": 1}
    [letter] = world.letters
    assert (letter["reason"], letter["attempts"], letter["request"]) == ("auth_rejected", 3, None)
    assert world.log.lines()[0]["outcome"] == "dead"
    assert world.waiting == []


def test_a_pack_comes_back_at_the_end_of_its_window_at_the_latest():
    world = make_closed_world(until=NOW + 600)
    world.run(make_pack(first_attempt_at="2027-01-15T04:01:00.000Z"))
    assert world.waiting[0].visible_at == NOW + 60


def test_when_the_pause_is_over_one_call_says_whether_there_are_others():
    world = make_closed_world(until=NOW)
    world.vendor.script = lambda _request: 503
    report = world.run(make_pack(*EVENTS))
    assert len(world.vendor.calls) == 1
    assert (report.retried, report.postponed) == (1, 19)
    assert world.pauses.row == Pause(NOW, NOW + 120, Reason.SERVER_ERROR, 6, 120)


def test_a_destination_that_is_back_gets_all_in_the_run_of_the_probe():
    world = make_closed_world(until=NOW)
    report = world.run(make_pack(*EVENTS))
    assert (report.delivered, report.breaker_open, world.pauses.row) == (20, False, None)


def test_who_meets_another_containers_probe_comes_back_in_seconds():
    world = make_closed_world(until=NOW)
    first, second = world.build(), world.build()

    def script(_request):
        if len(world.vendor.calls) == 1:
            world.queues.send(QUEUE, [make_pack(make_event(77))])
            assert world.poll(second).postponed == 1
        return 200

    world.vendor.script = script
    world.queues.send(QUEUE, [make_pack(make_event(1))])
    world.poll(first)
    assert [ids_of(pack) for pack in world.waiting_packs] == [["m-77"]]
    assert 5 <= world.waiting[0].visible_at - NOW <= 10


def test_what_cannot_be_mapped_does_not_use_up_the_probe():
    world = make_closed_world(until=NOW)
    world.run(make_pack(type="gone"))
    assert world.pauses.row == Pause(NOW, NOW, Reason.SERVER_ERROR, 5, 60)


def test_an_hour_of_a_dead_destination_costs_a_handful_of_calls_a_minute():
    world = make_world()
    world.vendor.script = lambda _request: 503
    containers = [world.build() for _ in range(3)]
    world.queues.send(QUEUE, [make_pack(*(make_event(10 * n + k) for k in range(10))) for n in range(100)])
    while world.now < NOW + 3600:
        for container in containers:
            world.poll(container)
        world.now += 1
    calls = len(world.vendor.calls)
    assert calls <= 3 * 5 + 4 + 3600 / 300
    delivered_before = len(world.vendor.took)
    world.vendor.script = lambda _request: 200
    while world.waiting and world.now < NOW + 3600 + 1200:
        for container in containers:
            world.poll(container)
        world.now += 1
    assert (delivered_before, len(world.vendor.took), world.waiting) == (0, 1000, [])


@pytest.mark.parametrize("asked", ["400", "Fri, 15 Jan 2027 08:06:40 GMT"])
def test_a_retry_after_in_either_form_lengthens_the_pause(asked):
    world = make_world()
    world.vendor.script = lambda _request: Response(429, {"retry-after": asked})
    world.run(make_pack(*EVENTS))
    assert len(world.vendor.calls) == 5
    assert world.pauses.row.until == NOW + 400


def test_dynamodb_being_down_stops_no_delivery():
    world = make_world()
    world.pauses.broken = True
    assert world.run(make_pack(*EVENTS)).delivered == 20


def test_a_secret_that_was_corrected_lets_waiting_events_go():
    token = {"Authorization": {"secret": "ssm:token"}}
    world = World(make_workspace({"headers": token}, concurrency=1))
    world.secrets.secrets["ssm:token"] = "old"
    world.vendor.script = lambda _request: (
        200 if world.vendor.calls[-1].auth["Authorization"] == "new" else 401
    )
    delivery = world.build()
    world.queues.send(QUEUE, [make_pack(*EVENTS)])
    report = world.poll(delivery)
    assert (len(world.vendor.calls), report.auth_rejected) == (2, 20)
    world.secrets.secrets["ssm:token"] = "new"
    while world.waiting:
        world.now = max(world.now, min(message.visible_at for message in world.waiting))
        world.poll(delivery)
    assert len(world.vendor.took) == 20
    assert world.now <= NOW + 120


def test_what_is_replayed_keeps_its_message_group_however_it_waits():
    world = make_closed_world()
    world.run(make_pack(replay="r1"))
    world.pauses.row = None
    world.vendor.script = lambda _request: 503
    world.now += 70
    world.poll()
    assert (world.waiting[0].group, world.waiting_packs[0]["replay"]) == ("replay-r1", "r1")
    world.now += 0.1
    world.waiting[0].visible_at = world.now  # before its time: sent on again
    world.poll()
    assert world.waiting[0].group == "replay-r1"
