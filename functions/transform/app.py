"""TransformFunction: a batch of events goes through one of the operator's functions."""

from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from sluice.bootstrap.transform import build_process
from sluice.transforms.protocol import parse_call

metrics = Metrics()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answers whatever the function does. Raises only for a call that the router did not make."""
    name, events = parse_call(event)
    answer = build_process().answer(name, events)
    metrics.add_dimension("function", name)
    metrics.add_metric("Batches", MetricUnit.Count, 1)
    metrics.add_metric("BatchesFailed", MetricUnit.Count, 0 if "events" in answer else 1)
    return answer
