"""What `sam build` makes of the sources, deployed: the artefact that AWS gets, with its own dependencies."""

import pytest

from tests.e2e.events import make_order, send
from tests.e2e.evidence import count_verdicts, wait_for_delivery, wait_for_lines
from tests.e2e.stacks import running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]

LAYER = "ministack-lambda-*/layer_*/python/orjson/__init__.py"


def test_one_event_goes_all_the_way_through_what_was_built(run: str) -> None:
    with running_stack("built", "--built") as stack:
        facts = stack.facts
        sent = send(facts, [make_order(run)])

        assert wait_for_delivery(facts, "crm", sent, seconds=120) == dict.fromkeys(sent, 1)
        assert wait_for_delivery(facts, "lake", sent) == dict.fromkeys(sent, 1)
        assert count_verdicts(wait_for_lines(facts, sent)) == {"accepted": 1}
        layers = {path.parts[-5].rsplit("-", 1)[0] for path in (stack.folder / "tmp").glob(LAYER)}
        assert len(layers) == 5, "ingest, router and three deliveries ran with the layer's dependencies"
