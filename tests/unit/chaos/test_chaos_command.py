"""`python -m tests.chaos`: what it prints and its exit code."""

from collections import Counter

import pytest

from tests.chaos.__main__ import main
from tests.chaos.conservation import Balance
from tests.chaos.run import Result


def make_result(**over) -> Result:
    fields = {
        "balances": {
            "orders": Balance(sent=3, delivered=2, dead=1, rejected=1, twice=1, unheard=1, refused=1)
        },
        "reasons": {"orders": Counter(rejected=1)},
        "waiting": 0,
        "copies": 3,
        "refusals": 1,
        "faults": 9,
        "kills": 2,
        "redriven": 0,
    }
    return Result(**{**fields, **over})


def test_a_run_that_adds_up_ends_well(capsys):
    assert main(["--seed", "7", "--events", "30"], lambda plan, settle: make_result()) == 0

    printed = capsys.readouterr().out
    assert "seed 7: 30 events" in printed
    assert "| orders | 3 | 2 | 1 | 1 | 0 | 0 | 0 | 1 |" in printed
    assert "orders: died of rejected 1" in printed
    assert "refused by name, and never taken: 1" in printed
    assert "taken again because the answer reached nobody: 1" in printed
    assert "✓ nothing is lost" in printed


def test_without_kills_the_same_calls_fail_and_no_function_dies():
    plans = []
    for words in (["--events", "1000"], ["--events", "1000", "--no-kills"]):
        main(words, lambda plan, settle: (plans.append(plan), make_result())[1])

    stormy, calm = plans
    assert [step.rules for step in calm.steps] == [step.rules for step in stormy.steps]
    assert any(step.kill for step in stormy.steps)
    assert not any(step.kill for step in calm.steps)


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"balances": {"orders": Balance(sent=1, lost=["chaos-1-7"])}}, "LOST: chaos-1-7"),
        (
            {"balances": {"orders": Balance(sent=1, delivered=1, strangers=["x"])}},
            "never meant for it: x",
        ),
        ({"waiting": 3}, "3 messages were still on their way"),
    ],
)
def test_a_run_that_loses_an_event_or_does_not_end_fails(over, told, capsys):
    assert main(["--events", "1"], lambda plan, settle: make_result(**over)) == 1

    printed = capsys.readouterr().out
    assert told in printed
    assert "✗ the account does not add up" in printed


def test_bad_arguments_are_refused():
    with pytest.raises(SystemExit) as refused:
        main(["--events", "0"])

    assert refused.value.code == 2
