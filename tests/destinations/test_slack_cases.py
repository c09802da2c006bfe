"""RudderStack's own cases for Slack against ours, field by field; docs/destinations/slack.md says why."""

import json
import re
from urllib.parse import urlsplit

import orjson
import pytest

from sluice.delivery.sync import compile_sync
from sluice.destinations.declaration import Batch
from sluice.destinations.slack.messages import build
from sluice.packs import Item
from tests.destinations.test_slack import make_workspace

BY_DESIGN = {"address", "encoding", "channel"}
TOLD = {"text", "username", "icon_url"}


@pytest.fixture(scope="module")
def cases(shared):
    path = shared / "cases" / "rudder" / "slack.json"
    if not path.is_file():
        pytest.skip("RudderStack's cases are not beside the repository")
    return json.loads(path.read_bytes())


def read_theirs(case):
    [request] = case["expected"]["requests"]
    message = json.loads(request["body"]["payload"])
    address = urlsplit(request["url"])
    return {
        "method": request["method"],
        "address": f"{address.netloc}{address.path}",
        "encoding": request["headers"]["Content-Type"],
        **message,
    }


def make_ours(case, mappings=None):
    sync = compile_sync(make_workspace(mappings), "crm")
    event = case["input"]["event"]
    entries = [(Item("message", event), sync.mappers["message"](event))]
    [request] = build(sync.settings, Batch("crm", 1, 1, entries))
    address = urlsplit(request.url)
    return {
        "method": request.method,
        "address": f"{address.netloc}{address.path}",
        "encoding": request.headers["Content-Type"],
        **orjson.loads(request.body),
    }


def compare(ours, theirs):
    """`(fields that agree, fields that do not)`; one that only one of them has does not."""
    names = ours.keys() | theirs.keys()
    agreeing = {name for name in names if name in ours and name in theirs and ours[name] == theirs[name]}
    return agreeing, names - agreeing


def translate_text(config):
    """The page's table: their template, or their list of traits, in Liquid."""
    if template := config.get("identifyTemplate"):
        return re.sub(r"{{(\w+)}}", r"{{ row.context.traits.\1 }}", template.replace("{{newline}}", "\n"))
    traits = [entry["trait"] for entry in config["whitelistedTraitsSettings"]]
    told = "".join(f"{trait}: {{{{ row.context.traits['{trait}'] }}}} " for trait in traits)
    return f"Identified {{{{ row.context.traits.name }}}}{told}"


def test_there_are_two_cases_one_with_traits_and_one_with_a_template(cases):
    assert ["identifyTemplate" in case["input"]["destination_config"] for case in cases] == [False, True]


def test_by_default_the_method_agrees_and_nothing_else(cases):
    compared = [compare(make_ours(case), read_theirs(case)) for case in cases]
    assert compared == [({"method"}, BY_DESIGN | TOLD)] * len(cases)


def test_with_the_mappings_of_the_page_all_that_slack_shows_agrees(cases):
    compared = []
    for case in cases:
        theirs = read_theirs(case)
        mappings = {
            "text": {"template": translate_text(case["input"]["destination_config"])},
            "username": {"value": theirs["username"]},
            "icon_url": {"value": theirs["icon_url"]},
        }
        compared.append(compare(make_ours(case, mappings), theirs))
    assert compared == [({"method"} | TOLD, BY_DESIGN)] * len(cases)
