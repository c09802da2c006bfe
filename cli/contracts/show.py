"""What a trial of contracts found, for people and as JSON."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from cli.contracts.trial import Comparison, Finding, Trial

WORDS = {
    "blocks": "newly blocked",
    "unblocks": "no longer blocked",
    "omits": "newly omitted",
    "keeps": "no longer omitted",
}


def show_trials(console: Console, told: str, found: Mapping[str, Comparison]) -> None:
    """A heading a source, a block for each event name that is decided differently, a sum at the end."""
    console.print(f"compared: {told}", markup=False, soft_wrap=True)
    for slug, comparison in found.items():
        if not comparison.events:
            continue
        changed = {name: trial for name, trial in sorted(comparison.trials.items()) if trial.differs}
        same = sum(trial.events for trial in comparison.trials.values() if not trial.differs)
        console.print(
            f"\nsource {slug}: {count_events(comparison.events)}", style="bold", markup=False, soft_wrap=True
        )
        for name, trial in changed.items():
            console.print(f"  {name}: {count_events(trial.events)}", markup=False, soft_wrap=True)
            _show_trial(console, trial)
        if same:
            text = f"  as before: {count_events(same)} of names that are not listed here"
            console.print(
                text if changed else "  nothing would be decided differently", markup=False, soft_wrap=True
            )


def _show_trial(console: Console, trial: Trial) -> None:
    for group, word in WORDS.items():
        for _, finding in sorted(getattr(trial, group).items()):
            line = f"    {word}: {count_events(finding.events)}: {finding.what}, such as {finding.example}"
            console.print(line, markup=False, soft_wrap=True)
            if finding.why:
                console.print(f"      {finding.why}", markup=False, soft_wrap=True)


def describe_trials(found: Mapping[str, Comparison]) -> dict[str, Any]:
    return {
        "sources": [
            {
                "source": slug,
                "events": comparison.events,
                "changes": [
                    {"event": name, "events": trial.events, **_describe_trial(trial)}
                    for name, trial in sorted(comparison.trials.items())
                    if trial.differs
                ],
            }
            for slug, comparison in found.items()
            if comparison.events
        ]
    }


def _describe_trial(trial: Trial) -> dict[str, Any]:
    return {
        group: [_describe_finding(finding) for _, finding in sorted(getattr(trial, group).items())]
        for group in WORDS
    }


def _describe_finding(finding: Finding) -> dict[str, Any]:
    described = {"what": finding.what, "events": finding.events, "example": finding.example}
    return {**described, "why": finding.why} if finding.why else described


def count_events(number: int) -> str:
    return f"{number:,} event" if number == 1 else f"{number:,} events"
