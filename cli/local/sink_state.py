"""What the sink remembers: the requests that arrived and the answers to come. Memory is bounded."""

import gzip
import json
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.local.sink_refusals import Picks, read_picks
from cli.local.sink_tally import Tally, matches_path

KEPT_REQUESTS = 100_000
KEPT_BYTES = 256 * 1024 * 1024
UNANSWERED = frozenset({"reset", "garbage", "half_closed"})
FAULTS = UNANSWERED | {"cut"}
"""How an answer can go wrong on the wire: a TCP reset, bytes that are no HTTP, a sending side that is closed
without an answer while the other stays open; `cut` is the answer with its status, broken off in the body."""


@dataclass(frozen=True)
class Answer:
    """One scripted answer; `repeat` is how many requests get it, None for all that come.

    `refuse` are items that are not taken: the body then names them, whatever `body` says.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    drop: bool = False
    fault: str = ""
    refuse: Picks = field(default_factory=dict)
    repeat: int | None = 1

    @property
    def told_status(self) -> int | None:
        """The status that the caller can see, None where it gets no answer that it could read."""
        return None if self.drop or self.fault in UNANSWERED else self.status


OK = Answer(body={"success": True})


@dataclass
class Script:
    """Answers to come for a path, of requests whose body contains a text where one is given."""

    path: str
    contains: str
    answers: deque[Answer]
    used: int = 0
    """How many requests the answer in front was given to."""


@dataclass(frozen=True)
class Received:
    """A request that arrived and the status it was answered with, None where the connection was dropped.

    `refused` are the items in it that the answer names as not taken.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    time: str
    status: int | None
    refused: Sequence[bytes] = ()

    @property
    def is_taken(self) -> bool:
        """Whether the caller may think that it was taken, but for what was refused."""
        return self.status is not None and 200 <= self.status < 300

    def describe(self) -> dict[str, Any]:
        """As the API lists it: a JSON body parsed, any other as text."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": self.headers,
            "body": read_body(self.body, self.headers.get("content-encoding", "")),
            "time": self.time,
            "status": self.status,
        }


class SinkState:
    """Requests in the order they arrived, the oldest dropped beyond the limits; safe between threads."""

    def __init__(self, *, kept_requests: int = KEPT_REQUESTS, kept_bytes: int = KEPT_BYTES) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Received] = deque()
        self._bytes = 0
        self._scripts: list[Script] = []
        self._tally: Tally | None = None
        self._kept_requests, self._kept_bytes = kept_requests, kept_bytes

    def store(self, request: Received) -> None:
        with self._lock:
            if self._tally is not None:
                self._tally.count(request.path, request.body, taken=request.is_taken, refused=request.refused)
                return
            self._requests.append(request)
            self._bytes += len(request.body)
            while len(self._requests) > self._kept_requests or self._bytes > self._kept_bytes:
                self._bytes -= len(self._requests.popleft().body)

    def note_unheard(self, request: Received) -> None:
        """A tallied request that was taken, and whose caller did not get the answer."""
        with self._lock:
            if self._tally is not None and request.is_taken:
                self._tally.miss(request.path, request.body, refused=request.refused)

    def list_requests(self, path: str = "", limit: int | None = None) -> list[dict[str, Any]]:
        """Those of a path (`/crm/*` takes all below), or all; the last `limit` of them, oldest first."""
        with self._lock:
            found = [request for request in self._requests if matches_path(path or "*", request.path)]
        return [
            request.describe() for request in (found if limit is None else found[-limit:] if limit else [])
        ]

    def clear_requests(self, path: str = "") -> None:
        with self._lock:
            kept = [request for request in self._requests if not matches_path(path or "*", request.path)]
            self._requests = deque(kept)
            self._bytes = sum(len(request.body) for request in kept)

    def open_tally(self, tally: Tally | None) -> None:
        """From now on requests are counted by the tally, not kept; None ends that."""
        with self._lock:
            self._tally = tally

    def read_tally(self, path: str) -> dict[str, list[int]] | None:
        with self._lock:
            return None if self._tally is None else self._tally.read(path)

    def set_script(self, script: Script) -> None:
        """Replaces the script of the same path and text; one without answers takes it away."""
        with self._lock:
            same = (script.path, script.contains)
            self._scripts = [old for old in self._scripts if (old.path, old.contains) != same]
            if script.answers:
                self._scripts.append(script)

    def clear_scripts(self) -> None:
        with self._lock:
            self._scripts = []

    def next_answer(self, path: str, body: bytes) -> Answer:
        """The next scripted answer for this request, 200 where none is left."""
        with self._lock:
            for script in self._scripts:
                if matches_path(script.path, path) and script.contains.encode() in body:
                    answer = script.answers[0]
                    script.used += 1
                    if answer.repeat is not None and script.used >= answer.repeat:
                        script.answers.popleft()
                        script.used = 0
                        self._scripts = [left for left in self._scripts if left.answers]
                    return answer
        return OK


def read_scripts(document: object) -> Iterator[Script]:
    """Scripts of a `PUT /_script` body, one or a list of them. Raises ValueError naming what is wrong."""
    for entry in document if isinstance(document, list) else [document]:
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            raise ValueError("a script is an object with `path` and `answers`")
        if unknown := set(entry) - {"path", "contains", "answers"}:
            raise ValueError(f"unknown in a script: {', '.join(sorted(unknown))}")
        answers = entry.get("answers")
        if not isinstance(answers, list):
            raise ValueError("`answers` must be a list")
        yield Script(entry["path"], str(entry.get("contains") or ""), deque(map(_read_answer, answers)))


def read_body(body: bytes, encoding: str = "") -> Any:
    """A JSON body parsed, any other as text with what is not UTF-8 replaced; gzip is unpacked first."""
    if encoding == "gzip":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            return body.decode("utf-8", "replace")
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_answer(entry: object) -> Answer:
    if not isinstance(entry, dict):
        raise ValueError("an answer must be an object")
    if unknown := set(entry) - set(Answer.__dataclass_fields__):
        raise ValueError(f"unknown in an answer: {', '.join(sorted(unknown))}")
    status, delay, repeat = entry.get("status", 200), entry.get("delay", 0), entry.get("repeat", 1)
    if type(status) is not int or not 200 <= status <= 599:
        raise ValueError("`status` must be a number from 200 to 599")
    if not isinstance(delay, int | float) or not 0 <= delay <= 600:
        raise ValueError("`delay` must be seconds from 0 to 600")
    if repeat != "forever" and (type(repeat) is not int or repeat < 1):
        raise ValueError('`repeat` must be a number from 1 or "forever"')
    if (fault := entry.get("fault", "")) not in FAULTS | {""}:
        raise ValueError(f"`fault` must be one of {', '.join(sorted(FAULTS))}")
    headers = {str(name): str(value) for name, value in (entry.get("headers") or {}).items()}
    return Answer(
        status=status,
        headers=headers,
        body=entry.get("body"),
        delay=float(delay),
        drop=bool(entry.get("drop")),
        fault=fault,
        refuse=read_picks(entry.get("refuse", {})),
        repeat=None if repeat == "forever" else repeat,
    )
