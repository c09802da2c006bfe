"""Delivery under any interleaving of answers, crashes, refusals of AWS, duplicates, time and containers.

A model of all there is around one sync: hypothesis sends events, lets the destination change its mood, breaks
AWS services, kills containers at any call of a port, before or after it has its effect, and moves the clock.
After every step each event is somewhere; at the end, with all healed, each has come to its end.
"""

from collections import Counter
from dataclasses import replace
from random import Random

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sluice.delivery.breaker import READ_SECONDS
from sluice.destinations.declaration import Response
from sluice.errors import RetryLater
from sluice.reasons import Reason
from tests.unit.delivery.steps import Killed, Steps, Watched
from tests.unit.delivery.world import DLQ, QUEUE, World, ids_of, make_event, make_pack, make_workspace

CONTAINERS = 3
MOODS = {
    "up": lambda _n: 200,
    "down": lambda _n: 503,
    "silent": lambda _n: RetryLater(Reason.TIMEOUT),
    "gone": lambda _n: RetryLater(Reason.CONNECTION_FAILED),
    "busy": lambda _n: Response(429, {"retry-after": "120"}),
    "very busy": lambda _n: Response(429, {"retry-after": "20000"}),
    "locked": lambda _n: 401,
    "picky": lambda n: 400 if n % 3 == 0 else 200,
    "flaky": lambda n: 503 if n % 2 else 200,
    "narrow": lambda _n: 413,
}


