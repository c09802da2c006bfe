"""`make smoke` against the local stack: everything in it that an emulator can show holds."""

import os
import subprocess
import sys

import pytest

from tests.e2e.evidence import Facts
from tests.e2e.queues import take_messages
from tests.e2e.stacks import PROJECT
from tests.smoke.checks import list_checks
from tests.smoke.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.enable_socket]


def test_every_check_passes_on_the_local_stack(facts: Facts) -> None:
    finished = run_smoke(facts, facts["write_keys"]["shop"])

    names = [name for name, _ in list_checks(Target("", ""))]
    passed = [f"✓ {name}" for name in names]
    assert finished.stdout.splitlines() == [*passed, f"{len(names)} of {len(names)} checks passed"]
    assert finished.returncode == 0


def test_what_fails_is_named_and_the_exit_code_says_so(facts: Facts) -> None:
    finished = run_smoke(facts, "a-wrong-key")

    assert finished.returncode == 1
    assert "✗ text/plain, gzip: answered 401" in finished.stdout
    assert "✓ CORS preflight" in finished.stdout


def test_a_redrive_that_cannot_be_started_fails_and_leaves_nothing_in_the_dlq(facts: Facts) -> None:
    """The emulator has no StartMessageMoveTask."""
    finished = run_smoke(facts, facts["write_keys"]["shop"], "--stack", facts["stack_name"])

    assert finished.returncode == 1
    [failed] = [line for line in finished.stdout.splitlines() if line.startswith("✗")]
    assert failed.startswith("✗ a redrive of the ingest DLQ: ")
    assert "StartMessageMoveTask" in failed
    assert take_messages(facts, facts["ingest_dlq"]) == []


def run_smoke(facts: Facts, key: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.smoke", facts["api_url"], key, *options],
        env={**os.environ, **facts["environment"]},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
