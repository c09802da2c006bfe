"""The events to measure with: a file's, or 10,000 made here, of about 1.2 KB each."""

import random
import time
from pathlib import Path
from typing import Any

import orjson

from sluice.times import DAY, format_time, parse_time

TIMES = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
PRODUCTS = ["Shoes", "Shirt", "Hat", "Socks", "Jacket", "Scarf"]
NAMES = ["Product Viewed", "Product Added", "Order Completed", "Cart Viewed", "Signed Up"]


def load_events(path: Path | None) -> list[dict[str, Any]]:
    """One JSON object a line. Their times are moved by whole days, so that the last one is of today.

    Otherwise ingest would note on each of them that its time was moved by more than a day.
    """
    if path is None:
        chance = random.Random(20_26)
        events = [make_event(chance, n) for n in range(10_000)]
    else:
        with path.open("rb") as lines:
            events = [orjson.loads(line) for line in lines if line.strip()]
    moments = [parse_time(event[name]) for event in events for name in TIMES if name in event]
    last = max((moment for moment in moments if moment is not None), default=time.time())
    days = (time.time() - last) // DAY
    for event in events:
        for name in TIMES:
            if (moment := parse_time(event.get(name))) is not None:
                event[name] = format_time(moment + days * DAY)
    return events


def make_event(chance: random.Random, n: int) -> dict[str, Any]:
    """A track (seven in ten), a page or an identify of a web shop, as a browser SDK sends it."""
    user, product = f"user-{chance.randrange(3000)}", chance.choice(PRODUCTS)
    kind = chance.choices(["track", "page", "identify"], [7, 1.5, 1.5])[0]
    price = round(chance.uniform(5, 200), 2)
    event: dict[str, Any] = {
        "type": kind,
        "messageId": f"{n:08d}-{chance.getrandbits(64):016x}",
        "userId": user,
        "anonymousId": f"anon-{user}",
        "timestamp": f"2026-11-22T{n % 24:02d}:{n % 60:02d}:00.000Z",
        "context": {
            "ip": f"203.0.113.{n % 250}",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1",
            "locale": "en-GB",
            "library": {"name": "events-sdk-js", "version": "1.5.1"},
            "page": {
                "url": f"https://shop.example/products/{product.lower()}?ref={n}",
                "path": f"/products/{product.lower()}",
                "title": f"{product} · Shop",
                "referrer": "https://search.example/",
            },
            "campaign": {"source": "newsletter", "medium": "email", "name": "autumn"},
            "screen": {"width": 1920, "height": 1080, "density": 2},
            "traits": {"email": f"{user}@example.com"},
        },
        "integrations": {"All": True},
    }
    details = {
        "product_id": f"p-{n % 500}",
        "sku": f"sku-{n % 500}",
        "name": product,
        "category": "clothes",
        "price": price,
        "quantity": 1 + n % 3,
        "currency": "EUR" if n % 3 else "USD",
        "products": [{"product_id": f"p-{n % 500}", "price": price, "quantity": 1}],
    }
    if kind == "identify":
        event["traits"] = {
            "email": f"{user}@example.com",
            "plan": "free" if n % 2 else "pro",
            "age": 20 + n % 50,
        }
    else:
        event["properties"] = details
    if kind == "track":
        event["event"] = chance.choice(NAMES)
    return event
