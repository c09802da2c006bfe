"""The whole way of a request: find its endpoint, accept it, store it, answer it. Nothing is answered 200
before every pack of it is in SQS."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sluice.errors import RequestError
from sluice.ingest import answers
from sluice.ingest.accept import Gate, accept_request
from sluice.ingest.answers import Answer
from sluice.ingest.paths import Endpoint, Kind, find_endpoint
from sluice.ingest.proxies import find_base
from sluice.ingest.quota import QuotaExceeded, Quotas
from sluice.ingest.request import Request, parse_request

_PIXELS = {Kind.FLAT_PIXEL, Kind.DATA_PIXEL}


@dataclass(slots=True)
class Outcome:
    """An answer, and what the metrics say of it."""

    answer: Answer
    source: str = ""
    accepted: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    refused: str = ""  # the code of a request that was refused
    over_quota: str = ""  # the source whose quota is used up
    is_unchecked: bool = False  # the quota of the source could not be asked for
    times_replaced: int = 0


@dataclass(slots=True, frozen=True)
class Ingest:
    """Ingest with what it needs from outside.

    `store` puts SQS bodies on the ingest queue and gives the indexes that did not get there after every try;
    `revoked` gives the digests of revoked keys; `clock` epoch seconds; `new_id` a fresh random id.
    `quotas` refuse what a source sends above its own.
    """

    gate: Gate
    store: Callable[[Sequence[str]], Sequence[int]]
    revoked: Callable[[], frozenset[str]]
    clock: Callable[[], float]
    new_id: Callable[[], str]
    quotas: Quotas

    def serve(self, gateway_event: Mapping[str, Any]) -> Outcome:
        """The answer to a gateway event. Never raises for anything that a client sent."""
        endpoint = None
        try:
            request = parse_request(
                gateway_event, max_bytes=self.gate.limits.request_bytes, hops=self.gate.trusted_hops
            )
            if request.method == "OPTIONS":
                return Outcome(answers.PREFLIGHT)
            endpoint = find_endpoint(request.path)
            return self._serve(request, endpoint)
        except RequestError as error:
            answer = answers.answer_error(error)
            if endpoint and endpoint.kind in _PIXELS:
                answer = answers.answer_pixel(error.status, error.after)
            over_quota = error.source if isinstance(error, QuotaExceeded) else ""
            return Outcome(answer, refused=error.code, over_quota=over_quota)

    def _serve(self, request: Request, endpoint: Endpoint | None) -> Outcome:
        if endpoint is None:
            raise RequestError(404, "not_found", "There is no such endpoint.")
        if request.method != endpoint.method:
            raise RequestError(405, "method_not_allowed", f"This endpoint takes {endpoint.method}.")
        match endpoint.kind:
            case Kind.METRICS:
                return Outcome(answers.SUCCESS)
            case Kind.SETTINGS:
                self.gate.authenticate(request, self.revoked(), endpoint.key)
                scheme, base = find_base(request.headers, endpoint.prefix, self.gate.trusted_hops)
                return Outcome(answers.answer_settings(endpoint.key, scheme, base))
            case Kind.SOURCE_CONFIG:
                return Outcome(
                    answers.answer_source_config(self.gate.authenticate(request, self.revoked()).slug)
                )
        return self._take_events(request, endpoint)

    def _take_events(self, request: Request, endpoint: Endpoint) -> Outcome:
        intake = accept_request(
            request,
            endpoint,
            self.gate,
            revoked=self.revoked(),
            now=self.clock(),
            new_id=self.new_id,
            check_quota=self.quotas.check,
        )
        is_unchecked = not self.quotas.take(intake.source, intake.events, intake.size)
        is_pixel = endpoint.kind in _PIXELS
        if self.store(intake.bodies):
            answer = answers.UNAVAILABLE
            if is_pixel:
                answer = answers.answer_pixel(503, answers.UNAVAILABLE_SECONDS)
            return Outcome(answer, intake.source, refused="unavailable")
        answer = answers.answer_pixel(200) if is_pixel else answers.SUCCESS
        return Outcome(
            answer,
            intake.source,
            intake.accepted,
            intake.blocked,
            is_unchecked=is_unchecked,
            times_replaced=intake.times_replaced,
        )