class DeliveryMachine(RuleBasedStateMachine):
    @initialize(
        batch=st.integers(1, 3),
        rate=st.sampled_from([None, None, 0.2, 20.0]),
        attempts=st.sampled_from([None, None, 3]),
        seed=st.integers(0, 999),
    )
    def build(self, batch, rate, attempts, seed):
        retry = {"for": 14_400, "first": 5, "max": 900, "attempts": attempts}
        over = {"retry": retry, "concurrency": 1, "rate_limit": rate, "max_concurrency": 2}
        self.random, self.steps = Random(seed), Steps(0, after=False)
        token = {"Authorization": {"secret": "ssm:token"}}
        workspace = make_workspace({"batch_size": batch, "headers": token}, **over)
        self.world = world = World(workspace, draw=self.random.random)
        world.secrets.secrets["ssm:token"] = "secret"
        world.vendor.script = lambda _request: MOODS[self.mood](len(world.vendor.calls))
        world.queues.refuse = lambda url, _body: url in self.refusing
        world.log.refuse = lambda _record: self.log_refuses
        world.ports = replace(
            world.ports,
            queues=Watched(world.queues, self.steps, ["send", "delete", "set_visibility"]),
            archive=Watched(world.archive, self.steps, ["put"]),
            log=Watched(world.log, self.steps, ["put"]),
            pauses=Watched(world.pauses, self.steps, ["read", "write", "clear"]),
            claims=Watched(world.claims, self.steps, ["claim"]),
            secrets=Watched(world.secrets, self.steps, ["read"]),
            outside=replace(world.ports.outside, http=self.steps.wrap(world.vendor)),
        )
        self.containers = [world.build() for _ in range(CONTAINERS)]
        self.mood, self.refusing, self.log_refuses = "up", set(), False
        self.sent: set[str] = set()
        self.disturbed: set[str] = set()  # what a crash or AWS may have done twice

    @rule(size=st.integers(1, 5), replay=st.sampled_from([None, None, "r1"]))
    def send_events(self, size, replay):
        events = [make_event(len(self.sent) + n) for n in range(size)]
        self.sent |= {event["messageId"] for event in events}
        refusing, self.refusing = self.refusing, set()
        group = f"replay-{replay}" if replay else ""
        self.world.queues.send(QUEUE, [make_pack(*events, replay=replay)], groups=[group])
        self.refusing = refusing

    @precondition(lambda self: self.world.waiting)
    @rule(draw=st.integers(0, 999))
    def hold_a_pack_twice(self, draw):
        """As where SQS took a pack, and its answer was lost."""
        waiting = self.world.waiting
        message = waiting[draw % len(waiting)]
        self.world.queues.made += 1
        copy = replace(message, id=f"m{self.world.queues.made}", receive_count=0, receipt_handle="")
        waiting.append(copy)
        self.disturbed.update(ids_of(orjson.loads(message.body)))

    @rule(mood=st.sampled_from(sorted(MOODS)))
    def change_mood(self, mood):
        self.mood = mood

    @rule(
        refusing=st.sets(st.sampled_from([QUEUE, DLQ]), max_size=1),
        archive=st.booleans(),
        log=st.booleans(),
        pauses=st.booleans(),
        claims=st.booleans(),
    )
    def break_aws(self, refusing, archive, log, pauses, claims):
        self.refusing, self.log_refuses = refusing, log
        self.world.archive.broken, self.world.pauses.broken = archive, pauses
        self.world.claims.broken = lambda _key: claims

    @rule()
    def heal_aws(self):
        self.break_aws(set(), archive=False, log=False, pauses=False, claims=False)

    @rule(seconds=st.sampled_from([1, 5, 30, 360, 900, 5000]))
    def pass_time(self, seconds):
        self.world.now += seconds

    @rule()
    def pass_time_until_something_is_due(self):
        self.world.now = max(self.world.now, min((m.visible_at for m in self.world.waiting), default=0))

    @rule(at=st.integers(0, CONTAINERS - 1), left=st.sampled_from([60.0, 60.0, 12.0]))
    def invoke(self, at, left):
        self.world.left = left
        self.run(at, kill_at=0, after=False)

    @rule(at=st.integers(0, CONTAINERS - 1), kill_at=st.integers(1, 14), after=st.booleans())
    def invoke_and_kill(self, at, kill_at, after):
        self.run(at, kill_at=kill_at, after=after)

    def run(self, at, *, kill_at, after):
        world = self.world
        closed_to = self.find_closed_until()
        calls, lines = len(world.vendor.calls), Counter(self.list_lines())
        received = world.queues.receive(QUEUE, limit=4)
        held = {message.id: ids_of(orjson.loads(message.body)) for message in received}
        self.steps.arm(kill_at, after=after)
        try:
            report = self.containers[at].deliver([m.as_message() for m in received], lambda: world.left)
        except Killed:
            self.disturbed.update(*held.values())
            self.containers[at] = world.build()
            return
        finally:
            self.steps.arm(0, after=False)
        for message_id in report.trouble:
            self.disturbed.update(held[message_id])
        world.queues.delete(QUEUE, [m.receipt_handle for m in received if m.id not in report.failed])
        asked = world.vendor.calls[calls:]
        refusing = self.mood in {"narrow", "picky"}  # which only splits a batch: its items may wait unlogged
        tried = {
            message_id for call in asked if not refusing or len(call.ids) == 1 for message_id in call.ids
        }
        failed = {message_id for message in report.trouble for message_id in held[message]}
        logged = {orjson.loads(line)["message_id"] for line in Counter(self.list_lines()) - lines}
        assert tried - failed <= logged
        assert closed_to is None or closed_to <= world.now or not asked
        assert report.attempts + report.postponed <= sum(map(len, held.values()))

    def find_closed_until(self):
        """Until when no container may call, for a pause that all have heard of."""
        row, world = self.world.pauses.row, self.world
        if row is None or row.probing or world.pauses.broken:
            return None
        known = row.until - row.seconds + READ_SECONDS <= world.now  # Retry-After makes it later still
        return row.until if known and row.until - row.seconds <= world.now else None

    def list_lines(self):
        """The delivery log: what Firehose took, and what went to S3 instead."""
        objects = self.world.archive.objects
        direct = [body for key, body in objects.items() if key.startswith("deliveries/")]
        return b"".join([*self.world.log.records, *direct]).splitlines()

    def find_places(self):
        waiting = [message_id for pack in self.world.waiting_packs for message_id in ids_of(pack)]
        dead = [letter["message_id"] for letter in self.world.letters]
        return self.world.vendor.took, waiting, dead

    @invariant()
    def every_event_is_somewhere_and_undisturbed_ones_once(self):
        if not hasattr(self, "world"):
            return
        places = Counter(message_id for place in self.find_places() for message_id in place)
        assert set(places) == self.sent
        assert {message_id for message_id, times in places.items() if times > 1} <= self.disturbed

    @invariant()
    def every_letter_is_in_the_archive(self):
        if not hasattr(self, "world"):
            return
        objects = self.world.archive.objects
        keys = [key for key in objects if key.startswith("dead/")]
        archived = {orjson.loads(line)["message_id"] for key in keys for line in objects[key].splitlines()}
        assert {letter["message_id"] for letter in self.world.letters} <= archived

    @invariant()
    def what_is_replayed_stays_in_its_group(self):
        if not hasattr(self, "world"):
            return
        for message, pack in zip(self.world.waiting, self.world.waiting_packs, strict=True):
            assert message.group == (f"replay-{pack['replay']}" if "replay" in pack else "")

    def teardown(self):
        if not hasattr(self, "world"):
            return
        self.heal_aws()
        self.mood, self.world.left = "up", 60.0
        for step in range(3000):
            if not self.world.waiting:
                break
            self.pass_time_until_something_is_due()
            self.run(step % CONTAINERS, kill_at=0, after=False)
        took, waiting, dead = self.find_places()
        assert waiting == []
        assert set(took) | set(dead) == self.sent
        ends = {"delivered": set(), "dead": set(), "retry": set()}
        for line in map(orjson.loads, self.list_lines()):
            ends[line["outcome"]].add(line["message_id"])
        assert set(took) - self.disturbed == ends["delivered"] - self.disturbed
        assert set(dead) <= ends["dead"]
        assert ends["delivered"] | ends["dead"] == self.sent
        assert not self.world.pauses.row or not self.sent


TestDelivery = DeliveryMachine.TestCase
TestDelivery.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
