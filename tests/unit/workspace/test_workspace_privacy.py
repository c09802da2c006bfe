"""Privacy and consent in files: what is wrong with them, and what is compiled of them."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from sluice.consent import compile_consent
from sluice.privacy import compile_privacy
from sluice.workspace.compile import Workspace, compile_workspace, find_problems
from sluice.workspace.models import Destination, Source, Sync
from sluice.workspace.privacy import CONTEXT, TOP_LEVEL, find_source_faults, find_source_warnings
from tests.unit.cli.folders import write_workspace

SYNC = {"source": "web", "destination": "ads", "event_types": [{"type": "custom_event"}]}


def make_source(*, drop=(), hash=(), **over):
    return Source.model_validate({"privacy": {"drop": list(drop), "hash": list(hash)}, **over})


def make_workspace(source=None, **destination):
    return Workspace(
        sources={"web": source or make_source()},
        destinations={"ads": Destination.model_validate({"kind": "sandbox", **destination})},
        syncs={"to-ads": Sync.model_validate(SYNC)},
    )


@pytest.mark.parametrize(
    "path",
    [
        *(
            "properties.email",
            "context.ip",
            "context.traits.email",
            "properties.*.email",
            "*.email",
            "userId",
        ),
        *(
            "traits",
            "properties.users[0].email",
            r"properties.a\.b",
            "context.device.id",
            "sentAt",
            "context.x",
        ),
        *("messageId.x", "timestamp.x", "context.myIp", "content.email", "user_id", "context"),
    ],
)
def test_a_path_may_be(path):
    assert list(find_source_faults(make_source(drop=[path]))) == []
    assert list(find_source_faults(make_source(hash=[path]))) == []


BAD = {
    "properties..email": ("has an empty name", "separate names by one dot"),
    "": ("has an empty name", "separate names by one dot"),
    "properties.": ("has an empty name", "separate names by one dot"),
    r"a\x": ("a backslash stands before", "write \\\\ for a backslash"),
    "$.properties.email": ("starts with $", "leave it out: properties.email"),
    "$": ("starts with $", "leave it out"),
    "properties.users[*].email": ("'users[*]' in it", "users.* for every item"),
    "properties.users[].email": ("'users[]' in it", "users.* for every item"),
    "*": ("is every field of the event", "properties.*"),
    "type": ("is needed as it is", "name what is in properties"),
    "timestamp": ("is needed as it is", "name what is in properties"),
    "receivedAt": ("is needed as it is", "name what is in properties"),
    "_sluice.notes": ("is needed as it is", "name what is in properties"),
    "propertis.email": ("is not a field of the spec", "did you mean properties.email?"),
    "Properties.email": ("is not a field of the spec", "did you mean properties.email?"),
    "trait.email": ("is not a field of the spec", "did you mean traits.email?"),
    "userid": ("is not a field of the spec", "did you mean userId?"),
    "contxt.ip": ("is not a field of the spec", "did you mean context.ip?"),
    "context.trait.email": ("is not a field of the spec", "did you mean context.traits.email?"),
    "context.IP": ("is not a field of the spec", "did you mean context.ip?"),
}


@pytest.mark.parametrize("path", BAD)
@pytest.mark.parametrize("action", ["drop", "hash"])
def test_a_path_may_not_be(path, action):
    message, hint = BAD[path]
    [(place, told, told_hint)] = find_source_faults(make_source(**{action: ["userId", path]}))
    assert place == ("privacy", action, 1)
    assert message in told
    assert hint in told_hint


def test_a_message_id_may_be_hashed_only():
    assert list(find_source_faults(make_source(hash=["messageId"]))) == []
    [(_, message, hint)] = find_source_faults(make_source(drop=["messageId"]))
    assert (message, hint) == ("'messageId' is needed: repeats are found by it", "hash it")


@pytest.mark.parametrize(
    ("drop", "hashed", "place", "message"),
    [
        (["userId", "userId"], [], ("privacy", "drop", 1), "'userId' is in drop already"),
        (["userId"], ["userId"], ("privacy", "hash", 0), "'userId' is in drop already"),
        ([], ["userId", "userId"], ("privacy", "hash", 1), "'userId' is in hash already"),
        (
            ["context.traits"],
            ["context.traits.email"],
            ("privacy", "hash", 0),
            "'context.traits' is dropped already",
        ),
        (["context", "context.ip"], [], ("privacy", "drop", 1), "'context' is dropped already"),
    ],
)
def test_a_path_that_another_makes_needless_is_told(drop, hashed, place, message):
    [(where, told, hint)] = find_source_faults(make_source(drop=drop, hash=hashed))
    assert (where, hint != "") == (place, True)
    assert told.startswith(message)


def test_a_part_of_what_is_hashed_may_be_dropped():
    assert list(find_source_faults(make_source(drop=["context.traits.phone"], hash=["context.traits"]))) == []


@pytest.mark.parametrize("name", [*TOP_LEVEL, *CONTEXT])
def test_no_name_of_the_spec_is_taken_for_a_misspelling(name):
    path = f"{name}.x" if name in TOP_LEVEL else f"context.{name}"
    assert list(find_source_faults(make_source(drop=[path]))) == []


def test_a_top_level_field_that_the_spec_does_not_have_is_a_warning():
    [(place, message, hint)] = find_source_warnings(make_source(drop=["email", "userId", "a..b"]), [])
    assert place == ("privacy", "drop", 0)
    assert "'email' is not a top-level field of the spec" in message
    assert hint == "is it properties.email, traits.email or context.traits.email?"


def test_consent_that_nobody_needs_is_a_warning():
    source = make_source(consent="required")
    needy = Destination.model_validate({"kind": "sandbox", "consent_categories": ["C1"]})
    plain = Destination.model_validate({"kind": "sandbox"})
    assert [fault[0] for fault in find_source_warnings(source, [plain])] == [("consent",)]
    assert list(find_source_warnings(source, [plain, needy])) == []
    assert list(find_source_warnings(source, [])) == []


@pytest.mark.parametrize(
    ("path", "is_told"),
    [
        ("context", True),
        ("context.consent", True),
        ("context.*", True),
        ("context.consent.categoryPreferences.C1", True),
        ("context.traits", False),
        ("properties.consent", False),
        ("*.email", False),
    ],
)
def test_a_path_that_takes_consent_away_is_a_warning_where_it_is_needed(path, is_told):
    """Without the object nothing is asked, and whoever refused would be sent to all the same."""
    needy = Destination.model_validate({"kind": "sandbox", "consent_categories": ["C1"]})
    warnings = list(find_source_warnings(make_source(drop=[path]), [needy]))
    assert [place for place, _, _ in warnings] == [("privacy", "drop", 0)] * is_told
    assert list(find_source_warnings(make_source(drop=[path]), [])) == []


@pytest.mark.parametrize("name", ["All", " All ", " Braze"])
def test_a_name_that_no_client_can_mean_is_told(name):
    [problem] = find_problems(make_workspace(integration=name))
    assert (problem.part, problem.place) == ("destinations/ads", ("integration",))


def test_nothing_is_compiled_of_what_is_not_said():
    compiled = compile_workspace(make_workspace())
    assert not {"privacy", "consent"} & compiled["sources"]["web"].keys()
    assert not {"integration", "consent_categories"} & compiled["destinations"]["ads"].keys()


def test_what_is_compiled_is_what_runs():
    source = make_source(drop=["context.ip"], consent="required")
    workspace = make_workspace(source, integration="Ads", consent_categories=["C1"])
    assert find_problems(workspace) == []
    compiled = compile_workspace(workspace)
    protect = compile_privacy(compiled["sources"]["web"])
    deny = compile_consent(compiled, "web")
    event = protect({"context": {"ip": "198.51.100.7"}, "integrations": {"Ads": False}})
    assert event["context"] == {}
    assert deny(event) == {"to-ads": "consent_denied"}
    consented = {**event, "context": {"consent": {"categoryPreferences": {"C1": True}}}}
    assert deny(consented) == {"to-ads": "integration_disabled"}


BROKEN = """\
collect_ip: nevr
privacy:
  drop: [propertis.email, context.ip]
  hash: [context.ip, 7]
