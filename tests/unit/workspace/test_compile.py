"""From valid files to what the functions load, and what can only be wrong between files."""

import os
import subprocess
import sys

import orjson
import pytest

from sluice.destinations import KINDS
from sluice.workspace.compile import Workspace, compile_workspace, digest_workspace, find_problems
from sluice.workspace.models import Alarms, Destination, Source, Sync

DIGEST = "ab" * 32
KEY = {"id": "k1", "sha256": DIGEST}
TYPE = {"type": "custom_event"}


def make_sync(**over):
    return Sync.model_validate({"source": "web", "destination": "crm", "event_types": [TYPE], **over})


def make_workspace(**over):
    parts = {
        "sources": {"web": Source.model_validate({"keys": [KEY]})},
        "destinations": {"crm": Destination.model_validate({"kind": "sandbox"})},
        "syncs": {"web-to-crm": make_sync()},
        **over,
    }
    return Workspace(**parts)


def with_type(**event_type):
    return make_workspace(syncs={"web-to-crm": make_sync(event_types=[{**TYPE, **event_type}])})


def with_settings(kind, **settings):
    destination = Destination.model_validate({"kind": kind, "settings": settings})
    return make_workspace(destinations={"crm": destination})


def test_a_workspace_without_mistakes_has_no_problems():
    assert find_problems(make_workspace()) == []


