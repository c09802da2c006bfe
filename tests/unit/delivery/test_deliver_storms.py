"""Whatever AWS and the destination do, and however often a run dies: every event ends, and none is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.delivery.steps import Killed
from tests.unit.delivery.world import QUEUE, World, make_event, make_pack, make_workspace

EVENTS = 6
ANSWERS = (200, 200, 503, 429, 401)
weather = st.fixed_dictionaries(
    {
        "answer": st.sampled_from(ANSWERS),
        "refused": st.sampled_from([None, 1, 4]),  # an event that the destination refuses
        "unheard": st.booleans(),
        "no_claims": st.booleans(),
        "no_notes": st.booleans(),
        "dies": st.booleans(),
        "seconds": st.sampled_from([0, 5, 60, 400, 900]),
    }
)
packs = st.lists(
    st.lists(st.integers(1, EVENTS), min_size=1, max_size=4, unique=True), min_size=1, max_size=4
)


def blow(world: World, wind: dict) -> None:
    """One run in this weather; a run that dies settles and acknowledges nothing."""
    world.now += wind["seconds"]
    refused = f"m-{wind['refused']}"
    world.vendor.script = lambda request: (
        400 if any(item.message_id == refused for item, _ in request.entries) else wind["answer"]
    )
    world.queues.unheard = wind["unheard"]
    world.claims.broken = lambda _key: wind["no_claims"]
    world.notes.broken = wind["no_notes"]
    delete = world.queues.delete
    if wind["dies"]:
        world.queues.delete = die
    try:
        world.poll()
    except Killed:
        pass
    finally:
        world.queues.delete = delete


def die(_url, _handles):
    raise Killed


@settings(max_examples=200)
@given(packs, st.lists(weather, min_size=1, max_size=8), st.integers(1, 2))
def test_every_event_is_delivered_or_a_letter(groups, winds, concurrency):
    world = World(make_workspace(concurrency=concurrency))
    events = {n for group in groups for n in group}
    world.queues.send(QUEUE, [make_pack(*map(make_event, group)) for group in groups])

    for wind in winds:
        blow(world, wind)
    calm = {"answer": 200, "refused": None, "unheard": False, "no_claims": False, "no_notes": False}
    for _ in range(100):  # ten messages each
        blow(world, {**calm, "dies": False, "seconds": 901 if world.waiting else 0})

    ended = {*world.vendor.took, *(letter["message_id"] for letter in world.letters)}
    assert ended == {f"m-{n}" for n in events}
    assert world.waiting == []
