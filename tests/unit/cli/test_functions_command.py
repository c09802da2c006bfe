"""`sluice functions test`, `check` and `build` for event functions."""

import json

import pytest
from typer.testing import CliRunner

from cli.build import write_workspace_layer
from cli.main import app
from cli.workspace_files import load_workspace
from tests.unit.cli.folders import write_workspace

ENRICH = """\
def transform_events(events):
    for event in events:
        print("saw", event["messageId"])
        if event["event"] == "Bad":
            raise ValueError("bad")
        if event["event"] == "Good":
            event["properties"]["seen"] = True
    return [event for event in events if event["event"] != "Gone"]
"""
SOURCE = "functions: [enrich]\n"
SECRET = """\
import os

SECRETS = {"CRM_TOKEN": "ssm:crm-token"}


def transform_events(events):
    return [{**event, "properties": {"token": os.environ["CRM_TOKEN"]}} for event in events]
"""


def run(*arguments, **environment):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


def make_event(name, **over):
    return {
        "type": "track",
        "event": name,
        "messageId": name.lower(),
        "userId": "u",
        "properties": {},
        **over,
    }


@pytest.fixture
def workspace(tmp_path):
    files = {"functions/enrich.py": ENRICH, "functions/secret.py": SECRET, "sources/web.yaml": SOURCE}
    return write_workspace(tmp_path / "workspace", files)


@pytest.fixture
def test_events(tmp_path, workspace):
    """Runs the function over events: the exit code and what was printed."""

    def test_events(*events, name="enrich", options=(), **environment):
        file = tmp_path / "events.json"
        file.write_text(json.dumps(events))
        told = run("functions", "test", name, "-w", workspace, "--event", file, *options, **environment)
        return told.exit_code, told.output.splitlines()

    return test_events


def test_each_event_is_shown_with_what_changed(test_events):
    code, lines = test_events(make_event("Good"), make_event("Other"), make_event("Gone"))
    assert code == 0
    assert lines == [
        "good: changed",
        "  - properties: {}",
        "  + properties.seen: true",
        "other: kept",
        "gone: dropped",
        "log",
        "  INFO saw good",
        "  INFO saw other",
        "  INFO saw gone",
        "enrich: 3 events, 1 kept, 1 changed, 1 dropped, 0 failed",
    ]


def test_a_failure_is_shown_with_its_line_and_the_others_go_on(test_events):
    code, lines = test_events(make_event("Good"), make_event("Bad"))
    assert code == 1
    assert "bad: failed: enrich: ValueError: bad (enrich.py, line 5)" in lines
    assert "good: changed" in lines
    assert '      File "enrich.py", line 5, in transform_events' in lines
    assert lines[-1] == "enrich: 2 events, 0 kept, 1 changed, 0 dropped, 1 failed"


def test_an_answer_may_be_longer_than_a_pipe(test_events):
    code, lines = test_events(
        *(make_event("Good", messageId=f"m-{n}", traits={"t": "x" * 1000}) for n in range(200))
    )
    assert lines[-1] == "enrich: 200 events, 0 kept, 200 changed, 0 dropped, 0 failed"
    assert code == 0


def test_what_a_function_leaves_running_holds_nothing_up(test_events, workspace):
    text = "import subprocess\nsubprocess.Popen(['sleep', '60'])\n"
    (workspace / "functions/enrich.py").write_text(f"{text}def transform_events(events): return events\n")
    assert test_events(make_event("Good")) == (
        0,
        ["good: kept", "enrich: 1 event, 1 kept, 0 changed, 0 dropped, 0 failed"],
    )


def test_an_event_that_ingest_blocks_is_not_given_to_the_function(test_events):
    code, lines = test_events(make_event("Good", userId=None))
    assert "good: not given to it: missing_identity" in lines
    assert code == 0


def test_programs_get_json(test_events):
    _, lines = test_events(make_event("Good"), options=["--json"])
    [event] = json.loads("\n".join(lines))["events"]
    assert event["outcome"] == "changed"
    assert event["after"][0]["properties"] == {"seen": True}


def test_a_secret_may_come_from_the_person_s_environment(test_events):
    _, lines = test_events(make_event("Good"), name="secret", CRM_TOKEN="mine")
    assert '  + properties.token: "mine"' in lines


def test_the_environment_is_the_function_s_own(test_events, workspace):
    text = "import os\ndef transform_events(events):\n    events[0]['traits'] = dict(os.environ)\n"
    text += "    return events"
    (workspace / "functions/enrich.py").write_text(text)
    _, lines = test_events(make_event("Good"), OWN_SECRET="s3cret")
    assert any("SLUICE_STACK" in line for line in lines)
    assert "s3cret" not in "".join(lines)


def test_an_unknown_function_is_told_with_the_nearest(test_events):
    code, lines = test_events(make_event("Good"), name="enrichh")
    assert code == 1
    assert "did you mean enrich?" in "".join(lines)


def test_check_names_file_and_line(workspace):
    (workspace / "functions/broken.py").write_text("x = 1\ndef transform_events(events)\n    return events\n")
    (workspace / "functions/Bad-Name.py").write_text(ENRICH)
    told = run("check", "-w", workspace)
    assert told.exit_code == 1
    assert "broken.py:2:29: error: not Python 3.13: expected ':'" in told.stderr
    assert "Bad-Name.py:1:1: error: 'Bad-Name' is not a name of a function" in told.stderr


def test_check_names_the_line_of_a_function_that_is_not_there(workspace):
    (workspace / "sources/web.yaml").write_text("functions:\n  - enrich\n  - enrih\n")
    told = run("check", "-w", workspace)
    assert "web.yaml:3:5: error: functions.1: there is no function enrih" in told.stderr
    assert "did you mean enrich?" in told.stderr


def test_a_function_listed_twice_is_told(workspace):
    (workspace / "sources/web.yaml").write_text("functions: [enrich, enrich]\n")
    assert "the function enrich is listed twice" in run("check", "-w", workspace).stderr


def test_the_layer_holds_the_functions_and_no_others(workspace, tmp_path):
    folder = tmp_path / "layer/python/sluice_workspace/functions"
    folder.mkdir(parents=True)
    (folder / "left.py").touch()
    write_workspace_layer(workspace, tmp_path / "layer")
    assert sorted(path.name for path in folder.iterdir()) == ["enrich.py", "secret.py"]
    assert (folder / "enrich.py").read_text() == ENRICH


def test_another_text_of_a_function_is_another_workspace(workspace):
    before = load_workspace(workspace)
    (workspace / "functions/enrich.py").write_text(ENRICH + "\n")
    after = load_workspace(workspace)
    assert before["digest"] != after["digest"]
    assert before["sources"]["web"]["functions"] == ["enrich"]
