"""docs/functions.md: examples do what they say, figures are those of the code, the table is complete."""

import ast
import json
import os
import re
from pathlib import Path

import pytest

from cli.functions.sandbox import MEGABYTES, SECONDS
from cli.workspace_files import load_workspace
from sluice.adapters.function_logs import MAX_CHARS, MAX_LINES
from sluice.adapters.function_process import BATCH_SECONDS, FunctionProcess
from sluice.adapters.parameters import MAX_AGE
from sluice.transforms.protocol import MAX_ANSWER_BYTES, MAX_CALL_BYTES, Reply, parse_call
from sluice.transforms.results import MAX_RETURNED, EventLimits, derive_id
from sluice.transforms.transform import MAX_BATCH, MAX_CALLS, Transform
from tests.unit.cli.folders import write_workspace
from tests.unit.routing.world import World as RoutingWorld
from tests.unit.routing.world import make_pack, make_sync, make_workspace
from tests.unit.transforms.world import make_event, play

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/functions.md").read_text()
ISOLATION = ROOT / "tests/e2e/isolation_workspace/functions"
ROW = re.compile(r"^\| `(\{.*\})` \| `(\[.*\])` \|$", re.MULTILINE)


def read_section(heading):
    assert f"\n{heading}\n" in TEXT
    rest = TEXT.partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{2,{heading.split()[0].count('#')}}} ", rest, flags=re.MULTILINE)[0]


def read_blocks(language, text):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


HEADINGS = re.findall(r"^### .*$", read_section("## Examples"), re.MULTILINE)
EXAMPLES = [
    (heading, json.loads(event), json.loads(becomes))
    for heading in HEADINGS
    for event, becomes in ROW.findall(read_section(heading))
]


class NoParameters:
    def read(self, name):
        raise AssertionError(name)


def apply(folder, text, event):
    (folder / "example.py").write_text(text)
    process = FunctionProcess(folder, NoParameters(), os.environ)

    def call(payload):
        answer = process.answer(*parse_call(json.loads(payload)))
        return Reply(payload=json.dumps(answer).encode())

    transform = Transform(lambda payloads: [call(payload) for payload in payloads], EventLimits())
    outcome = transform.apply([((0, 0), event)], ["example"])[0, 0]
    assert not outcome.error
    return list(outcome.events)


@pytest.mark.enable_socket  # of asyncio, to itself
@pytest.mark.parametrize(("heading", "event", "becomes"), EXAMPLES)
def test_an_example_does_what_the_page_says(tmp_path, heading, event, becomes):
    [text] = read_blocks("python", read_section(heading))
    for n, made in enumerate(becomes):
        if made["messageId"] == f"ID{n}":
            made["messageId"] = derive_id(event["messageId"], "example", n)
    assert apply(tmp_path, text, event) == becomes


def test_every_example_has_an_event():
    assert {heading for heading, _, _ in EXAMPLES} == set(HEADINGS)
    assert len(HEADINGS) == 5


@pytest.mark.parametrize("name", ["lift_webhook_fields", "redact_email"])
def test_what_ships_is_what_the_page_shows(name):
    shipped = (ROOT / f"workspace/functions/{name}.py").read_text()
    [section] = [
        read_section(heading) for heading in HEADINGS if f"functions/{name}.py`" in read_section(heading)
    ]
    [shown] = read_blocks("python", section)
    code = ast.Module(ast.parse(shipped).body[1:], type_ignores=[])  # without what the file says of itself
    assert ast.unparse(code) == ast.unparse(ast.parse(shown))


def test_the_source_that_ships_has_the_function_of_the_walk_through():
    compiled = load_workspace(ROOT / "workspace")
    assert {name: source["functions"] for name, source in compiled["sources"].items()} == {
        "web": ["redact_email"]
    }
    assert set(compiled["functions"]) == {"lift_webhook_fields", "redact_email"}


