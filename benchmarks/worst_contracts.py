"""The most expensive schemas that `sluice check` accepts, over the events that cost them most.

Each schema is just below a limit of `sluice.contracts.cost`; each event is valid as late as possible, or has
as many errors as possible. The figure is CPU per KB of the event, checking and messages together.

SCHEMAS are those of each item of a list, in an event of SIZE. ONCE are those of one field, in the smallest
event that the router can receive: what an event may cost once weighs most there.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from benchmarks.harness import ROUNDS, Event, Figures
from sluice.contracts.compile import Check, compile_contracts
from sluice.contracts.cost import find_cost_faults
from sluice.workspace.contracts import Contract, compile_contract_file

SIZE = 90_000
MOST_MS_PER_KB = 20.0
_NESTED = {"items": {"anyOf": [{"items": {"anyOf": [{"type": "string"}, {"type": "object"}] * 4}}] * 4}}

SCHEMAS: dict[str, tuple[dict[str, Any], Any]] = {
    "numbers": ({"anyOf": [*({"const": n + 0.5} for n in range(17)), {}]}, 1),
    "integers": ({"anyOf": [*({"const": n} for n in range(17)), {}]}, 1.5),
    "enum of integers": ({"anyOf": [{"enum": list(range(1, 20))}, {}]}, 0.5),
    "near zero": ({"anyOf": [*({"const": n + 0.5} for n in range(17)), {}]}, 5e-324),
    "objects": ({"anyOf": [{"enum": [{"a": n} for n in range(55)]}, {}]}, {"a": 99}),
    "branches": ({"anyOf": [*[{"required": ["a"]}] * 150, {}]}, {}),
    "divisors": ({"allOf": [{"multipleOf": 0.01}] * 3}, 1e308),
    "limits": ({"allOf": [{"minimum": -n - 0.5} for n in range(40)]}, 1e308),
    "unique": ({"allOf": [{"uniqueItems": True}] * 4}, [n + 0.5 for n in range(15)]),
    "nested": (_NESTED, [[[1]] * 9]),
    "errors": ({"allOf": [{"type": "string"}] * 250}, 1),
    "names": ({"propertyNames": {"anyOf": [*[{"pattern": "^b"}] * 110, {}]}}, {"a": 1, "c": 2}),
    "patterns": (
        {"patternProperties": {f"^[a-z]+{n}": {"items": {}} for n in range(45)}},
        {f"{letter}{n}": 1 for letter in "abcdef" for n in range(10)},
    ),
    "required": ({"required": [f"field_{n}" for n in range(390)]}, {}),
    "regex": ({"anyOf": [{"pattern": "(.*?,){150}b"}, {}]}, "a," * 400),
    "wide regex": ({"anyOf": [{"pattern": "(a{1,19}){1,19}b"}, {}]}, "a" * 500),
}

ONCE: dict[str, tuple[dict[str, Any], Any]] = {
    "once numbers": ({"anyOf": [*({"const": n + 0.5} for n in range(237)), {}]}, 1e308),
    "once integers": ({"anyOf": [*({"const": n} for n in range(237)), {}]}, 0.1),
    "once enum": ({"enum": [n + 0.5 for n in range(249)]}, 1),
    "once objects": ({"anyOf": [{"enum": [{"a": n} for n in range(830)]}, {}]}, {"a": 999}),
    "once branches": ({"anyOf": [*[{"required": ["a"]}] * 3300, {}]}, {}),
    "once limits": ({"allOf": [{"minimum": -n - 0.5} for n in range(46)]}, 1e308),
    "once divisors": ({"allOf": [{"multipleOf": 0.01}] * 7}, 1e308),
    "once errors": ({"allOf": [{"type": "string"}] * 330}, 1),
    "once contains": ({"anyOf": [*[{"contains": False}] * 790, {}]}, [1] * 40),
    "once regex": ({"anyOf": [*[{"pattern": "^.{0,1000}$", "not": {}}] * 490, {}]}, "é" * 1000),
}


def bench_worst(_events: Sequence[Event], _url: str) -> Figures:
    """The schema whose event costs most for each KB. Fails above MOST_MS_PER_KB."""
    costs = {name: statistics.median(measure_cost(*case)) for name, case in SCHEMAS.items()}
    costs |= {name: statistics.median(measure_cost_once(*case)) for name, case in ONCE.items()}
    name = max(costs, key=costs.__getitem__)
    if costs[name] > MOST_MS_PER_KB:
        raise SystemExit(f"{name}: {costs[name]:.1f} ms per KB, more than {MOST_MS_PER_KB:g}")
    us_per_event = costs[name] * SIZE  # ms per KB are µs per byte
    return {
        "events_per_cpu_s": round(1e6 / us_per_event),
        "us_per_event": round(us_per_event, 2),
        "ms_per_kb": round(costs[name], 2),
    }


def measure_cost(schema: dict[str, Any], value: Any) -> Iterator[float]:
    """CPU ms per KB of an event full of the value."""
    times = SIZE // (len(orjson.dumps(value)) + 1)
    event = {"type": "track", "event": "t", "messageId": "m-1", "properties": {"a": [value] * times}}
    return _measure({"properties": {"a": {"items": schema}}}, event)


def measure_cost_once(schema: dict[str, Any], value: Any) -> Iterator[float]:
    """CPU ms per KB of the smallest event with the value: with no more than ingest adds to each."""
    now = "2026-12-01T00:00:00.000Z"
    times = {"receivedAt": now, "timestamp": now, "originalTimestamp": now, "sentAt": now}
    ids = {"type": "track", "event": "t", "messageId": "m", "userId": "u"}
    return _measure({"properties": {"a": schema}}, {**ids, **times, "properties": {"a": value}})


def _measure(document: dict[str, Any], event: Event) -> Iterator[float]:
    faults = [message for _, message, _ in find_cost_faults(document)]
    if faults:
        raise SystemExit(f"the schema is not accepted: {faults[0]}")
    check = compile_check(document)
    size = len(orjson.dumps(event)) / 1000
    repeats = max(1, int(10 / size))  # of a small event, so that the clock can tell
    check(event)  # what is compiled for the first message
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(repeats):
            check(event)
        yield (time.process_time() - start) * 1000 / size / repeats


def compile_check(schema: dict[str, Any]) -> Check:
    contract = Contract.model_validate({"events": [{"type": "track", "name": "t", "schema": schema}]})
    compiled = {"worst": compile_contract_file(contract)}
    return compile_contracts({"contracts": compiled, "sources": {"web": {"contracts": ["worst"]}}})["web"]
