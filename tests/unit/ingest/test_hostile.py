"""Whatever a stranger sends: an answer, never an exception, never a 5xx; only what SQS takes is stored."""

import orjson
from hypothesis import assume, given, settings

from tests.unit.ingest.hostile import batches, check_stored, dump, gateway_events
from tests.unit.ingest.world import World


@settings(max_examples=150)
@given(gateway_events())
def test_every_request_is_answered(gateway_event):
    outcome = World().serve(gateway_event)
    told = outcome.answer.to_gateway()
    assert told["statusCode"] in {200, 204, 400, 401, 404, 405, 413, 415}
    assert told["headers"]["Access-Control-Allow-Origin"] == "*"
    orjson.dumps(told)


@settings(max_examples=150)
@given(gateway_events())
def test_what_is_stored_can_be_stored_and_read(gateway_event):
    world = World()
    outcome = world.serve(gateway_event)
    assert check_stored(world.bodies) == outcome.accepted + len(world.blocked)


@settings(max_examples=150)
@given(gateway_events())
def test_nothing_is_stored_of_what_is_not_answered_200(gateway_event):
    world = World()
    outcome = world.serve(gateway_event)
    assert outcome.answer.status == 200 or not world.bodies


@settings(max_examples=150)
@given(batches)
def test_accepted_and_blocked_are_what_was_sent(batch):
    world = World()
    answer = world.send(dump(batch))
    assume(answer.status == 200)
    assert len(world.events) == len(batch["batch"])


@settings(max_examples=150)
@given(gateway_events())
def test_a_request_that_is_answered_twice_is_stored_alike_twice(gateway_event):
    """But for ids that were made."""
    first, again = World(), World()
    first.serve(gateway_event)
    again.serve(gateway_event)
    assert first.bodies == again.bodies
