"""ArchiverFunction, on a schedule: letters that nobody took for days leave their queues for the archive."""

from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from sluice.archiver.drain import Drained
from sluice.bootstrap.archiver import build_drain

RESERVE_SECONDS = 60  # to make visible again what stays, and to report

metrics = Metrics()


@metrics.log_metrics
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many letters left each queue that any left. What was not done in time is done by a later run."""
    results = build_drain()(seconds=context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS)
    count(results)
    return {name_queue(url): result.deleted for url, result in results.items() if result.deleted}


def count(results: dict[str, Drained]) -> None:
    """The lines a run logs: one of its own, and one for each queue that letters left.

    A metric costs money in every hour in which it has a value, so there is one; the rest is in its line.
    `LettersFailed` is there only for a queue that could not be emptied.
    """
    metrics.add_metric(
        "OldestLetterSeconds", MetricUnit.Seconds, max((r.oldest for r in results.values()), default=0)
    )
    metrics.add_metadata("letters_removed", sum(r.deleted for r in results.values()))
    metrics.add_metadata("letters_archived", sum(r.archived for r in results.values()))
    metrics.add_metadata("letters_failed", sum(r.failed for r in results.values()))
    if trouble := {name_queue(url): result.trouble for url, result in results.items() if result.trouble}:
        metrics.add_metadata("trouble", trouble)
    if oldest := {name_queue(url): round(result.oldest) for url, result in results.items() if result.oldest}:
        metrics.add_metadata("oldest_letters", oldest)
    for url, result in results.items():
        if result.deleted:
            _count_letters("LettersRemoved", url, result.deleted)
        if result.failed or result.trouble:
            _count_letters("LettersFailed", url, max(result.failed, 1))


def _count_letters(name: str, url: str, letters: int) -> None:
    with single_metric(name, MetricUnit.Count, letters) as metric:
        metric.add_dimension("queue", name_queue(url))


def name_queue(url: str) -> str:
    return url.rpartition("/")[2]
