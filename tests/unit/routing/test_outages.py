"""AWS refuses the router for minutes, hours or days: no healthy pack is lost or uses up its receives."""

import math

import pytest

from sluice.outages import PATIENCE
from sluice.privacy.suppression import SuppressionUnknown
from sluice.routing.govern import GovernFailed
from tests.unit.routing.world import (
    BASE,
    INGEST,
    INGEST_DLQ,
    MAX_RECEIVES,
    NOW,
    Crash,
    World,
    make_event,
    make_pack,
    make_sync,
    make_workspace,
)

HOUR = 3600
SERVICES = ["DynamoDB", "Firehose", "sync queue", "all queues"]


def break_service(world, service):
    world.table.broken = lambda _key: service == "DynamoDB"
    world.stream.refuse = lambda _record: service == "Firehose"
    world.queues.refuse = lambda url, _body: (
        service == "all queues" or (service == "sync queue" and url.endswith("AllToCrm"))
    )


def run_until(world, end):
    """Runs whenever a message is visible; afterwards it is `end` (epoch seconds)."""
    while (due := min((m.visible_at for m in world.queues.messages[INGEST]), default=math.inf)) < end:
        world.now = max(world.now, due)
        world.run()
    world.now = end


@pytest.mark.parametrize("seconds", [28 * 60, 6 * HOUR, 23 * HOUR])
@pytest.mark.parametrize("service", SERVICES)
def test_a_pack_outlives_an_outage_and_is_delivered_once(service, seconds):
    world = World()
    world.post(make_pack(make_event(1), make_event(2)))
    break_service(world, service)
    run_until(world, NOW + seconds)
    assert world.sent() == []
    assert world.queues.messages.get(INGEST_DLQ, []) == []
    break_service(world, "")
    run_until(world, NOW + seconds + 5 * HOUR)
    assert world.sent() == [("custom_event", "m-1"), ("custom_event", "m-2")]
    assert world.waiting() == 0


@pytest.mark.parametrize("service", SERVICES[:3])
def test_after_an_outage_a_pack_is_tried_within_a_quarter_of_an_hour(service):
    world = World()
    world.post(make_pack())
    break_service(world, service)
    run_until(world, NOW + 6 * HOUR)
    break_service(world, "")
    run_until(world, NOW + 6 * HOUR + 901)
    assert world.sent() == [("custom_event", "m-1")]


@pytest.mark.parametrize("service", SERVICES[:3])
def test_an_outage_of_more_than_a_day_ends_in_the_dead_letter_queue_with_a_reason(service):
    world = World()
    world.post(make_pack())
    break_service(world, service)
    run_until(world, NOW + PATIENCE + 901)
    [dead] = world.queues.messages[INGEST_DLQ]
    assert dead.attributes == {"reason": "aws_unavailable"}
    assert world.waiting() == 0
    break_service(world, "")
    world.redrive()
    world.run()
    assert world.sent() == [("custom_event", "m-1")]


def test_the_delay_grows_to_a_quarter_of_an_hour_and_no_receive_is_used_up():
    world = World()
    world.post(make_pack())
    world.stream.refuse = lambda _record: True
    delays = []
    for _ in range(12):
        world.run()
        [message] = world.queues.messages[INGEST]
        delays.append(message.visible_at - world.now)
        assert message.receive_count == 0
        world.now = message.visible_at
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_where_not_even_the_ingest_queue_takes_a_pack_its_receives_last_for_a_day():
    world = World()
    world.post(make_pack())
    world.queues.refuse = lambda _url, _body: True
    run_until(world, NOW + PATIENCE)
    [message] = world.queues.messages[INGEST]
    assert message.receive_count < MAX_RECEIVES


@pytest.mark.parametrize("stage", ["suppression", "functions"])
def test_a_rule_that_cannot_be_asked_holds_the_pack_up_too(stage):
    world = World(find_suppressed=lambda events: fail(stage))
    world.post(make_pack())
    world.run()
    [message] = world.queues.messages[INGEST]
    assert (message.attributes["held_tries"], message.receive_count) == ("1", 0)


def fail(stage):
    raise SuppressionUnknown(stage) if stage == "suppression" else GovernFailed(stage, "no answer")


def test_the_outage_begins_with_the_first_error_and_not_with_the_last():
    world = World()
    world.post(make_pack())
    world.stream.refuse = lambda _record: True
    run_until(world, NOW + HOUR)
    [message] = world.queues.messages[INGEST]
    assert message.attributes["held_since"] == str(int(NOW))


def test_a_pack_of_a_replay_keeps_its_message_group_through_an_outage():
    world = World()
    world.post(make_pack())
    world.queues.messages[INGEST][0].group = "replay-r1"
    world.stream.refuse = lambda _record: True
    world.run()
    assert [m.group for m in world.queues.messages[INGEST]] == ["replay-r1"]


def test_the_report_says_what_was_held_up_and_lambda_acknowledges_it():
    world = World()
    world.post(make_pack())
    world.stream.refuse = lambda _record: True
    report = world.run()
    assert (report.trouble, report.failed, report.sent_again) == ({"archive": 1}, {}, 1)


# ---- What one queue refuses ------------------------------------------------------------------------------


def test_what_one_queue_refuses_is_sent_to_no_other_sync_again():
    syncs = {"all_to_crm": make_sync("AllToCrm"), "all_to_shop": make_sync("AllToShop")}
    world = World(make_workspace(**syncs))
    world.post(make_pack(make_event(1), make_event(2)))
    break_service(world, "sync queue")
    report = world.run()
    assert (report.put_back, report.accepted, report.failed) == (1, 2, {})
    run_until(world, NOW + HOUR)
    break_service(world, "")
    run_until(world, NOW + 2 * HOUR)
    assert world.sent("AllToShop") == world.sent("AllToCrm") == [("custom_event", f"m-{n}") for n in (1, 2)]
    assert [verdict for _, verdict in world.verdicts()] == ["accepted"] * 2
    assert world.waiting() == 0


def test_a_sync_pack_that_was_put_back_is_forwarded_byte_for_byte_and_counts_for_nothing():
    world = World()
    world.post(make_pack(make_event(text='é\u2028"')))
    break_service(world, "sync queue")
    world.run()
    [waiting] = world.queues.messages[INGEST]
    break_service(world, "")
    world.now = waiting.visible_at
    report = world.run()
    [sent] = world.queues.messages[BASE + "AllToCrm"]
    assert sent.body == waiting.body
    assert (report.packs, report.events) == (0, 0)


def test_a_sync_pack_of_a_sync_that_is_gone_is_unreadable():
    world = World()
    world.post(make_pack())
    break_service(world, "sync queue")
    world.run()
    world.workspace = make_workspace(other=make_sync("Other"))
    world.now += 10
    report = world.run()
    assert len(report.unreadable) == 1


# ---- What uses up receives -------------------------------------------------------------------------------


def test_a_pack_that_kills_the_router_is_in_the_dead_letter_queue_within_an_hour():
    def kill(_record):
        raise Crash

    world = World()
    world.stream.refuse = kill
    world.post(make_pack())
    run_until(world, NOW + HOUR)
    assert len(world.queues.messages[INGEST_DLQ]) == 1


def test_an_unreadable_pack_is_in_the_dead_letter_queue_within_an_hour():
    world = World()
    world.queues.send(INGEST, ["not a pack"])
    run_until(world, NOW + HOUR)
    assert len(world.queues.messages[INGEST_DLQ]) == 1
