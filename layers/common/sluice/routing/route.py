"""The router's use case: claim → decide → archive → sync packs → acknowledge.

Each step may repeat after a crash and none may be skipped, so a crash between two of them repeats
archive lines and deliveries but loses nothing:

- claimed, not archived: the redelivered pack owns its claim, and passes
- archived, not sent: lines are repeated; readers drop those with the same pack_id and n
- sent, not acknowledged: items are repeated; delivery recognises the copies of large packs

A pack that an AWS error holds up is sent to the ingest queue again (`outages.py`). A sync pack that its queue
refuses goes to the ingest queue as it is, and the ingest pack is finished: the router forwards it later.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any, Protocol
from zlib import crc32

from sluice.consent import compile_consent
from sluice.errors import PackUnreadable
from sluice.messages import Message
from sluice.outages import find_delay, hold, send_again
from sluice.packs import IngestPack, SyncPack, parse_ingest_pack, parse_sync_pack
from sluice.quoted import Quoted
from sluice.routing.archive import archive_lines
from sluice.routing.claims import ClaimFailed, Deduplication, merge_wanted
from sluice.routing.decide import Decide, compile_decisions, decide_nobody, restrict
from sluice.routing.fanout import send_sync_packs
from sluice.routing.govern import ApplyFunctions, FindSuppressed, GovernFailed, compile_rules, govern
from sluice.routing.judge import judge_governed
from sluice.routing.per_sync import copy_for_syncs
from sluice.routing.report import Report
from sluice.routing.skip import skip_denied
from sluice.routing.verdicts import Routed, judge_pack
from sluice.tailing import Tail

SUSPECT_RECEIVES = 3  # from here on a message may be what kills the runs it is part of
SUSPECT_SECONDS = 20  # what one suspect may take while AWS is slow
SUSPECT_MARGIN = 30  # seconds after the end of a run until its suspects can be received again


type Parsed = tuple[Message, IngestPack, list[str]]
type Judged = tuple[Message, Routed]


class Claims(Protocol):
    def claim(self, wanted: Mapping[str, str], *, now: int, expires: int) -> dict[str, str]:
        """The owner of each key, a pack id; without the keys nobody knows about."""


class Archive(Protocol):
    def put(self, records: Sequence[bytes]) -> list[int]:
        """Indexes of the records that were not written."""


class Queues(Protocol):
    def send(
        self,
        queue_url: str,
        bodies: Sequence[str | Quoted],
        *,
        delays: Sequence[int] | None = None,
        attributes: Sequence[Mapping[str, str]] | None = None,
        groups: Sequence[str] | None = None,
    ) -> list[int]:
        """Indexes of the bodies that were not sent."""

    def send_all(
        self,
        messages: Mapping[str, Sequence[str | Quoted]],
        *,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, list[int]]:
        """Indexes of the bodies that were not sent, by queue URL; `groups` are the bodies' message groups."""

    def delete(self, queue_url: str, receipt_handles: Sequence[str]) -> list[int]:
        """Indexes of the messages that were not acknowledged."""

    def set_visibility(self, queue_url: str, seconds: Mapping[str, int]) -> list[int]:
        """Indexes of the messages whose visibility was not changed."""


