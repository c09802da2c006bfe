"""What ingest counts of a request, for its metrics and for quotas."""

import pytest

from sluice.errors import RequestError
from sluice.ingest.accept import _measure
from sluice.ingest.paths import Endpoint, Kind
from sluice.ingest.request import Request, parse_request
from tests.unit.ingest.world import KEY, make_gateway_event

EVENT = {"type": "track", "event": "e", "userId": "u"}


def test_only_times_that_were_replaced_are_counted(world):
    """Not those that were moved, which are noted as well, and not blank ids."""
    events = [
        {**EVENT, "timestamp": "yesterday"},
        {**EVENT, "timestamp": "2026-11-01T00:00:00.000Z", "sentAt": "2026-10-01T00:00:00.000Z"},
        {**EVENT, "messageId": "undefined"},
        EVENT,
    ]
    outcome = world.serve(make_gateway_event({"batch": events, "writeKey": KEY}))
    assert (outcome.accepted, outcome.times_replaced) == (4, 1)


def test_the_bytes_of_a_pixel_are_those_of_its_query():
    request = Request("GET", "/pixel/v1/track", query={"userId": "u-1", "event": "Opened"})
    assert _measure(b"", request, Endpoint(Kind.FLAT_PIXEL)) == len("userIdu-1eventOpened")


@pytest.mark.parametrize("encoded", [True, False])
def test_a_body_that_is_too_large_as_it_was_carried_is_413(encoded):
    event = make_gateway_event("x" * 400)
    with pytest.raises(RequestError) as refused:
        parse_request({**event, "body": "x" * 400, "isBase64Encoded": encoded}, max_bytes=50)
    assert refused.value.status == 413
