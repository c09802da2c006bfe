"""Ingest with everything around it faked: the queue, the control table, clock and ids."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

from sluice.ingest.accept import Gate, Source
from sluice.ingest.keys import KeyRing, digest_key
from sluice.ingest.packer import Limits
from sluice.ingest.quota import Quota, Quotas
from sluice.ingest.serve import Ingest, Outcome
from sluice.packs import Event, IngestPack, parse_ingest_pack
from sluice.times import format_time
from tests.builders import KEY, make_gateway_event
from tests.fakes.counters import FakeCounters

NOW = 1_795_305_600.0  # 2026-11-22T00:00:00Z
RECEIVED = format_time(NOW)


@dataclass
class Answer:
    """What the client gets."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.data)


@dataclass
class World:
    """`keys` are the write keys by source; `full` makes the queue refuse everything."""

    keys: dict[str, list[str]] = field(default_factory=lambda: {"web": [KEY], "shop": ["wk_shop", "wk_two"]})
    collect_ip: Any = "client"
    limits: Limits = field(default_factory=Limits)
    hops: int = 0
    quotas: dict[str, Quota] = field(default_factory=dict)
    counters: FakeCounters = field(default_factory=FakeCounters)
    now: float = NOW
    full: bool = False
    revoked: set[str] = field(default_factory=set)
    bodies: list[str] = field(default_factory=list)
    ids: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.meter = Quotas(self.quotas, self.counters, clock=lambda: self.now)

    def store(self, bodies: Sequence[str]) -> list[int]:
        if self.full:
            return list(range(len(bodies)))
        self.bodies += bodies
        return []

    def serve(self, gateway_event: dict[str, Any]) -> Outcome:
        digests = {slug: [digest_key(key) for key in keys] for slug, keys in self.keys.items()}
        ingest = Ingest(
            gate=Gate(
                KeyRing(digests),
                {slug: Source(slug, self.collect_ip) for slug in self.keys},
                self.limits,
                trusted_hops=self.hops,
            ),
            store=self.store,
            revoked=lambda: frozenset(digest_key(key) for key in self.revoked),
            clock=lambda: self.now,
            new_id=lambda: f"id-{next(self.ids):04d}",
            quotas=self.meter,
        )
        return ingest.serve(gateway_event)

    def send(self, body: Any = None, **over: Any) -> Answer:
        """The answer to a request (see `make_gateway_event`)."""
        told = self.serve(make_gateway_event(body, **over)).answer.to_gateway()
        data = base64.b64decode(told["body"]) if told["isBase64Encoded"] else told["body"].encode()
        return Answer(told["statusCode"], told["headers"], data)

    def take(self, *events: Any, **over: Any) -> list[Event]:
        """The events as they were stored, of a batch that must be answered 200; `over` is the batch's."""
        before = len(self.bodies)
        answer = self.send({"batch": list(events), **over})
        assert answer.status == 200, answer.data
        return [event for body in self.bodies[before:] for event in parse_ingest_pack(body).events]

    @property
    def packs(self) -> list[IngestPack]:
        return [parse_ingest_pack(body) for body in self.bodies]

    @property
    def events(self) -> list[Event]:
        return [event for pack in self.packs for event in pack.events]

    @property
    def blocked(self) -> dict[int, list[str]]:
        """Reasons by the index of the event among all that were stored."""
        found, start = {}, 0
        for pack in self.packs:
            found |= {start + n: reasons for n, reasons in pack.blocked.items()}
            start += len(pack.events)
        return found
