"""Batches, bisecting, and what a pack may cost."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.transforms.transform import MAX_BATCH, MAX_CALLS, find_middle
from tests.unit.transforms.world import Dies, Unreachable, World, make_event, play


def make_events(count, bad=()):
    return [make_event(n, event="Bad" if n in bad else "Good") for n in range(count)]


def fail_over_bad(events):
    if bad := [event["messageId"] for event in events if event["event"] == "Bad"]:
        raise ValueError(f"bad {bad[0]}")
    return events


def die_over_bad(events):
    if any(event["event"] == "Bad" for event in events):
        raise Dies
    return events


def list_failed(outcomes):
    return {n for n, outcome in enumerate(outcomes) if outcome.error}


def test_what_a_function_returns_unchanged_is_the_same_object():
    events = make_events(3)
    outcomes = play(lambda events: events).apply(events)
    assert all(list(outcome.events) == [event] for outcome, event in zip(outcomes, events, strict=True))
    assert all(outcome.events[0] is event for outcome, event in zip(outcomes, events, strict=True))


def test_the_events_given_are_not_changed():
    def change(events):
        for event in events:
            event["context"]["seen"] = True
        return events

    events = make_events(2)
    before = deepcopy(events)
    outcomes = play(change).apply(events)
    assert events == before
    assert [outcome.events[0]["context"] for outcome in outcomes] == [{"seen": True}] * 2


def test_a_call_has_at_most_500_events():
    world = play(lambda events: events)
    world.apply(make_events(1201))
    assert [len(ids) for _, ids in world.calls] == [500, 500, 201]


def test_calls_and_answers_fit_the_6_mb_of_lambda_whatever_is_in_them():
    sizes = []
    world = play(lambda events: [{**event, "event": "Other"} for event in events])
    call = world.call

    def measure(payload):
        reply = call(payload)
        sizes.extend([len(payload), len(reply.payload)])
        return reply

    world.call = measure
    outcomes = world.apply([make_event(n, properties={"quotes": '"' * 40_000}) for n in range(200)])
    assert len(sizes) > 2
    assert 5_000_000 < max(sizes) <= 6_000_000
    assert not list_failed(outcomes)


def test_two_events_with_one_message_id_are_never_in_one_call():
    world = play(lambda events: [dict(event) for event in events])
    outcomes = world.apply([make_event(1, event="a"), make_event(2), make_event(1, event="b")])
    assert [ids for _, ids in world.calls] == [["m-1", "m-2"], ["m-1"]]
    assert [outcome.events[0]["event"] for outcome in outcomes] == ["a", "Order Completed", "b"]


def test_one_poison_event_in_500_takes_none_along_and_costs_at_most_24_calls():
    world = play(fail_over_bad)
    outcomes = world.apply(make_events(500, bad={123}))
    assert list_failed(outcomes) == {123}
    assert outcomes[123].error == "f: ValueError: bad m-123"
    assert outcomes[123].function == "f"
    assert len(world.calls) == 19


def test_an_event_that_kills_the_process_is_tried_alone_twice():
    world = play(die_over_bad)
    outcomes = world.apply(make_events(500, bad={499}))
    assert list_failed(outcomes) == {499}
    assert [ids for _, ids in world.calls].count(["m-499"]) == 2
    assert len(world.calls) == 20


def test_a_process_that_died_of_what_was_there_before_costs_no_event():
    tries = []

    def die_once(events):
        tries.append(events)
        if len(tries) == 1:
            raise Dies
        return events

    assert not list_failed(play(die_once).apply(make_events(1)))


@given(st.sets(st.integers(0, 299)))
def test_however_many_are_poison_a_pack_costs_24_calls_and_every_poison_event_fails(bad):
    world = play(fail_over_bad)
    outcomes = world.apply(make_events(300, bad))
    assert len(world.calls) <= MAX_CALLS
    assert bad <= list_failed(outcomes)
    assert all(outcome.events for n, outcome in enumerate(outcomes) if n not in list_failed(outcomes))
    if not bad:
        assert len(world.calls) == 1


def test_what_cannot_be_told_apart_fails_together_and_says_so():
    outcomes = play(fail_over_bad).apply(make_events(300, bad=set(range(0, 300, 3))))
    assert any("told of " in outcome.error for outcome in outcomes)
    assert all(outcome.error or outcome.events for outcome in outcomes)


def test_a_pack_does_not_pay_for_the_poison_of_another():
    world = play(fail_over_bad)
    sick = [((0, n), make_event(n, event="Bad")) for n in range(100)]
    well = [((1, n), make_event(1000 + n, event="Good")) for n in range(100)]
    outcomes = world.open().apply([*sick, *well], ["f"])
    assert all(outcomes[key].error for key, _ in sick)
    assert all(outcomes[key].events for key, _ in well)


def test_packs_share_calls():
    world = play(lambda events: events)
    batch = [((pack, n), make_event(100 * pack + n)) for pack in range(4) for n in range(100)]
    world.open().apply(batch, ["f"])
    assert [len(ids) for _, ids in world.calls] == [400]


def test_lambda_that_cannot_be_called_is_no_error_of_the_function():
    def throttle(_events):
        raise Unreachable

    world = play(throttle)
    outcomes = world.apply(make_events(10))
    assert {(outcome.error, outcome.trouble) for outcome in outcomes} == {("", "f: throttled")}
    assert len(world.calls) == 1


def test_a_batch_without_time_is_tried_another_time():
    world = play(lambda events: events, seconds_left=lambda: 20.0)
    outcomes = world.apply(make_events(3))
    assert world.calls == []
    assert all(outcome.trouble for outcome in outcomes)


def test_a_function_that_only_fails_takes_the_rest_along_when_the_time_is_over():
    """Else it would be tried until SQS has it in the dead-letter queue."""
    left = iter([60.0] * 4)
    world = play(fail_over_bad, seconds_left=lambda: next(left, 0.0))
    outcomes = world.apply(make_events(5 * MAX_BATCH, bad=set(range(5 * MAX_BATCH))))
    assert len(world.calls) == 4
    assert all(outcome.error for outcome in outcomes)


def test_a_function_that_worked_is_not_blamed_for_what_it_was_not_asked():
    left = iter([60.0] * 4)
    world = play(fail_over_bad, seconds_left=lambda: next(left, 0.0))
    outcomes = world.apply(make_events(5 * MAX_BATCH, bad={0}))
    assert all(outcome.error for outcome in outcomes[:MAX_BATCH])
    assert all(outcome.trouble for outcome in outcomes[4 * MAX_BATCH :])


def test_functions_run_one_behind_the_other():
    def double(events):
        return [copy for event in events for copy in (event, dict(event))]

    def drop_first(events):
        return [event for event in events if event["messageId"] != "m-0"]

    world = World({"double": double, "drop_first": drop_first})
    outcomes = world.apply(make_events(2), "double", "drop_first")
    assert [len(outcome.events) for outcome in outcomes] == [1, 2]
    assert [name for name, _ in world.calls] == ["double", "drop_first"]


def test_what_one_function_dropped_goes_to_no_other():
    world = World({"drop": lambda _: [], "other": lambda events: events})
    [outcome] = world.apply(make_events(1), "drop", "other")
    assert (outcome.events, outcome.error, outcome.function) == ((), "", "drop")
    assert [name for name, _ in world.calls] == ["drop"]


def test_an_event_fails_with_any_of_its_children():
    def split(events):
        return [{**event, "event": name} for event in events for name in ("Good", "Bad")]

    world = World({"split": split, "f": fail_over_bad})
    [outcome] = world.apply(make_events(1), "split", "f")
    assert outcome.error.startswith("f: ValueError")


@pytest.mark.parametrize(
    ("packs", "middle"), [([0, 0, 0, 0], 2), ([0, 0, 0, 1], 3), ([0, 1, 1, 2, 2, 2], 3), ([0], 0)]
)
def test_a_batch_is_cut_between_packs_where_it_has_several(packs, middle):
    assert find_middle(packs) == middle
