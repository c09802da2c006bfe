"""Five filters on every event: an evaluation is a fifth of what is counted."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.harness import Event, Figures, measure
from sluice.filters import compile_filter


def _is(field: str, value: str) -> dict[str, Any]:
    return {"field": field, "op": "equals", "value": value}


FILTERS: list[dict[str, Any]] = [
    _is("type", "track"),
    {"all": [_is("type", "track"), _is("event", "Order Completed")]},
    {
        "all": [
            _is("type", "track"),
            {"any": [_is("event", "Product Added"), _is("event", "Product Viewed")]},
            {"field": "properties.price", "op": "greater_than", "value": 50},
        ]
    },
    {
        "any": [
            {"field": "context.page.url", "op": "contains", "value": "shoes"},
            _is("properties.currency", "EUR"),
        ]
    },
    {
        "all": [
            _is("type", "identify"),
            {"field": "traits.plan", "op": "not_equals", "value": "free"},
            {"field": "traits.email", "op": "ends_with", "value": "@example.com"},
        ]
    },
]


def count_plainly(events: Sequence[Event]) -> list[int]:
    """How many events each filter must match, in Python by hand."""
    counts = [0] * len(FILTERS)
    for event in events:
        kind, name = event["type"], event.get("event")
        properties, traits = event.get("properties", {}), event.get("traits", {})
        url = event.get("context", {}).get("page", {}).get("url", "")
        found = (
            kind == "track",
            kind == "track" and name == "Order Completed",
            kind == "track"
            and name in {"Product Added", "Product Viewed"}
            and properties.get("price", 0) > 50,
            "shoes" in url or properties.get("currency") == "EUR",
            kind == "identify"
            and traits.get("plan") != "free"
            and traits.get("email", "").endswith("@example.com"),
        )
        counts = [count + matched for count, matched in zip(counts, found, strict=True)]
    return counts


def bench_filters(events: Sequence[Event], _url: str) -> Figures:
    tests: list[Callable[[Any], bool]] = [compile_filter(spec) for spec in FILTERS]
    expected, counts = count_plainly(events), [0] * len(FILTERS)

    def work() -> None:
        nonlocal counts
        counts = [0] * len(FILTERS)
        first, second, third, fourth, fifth = tests
        for event in events:
            if first(event):
                counts[0] += 1
            if second(event):
                counts[1] += 1
            if third(event):
                counts[2] += 1
            if fourth(event):
                counts[3] += 1
            if fifth(event):
                counts[4] += 1

    def check() -> None:
        if counts != expected:
            raise SystemExit(f"the filters matched {counts} events, not {expected}")

    return measure(work, len(events), check)