PROBLEMS = {
    "no such source": (
        make_workspace(syncs={"a": make_sync(source="wbe")}),
        ("syncs/a", ("source",), "there is no source wbe", "did you mean web? there are: web"),
    ),
    "no such destination": (
        make_workspace(syncs={"a": make_sync(destination="cmr")}),
        ("syncs/a", ("destination",), "there is no destination cmr", "did you mean crm? there are: crm"),
    ),
    "one name for two queues": (
        make_workspace(syncs={"a1": make_sync(), "a-1": make_sync()}),
        (
            "syncs/a-1",
            (),
            "syncs a1 and a-1 share a resource name",
            "give one of the files another name",
        ),
    ),
    "one key of two sources": (
        make_workspace(sources={name: Source.model_validate({"keys": [KEY]}) for name in ("web", "shop")}),
        (
            "sources/shop",
            ("keys", 0, "sha256"),
            "source web has this key too",
            "remove it from one of them; sluice keys create --source shop makes another",
        ),
    ),
    "a field reference": (
        with_type(filter={"field": "a..b", "op": "exists"}),
        (
            "syncs/web-to-crm",
            ("event_types", 0, "filter", "field"),
            "field reference 'a..b' has an empty name",
            "separate names by one dot",
        ),
    ),
    "a mapping": (
        with_type(mappings={"a": {"feild": "b"}}),
        (
            "syncs/web-to-crm",
            ("event_types", 0, "mappings", "a", "feild"),
            "{'feild': 'b'} is not a value source",
            "did you mean field? keys here are: field, value, template, array, object",
        ),
    ),
    "an event type twice": (
        make_workspace(syncs={"a": make_sync(event_types=[TYPE, TYPE])}),
        (
            "syncs/a",
            ("event_types", 1, "type"),
            "the event type custom_event is listed twice",
            "write one, with the filters under `any`",
        ),
    ),
    "a kind": (
        with_settings("htpp"),
        (
            "destinations/crm",
            ("kind",),
            "no destination of kind 'htpp'",
            f"did you mean http? there are: {', '.join(sorted(KINDS))}",
        ),
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_found_and_located(name):
    workspace, expected = PROBLEMS[name]
    [problem] = find_problems(workspace)
    assert (problem.part, problem.place, problem.message, problem.hint) == expected


@pytest.mark.parametrize(
    ("kind", "settings", "place"),
    [
        ("http", {}, ("settings", "url")),
        ("http", {"url": "https://a.example", "method": "GET"}, ("settings", "method")),
        ("http", {"url": "ftp://a.example"}, ("settings", "url")),
        ("http", {"url": "https://user:pw@a.example"}, ("settings", "url")),
        ("http", {"url": "https://<your-host>/events"}, ("settings", "url")),
        ("http", {"url": "https://crm..example.com"}, ("settings", "url")),
        ("braze", {"endpoint": "https://braze.invalid"}, ("settings", "endpoint")),
        ("rudderstack", {"data_plane_url": "https://1.2.3.4.5"}, ("settings", "data_plane_url")),
        ("slack", {"api_url": "https://slack"}, ("settings", "api_url")),
        ("http", {"url": "https://a.example", "surprise": 1}, ("settings", "surprise")),
        ("sandbox", {"fail_rate": 2}, ("settings", "fail_rate")),
    ],
)
def test_a_mistake_in_a_destinations_settings_is_located(kind, settings, place):
    assert place in [problem.place for problem in find_problems(with_settings(kind, **settings))]


def test_every_problem_is_found_at_once():
    workspace = make_workspace(
        syncs={"a": make_sync(source="x", destination="y"), "b": make_sync(source="z")}
    )
    assert len(find_problems(workspace)) == 3


def test_a_quota_is_compiled_where_a_source_has_one():
    source = Source(quota={"events_per_minute": 100})
    compiled = compile_workspace(make_workspace(sources={"web": source}))
    assert compiled["sources"]["web"]["quota"] == {"events_per_minute": 100, "bytes_per_minute": None}


def test_the_compiled_workspace_holds_what_the_functions_need():
    compiled = compile_workspace(make_workspace())
    assert compiled["v"] == 1
    assert compiled["sources"] == {
        "web": {
            "keys": [{"id": "k1", "sha256": DIGEST, "revoked": False}],
            "collect_ip": "client",
            "dedup": "request",
            "contracts": [],
            "functions": [],
        }
    }
    assert compiled["destinations"]["crm"]["kind"] == "sandbox"
    assert compiled["syncs"]["web-to-crm"] == {
        "name": "WebToCrm",
        "source": "web",
        "destination": "crm",
        "retired": False,
        "event_types": [{"type": "custom_event", "filter": None, "mappings": None}],
        "retry": {"for": 14_400, "first": 5, "max": 900, "attempts": None},
        "batch_size": None,
        "concurrency": 8,
        "max_concurrency": 10,
        "timeout": 60,
        "rate_limit": None,
        "paused": False,
        "alarms": Alarms().model_dump(),
        "functions": [],
    }


def test_a_key_that_is_marked_as_revoked_is_compiled_as_revoked():
    source = Source.model_validate({"keys": [{**KEY, "revoked": "2026-11-22T00:00:00Z"}]})
    compiled = compile_workspace(make_workspace(sources={"web": source}))
    assert compiled["sources"]["web"]["keys"][0]["revoked"] is True


def test_a_digest_is_twelve_hex_digits():
    digest = compile_workspace(make_workspace())["digest"]
    assert len(digest) == 12
    assert int(digest, 16) >= 0


def test_the_order_of_files_does_not_change_the_digest():
    syncs = {"a": make_sync(), "b": make_sync(batch_size=5)}
    turned = dict(reversed(syncs.items()))
    first, second = (compile_workspace(make_workspace(syncs=which)) for which in (syncs, turned))
    assert first["digest"] == second["digest"] == digest_workspace(second)


def test_any_change_changes_the_digest():
    changed = make_workspace(syncs={"web-to-crm": make_sync(batch_size=2)})
    assert compile_workspace(make_workspace())["digest"] != compile_workspace(changed)["digest"]


PRINT_DIGEST = """
from sluice.workspace.compile import Workspace, compile_workspace
from sluice.workspace.models import Destination
settings = {"fail_events": ["a", "b", "c", "d", "e"]}
workspace = Workspace(destinations={"x": Destination(kind="sandbox", settings=settings)})
print(compile_workspace(workspace)["digest"])
"""


def test_every_process_compiles_the_same_digest():
    """Sets have another order in every process."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", PRINT_DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1


def test_the_compiled_workspace_is_json():
    settings = {"url": "https://a.example", "headers": {"Authorization": {"secret": "ssm:token"}}}
    workspace = with_settings("http", **settings)
    assert orjson.loads(orjson.dumps(compile_workspace(workspace))) == compile_workspace(workspace)
