"""The commands in the documents about dead letters and replay, run as they stand there."""

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.dlq import app as dlq_app
from cli.replay import replay
from cli.replay.plan import Plan
from cli.replay.progress import Progress
from sluice.delivery.dead_letters import dump_letter, name_letters
from sluice.times import format_time
from tests.adapters.stacks import deployed_stack
from tests.unit.archiver.world import make_letter

ROOT = Path(__file__).parents[3]
EDITOR = "sed -i.bak s/u-1/u-2/"
COMMAND = re.compile(r"^sluice ((?:dlq|replay)\b[^#\n]*)", re.MULTILINE)

app = typer.Typer()
app.command()(replay)
app.add_typer(dlq_app, name="dlq")


def list_commands():
    redrive = (ROOT / "docs/operations.md").read_text().partition("\n## Redrive\n")[2].partition("\n## ")[0]
    return sorted(set(COMMAND.findall((ROOT / "docs/reliability.md").read_text() + redrive)))


@pytest.fixture
def stack(monkeypatch, tmp_path):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    died = format_time((datetime.now(UTC) - timedelta(hours=1)).timestamp())
    with deployed_stack() as found:
        for name in ("PurchasesToCrm", "NewSync"):
            for kind in ("Queue", "Dlq"):
                found.resources[name + kind] = found.sqs.create_queue(QueueName=f"stack-{name}-{kind}")[
                    "QueueUrl"
                ]
        letter = make_letter(
            1, sync="purchases-to-crm", event_type="track_purchase", message_id="5f8c1a", died_at=died
        )
        found.put(name_letters([letter]), letter)
        found.send(found.resources["PurchasesToCrmDlq"], dump_letter(letter))
        run = "20261122-101500-3f2a"
        plan = Plan(run, "stack", "2026-11-22T10:15:00+00:00", "2026-11-21T00:00", "2026-11-22T00:00")
        Progress(plan, tmp_path / "replays" / f"{run}.json", finished=True).save()
        yield found


@pytest.mark.parametrize("command", list_commands())
def test_a_command_in_the_documents_works(stack, command, monkeypatch):
    monkeypatch.setenv("VISUAL", EDITOR)
    words = [*shlex.split(command.replace("--stack sluice", "")), "--stack", "stack"]
    if {"redrive", "edit"} & set(words) or words[0] == "replay":
        words.append("--yes")
    words += ["-w", str(ROOT / "workspace")] if "edit" in words or words[0] == "replay" else []
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output


def test_the_documents_have_commands():
    assert len(list_commands()) > 12
