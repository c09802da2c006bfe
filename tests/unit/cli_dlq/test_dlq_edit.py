"""`sluice dlq edit`: one letter's event is corrected by hand, previewed and sent again."""

import json
import shlex
import sys

import pytest
from typer.testing import CliRunner

from cli.main import app
from sluice.delivery.dead_letters import dump_letter
from tests.adapters.stacks import deployed_stack
from tests.unit.archiver.world import make_letter, make_sync_pack
from tests.unit.cli.folders import write_workspace

SYNC = """\
source: web
destination: crm
event_types:
  - type: custom_event
    mappings: {id: {field: userId}, total: {field: properties.total, as: number}}
"""
CRM = "kind: http\nsettings: {url: https://crm.example.com/events}\n"
CORRECT = {"old": '"userId": "u-1"', "new": '"userId": "corrected"'}


@pytest.fixture
def stack():
    with deployed_stack() as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    return write_workspace(tmp_path / "w", {"syncs/all-to-crm.yaml": SYNC, "destinations/crm.yaml": CRM})


@pytest.fixture
def edit(folder, tmp_path):
    """Runs the command with an editor that makes these replacements, one a session."""

    def edit(*sessions, options=("--yes",), message_id="m-1", answers=None, status=0):
        script = tmp_path / "editor.py"
        (tmp_path / "sessions.json").write_text(json.dumps(sessions))
        script.write_text(
            "import json, pathlib, sys\n"
            f"plan = pathlib.Path({str(tmp_path / 'sessions.json')!r})\n"
            "first, *rest = json.loads(plan.read_text()) or [{'old': '', 'new': ''}]\n"
            "plan.write_text(json.dumps(rest))\n"
            "file = pathlib.Path(sys.argv[1])\n"
            "file.write_text(file.read_text().replace(first['old'], first['new']))\n"
            f"sys.exit({status})\n"
        )
        command = ["dlq", "edit", message_id, "--stack", "stack", "-w", str(folder), *options]
        editor = shlex.join([sys.executable, str(script)])
        return CliRunner().invoke(app, command, input=answers, env={"EDITOR": editor, "VISUAL": ""})

    return edit


def die(stack, *letters):
    for letter in letters:
        stack.send(stack.dlqs[letter["sync"]], dump_letter(letter))


def list_sent(stack):
    return [item.event for pack in stack.sync_packs() for item in pack.items]


def waiting(stack):
    return len(stack.receive(stack.dlqs["all-to-crm"]))


def test_the_edited_event_is_sent_and_its_letter_is_gone(stack, edit):
    die(stack, make_letter(1), make_letter(2))
    told = edit(CORRECT)
    assert told.exit_code == 0, told.output
    assert list_sent(stack) == [{**make_letter(1)["event"], "userId": "corrected"}]
    assert waiting(stack) == 1


def test_it_goes_back_as_a_first_attempt_of_its_event_type(stack, edit):
    die(stack, make_letter(1, attempts=9))
    edit(CORRECT)
    [pack] = stack.sync_packs()
    assert (pack.attempt, pack.replay, pack.items[0].type) == (1, "redrive", "custom_event")


def test_what_will_be_sent_is_previewed(stack, edit):
    die(stack, make_letter(1))
    told = edit(CORRECT)
    assert '"id": "corrected"' in told.stdout
    assert "POST https://crm.example.com/events" in told.stdout


def test_who_says_no_sends_nothing(stack, edit):
    die(stack, make_letter(1))
    told = edit(CORRECT, options=(), answers="n\n")
    assert (told.exit_code, list_sent(stack), waiting(stack)) == (1, [], 1)


def test_an_event_that_would_die_again_can_be_edited_again(stack, edit):
    die(stack, make_letter(1))
    bad = {"old": '"userId": "u-1"', "new": '"userId": "u-1", "properties": {"total": "x"}'}
    told = edit(bad, {"old": '"x"', "new": "5"}, answers="y\n")
    assert "dead letter again, mapping_failed" in told.stderr
    assert [event["properties"] for event in list_sent(stack)] == [{"total": 5}]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"old": "{", "new": "["}, "not JSON"),
        ({"old": '"u-1"', "new": "NaN"}, "not JSON"),
        ({"old": '"u-1"', "new": '"\\ud800"'}, "not JSON"),
        ({"old": '"m-1"', "new": '"m-2"'}, "messageId must stay 'm-1'"),
    ],
)
def test_what_cannot_take_the_events_place_is_told_and_not_sent(stack, edit, change, problem):
    die(stack, make_letter(1))
    told = edit(change, answers="n\n")
    assert (told.exit_code, problem in told.stderr) == (1, True)
    assert (list_sent(stack), waiting(stack)) == ([], 1)


def test_an_unchanged_event_is_not_sent(stack, edit):
    die(stack, make_letter(1))
    told = edit()
    assert (told.exit_code, "nothing was changed" in told.stderr) == (1, True)
    assert (list_sent(stack), waiting(stack)) == ([], 1)


@pytest.mark.parametrize("status", [1, 3])
def test_an_editor_that_fails_sends_nothing(stack, edit, status):
    die(stack, make_letter(1))
    told = edit(CORRECT, status=status)
    assert (told.exit_code, "exit status" in told.stderr) == (1, True)
    assert list_sent(stack) == []


def test_a_letter_that_is_not_there_is_an_error(stack, edit):
    assert "no queue has a letter of the event 'm-9'" in edit(CORRECT, message_id="m-9").stderr


def test_of_letters_of_several_event_types_one_must_be_named(stack, edit):
    die(stack, make_letter(1), make_letter(1, event_type="purchase"))
    told = edit(CORRECT)
    assert "--sync all-to-crm --type custom_event" in told.stderr
    assert edit(CORRECT, options=("--yes", "--type", "custom_event")).exit_code == 0


def test_an_event_in_a_whole_pack_is_left_to_the_redrive(stack, edit):
    stack.send(stack.dlqs["all-to-crm"], make_sync_pack(1, 2))
    assert "is in a pack of 2" in edit(CORRECT).stderr
    assert waiting(stack) == 1


def test_an_event_of_a_suppressed_user_is_not_sent(stack, edit):
    stack.suppress("corrected")
    die(stack, make_letter(1))
    told = edit(CORRECT)
    assert (told.exit_code, "suppressed" in told.stderr) == (1, True)
    assert (list_sent(stack), waiting(stack)) == ([], 1)
