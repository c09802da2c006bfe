"""What became of events, as seen from outside: the destination's requests, the archive, the dead letters.

Nothing here asks Sluice. `facts` is the stack's stack.json; events are told apart by their message ids.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from cli.local.observe import read_archive, read_dead_letters, read_objects, read_sink
from tests.e2e.deadlines import eventually

type Facts = dict[str, Any]


def list_attempts(facts: Facts, destination: str, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The requests that carried each message id to a destination, oldest first; [] where it never came."""
    attempts: dict[str, list[dict[str, Any]]] = {message_id: [] for message_id in ids}
    for request in read_sink(facts, f"/{destination}/*"):
        for message_id in list_message_ids(request["body"]):
            if message_id in attempts:
                attempts[message_id].append(request)
    return attempts


def list_message_ids(body: Any) -> Iterable[str]:
    """The events in a request: whole ones in a list, or one with the CRM's field names."""
    if isinstance(body, list):
        return [event["messageId"] for event in body]
    return [body["message_id"]] if isinstance(body, dict) and "message_id" in body else []


def count_deliveries(facts: Facts, destination: str, ids: Collection[str]) -> Counter[str]:
    """How often a destination took each message id; 0 for those that it has not taken."""
    return Counter(
        {
            message_id: sum(is_taken(request) for request in requests)
            for message_id, requests in list_attempts(facts, destination, ids).items()
        }
    )


def is_taken(request: dict[str, Any]) -> bool:
    return request["status"] is not None and 200 <= request["status"] < 300


def wait_for_delivery(
    facts: Facts, destination: str, ids: Collection[str], *, seconds: float = 60
) -> Counter[str]:
    """How often the destination took each, when it took all of them at least once."""

    def find_missing() -> list[str]:
        return [
            message_id for message_id, taken in count_deliveries(facts, destination, ids).items() if not taken
        ]

    eventually(find_missing, lambda missing: not missing, what=f"all at {destination}", seconds=seconds)
    return count_deliveries(facts, destination, ids)


def find_lines(facts: Facts, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The archive's lines of each message id; [] for one that is not there."""
    lines: dict[str, list[dict[str, Any]]] = {message_id: [] for message_id in ids}
    for line in read_archive(facts):
        if line["message_id"] in lines:
            lines[line["message_id"]].append(line)
    return lines


def wait_for_lines(facts: Facts, ids: Collection[str], *, times: int = 1) -> dict[str, list[dict[str, Any]]]:
    """The archive's lines of each message id, when each is there so many times."""
    return eventually(
        lambda: find_lines(facts, ids),
        lambda lines: all(len(found) >= times for found in lines.values()),
        what=f"{times} archive lines for each of {len(ids)} events",
    )


def count_verdicts(lines: dict[str, list[dict[str, Any]]]) -> Counter[str]:
    return Counter(line["verdict"] for found in lines.values() for line in found)


def wait_for_letters(facts: Facts, sync: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The dead letters in a sync's DLQ, by message id, when each of the ids has one. They stay there."""

    def find_letters() -> dict[str, dict[str, Any]]:
        letters = {letter["message_id"]: letter for letter in read_dead_letters(facts, sync)}
        return {message_id: letters[message_id] for message_id in ids if message_id in letters}

    return eventually(find_letters, lambda found: len(found) == len(ids), what=f"dead letters of {sync}")


def read_archived_letters(facts: Facts, sync: str) -> dict[str, dict[str, Any]]:
    """The dead letters of a sync in the archive, by message id."""
    letters: dict[str, dict[str, Any]] = defaultdict(dict)
    for text in read_objects(facts, f"dead/sync={sync}/"):
        for line in text.splitlines():
            letter = json.loads(line)
            letters[letter["message_id"]] = letter
    return letters
