"""The dead-letter queues of a stack: one a sync, and ingest's."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.stack import Stack
from cli.syncs import find_sync, list_syncs

INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class Dlq:
    """`sync` is a slug, "" for ingest's queue; letters go back to `home_url`."""

    sync: str
    url: str
    home_url: str

    @property
    def name(self) -> str:
        return self.sync or INGEST


@dataclass(frozen=True, slots=True)
class Depth:
    """What SQS says a queue holds, give or take what it did in the last minute."""

    visible: int
    in_flight: int

    @property
    def total(self) -> int:
        return self.visible + self.in_flight


def find_dlqs(stack: Stack, syncs: Sequence[str], *, ingest: bool) -> list[Dlq]:
    """The queues of these syncs, of ingest, or with neither all of them. Raises CommandError."""
    everything = not syncs and not ingest
    slugs = list_syncs(stack) if everything else [find_sync(stack, slug) for slug in dict.fromkeys(syncs)]
    found = [Dlq(slug, stack.dlq_url(slug), stack.queue_url(slug)) for slug in slugs]
    if ingest or everything:
        found.append(Dlq("", stack.find("IngestDlq"), stack.find("IngestQueue")))
    return found


def measure_depth(stack: Stack, dlq: Dlq) -> Depth:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=dlq.url, AttributeNames=names)
    visible, in_flight = (int(answer["Attributes"][name]) for name in names)
    return Depth(visible, in_flight)
