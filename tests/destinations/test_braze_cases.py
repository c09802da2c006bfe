"""RudderStack's and Segment's cases for Braze beside what our defaults make of the same events.

braze_cases.json holds, per case, the fields that agree, the others under the reason for which they differ,
and the reasons of dead letters; docs/destinations/braze.md explains them. `events.properties: total tax` are
the fields `events.<index>.properties.total` and `….tax` of all objects; to agree, they must in every one.
"""

import json
from collections import defaultdict
from pathlib import Path

import orjson
import pytest

from sluice.delivery.payload import check_payloads
from sluice.destinations.braze import DECLARATION
from sluice.destinations.braze.answers import judge
from sluice.destinations.braze.settings import BrazeSettings
from sluice.destinations.declaration import Batch, Request, Response
from sluice.errors import AuthRejected, GiveUp, MappingError, RetryLater
from sluice.filters import compile_filter
from sluice.mapping import compile_mapping
from sluice.packs import Item
from sluice.workspace.event_types import resolve_mappings
from sluice.workspace.models import EventType

AGREE = "agree"
EXPANDED = ("properties", "user_alias", "current_location")  # other objects and lists are compared whole
FILES = {"rudder": "rudder/braze.json", "segment": "segment/destinations/braze.json"}

CASES: dict[str, dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("braze_cases.json").read_bytes()
)

ITEM = DECLARATION.event_types["track_purchase"].mappings["products"]["array"]

# What the page says to write to get theirs: reason, case, event type, mappings beside the defaults.
CHANGES = [
    (
        "alias",
        ("rudder", 0),
        "user_attributes",
        {"user_alias": {"alias_name": {"field": "anonymousId"}, "alias_label": {"value": "rudder_id"}}},
    ),
    ("app_id", ("rudder", 17), "custom_event", {"app_id": {"field": "integrations.braze.appId"}}),
    (
        "email_case",
        ("rudder", 14),
        "user_attributes",
        {
            "user": {
                **DECLARATION.event_types["user_attributes"].mappings["user"],
                "email": {"template": "{{ row['context'].traits.email | downcase }}"},
            }
        },
    ),
    (
        "external_id",
        ("rudder", 6),
        "user_attributes",
        {"external_id": {"field": "context.externalId[0].id"}},
    ),
    (
        "purchase_properties",
        ("rudder", 7),
        "track_purchase",
        {
            "properties": "omit",
            "products": {
                "each": "properties.products",
                "array": {name: source for name, source in ITEM.items() if name != "..."},
            },
        },
    ),
    (
        "recommended",
        ("rudder", 25),
        "custom_event",
        {
            "name": {"value": "ecommerce.order_refunded"},
            "properties": {"...": {"field": "properties"}, "source": {"value": "web"}},
        },
    ),
    ("user_attributes", ("rudder", 2), "custom_event", {"user": {"field": "context.traits"}}),
    ("user_attributes", ("rudder", 21), "custom_event", {"user": {"field": "context.traits"}}),
    (
        "currency",
        ("segment", 37),
        "track_purchase",
        {
            "products": {
                "each": "properties.products",
                "array": {
                    **ITEM,
                    "currency": {"field": "properties.currency", "if_missing": {"value": "USD"}},
                },
            }
        },
    ),
    ("time", ("segment", 3), "custom_event", {"time": {"field": "receivedAt"}}),
    ("time", ("segment", 10), "custom_event", {"time": {"field": "receivedAt"}}),
    ("update_only", ("segment", 42), "user_attributes", {"_update_existing_only": {"value": True}}),
]
LEFT = {
    ("user_attributes", "rudder", 21): {
        ("attributes", "user_alias", part) for part in ("alias_name", "alias_label")
    },
    ("currency", "segment", 37): {("purchases", "_update_existing_only"), ("purchases", "time")},
}
"""What of such a reason's fields differs still, for another reason."""

MAPPERS = {
    name: check_payloads(compile_mapping(declared.mappings), declared)
    for name, declared in DECLARATION.event_types.items()
}
FILTERS = {
    name: compile_filter(declared.filter)
    for name, declared in DECLARATION.event_types.items()
    if declared.filter
}


def change(name, changes):
    """The mappers with one event type's defaults changed as a sync would."""
    declared = DECLARATION.event_types[name]
    mappings = resolve_mappings(EventType(type=name, mappings={"extends": "defaults", **changes}), declared)
    return {**MAPPERS, name: check_payloads(compile_mapping(mappings), declared)}


def read_cases(shared, file):
    path = shared / "cases" / file
    if not path.is_file():
        pytest.skip(f"{file} is not beside the repository")
    return json.loads(path.read_bytes())


def make_settings(**given):
    return BrazeSettings.model_validate({"instance": "iad-01", "api_key": {"secret": "ssm:key"}, **given})


def send_by_default(events, settings, mappers=MAPPERS):
    """The body that our defaults make of the events, and the reasons of those that become dead letters."""
    entries, dead = [], []
    for event in events:
        types = [name for name, matches in FILTERS.items() if matches(event)] or ["custom_event"]
        for name in types:
            try:
                entries.append((Item(name, event), mappers[name](event)))
            except MappingError as error:
                dead.append(str(error.reason))
    requests = list(DECLARATION.build(settings, Batch("crm", 1, 225, entries)))
    assert len(requests) <= 1
    return (orjson.loads(requests[0].body) if requests else {}), dead


