"""What a sync may map for Braze, and what it sends by default.

Every type has the same groups: whose it is (one of IDENTITY), `user` with attributes of that user, and the
fields of the event or purchase with `properties` and `custom` for what Braze has no field for.
"""

from typing import Any

from sluice.destinations.declaration import CUSTOM_EVENT
from sluice.destinations.event_types import EventType, PayloadField

TRACK_PURCHASE = "track_purchase"
USER_ATTRIBUTES = "user_attributes"

IDENTITY = ("external_id", "braze_id", "user_alias", "email", "phone")
"""What Braze knows a user by; the first that is filled is sent, the others are not."""

_WHOSE = {
    "external_id": PayloadField("string", "The user's id, as the Braze SDK has it"),
    "braze_id": PayloadField("string", "The id that Braze gave the user"),
    "user_alias": PayloadField("object", "alias_name and alias_label of a user without id"),
    "email": PayloadField("string", "The user's address, where no id is known"),
    "phone": PayloadField("string", "The user's number (E.164), where no id is known"),
    "_update_existing_only": PayloadField("boolean", "true: Braze makes no new user for it"),
}
_HAPPENED = {
    "user": PayloadField("object", "Attributes of the user, sent beside it"),
    "properties": PayloadField("object", "Properties of the event"),
    "custom": PayloadField("object", "More properties; these win over `properties`"),
    "app_id": PayloadField("string", "The app's identifier; not given: that of the settings"),
}
_TIME = {"time": PayloadField("timestamp", "When it happened")}

_WHOSE_DEFAULT: dict[str, Any] = {
    "external_id": {"field": "userId", "as": "string"},
    "user_alias": {
        "object": {
            "alias_name": {"field": "anonymousId", "as": "string", "if_missing": "error"},
            "alias_label": {"value": "anonymous_id"},
        },
        "on_error": "omit",
    },
}


def _trait(path: str, otherwise: str = "omit") -> dict[str, Any]:
    last = {"field": otherwise} if otherwise != "omit" else otherwise
    return {
        "field": f"traits.{path}",
        "if_missing": {"field": f"context.traits.{path}", "if_missing": last},
    }


EVENT_TYPES = {
    CUSTOM_EVENT: EventType(
        "Something a user did, by name",
        required={"name": PayloadField("string", "The event's name in Braze"), **_TIME},
        optional={**_WHOSE, **_HAPPENED},
        one_of=(IDENTITY,),
        mappings={
            **_WHOSE_DEFAULT,
            "name": {"field": "event", "if_missing": {"field": "type"}},
            "time": {"field": "timestamp"},
            "properties": {"field": "properties"},
        },
    ),
    TRACK_PURCHASE: EventType(
        "A purchase, or one for each product of an order",
        required=_TIME,
        optional={
            "product_id": PayloadField("string", "What was bought: an id, a name or a category"),
            "currency": PayloadField("string", "ISO 4217 code"),
            "price": PayloadField("number", "Of one piece, in the currency's base unit"),
            "quantity": PayloadField("integer", "1 to 100; not given: 1"),
            "products": PayloadField("list", "Instead of the above: an object of them for each product"),
            **_WHOSE,
            **_HAPPENED,
        },
        one_of=(IDENTITY, ("product_id", "products"), ("currency", "products"), ("price", "products")),
        filter={
            "all": [
                {"field": "type", "op": "equals", "value": "track"},
                {"field": "event", "op": "equals", "value": "Order Completed", "case_insensitive": True},
            ]
        },
        mappings={
            **_WHOSE_DEFAULT,
            "time": {"field": "timestamp"},
            "product_id": {"field": "properties.product_id", "as": "string"},
            "currency": {"field": "properties.currency"},
            "price": {"field": "properties.price", "as": "number"},
            "quantity": {"field": "properties.quantity", "as": "integer"},
            "products": {
                "each": "properties.products",
                "array": {
                    "...": {"field": "item"},
                    "product_id": {"field": "item.product_id", "as": "string", "if_missing": "error"},
                    "currency": {
                        "field": "item.currency",
                        "if_missing": {"field": "properties.currency", "if_missing": "error"},
                    },
                    "price": {"field": "item.price", "as": "number", "if_missing": "error"},
                    "quantity": {"field": "item.quantity", "as": "integer"},
                },
            },
            "properties": {"field": "properties"},
        },
    ),
    USER_ATTRIBUTES: EventType(
        "What is known of a user",
        required={"user": PayloadField("object", "Attributes: Braze's own and the app's; null unsets one")},
        optional=_WHOSE,
        one_of=(IDENTITY,),
        filter={"field": "type", "op": "equals", "value": "identify"},
        mappings={
            **_WHOSE_DEFAULT,
            "user": {
                "...": {"field": "traits", "if_missing": {"field": "context.traits"}},
                "first_name": _trait("firstName"),
                "last_name": _trait("lastName"),
                "image_url": _trait("avatar"),
                "dob": _trait("birthday"),
                "home_city": _trait("address.city"),
                "country": _trait("address.country", "context.location.country"),
                "current_location": {
                    "latitude": {"field": "context.location.latitude"},
                    "longitude": {"field": "context.location.longitude"},
                },
            },
        },
    ),
}
