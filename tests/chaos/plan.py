"""What a run does, all of it drawn from one seed before it starts: events, faults of AWS and of destinations.

Two runs with the same seed and number of events send the same events in the same requests, give the same
answers to the n-th request of a destination, and break the same calls and kill the same functions in the
same order. What they meet at that moment is the machine's.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

SOURCE = "shop"
SYNCS = {"events-to-crm": "crm", "events-to-braze": "braze", "events-to-rudder": "rudder"}
"""The destination of each sync. Every sync takes every event."""

FUNCTIONS = (
    "IngestFunction",
    "RouterFunction",
    "EventsToCrmDeliveryFunction",
    "EventsToBrazeDeliveryFunction",
    "EventsToRudderDeliveryFunction",
)
REQUEST_EVENTS = 100
FEWEST_REQUESTS = 100
TWICE_EVERY = 30  # one request in so many is sent twice
STEP_SECONDS = 1.5

REFUSED, TOO_LARGE = "refused-for-good", "too-large-for-lists"

type Event = dict[str, Any]
type Rule = dict[str, Any]
type Answers = list[dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """A moment of the storm: what AWS refuses from now on, whose workers die now."""

    rules: list[Rule]
    kill: str = ""
    all_workers: bool = False


@dataclass(frozen=True)
class Plan:
    """`requests` are batches in the order they are sent, with how often; `blocked` ids no rule lets pass."""

    requests: list[tuple[list[Event], int]]
    blocked: frozenset[str]
    answers: dict[str, Answers]
    steps: list[Step]

    @property
    def events(self) -> int:
        return sum(len(batch) for batch, _ in self.requests)

    @property
    def refused(self) -> int:
        """Events that the CRM and Braze never take."""
        return sum(event["properties"]["note"] == REFUSED for batch, _ in self.requests for event in batch)


def make_plan(seed: int, events: int, *, kills: bool = True) -> Plan:
    """The plan for so many different events; some requests are sent twice on top.

    Without `kills` the same calls fail in the same order, but no function is killed.
    """
    requests, blocked = plan_requests(random.Random(f"{seed} events"), seed, events)
    return Plan(
        requests,
        frozenset(blocked),
        {name: list(plan_answers(random.Random(f"{seed} {name}"), name, events)) for name in SYNCS.values()},
        [
            step if kills else replace(step, kill="")
            for step in plan_steps(random.Random(f"{seed} storm"), events)
        ],
    )


def plan_requests(
    dice: random.Random, seed: int, events: int
) -> tuple[list[tuple[list[Event], int]], list[str]]:
    requests: list[tuple[list[Event], int]] = []
    blocked: list[str] = []
    each = min(REQUEST_EVENTS, max(events // FEWEST_REQUESTS, 1))
    twice = dice.randrange(TWICE_EVERY)
    for start in range(0, events, each):
        batch: list[Event] = []
        for number in range(start, min(start + each, events)):
            event: Event = {
                "type": "track",
                "event": dice.choice(["Product Viewed", "Product Added", "Order Completed"]),
                "messageId": f"chaos-{seed}-{number:07d}",
                "userId": f"customer-{dice.randrange(5000)}",
                "properties": {"number": number, "note": "x" * dice.randrange(200)},
            }
            kind = dice.random()
            if kind < 0.01:
                del event["userId"]
                blocked.append(event["messageId"])
            elif kind < 0.013:
                event["properties"]["note"] = REFUSED
            elif kind < 0.016:
                event["properties"]["note"] = TOO_LARGE
            batch.append(event)
        requests.append((batch, 2 if len(requests) % TWICE_EVERY == twice else 1))
    return requests, blocked


def plan_answers(dice: random.Random, destination: str, events: int) -> Iterator[dict[str, Any]]:
    """A destination's answers in order, troubles between stretches of health; after the last it is well."""
    single = destination == "crm"
    healthy = (10, 60) if single else (3, 15)
    left = int(1.5 * events) if single else max(events // 20, 40)
    outage = left * dice.uniform(0.3, 0.6)
    while left > 0:
        well = dice.randint(*healthy)
        yield {"status": 200, "repeat": well}
        if destination == "braze" and dice.random() < 0.5:
            trouble = draw_refusal(dice)
        else:
            trouble = dice.choice([*TROUBLES, *SINGLE_TROUBLES] if single else TROUBLES)
        # Seldom what a breaker opens for: behind an open one, nothing more would go wrong.
        times = 1 if trouble.get("status") in OPENING else dice.randint(1, 3)
        yield {**trouble, "repeat": times}
        left -= well + times
        if left < outage:  # once a run, longer than any breaker's patience
            outage = -1.0
            yield {"status": 500, "repeat": dice.randint(10, 20)}


TROUBLES: Answers = [
    {"status": 500},
    {"status": 502, "body": "<html>bad gateway</html>"},
    {"status": 503, "headers": {"Retry-After": "1"}},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"status": 429},
    {"status": 408},
    {"status": 401},  # once: the call with the secret read afresh is taken
    {"status": 413},
    {"status": 504, "delay": 3},  # longer than the destinations' timeout of 2 s
    {"status": 200, "delay": 3},  # taken, and Sluice cannot know
    {"status": 200, "delay": 1.5},
    {"drop": True},
    {"fault": "reset"},
    {"fault": "garbage"},
    {"fault": "half_closed"},
    {"fault": "cut"},
    {"status": 500, "fault": "cut"},
]
OPENING = (401,)  # statuses that open a breaker when they come twice
SINGLE_TROUBLES: Answers = [{"status": 400}, {"status": 501}, {"status": 302, "headers": {"Location": "/"}}]
"""What an event dies of at once: for whole lists of them it would leave few to be delivered."""