def list_fields(body):
    """Each field of a body with its value; those of the objects in an array start with the index."""
    for name, value in body.items():
        if name not in ("attributes", "events", "purchases"):
            yield (name,), value
            continue
        for index, one in enumerate(value):
            for field, part in one.items():
                if field in EXPANDED and isinstance(part, dict) and part:
                    yield from (((index, name, field, inner), deep) for inner, deep in part.items())
                else:
                    yield (index, name, field), part


def compare(ours, theirs):
    """The names of the fields that agree wherever they stand, and of the others."""
    ours, theirs = dict(list_fields(ours)), dict(list_fields(theirs))
    found = defaultdict(set)
    for path in {**ours, **theirs}:
        same = path in ours and path in theirs and ours[path] == theirs[path]
        found[tuple(part for part in path if isinstance(part, str))].add(same)
    return {path for path, same in found.items() if same == {True}}, {
        path for path, same in found.items() if False in same
    }


def read_paths(text):
    """The names of fields in a text of CASES."""
    paths = set()
    for group in filter(None, text.split("; ")):
        place, _, names = group.rpartition(": ")
        paths |= {tuple(filter(None, (*place.split("."), name))) for name in names.split()}
    return paths


def find_theirs(case):
    """The body that the case wants sent to /users/track; nothing where it wants an error or another place."""
    requests = case["expected"].get("requests") or []
    bodies = [request["body"] for request in requests if request["url"].endswith("/users/track")]
    assert len(bodies) <= 1
    return bodies[0] if bodies else {}


@pytest.mark.parametrize("suite", FILES)
def test_each_case_agrees_and_differs_in_the_fields_that_are_known(shared, suite):
    cases = read_cases(shared, FILES[suite])
    assert set(CASES[suite]) == {str(number) for number in range(len(cases))}
    for number, case in enumerate(cases):
        given = case["input"]
        events = given.get("events") or [given["event"]]
        app_id = given.get("destination_config", {}).get("app_id")
        ours, dead = send_by_default(events, make_settings(app_id=app_id))
        agree, differ = compare(ours, find_theirs(case))
        expected = dict(CASES[suite][str(number)])
        assert dead == expected.pop("dead", "").split(), (suite, number)
        assert agree == read_paths(expected.pop(AGREE, "")), (suite, number)
        reasons = [read_paths(text) for text in expected.values()]
        assert differ == set().union(*reasons), (suite, number)
        assert len(differ) == sum(map(len, reasons)), (suite, number)


@pytest.mark.parametrize(("reason", "place", "name", "changes"), CHANGES)
def test_what_the_page_says_to_write_gives_theirs(shared, reason, place, name, changes):
    suite, number = place
    case = read_cases(shared, FILES[suite])[number]
    given = case["input"]
    events = given.get("events") or [given["event"]]
    app_id = given.get("destination_config", {}).get("app_id")
    ours, dead = send_by_default(events, make_settings(app_id=app_id), change(name, changes))
    _, differ = compare(ours, find_theirs(case))
    assert dead == []
    assert differ & read_paths(CASES[suite][str(number)][reason]) == LEFT.get((reason, suite, number), set())


ANSWERS = {
    0: None,
    1: GiveUp,
    2: None,
    5: AuthRejected,
    6: AuthRejected,
    7: RetryLater,
    8: RetryLater,
    9: RetryLater,
}
"""What we make of each answer; 3 and 4 have no answer that the sender sees."""


def test_each_answer_means_what_it_means_to_rudderstack_but_for_a_refused_key(shared):
    for number, case in enumerate(read_cases(shared, "rudder/braze.dataDelivery.json")):
        answer = case["network"][0].get("response") or {}
        assert ("status" in answer) == (number in ANSWERS)
        if number not in ANSWERS:
            continue
        data = answer["data"]
        body = data.encode() if isinstance(data, str) else orjson.dumps(data)
        entries = [(Item("custom_event", {}), {"name": "a"})]
        verdict = judge(
            make_settings(),
            Request("POST", "", {}, b"", entries, 1),
            Response(answer["status"], body=body),
            0.0,
        )
        assert (type(verdict) if verdict else None) is ANSWERS[number], number
        theirs = {None: None, "aborted": GiveUp, "retryable": RetryLater}[find_class(case["expected"])]
        assert theirs is ANSWERS[number] or answer["status"] == 401


def find_class(expected):
    return expected["response"]["body"]["output"].get("statTags", {}).get("errorType")


def test_the_page_has_the_figures():
    page = (Path(__file__).parents[2] / "docs" / "destinations" / "braze.md").read_text()
    for suite, cases in CASES.items():
        agreeing = sum(len(read_paths(case.get(AGREE, ""))) for case in cases.values())
        differing = defaultdict(list)
        for number, case in cases.items():
            for reason, text in case.items():
                if reason not in (AGREE, "dead"):
                    differing[reason].append((number, len(read_paths(text))))
        total = sum(count for counts in differing.values() for _, count in counts)
        assert f"| {suite} | {len(cases)} | {agreeing} | {total} |" in page
        for reason, counts in differing.items():
            numbers = " ".join(number for number, _ in counts)
            assert f"| `{reason}` | {suite}: {numbers} | {sum(count for _, count in counts)} |" in page
