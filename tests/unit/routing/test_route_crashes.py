"""The process dies between every two steps: nothing is lost, and nothing is taken for its own duplicate."""

import pytest

from tests.unit.routing.world import (
    INGEST,
    INGEST_DLQ,
    MAX_RECEIVES,
    Crash,
    World,
    make_event,
    make_pack,
    make_workspace,
)


def crash_before(call):
    def crashed(*args, **kwargs):
        raise Crash

    return crashed


def crash_after(call):
    def crashed(*args, **kwargs):
        call(*args, **kwargs)
        raise Crash

    return crashed


STEPS = ["table.claim", "stream.put", "queues.send_all", "queues.delete"]


def break_step(world, step, how):
    """Breaks a step of the router; answers how to mend it."""
    owner, method = step.split(".")
    fake = getattr(world, owner)
    setattr(fake, method, how(getattr(fake, method)))
    return lambda: delattr(fake, method)


@pytest.mark.parametrize("dedup", ["request", "event"])
@pytest.mark.parametrize("how", [crash_before, crash_after])
@pytest.mark.parametrize("step", STEPS[:3])
def test_after_a_crash_everything_is_delivered(step, how, dedup):
    world = World(make_workspace(dedup))
    world.post(make_pack(make_event(1), make_event(2), pack_id="a"), make_pack(make_event(3), pack_id="b"))
    mend = break_step(world, step, how)
    assert world.run() is None
    mend()
    world.now += 361
    world.run()
    assert set(world.sent()) == {("custom_event", f"m-{n}") for n in (1, 2, 3)}
    assert {verdict for _, verdict in world.verdicts()} == {"accepted"}
    assert world.waiting() == 0


@pytest.mark.parametrize("how", [crash_before, crash_after])
def test_a_crash_around_the_acknowledgement_repeats_and_loses_nothing(how):
    world = World()
    world.post(make_pack(make_event(1), pack_id="a"), make_pack(make_event(2), pack_id="b"))
    world.queues.messages[INGEST][1].receive_count = 2  # so the first is acknowledged before the second
    mend = break_step(world, "queues.delete", how)
    assert world.run() is None
    mend()
    world.now += 361
    world.run()
    assert {message_id for _, message_id in world.sent()} == {"m-1", "m-2"}
    assert world.waiting() == 0


@pytest.mark.parametrize("step", STEPS[:3])
def test_a_claimed_pack_that_died_into_the_dead_letter_queue_is_delivered_when_redriven(step):
    world = World()
    world.post(make_pack(make_event(1)))
    mend = break_step(world, step, crash_after)
    for _ in range(MAX_RECEIVES + 1):
        world.run()
        world.now += 361
    assert world.waiting() == 0
    mend()
    world.redrive()
    world.run()
    assert ("custom_event", "m-1") in world.sent()
    assert {verdict for _, verdict in world.verdicts()} == {"accepted"}


def test_a_resend_that_comes_first_in_the_run_does_not_take_the_claim_of_a_redelivered_pack():
    world = World()
    world.post(make_pack(pack_id="first"))
    mend = break_step(world, "table.claim", crash_after)
    world.run()
    mend()
    world.post(make_pack(pack_id="again"))
    world.queues.messages[INGEST].reverse()
    world.now += 361
    world.run()
    assert world.sent() == [("custom_event", "m-1")]
    assert sorted(verdict for _, verdict in world.verdicts()) == ["accepted", "duplicate"]


def test_a_message_that_kills_the_process_takes_no_other_along():
    world = World()

    def kill(record):
        if b'"m-2"' in record:
            raise Crash
        return False

    world.stream.refuse = kill
    world.post(*[make_pack(make_event(n), pack_id=f"pack-{n}") for n in (1, 2, 3, 4)])
    for _ in range(MAX_RECEIVES + 1):
        world.run()
        world.now += 361
    assert {message_id for _, message_id in world.sent()} == {"m-1", "m-3", "m-4"}
    assert [b'"m-2"' in m.body.encode() for m in world.queues.messages[INGEST_DLQ]] == [True]


def test_suspects_are_handled_last_and_each_is_acknowledged_before_the_next():
    world, done = World(), []
    world.post(*[make_pack(make_event(n), pack_id=f"pack-{n}") for n in (1, 2, 3)])
    for message, count in zip(world.queues.messages[INGEST], (2, 5, 0), strict=True):
        message.receive_count = count
    send_all, delete = world.queues.send_all, world.queues.delete
    world.queues.send_all = lambda bodies, groups: (done.append("send"), send_all(bodies, groups=groups))[1]
    world.queues.delete = lambda url, handles: (done.append(f"delete {len(handles)}"), delete(url, handles))[
        1
    ]
    world.run()
    assert done == ["send", "delete 1"] * 3
    assert world.sent()[0] == ("custom_event", "m-3")


def test_suspects_wait_when_little_time_is_left():
    world = World(left=lambda: 5.0)
    world.post(make_pack(make_event(1), pack_id="a"), make_pack(make_event(2), pack_id="b"))
    world.queues.messages[INGEST][0].receive_count = 2
    report = world.run()
    assert [message_id for _, message_id in world.sent()] == ["m-2"]
    assert (world.waiting(), report.trouble) == (1, {"time": 1})


def test_a_pack_that_sqs_holds_twice_is_routed_once_where_a_run_has_both():
    world = World()
    world.post(make_pack(pack_id="a"), make_pack(pack_id="a"))
    report = world.run()
    assert world.sent() == [("custom_event", "m-1")]
    assert (world.waiting(), report.packs) == (0, 1)
    assert world.verdicts() == [("m-1", "accepted")]


def test_of_a_pack_that_sqs_holds_twice_one_stays_until_it_is_routed():
    world = World()
    world.post(make_pack(pack_id="a"), make_pack(pack_id="a"))
    world.stream.refuse = lambda _record: True
    world.run()
    assert world.waiting() == 1
    world.stream.refuse = lambda _record: False
    world.now += 10
    world.run()
    assert world.sent() == [("custom_event", "m-1")]
