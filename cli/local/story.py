"""The demo's story: an afternoon in a small shop, told by an unmodified client SDK.

`tell_story` sends about 200 events and returns what was sent, by message id: the list everything is
compared with. `send_governed_events` adds those that contract and function of the workspace are there for.
What the SDK's own checks would refuse goes through its lower level, `request.post`.
"""

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hightouch import htevents
from hightouch.htevents.request import post

from cli.local.errors import LocalStackError

CUSTOMERS = 25
REFUSED_ORDER = "order-that-the-crm-refuses"
PRODUCTS = [
    {"product_id": "p-17", "name": "Trail Runner", "category": "Shoes", "price": 119.0},
    {"product_id": "p-23", "name": "City Parka", "category": "Outerwear", "price": 189.5},
    {"product_id": "p-31", "name": "Linen Throw", "category": "Home", "price": 49.9},
    {"product_id": "p-42", "name": "Café Crème Mug", "category": "Home", "price": 14.0},
]

type Call = tuple[str, dict[str, Any]]


def tell_story(api_url: str, write_key: str, *, seed: int = 7) -> Counter[str]:
    """Sends the story and returns how often each message id was sent. Raises where a request was refused."""
    sent: Counter[str] = Counter()
    sent.update(send_calls(api_url, write_key, write_visits(random.Random(seed))))  # noqa: S311
    for events, times in [(write_broken_events(), 1), (write_repeated_events(), 2)]:
        for _ in range(times):
            post(write_key, api_url, batch=events)
            sent.update(event["messageId"] for event in events)
    return sent


def send_calls(api_url: str, write_key: str, calls: Iterator[Call]) -> list[str]:
    """Hands the calls to the SDK as an application would, waits for its queue, returns the message ids."""
    failures: list[Exception] = []

    def remember(problem: Exception, _events: object) -> None:
        failures.append(problem)

    client = htevents.Client(write_key, host=api_url, on_error=remember, max_retries=3)
    ids = []
    for method, arguments in calls:
        _, event = getattr(client, method)(message_id=str(uuid.uuid4()), **arguments)
        ids.append(event["messageId"])
    client.shutdown()
    if failures:
        raise LocalStackError(f"the SDK could not send: {failures[0]}")
    return ids


def write_visits(dice: random.Random) -> Iterator[Call]:
    """Visits of all customers: most look around, some buy, one order is refused by the CRM, one refunded."""
    for number in range(1, CUSTOMERS + 1):
        visitor = {"anonymous_id": f"visitor-{number}"}
        yield "page", {**visitor, "name": "Home", "properties": {"path": "/", "title": "The shop"}}
        shelf = dice.sample(PRODUCTS, 3)
        for product in shelf:
            yield "track", {**visitor, "event": "Product Viewed", "properties": product}
        if number % 3 == 0:
            continue  # only looked around
        customer = {**visitor, "user_id": f"customer-{number}"}
        yield "identify", {**customer, "traits": {"email": f"customer-{number}@example.com", "plan": "free"}}
        yield "track", {**customer, "event": "Signed Up", "properties": {"method": "email"}}
        yield "track", {**customer, "event": "Product Added", "properties": {**shelf[0], "quantity": 1}}
        yield "track", {**customer, "event": "Checkout Started", "properties": {"value": shelf[0]["price"]}}
        order = make_order(REFUSED_ORDER if number == 4 else f"order-{number}", shelf[0])
        yield "track", {**customer, "event": "Order Completed", "properties": order}
        if number == 10:
            yield "track", {**customer, "event": "Order Refunded", "properties": order}


def make_order(order_id: str, product: dict[str, Any]) -> dict[str, Any]:
    return {"order_id": order_id, "currency": "USD", "total": product["price"], "products": [product]}


def write_broken_events() -> list[dict[str, Any]]:
    """What no rule lets through: nobody it belongs to, nothing that happened, an unknown type."""
    return [
        make_event(event="Product Viewed"),
        make_event(type="page", name="Nobody's page"),
        make_event(userId="customer-1"),
        make_event(userId="customer-2", event=""),
        make_event(type="purchase", userId="customer-2", event="Order Completed"),
    ]


def write_repeated_events() -> list[dict[str, Any]]:
    """One request that a client sends twice, as one does whose first answer got lost on the way."""
    return [make_event(userId=f"customer-{number}", event="Newsletter Opened") for number in range(1, 4)]


def send_governed_events(api_url: str, write_key: str) -> dict[str, dict[str, Any]]:
    """Sends the events of `write_governed_events` and returns them. Raises where they were refused."""
    events = write_governed_events()
    post(write_key, api_url, batch=[*events.values()])
    return events


def write_governed_events() -> dict[str, dict[str, Any]]:
    """What workspace/contracts/ecommerce.yaml and workspace/functions/redact_email.py are there for, by name.

    An order whose total is a text, an order with a field that the contract does not declare, and a sign-up
    that says who recommended the shop.
    """
    product = PRODUCTS[0]
    broken = {**make_order("order-26", product), "total": "119.00 USD"}
    extended = {**make_order("order-27", product), "coupon": "AUTUMN"}
    personal = {"method": "email", "recommended_by": "ann@example.com"}
    return {
        "broken": make_event(userId="customer-26", event="Order Completed", properties=broken),
        "extended": make_event(userId="customer-27", event="Order Completed", properties=extended),
        "personal": make_event(userId="customer-28", event="Signed Up", properties=personal),
    }


def make_event(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": str(uuid.uuid4()), "context": {}, "integrations": {}, **fields}


def write_first_events() -> Iterator[Call]:
    """One of each kind, before the story: they start every function of the example workspace."""
    first = {"user_id": "customer-0"}
    yield "track", {**first, "event": "Signed Up", "properties": {"method": "email"}}
    yield "track", {**first, "event": "Order Completed", "properties": make_order("order-0", PRODUCTS[0])}
