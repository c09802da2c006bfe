"""docs/privacy.md: every example, every table and every figure on it."""

import hashlib
import json
import math
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sluice.adapters.suppression import FEW, SUPPRESSED_KIND
from sluice.consent import compile_consent
from sluice.privacy import compile_privacy, reduce_event
from sluice.privacy.digest import digest_value
from sluice.privacy.suppression import FRESH_SECONDS, digest_id
from sluice.workspace.models import Destination, Source
from sluice.workspace.privacy import find_source_faults
from tests.builders import make_event

TEXT = (Path(__file__).parents[3] / "docs/privacy.md").read_text()
SUFFIX = " (default)"


def read_section(heading):
    level = heading.split(" ")[0]
    assert f"\n{heading}\n" in TEXT
    return re.split(rf"\n#{{2,{len(level)}}} ", TEXT.partition(f"\n{heading}\n")[2])[0]


def read_blocks(language, heading):
    return re.findall(rf"^```{language}\n(.*?)^```", read_section(heading), re.MULTILINE | re.DOTALL)


def read_rows(heading):
    lines = [line for line in read_section(heading).splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[1:]]


def load_yaml(text):
    return YAML(typ="safe").load(text)


def test_the_example_becomes_what_the_page_shows():
    [text] = read_blocks("yaml", "## Drop and hash fields")
    source = Source.model_validate(load_yaml(text))
    event, kept = (json.loads(block) for block in read_blocks("json", "## Drop and hash fields"))
    assert list(find_source_faults(source)) == []
    assert compile_privacy(load_yaml(text))(event) == kept


@pytest.mark.parametrize(("path", "event", "left"), read_rows("### Paths"))
def test_a_path_leaves_what_its_row_says(path, event, left):
    assert list(find_source_faults(Source.model_validate({"privacy": {"drop": [path]}}))) == []
    assert compile_privacy({"privacy": {"drop": [path]}})(json.loads(event)) == json.loads(left)


def test_the_misspelling_on_the_page_is_refused_as_it_says():
    [(_, _, hint)] = find_source_faults(Source.model_validate({"privacy": {"drop": ["propertis.email"]}}))
    assert f"(`propertis.email`: {hint})" in TEXT


@pytest.mark.parametrize(("value", "hashed"), read_rows("### What a hash is"))
def test_a_value_is_hashed_as_its_row_says(value, hashed):
    assert digest_value(json.loads(value)) == hashlib.sha256(hashed.encode()).hexdigest()


def test_of_a_suppressed_users_event_is_kept_what_the_page_shows():
    [block] = read_blocks("json", "### What is kept of a suppressed user's event")
    event = make_event(receivedAt="2026-11-22T09:15:00.000Z")
    assert reduce_event(event, digest_id("u-1")) == json.loads(block)


def test_the_figures_follow_from_the_sizes():
    row = len("kind" + SUPPRESSED_KIND + "id" + digest_id("u") + "at" + "2026-11-22T09:15:00Z")
    units = math.ceil(FEW * row / 4096) / 2  # eventually consistent: half a unit for 4 KB
    days = 86400 / FRESH_SECONDS * 0.125 / 1e6
    said = read_section("### How it is looked up, and what that costs")
    assert f"Up to {FEW:,} suppressed users" in said
    assert f"every {FRESH_SECONDS} s" in said
    assert f"{units} read units, about ${units * days:.3f} a day" in said
    assert f"${0.5 * 0.125:.4f} a million ids" in said
    assert f"about ${math.ceil(100_000 * row / 4096) / 2 * days:.2f} a day" in said


def decide(slug, destination, event, **source):
    sync = {"source": "web", "destination": slug, "retired": False}
    workspace = {"sources": {"web": source}, "destinations": {slug: destination}, "syncs": {"s": sync}}
    return compile_consent(workspace, "web")(event).get("s", "sent")


@pytest.mark.parametrize(("said", "optional", "required"), read_rows("## Consent"))
def test_consent_is_as_its_row_says(said, optional, required):
    [text] = read_blocks("yaml", "## Consent")
    destination = Destination.model_validate(load_yaml(text)).model_dump()
    event = make_event(context={} if said == "none" else {"consent": json.loads(said)})
    assert decide("ads", destination, event) == optional
    assert decide("ads", destination, event, consent="required") == required


@pytest.mark.parametrize(("said", "outcome"), read_rows("## The `integrations` object"))
def test_integrations_are_as_their_row_says(said, outcome):
    event = make_event(integrations=json.loads(said))
    assert decide("braze-eu", {"kind": "braze"}, event) == outcome


def test_the_page_has_rows_to_test():
    counts = [len(read_rows(h)) for h in ("### Paths", "## Consent", "## The `integrations` object")]
    assert all(count >= 8 for count in counts)
