"""The demo's story holds one of everything that the demo shows."""

import json
import random
from collections import Counter

from cli.local.story import (
    REFUSED_ORDER,
    write_broken_events,
    write_governed_events,
    write_repeated_events,
    write_visits,
)


def test_it_is_about_two_hundred_events_of_every_kind_a_shop_sends() -> None:
    calls = list(write_visits(random.Random(7)))
    names = Counter(arguments.get("event", method) for method, arguments in calls)

    assert 180 <= len(calls) <= 200
    wanted = {"page", "identify", "Product Viewed", "Product Added", "Order Completed", "Order Refunded"}
    assert wanted <= set(names)


def test_one_order_is_for_the_crm_to_refuse() -> None:
    calls = list(write_visits(random.Random(7)))

    assert sum(REFUSED_ORDER in json.dumps(arguments) for _, arguments in calls) == 1


def test_it_is_the_same_story_every_time() -> None:
    assert list(write_visits(random.Random(7))) == list(write_visits(random.Random(7)))


def test_the_other_events_have_message_ids_of_their_own() -> None:
    events = [*write_broken_events(), *write_repeated_events(), *write_governed_events().values()]

    assert len({event["messageId"] for event in events}) == len(events)


def test_the_governed_events_differ_in_nothing_but_what_they_show() -> None:
    events = write_governed_events()
    broken, extended, personal = (events[name] for name in ("broken", "extended", "personal"))

    assert isinstance(broken["properties"]["total"], str)
    assert set(extended["properties"]) - set(broken["properties"]) == {"coupon"}
    assert (personal["event"], "@" in personal["properties"]["recommended_by"]) == ("Signed Up", True)