class Router:
    """Routes one ingest queue's batches. `dedup_hours` 0 turns de-duplication off, `clock` is epoch time.

    `find_suppressed` knows the suppressed users; `start_functions` makes, for packs that go together and the
    seconds that are left, what applies event functions.
    `tail` shows operators a sample; None shows none.
    """

    def __init__(
        self,
        workspace: Mapping[str, Any],
        *,
        claims: Claims,
        archive: Archive,
        queues: Queues,
        ingest_queue_url: str,
        dedup_hours: int,
        clock: Callable[[], float],
        find_suppressed: FindSuppressed | None = None,
        start_functions: Callable[[Callable[[], float]], ApplyFunctions] | None = None,
        tail: Tail | None = None,
    ) -> None:
        self._digest: str = workspace["digest"]
        self._syncs: Mapping[str, Any] = workspace["syncs"]
        self._decisions = compile_decisions(workspace, clock)
        self._rules = compile_rules(workspace)
        self._denials = {slug: compile_consent(workspace, slug) for slug in workspace["sources"]}
        self._find_suppressed, self._start_functions = find_suppressed, start_functions
        self._dedup = Deduplication(workspace["sources"], dedup_hours * 3600)
        self._claims, self._archive, self._queues = claims, archive, queues
        self._queue_url = ingest_queue_url
        self._queue_base = ingest_queue_url.removesuffix("ingest")  # <base>ingest, <base><Sync>
        self._clock = clock
        self._tail = tail

    def route(self, messages: Sequence[Message], *, seconds_left: Callable[[], float]) -> Report:
        """Routes every message's pack; the report names those that must be received again.

        What was received three times or more is handled last and one by one, after all that is finished was
        acknowledged: a message that kills the process takes no other along.
        """
        report = Report()
        self._hide_suspects(messages, seconds_left())
        suspects = shuffle([message for message in messages if message.receive_count >= SUSPECT_RECEIVES])
        others = [message for message in messages if message.receive_count < SUSPECT_RECEIVES]
        self._route_together(others, report, seconds_left)
        self._settle(others, report, acknowledge=bool(suspects))
        for message in suspects:
            if seconds_left() < SUSPECT_SECONDS:
                report.fail_late(message)
            else:
                self._route_together([message], report, seconds_left)
            self._settle([message], report, acknowledge=True)
        if self._tail is not None:
            self._tail.write()
        return report

    def _route_together(
        self, messages: Sequence[Message], report: Report, seconds_left: Callable[[], float]
    ) -> None:
        functions = self._start_functions(seconds_left) if self._start_functions else None
        judged = self._judge(*self._claim(self._parse(messages, report)), report, functions)
        archived = self._archive_lines(judged, report)
        finished = [routed for _, routed in self._send_items(archived, report)]
        report.count(finished)
        if self._tail is not None:
            self._tail.note(finished)

    def _parse(self, messages: Sequence[Message], report: Report) -> list[Parsed]:
        """The ingest packs, with the keys they must own to pass. Forwards sync packs that were put back."""
        parsed: list[Parsed] = []
        seen: set[tuple[str, int]] = set()
        put_back: list[tuple[Message, SyncPack]] = []
        for message in messages:
            try:
                pack = parse_ingest_pack(message.body)
                if (pack.pack_id, pack.part) in seen:
                    continue  # SQS holds it twice, because its answer to ingest was lost
                seen.add((pack.pack_id, pack.part))
                parsed.append((message, pack, self._dedup.list_keys(pack)))
            except PackUnreadable as error:
                if (sync_pack := self._find_sync_pack(message)) is None:
                    report.fail_unreadable(message, error)
                else:
                    put_back.append((message, sync_pack))
            except Exception as error:  # whatever is wrong with one message must not hold up the others
                report.fail_unreadable(message, error)
        self._forward(put_back, report)
        return parsed

    def _find_sync_pack(self, message: Message) -> SyncPack | None:
        """The sync pack that a router put back; None where the message is not one, or its sync is gone."""
        try:
            pack = parse_sync_pack(message.body)
        except PackUnreadable:
            return None
        return pack if pack.sync in self._syncs else None

    def _forward(self, put_back: Sequence[tuple[Message, SyncPack]], report: Report) -> None:
        """Sends sync packs to their queues, byte for byte as they are."""
        by_url: dict[str, list[tuple[Message, SyncPack]]] = {}
        for message, pack in put_back:
            by_url.setdefault(self._queue_base + self._syncs[pack.sync]["name"], []).append((message, pack))
        if not by_url:
            return
        failed = self._queues.send_all(
            {url: [message.body for message, _ in pairs] for url, pairs in by_url.items()},
            groups={url: [pack.group for _, pack in pairs] for url, pairs in by_url.items()},
        )
        for url, indexes in failed.items():
            for at in indexes:
                report.fail(by_url[url][at][0], "send")

    def _put_back(self, bodies: Sequence[Quoted], groups: Sequence[str], report: Report) -> Sequence[int]:
        """Sync packs that their queue refused go to the ingest queue; the indexes that it refused, too."""
        held = hold(None, self._clock())
        failed = self._queues.send(
            self._queue_url,
            bodies,
            delays=[find_delay(held)] * len(bodies),
            attributes=[held.attributes] * len(bodies),
            groups=groups,
        )
        report.put_back += len(bodies) - len(failed)
        return failed

    def _claim(self, parsed: Sequence[Parsed]) -> tuple[Sequence[Parsed], Mapping[str, str]]:
        wanted = merge_wanted([(pack.pack_id, keys) for _, pack, keys in parsed])
        now = int(self._clock())
        expires = now + self._dedup.window
        return parsed, self._claims.claim(wanted, now=now, expires=expires) if wanted else {}

    def _judge(
        self,
        parsed: Sequence[Parsed],
        owners: Mapping[str, str],
        report: Report,
        functions: ApplyFunctions | None,
    ) -> list[Judged]:
        """Verdicts, lines and items of the packs whose keys' owners are known."""
        asked: list[tuple[Message, IngestPack, frozenset[int]]] = []
        for message, pack, keys in parsed:
            if pack.source not in self._decisions:
                report.unknown_sources.add(pack.source)
            try:
                asked.append((message, pack, self._dedup.find_duplicates(pack, keys, owners)))
            except ClaimFailed:
                report.fail(message, "claim")
            except Exception as error:  # as in _parse
                report.fail_unreadable(message, error)
        packs = [(pack, duplicates) for _, pack, duplicates in asked]
        governed = govern(packs, self._rules, self._find_suppressed, functions)
        if functions:
            copy_for_syncs(packs, governed, self._rules, self._denials, functions, self._find_suppressed)
        judged: list[Judged] = []
        for at, (message, pack, duplicates) in enumerate(asked):
            told, governed[at] = governed[at], None
            try:
                if isinstance(told, Exception):
                    raise told
                decide = self._find_decide(pack)
                if told is None:
                    routed = judge_pack(pack, decide, duplicates, self._digest)
                else:
                    routed = judge_governed(pack, told, decide, self._digest)
                judged.append((message, routed))
                pack.events = []  # given back while the processor still has it at hand: 7 % of a run's time
            except GovernFailed as error:
                report.fail(message, error.stage)
            except Exception as error:  # as in _parse
                report.fail_unreadable(message, error)
        return judged

    def _find_decide(self, pack: IngestPack) -> Decide:
        """What decides for the pack's events: its source's rules, for a replay perhaps not of all syncs, and
        without the syncs that are denied."""
        decide = self._decisions.get(pack.source, decide_nobody)
        if pack.replay is not None and pack.replay.syncs is not None:
            decide = restrict(decide, pack.replay.syncs)
        deny = self._denials.get(pack.source)
        return skip_denied(decide, deny) if deny else decide

    def _archive_lines(self, judged: Sequence[Judged], report: Report) -> list[Judged]:
        failed = archive_lines([routed.lines for _, routed in judged], self._archive.put) if judged else ()
        return _without(judged, failed, "archive", report)

    def _send_items(self, archived: Sequence[Judged], report: Report) -> list[Judged]:
        packs = [routed for _, routed in archived]
        put_back = partial(self._put_back, report=report)
        failed = send_sync_packs(packs, self._syncs, self._queue_base, self._queues.send_all, put_back)
        return _without(archived, failed, "send", report)

    def _hide_suspects(self, messages: Sequence[Message], seconds: float) -> None:
        """A suspect that kills this run comes back when the run would have ended at the latest, not after the
        queue's visibility timeout: its 20 receives are over within an hour."""
        hidden = ceil(seconds) + SUSPECT_MARGIN
        waits = {m.receipt_handle: hidden for m in messages if m.receive_count >= SUSPECT_RECEIVES}
        if waits:
            self._queues.set_visibility(self._queue_url, waits)

    def _settle(self, messages: Sequence[Message], report: Report, *, acknowledge: bool) -> None:
        """Sends packs that AWS errors held up again; where SQS refuses, they come back by themselves.

        Finished messages are acknowledged now where a crash may still follow.
        """
        held = [message for message in messages if message.id in report.held]
        if held:
            dlq_url = f"{self._queue_url}-dlq"
            report.release(send_again(held, self._queues, self._queue_url, dlq_url, self._clock()))
        waits = {m.receipt_handle: report.failed[m.id] for m in messages if m.id in report.failed}
        if waits:
            self._queues.set_visibility(self._queue_url, waits)
        done = [m.receipt_handle for m in messages if m.id not in report.failed]
        if acknowledge and done:
            self._queues.delete(self._queue_url, done)


def shuffle(suspects: Sequence[Message]) -> list[Message]:
    """Another order at each receive: what was behind a killer once is before it the next time or so."""
    return sorted(suspects, key=lambda message: crc32(f"{message.receive_count} {message.id}".encode()))


def _without(judged: Sequence[Judged], failed: Collection[int], stage: str, report: Report) -> list[Judged]:
    """Those that go on; the others fail at this stage."""
    for at in failed:
        report.fail(judged[at][0], stage)
    return [pair for at, pair in enumerate(judged) if at not in failed]
