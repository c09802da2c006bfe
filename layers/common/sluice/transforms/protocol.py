"""The router's call of TransformFunction and its answer.

Events travel as JSON lines in base64: Lambda's runtime parses and writes with the standard library, which is
several times slower on objects, and on a text full of quotes. An event that was not changed comes back as an
empty line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pybase64

VERSION = 1
MAX_CALL_BYTES = 4_000_000  # of events; Lambda takes 6 MB, and base64 makes 5.4 MB of them
MAX_ANSWER_BYTES = 4_000_000  # of events


@dataclass(frozen=True, slots=True)
class Reply:
    """What Lambda said to a call: the function's answer, or how its process ended."""

    payload: bytes = b""
    crash: str = ""
    """The process died, hung or answered too much: the fault of what ran in it."""
    trouble: str = ""
    """The call was never made: throttled, no network, a broken deploy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function made of a batch: events as JSON beside the places of those they come from, or an error.

    `errors` are of single events of the batch, by place; `error` is of all of them.
    """

    events: Sequence[bytes] = ()
    parents: Sequence[int] = ()
    errors: Mapping[int, str] = field(default_factory=dict)
    error: str = ""
    trouble: str = ""
    crashed: bool = False


def dump_call(function: str, events: Sequence[bytes]) -> bytes:
    """The payload of a call, of events that are JSON already."""
    return orjson.dumps({"v": VERSION, "function": function, "events": pack_lines(b"\n".join(events))})


def parse_call(call: Mapping[str, Any]) -> tuple[str, bytes]:
    """The function's name, and the events, a line of JSON each. Raises ValueError."""
    match call:
        case {"v": 1, "function": str(function), "events": str(events)}:
            return function, unpack_lines(events)
    raise ValueError('not a call of the router: {"v": 1, "function": name, "events": "JSON lines in base64"}')


def make_answer(events: bytes, parents: Sequence[int], errors: Mapping[int, str]) -> dict[str, Any]:
    """What TransformFunction answers where the function ran; each event ends in a line feed."""
    told = {str(place): error for place, error in errors.items()}
    return {"v": VERSION, "events": pack_lines(events), "parents": parents, "errors": told}


def pack_lines(lines: bytes) -> str:
    """Lines of JSON as they stand in a call or an answer."""
    return pybase64.b64encode_as_string(lines)


def unpack_lines(text: str) -> bytes:
    """The lines again. Raises ValueError (binascii.Error) for what is not base64."""
    return pybase64.b64decode(text, validate=True)


def make_error(error: str, traceback: str) -> dict[str, Any]:
    """What it answers where the function did not give a list of events. The traceback is for people."""
    return {"v": VERSION, "error": error, "traceback": traceback}


def make_trouble(trouble: str) -> dict[str, Any]:
    """What it answers where the function could not even be started, through no fault of its own."""
    return {"v": VERSION, "trouble": trouble}


def read_reply(reply: Reply, size: int) -> Answer:
    """The answer to a call with `size` events. Whatever was sent instead of one is an error."""
    if reply.trouble:
        return Answer(trouble=reply.trouble)
    if reply.crash:
        return Answer(error=reply.crash, crashed=True)
    try:
        told = orjson.loads(reply.payload)
        if told.get("trouble"):
            return Answer(trouble=str(told["trouble"]))
        if told.get("error"):
            return Answer(error=str(told["error"]))
        data, parents = unpack_lines(told["events"]), told["parents"]
        errors = {int(place): str(error) for place, error in told["errors"].items()}
        events = data.split(b"\n")[:-1]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        return Answer(error=f"its process gave no answer that can be read: {error!r}")
    if len(data) > MAX_ANSWER_BYTES:
        return Answer(error=f"returned more than {MAX_ANSWER_BYTES} bytes")
    if not _fit(events, parents, size):
        return Answer(error="its process gave an answer that does not fit the call")
    return Answer(events, parents, errors)


def _fit(events: Sequence[bytes], parents: Any, size: int) -> bool:
    return (
        type(parents) is list
        and len(events) == len(parents)
        and all(type(parent) is int and 0 <= parent < size for parent in parents)
    )