def test_the_first_function_can_be_attached_to_a_source_and_to_a_sync(tmp_path):
    section = read_section("## Write one")
    source, sync = read_blocks("yaml", section)
    files = {
        "functions/tidy_orders.py": read_blocks("python", section)[0],
        "sources/web.yaml": source,
        "destinations/lake.yaml": "kind: sandbox\n",
        "syncs/everything-to-lake.yaml": sync,
    }
    compiled = load_workspace(write_workspace(tmp_path, files))
    assert compiled["sources"]["web"]["functions"] == ["tidy_orders"]
    assert compiled["syncs"]["everything-to-lake"]["functions"] == ["tidy_orders"]
    event = {"type": "track", "event": "Order Completed", "messageId": "m", "userId": "u"}
    [made] = apply(tmp_path, files["functions/tidy_orders.py"], {**event, "properties": {"total": 12.5}})
    assert made["properties"] == {"revenue": 12.5}


@pytest.mark.parametrize(
    ("row", "function"),
    [
        ("drops the event", lambda _events: []),
        ("fails over it", lambda _events: {}["no"]),
        ("makes other events of it", lambda events: events + [dict(event) for event in events]),
    ],
)
def test_the_archive_tells_of_a_syncs_function_what_the_page_says(row, function):
    section = read_section("### Functions of a sync")
    told = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE))[row]
    world = RoutingWorld(make_workspace(orders_to_crm=make_sync("Own", functions=["f"]), b=make_sync("B")))
    world.start_functions = lambda _seconds_left: play(function).open().apply
    world.post(make_pack(event := make_event(1)))
    world.run()
    line, *children = world.stream.lines()
    assert (line["verdict"], line["event"], world.sent("B")) == ("accepted", event, [("custom_event", "m-1")])
    if skipped := re.findall(r'"skipped": (\[.*?\])', told):
        assert [line["skipped"]] == [json.loads(text) for text in skipped]
    assert ("function_error" in line) == ("message in `function_error`" in told)
    assert [(child["parent_id"], child["syncs"]) for child in children] == [
        ("m-1", [{"sync": "orders-to-crm", "type": "custom_event"}])
    ] * ("line of its own" in told)


def test_the_secret_of_the_page_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", "12345")
    [text] = read_blocks("python", read_section("## Secrets"))
    event = {"type": "page", "messageId": "m", "userId": "u"}
    assert apply(tmp_path, text, event)[0]["integrations"] == {"token_length": 5}


def test_the_limits_are_those_of_the_code():
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", read_section("## Limits"), re.MULTILINE))
    assert rows == {
        "Events in a batch": f"{MAX_BATCH}",
        "Events in a call": f"{MAX_CALL_BYTES:,} bytes",
        "Time for a batch": f"{BATCH_SECONDS:g} s",
        "Memory of the process": f"{MEGABYTES} MB",
        "Events that one may become": f"{MAX_RETURNED}",
        "Changed events that a batch may return": f"{MAX_ANSWER_BYTES:,} bytes",
        "One event": f"{EventLimits().bytes:,} bytes, as at ingest",
        "Calls a pack may cost": f"{MAX_CALLS}",
    }


def test_the_figures_in_the_text_are_those_of_the_code():
    assert f"may write {MAX_LINES} lines and {MAX_CHARS:,} characters" in TEXT
    assert f"its process is ended after {SECONDS} s" in TEXT
    assert MAX_AGE == 5 * 60


def test_every_misbehaving_function_of_the_end_to_end_test_is_in_the_table():
    """Those that fail by their message's place, the others by what they do."""
    told = read_section("## When it fails")
    words = {
        "stubborn": "swallows",
        "leak": "leaks 30 MB",
        "kill": "kills its process",
        "wrong_type": "returned a str",
        "environment": "reads the environment",
        "network": "opens a socket",
        "aws_calls": "calls AWS",
    }
    names = {path.stem for path in ISOLATION.glob("*.py")} - {"secret", "split"}
    assert names > set(words)
    missing = {name for name in names if words.get(name, f"({name}.py, line ") not in told}
    assert missing == set()
