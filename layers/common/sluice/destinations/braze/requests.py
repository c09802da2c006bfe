"""Mapped items as Braze's objects, packed into requests of at most 75 of each kind and 4 MB."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from sluice.destinations.braze.event_types import IDENTITY, TRACK_PURCHASE, USER_ATTRIBUTES
from sluice.destinations.braze.settings import PER_ARRAY, BrazeSettings
from sluice.destinations.declaration import USER_AGENT, Batch, Entry, Request
from sluice.destinations.event_types import is_filled

type Objects = dict[str, list[dict[str, Any]]]

ARRAYS = ("attributes", "events", "purchases")
MAX_BODY = 4_000_000
_HEADERS = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
_FRAME = len(orjson.dumps({name: [] for name in ARRAYS}))
_PURCHASE = ("product_id", "currency", "price", "quantity")
_FLAG = "_update_existing_only"
# A trait that stands among the attributes under Braze's name too is not sent twice.
_BRAZE_NAMES = {
    "firstName": "first_name",
    "lastName": "last_name",
    "avatar": "image_url",
    "birthday": "dob",
    "address": "home_city",
}


def build(settings: BrazeSettings, batch: Batch) -> Iterator[Request]:
    """Requests with the items in order; all objects of an item are in one. Raises ValueError for an item
    with more objects than a request takes."""
    body: dict[str, list[bytes]] = {name: [] for name in ARRAYS}
    start = size = 0
    for index, entry in enumerate(batch.entries):
        objects = make_objects(settings, entry)
        dumped = {name: [orjson.dumps(one) for one in objects[name]] for name in ARRAYS}
        _check_count(settings, dumped)
        grown = size + sum(len(one) + 1 for ones in dumped.values() for one in ones)
        if index > start and (
            index - start >= batch.max_items
            or grown > MAX_BODY - _FRAME
            or not _have_room(settings, {name: len(body[name]) + len(dumped[name]) for name in ARRAYS})
        ):
            yield _make_request(settings, batch, slice(start, index), body)
            start, grown, body = index, grown - size, {name: [] for name in ARRAYS}
        size = grown
        for name in ARRAYS:
            body[name] += dumped[name]
    if start < len(batch.entries):
        yield _make_request(settings, batch, slice(start, len(batch.entries)), body)


def make_objects(settings: BrazeSettings, entry: Entry) -> Objects:
    """What one item is to Braze, by array; there is at least one object."""
    item, payload = entry
    whose = _find_identity(payload)
    user = payload.get("user") or {}
    objects: Objects = {name: [] for name in ARRAYS}
    if user or item.type == USER_ATTRIBUTES:
        own = {name: value for name, value in user.items() if _BRAZE_NAMES.get(name) not in user}
        objects["attributes"].append({**own, **whose})
    if item.type == USER_ATTRIBUTES:
        return objects
    shared = {**whose, **_pick(payload, "time", "app_id")}
    if settings.app_id:
        shared.setdefault("app_id", settings.app_id)
    if item.type == TRACK_PURCHASE:
        products = payload.get("products") or [_pick(payload, *_PURCHASE)]
        objects["purchases"] += [_make_purchase(payload, product, shared) for product in products]
    else:
        objects["events"].append({**shared, **_pick(payload, "name"), **_find_properties(payload)})
    return objects


def _make_purchase(payload: Mapping[str, Any], product: Any, shared: Mapping[str, Any]) -> dict[str, Any]:
    """What of a product is not a field of a purchase is a property of it, beside those of the whole order."""
    product = product if isinstance(product, dict) else {"product_id": product}
    own = {name: value for name, value in product.items() if name not in _PURCHASE}
    found = _find_properties(payload)
    if found or own:
        of_order = {
            name: value
            for name, value in found.get("properties", {}).items()
            if name != "products" and name not in _PURCHASE
        }
        found = {"properties": {**of_order, **own}}
    return {**shared, **_pick(payload, "currency"), **_pick(product, *_PURCHASE), **found}


def _find_properties(payload: Mapping[str, Any]) -> dict[str, Any]:
    parts = [part for name in ("properties", "custom") if (part := payload.get(name)) is not None]
    return {"properties": {name: value for part in parts for name, value in part.items()}} if parts else {}


def _find_identity(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The one id that is sent. Braze makes a user of an alias only where it is told to."""
    for name in IDENTITY:
        if is_filled(payload.get(name)):
            flag = {_FLAG: False} if name == "user_alias" else {}
            return {name: payload[name], **flag, **_pick(payload, _FLAG)}
    return _pick(payload, _FLAG)


def _pick(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: fields[name] for name in names if fields.get(name) is not None}


def _have_room(settings: BrazeSettings, counts: Mapping[str, int]) -> bool:
    return max(counts.values()) <= PER_ARRAY and sum(counts.values()) <= settings.objects_per_request


def _check_count(settings: BrazeSettings, dumped: Mapping[str, list[bytes]]) -> None:
    counts = {name: len(ones) for name, ones in dumped.items()}
    if not _have_room(settings, counts):
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        raise ValueError(f"one event is {told}: more than a request takes")


def _make_request(
    settings: BrazeSettings, batch: Batch, part: slice, arrays: Mapping[str, list[bytes]]
) -> Request:
    filled = {name: orjson.Fragment(b"[" + b",".join(ones) + b"]") for name, ones in arrays.items() if ones}
    return Request("POST", settings.url, _HEADERS, orjson.dumps(filled), batch.entries[part], batch.attempt)
