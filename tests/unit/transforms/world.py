"""TransformFunction played by a Python function, called over the real protocol."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from sluice.transforms.protocol import Reply, make_answer, make_error, parse_call
from sluice.transforms.results import EventLimits
from sluice.transforms.returned import WrongResult, note_given, read_returned
from sluice.transforms.transform import Transform


def make_event(n: int = 1, **over: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m-{n}",
        "userId": f"u-{n}",
        "timestamp": "2026-11-22T00:00:00.000Z",
        "receivedAt": "2026-11-22T00:00:01.000Z",
        "context": {},
        **over,
    }


class Dies(BaseException):
    """The process ends here."""


class Unreachable(BaseException):
    """Lambda does not answer."""


@dataclass
class World:
    """`functions` by name; `calls` are the message ids of each call, by function."""

    functions: dict[str, Callable[[list[dict[str, Any]]], Any]]
    limits: EventLimits = field(default_factory=EventLimits)
    seconds_left: Callable[[], float] = lambda: 60.0
    calls: list[tuple[str, list[str]]] = field(default_factory=list)

    def call_all(self, payloads):
        return [self.call(payload) for payload in payloads]

    def call(self, payload):
        name, text = parse_call(orjson.loads(payload))
        lines = text.split(b"\n")
        events = [orjson.loads(line) for line in lines]
        self.calls.append((name, [event["messageId"] for event in events]))
        noted, alive = note_given(lines, events), list(events)
        try:
            result = read_returned(noted, self.functions[name](events))
        except Dies:
            return Reply(crash="its process died")
        except Unreachable:
            return Reply(trouble="throttled")
        except WrongResult as wrong:
            return Reply(payload=orjson.dumps(make_error(str(wrong), "")))
        except Exception as error:
            return Reply(payload=orjson.dumps(make_error(f"{type(error).__name__}: {error}", "")))
        assert len(alive) == len(noted.ids)
        return Reply(payload=orjson.dumps(make_answer(result.data, result.parents, result.errors)))

    def open(self):
        return Transform(self.call_all, self.limits, self.seconds_left)

    def apply(self, events, *names, pack=0):
        """The outcomes of one pack's events, in order."""
        batch = [((pack, n), event) for n, event in enumerate(events)]
        outcomes = self.open().apply(batch, names or list(self.functions))
        return [outcomes[key] for key, _ in batch]


def play(function, **more):
    """A world with one function, `f`."""
    return World({"f": function}, **more)
