"""Days of delivery in one example: whatever the destination answers, each item ends in exactly one place."""

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.delivery.sort_out import NO_CALL
from sluice.destinations.declaration import Response
from sluice.errors import RetryLater
from sluice.reasons import Reason
from tests.unit.delivery.world import QUEUE, World, ids_of, make_event, make_pack, make_workspace

answers = st.one_of(
    st.sampled_from([200, 200, 200, 400, 401, 408, 413, 429, 500, 503, 302, 501]),
    st.builds(
        lambda after: Response(429, {"retry-after": after}),
        st.integers(0, 20_000).map(str) | st.sampled_from(["soon", "Fri, 15 Jan 2027 09:00:00 GMT"]),
    ),
    st.just(RetryLater(Reason.TIMEOUT)),
    st.just(RetryLater(Reason.CONNECTION_FAILED)),
)


@settings(max_examples=60, deadline=None)
@given(
    packs=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    batch_size=st.integers(1, 4),
    window=st.integers(0, 20_000),
    attempts=st.none() | st.integers(1, 5),
    script=st.lists(answers, min_size=1, max_size=30),
    lefts=st.lists(st.sampled_from([60.0, 60.0, 15.0, 5.0]), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
)
def test_every_item_ends_in_exactly_one_place(packs, batch_size, window, attempts, script, lefts, seed):
    retry = {"for": window, "first": 5, "max": 900, "attempts": attempts}
    world = World(
        make_workspace({"batch_size": batch_size}, retry=retry, concurrency=1), draw=Random(seed).random
    )
    asked = iter(range(1_000_000))
    world.vendor.script = lambda _request: script[next(asked) % len(script)]
    sent = 0
    for size in packs:
        world.queues.send(QUEUE, [make_pack(*(make_event(sent + n) for n in range(size)))])
        sent += size
    everything = {f"m-{n}" for n in range(sent)}
    totals = Counter()
    delivery = world.build()
    for step in range(2_000):
        world.left = lefts[step % len(lefts)]
        report = world.poll(delivery)
        assert report.failed == {}
        totals.update(delivered=report.delivered, dead=report.dead.total())
        waiting = [message_id for pack in world.waiting_packs for message_id in ids_of(pack)]
        dead = [letter["message_id"] for letter in world.letters]
        places = [*world.vendor.took, *waiting, *dead]
        assert Counter(places) == Counter(everything)
        assert totals == Counter(delivered=len(world.vendor.took), dead=len(dead))
        if not waiting:
            break
        world.now = max(world.now, min(message.visible_at for message in world.waiting))
    else:
        raise AssertionError("items wait for ever")
    for letter in world.letters:
        assert letter["attempts"] >= 1 or letter["detail"] == NO_CALL
        assert attempts is None or letter["attempts"] <= attempts
