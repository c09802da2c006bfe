"""Looks at a local stack from outside when a run is over: destinations, dead-letter queues, archive."""

import json
import re
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from typing import Any

from cli.local.observe import count_messages, read_objects
from tests.chaos.conservation import Evidence, count_copies
from tests.chaos.plan import SYNCS
from tests.e2e.events import POOL
from tests.e2e.queues import put_message, take_messages

type Facts = dict[str, Any]

IDS = r'"messageId":"([^"]+)"'
_HEAD = re.compile(
    r'"pack_id":"([^"]*)".*?"n":(\d+),"message_id":"([^"]*)","verdict":"(\w+)"'
)  # whole lines are a hundred megabytes of events that nobody looks at


def call_sink(facts: Facts, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    answer = POOL.request(method, f"{facts['sink_url']}{path}", body=data)
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


def read_tally(facts: Facts, destination: str) -> tuple[dict[str, int], set[str], dict[str, int]]:
    """How often a destination took each message id, the ids that it refused by name, once or more, and how
    often it took an id while its answer reached nobody."""
    query = urllib.parse.urlencode({"path": f"/{destination}/*"})
    tally: dict[str, list[int]] = call_sink(facts, "GET", f"/_tally?{query}")
    takings = {message_id: taken for message_id, (_, taken, _, _) in tally.items() if taken}
    refusals = {message_id for message_id, (_, _, refused, _) in tally.items() if refused}
    return takings, refusals, {message_id: missed for message_id, (_, _, _, missed) in tally.items()}


def count_waiting(facts: Facts) -> int:
    """Messages on their way, in whatever queue."""
    urls = [facts["ingest_queue"], *(queues["queue"] for queues in facts["queues"].values())]
    return sum(count_messages(facts, url) for url in urls)


def redrive_ingest(facts: Facts) -> int:
    """Packs that went to the DLQ of ingest go back, as an engineer would have them when AWS is well again."""
    bodies = take_messages(facts, facts["ingest_dlq"])
    for body in bodies:
        put_message(facts, facts["ingest_queue"], body)
    return len(bodies)


def read_dead(facts: Facts, sync: str) -> dict[str, str]:
    """The reason by message id of what is in a sync's DLQ, as letters or whole packs; it leaves it."""
    reasons: dict[str, str] = {}
    for body in take_messages(facts, facts["queues"][sync]["dlq"]):
        letter = json.loads(body)
        if "items" in letter:
            reasons.update((item["event"]["messageId"], "received_too_often") for item in letter["items"])
        else:
            reasons[letter["message_id"]] = letter["reason"]
    return reasons


def read_lines(facts: Facts) -> Iterator[tuple[str, tuple[str, int, str]]]:
    """`(verdict, (pack id, number, message id))` of every line in the archive of events."""
    for text in read_objects(facts, "events/"):
        for line in text.splitlines():
            pack, number, message_id, verdict = _HEAD.search(line).groups()  # type: ignore[union-attr]
            yield verdict, (pack, int(number), message_id)


def gather(
    facts: Facts, sent: Counter[str], breaks_rules: frozenset[str]
) -> tuple[dict[str, Evidence], dict[str, Counter[str]]]:
    """The evidence by sync, and the reasons that its dead letters tell."""
    blocked: set[str] = set()
    repeats: set[tuple[str, int, str]] = set()
    for verdict, line in read_lines(facts):
        if verdict == "blocked":
            blocked.add(line[2])
        elif verdict == "duplicate":
            repeats.add(line)
    dropped = count_copies(repeats)
    evidence: dict[str, Evidence] = {}
    reasons: dict[str, Counter[str]] = {}
    for sync, destination in SYNCS.items():
        dead = read_dead(facts, sync)
        takings, refused, unheard = read_tally(facts, destination)
        evidence[sync] = Evidence(sent, takings, refused, dead, blocked, dropped, breaks_rules, unheard)
        reasons[sync] = Counter(dead.values())
    return evidence, reasons
