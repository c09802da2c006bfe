"""The demo's account as it is printed at 80 columns, and as the README shows it."""

import io
from collections import Counter
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console

from cli.local.account import Account, SyncAccount
from cli.local.report import render_account

README = Path(__file__).parents[3] / "README.md"
ACCOUNT = Account(
    sent=202,
    verdicts=Counter(accepted=193, blocked=6, duplicate=3),
    blocked=Counter(missing_event_name=2, missing_identity=2, schema_violation=1, unknown_type=1),
    syncs={
        "events-to-webhook": SyncAccount(193, 193, 150, Counter(), [0.04]),
        "purchases-to-crm": SyncAccount(20, 19, 0, Counter(rejected=1), [0.04, 0.04, 0.55]),
        "signups-to-sandbox": SyncAccount(19, 19),
    },
    unexplained=[],
)


def render() -> str:
    console = Console(file=(printed := io.StringIO()), width=80)
    console.print(render_account(ACCOUNT))
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines())


def test_the_account_fits_80_columns() -> None:
    assert max(map(cell_len, render().splitlines())) <= 80
    assert "\npurchases-to-crm " in render()
    assert "rejected 1\n" in render(), "reasons are not broken"


def test_the_readme_shows_what_the_demo_prints() -> None:
    assert render().rstrip() in README.read_text("utf-8")