def draw_refusal(dice: random.Random) -> dict[str, Any]:
    """Braze names events that it did not take: with 201 it took the others, with 400 none."""
    refused = [0, *sorted(dice.sample(range(1, 30), dice.randint(0, 4)))]
    return {"status": dice.choice([201, 201, 400]), "refuse": {"events": refused}}


def plan_poison() -> list[dict[str, Any]]:
    """What a destination never takes: some events the CRM refuses, and Braze by name whatever is beside
    them; others make every list too large until they are alone.
    """
    named: Answers = [{"status": 201, "refuse": {"events": [REFUSED]}, "repeat": "forever"}]
    return [
        {"path": "/crm/*", "contains": REFUSED, "answers": [{"status": 422, "repeat": "forever"}]},
        {"path": "/braze/*", "contains": TOO_LARGE, "answers": [{"status": 413, "repeat": "forever"}]},
        {"path": "/rudder/*", "contains": TOO_LARGE, "answers": [{"status": 413, "repeat": "forever"}]},
        {"path": "/braze/*", "contains": REFUSED, "answers": named},
    ]


def plan_steps(dice: random.Random, events: int) -> Iterator[Step]:
    """The storm lasts some 30 s, and three minutes longer for every 100,000 events."""
    for _ in range(20 + events // 800):
        rules = [draw_rule(dice) for _ in range(dice.choice([0, 2, 3, 4, 5]))]
        kill = dice.choice(FUNCTIONS) if dice.random() < 0.5 else ""
        yield Step(rules, kill, all_workers=dice.random() < 0.5)


CALLS = [
    ("sqs", "SendMessageBatch"),
    ("sqs", "SendMessageBatch"),
    ("sqs", "ChangeMessageVisibilityBatch"),
    ("sqs", "DeleteMessageBatch"),
    ("firehose", "PutRecordBatch"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "Query"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "UpdateItem"),
    ("dynamodb", "DeleteItem"),
    ("s3", "PutObject"),
    ("ssm", "GetParameter"),
]
EFFECTS: list[Rule] = [
    # With status 503: the names that the proxy gives its codes are not those botocore knows as a throttle.
    {"error": {"code": "ThrottlingException", "status": 503}},
    {"error": {"code": "InternalFailure", "status": 500}},
    {"error": {"code": "AccessDenied", "status": 403}},  # which botocore does not try again
    {"reset": True},
    {"latency": 2500},
    {"timeout_ms": 5000},  # longer than the 3 s that a client reads
    {"response": {"abort_frac": 0.5}},  # done, and the caller cannot know
]


def draw_rule(dice: random.Random) -> Rule:
    """A call of AWS that fails a few times in a row, then works a few times, and so on."""
    service, operation = dice.choice(CALLS)
    sequence = {"fail": dice.randint(2, 12), "pass": dice.randint(2, 12)}
    return {"service": service, "operation": operation, "sequence": sequence, **dice.choice(EFFECTS)}
