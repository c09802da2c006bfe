"""`sluice preview` runs contract and functions, so that it shows what will be sent."""

import json

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.builders import make_event
from tests.unit.cli.archives import make_line
from tests.unit.cli.folders import write_workspace

CRM = "kind: http\nsettings: {url: https://crm.example.com/events}\n"
SYNC = "source: web\ndestination: crm\nevent_types: [{type: custom_event}]\n"
SOURCE_FUNCTION = """\
def transform_events(events):
    made = []
    for event in events:
        if event["event"] == "Bad":
            raise ValueError("bad total")
        if event["event"] == "Gone":
            continue
        event["properties"]["by_source"] = True
        made.append(event)
        if event["event"] == "Pair":
            made.append({**event, "event": "Half"})
    return made
"""
SYNC_FUNCTION = """\
import os

SECRETS = {"CRM_TOKEN": "ssm:crm-token"}


def transform_events(events):
    for event in events:
        event["properties"]["by_sync"] = len(os.environ["CRM_TOKEN"])
    return [event for event in events if event["event"] != "Hidden"]
"""
CONTRACT = """\
on_undeclared_schema: ALLOW_EVENT
on_undeclared_fields: OMIT_FIELDS
events:
  - type: track
    name: Order Completed
    schema: {properties: {total: {type: number}}}
"""
FILES = {
    "destinations/crm.yaml": CRM,
    "syncs/all.yaml": SYNC + "functions: [for_crm]\n",
    "syncs/plain.yaml": SYNC,
    "sources/web.yaml": "contracts: [shop]\nfunctions: [enrich]\n",
    "contracts/shop.yaml": CONTRACT,
    "functions/enrich.py": SOURCE_FUNCTION,
    "functions/for_crm.py": SYNC_FUNCTION,
}


@pytest.fixture
def folder(tmp_path):
    return write_workspace(tmp_path, FILES)


def run(folder, *events, sync="all", options=(), token="12345"):  # noqa: S107
    command = ["preview", "-w", str(folder), "-s", sync, "--event", "-", "--json", *options]
    given = b"\n".join(map(orjson.dumps, events))
    return CliRunner().invoke(app, command, input=given, env={"CRM_TOKEN": token} if token else {})


def preview(folder, *events, **options):
    told = run(folder, *events, **options)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)["events"]


def order(name="Order Completed", **properties):
    return make_event(event=name, messageId=name.lower(), properties=properties)


def list_sent(found):
    """The bodies of the requests that would be sent."""
    return [
        request["body"]
        for event in found
        if not event["obstacles"]
        for kind in event["event_types"]
        for request in kind["requests"]
    ]


def test_what_is_sent_went_through_contract_source_function_and_sync_function(folder):
    [sent] = list_sent(preview(folder, order(total=5, coupon="x")))
    assert sent["properties"] == {"total": 5, "by_source": True, "by_sync": 5}


def test_functions_of_another_sync_change_nothing(folder):
    [sent] = list_sent(preview(folder, order(total=5), sync="plain"))
    assert sent["properties"] == {"total": 5, "by_source": True}


def test_an_event_that_the_source_function_drops_is_not_sent(folder):
    [gone] = preview(folder, order("Gone"))
    assert (gone["verdict"], gone["reasons"]) == ("dropped", ["function_dropped"])
    assert gone["obstacles"]


def test_an_event_over_which_a_function_fails_is_blocked_with_its_message(folder):
    bad, good = preview(folder, order("Bad"), order(total=1))
    assert (bad["verdict"], bad["reasons"]) == ("blocked", ["function_error"])
    assert "bad total" in bad["function_error"]
    assert good["function_error"] is None
    assert len(list_sent([bad, good])) == 1


def test_an_event_that_the_syncs_function_drops_is_not_sent_by_this_sync(folder):
    [hidden] = preview(folder, order("Hidden"))
    assert hidden["verdict"] == "accepted"
    assert hidden["obstacles"] == ["a function of the sync drops it: function_dropped"]


def test_events_that_a_function_makes_follow_theirs(folder):
    first, child, last = preview(folder, order("Pair"), order(total=1))
    assert (first["message_id"], last["message_id"]) == ("pair", "order completed")
    assert child["message_id"] not in {"pair", "order completed", ""}
    assert (child["parent_id"], child["event"]["event"]) == ("pair", "Half")
    assert (first["parent_id"], last["parent_id"]) == (None, None)
    assert len(list_sent([first, child, last])) == 3


def test_an_archived_event_goes_through_the_functions_of_the_sync_only(folder):
    [sent] = list_sent(preview(folder, make_line("a", {"properties": {"coupon": "kept"}})))
    assert sent["properties"] == {"coupon": "kept", "by_sync": 5}


def test_a_dead_letter_is_shown_as_it_is_sent_again(folder):
    letter = {"reason": "rejected", "sync": "all", "event": order("Bad", coupon="kept")}
    [sent] = list_sent(preview(folder, letter))
    assert sent["properties"] == {"coupon": "kept"}


def test_without_functions_only_the_contract_is_applied(folder):
    found = preview(folder, order(total=5, coupon="x"), options=["--no-functions"], token="")
    assert [sent["properties"] for sent in list_sent(found)] == [{"total": 5}]


def test_a_missing_secret_is_told(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path / "nothing"))
    told = run(folder, order(total=5), token="")
    assert told.exit_code == 1
    assert told.stderr.startswith("error: ")


def test_more_events_than_a_router_would_call_for_are_each_shown(folder):
    """Each has its own outcome, however many the file has."""
    events = [
        make_event(event="Order Completed", messageId=f"m-{n}", properties={"total": n}) for n in range(40)
    ]
    assert [sent["properties"]["total"] for sent in list_sent(preview(folder, *events))] == list(range(40))