consent: always
"""


def test_check_tells_every_mistake_at_its_line(tmp_path):
    files = {
        "sources/web.yaml": BROKEN,
        "destinations/ads.yaml": 'kind: sandbox\nconsent_categories: [""]\n',
    }
    told = CliRunner().invoke(app, ["check", "-w", str(write_workspace(tmp_path, files)), "--json"])
    found = [
        (p["file"].rpartition("/")[2], p["line"], p["column"], p["message"]) for p in json.loads(told.stdout)
    ]
    assert found == [
        ("ads.yaml", 2, 22, "consent_categories.0: String should have at least 1 character"),
        ("web.yaml", 1, 1, "collect_ip: Input should be 'client', 'always' or 'never'"),
        ("web.yaml", 3, 10, "privacy.drop.0: 'propertis.email' is not a field of the spec"),
        ("web.yaml", 4, 10, "privacy.hash.0: 'context.ip' is in drop already"),
        ("web.yaml", 4, 22, "privacy.hash.1: Input should be a valid string"),
        ("web.yaml", 5, 1, "consent: Input should be 'optional' or 'required'"),
    ]


def test_check_warns_and_goes_on(tmp_path):
    files = {"sources/web.yaml": "privacy:\n  drop: [email]\n"}
    told = CliRunner().invoke(app, ["check", "-w", str(write_workspace(tmp_path, files))])
    assert told.exit_code == 0
    assert "web.yaml:2:10: warning: privacy.drop.0: 'email' is not a top-level field" in told.stderr.replace(
        "\n", ""
    )
