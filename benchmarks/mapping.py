"""Mapping alone: fifteen fields, parsed and bytes to bytes; ten fields of which five are Liquid."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from benchmarks.harness import Event, Figures, measure
from sluice.mapping import compile_mapping

FIFTEEN: dict[str, Any] = {
    "event_id": {"field": "messageId"},
    "event_name": {"field": "event"},
    "event_type": {"field": "type"},
    "user_id": {"field": "userId", "if_missing": {"field": "anonymousId"}},
    "email": {"field": "context.traits.email"},
    "timestamp": {"field": "timestamp"},
    "ip": {"field": "context.ip"},
    "user_agent": {"field": "context.userAgent"},
    "page_url": {"field": "context.page.url"},
    "locale": {"template": "{{ row.context.locale | downcase }}"},
    "label": {"template": "{{ row.type }}: {{ row.properties.name }} ({{ row.properties.sku }})"},
    "price": {"field": "properties.price"},
    "currency": {"field": "properties.currency"},
    "source": {"value": "web-prod"},
    "items": {
        "each": "properties.products",
        "array": {
            "id": {"field": "item.product_id"},
            "price": {"field": "item.price"},
            "qty": {"field": "item.quantity"},
        },
    },
}

LIQUID: dict[str, Any] = {
    "external_id": {"field": "userId"},
    "name": {"field": "event"},
    "time": {"field": "timestamp"},
    "currency": {"field": "properties.currency"},
    "custom.all": {"field": "properties"},
    "price": {"template": "{{ row['properties'].price | cast: 'number' }}"},
    "email_hash": {"template": "{{ row.context.traits.email | strip | downcase | sha256 }}"},
    "label": {"template": "{{ row.event | default: row.type | upcase }} · {{ row.properties.name }}"},
    "tier": {"template": "{% if row.properties.price > 100 %}high{% else %}low{% endif %}"},
    "day": {"template": "{{ row.timestamp | date: '%Y-%m-%d' }}"},
}


def bench_parsed(events: Sequence[Event], _url: str) -> Figures:
    return _measure(compile_mapping(FIFTEEN), events)


def bench_bytes(events: Sequence[Event], _url: str) -> Figures:
    map_event = compile_mapping(FIFTEEN)
    return _measure(
        lambda line: orjson.dumps(map_event(orjson.loads(line))), [orjson.dumps(e) for e in events]
    )


def bench_liquid(events: Sequence[Event], _url: str) -> Figures:
    return _measure(compile_mapping(LIQUID), events)


def _measure(map_one: Callable[[Any], Any], inputs: Sequence[Any]) -> Figures:
    mapped = 0

    def work() -> None:
        nonlocal mapped
        mapped = 0
        for one in inputs:
            if map_one(one):
                mapped += 1

    def check() -> None:
        if mapped != len(inputs):
            raise SystemExit(f"{mapped} events were mapped, not {len(inputs)}")

    return measure(work, len(inputs), check)
