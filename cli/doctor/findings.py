"""What a check found: all is well, a warning, a problem, or that it could not check."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape


class Level(StrEnum):
    """How serious a finding is. Only problems make the command fail."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNCHECKED = "unchecked"


MARKS = {
    Level.OK: "[green]✓[/]",
    Level.WARNING: "[yellow]![/]",
    Level.PROBLEM: "[red]✗[/]",
    Level.UNCHECKED: "[dim]?[/]",
}
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was checked, how it is, and what to do about it. Never holds a secret's value."""

    check: str
    level: Level
    text: str
    hint: str = ""

    def describe(self) -> dict[str, Any]:
        return {**asdict(self), "level": str(self.level)}


def ok(check: str, text: str) -> Finding:
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, hint: str) -> Finding:
    return Finding(check, Level.WARNING, text, hint)


def problem(check: str, text: str, hint: str) -> Finding:
    return Finding(check, Level.PROBLEM, text, hint)


def look(check: str, find: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of a check. If AWS refuses or does not answer, the last one says so."""
    try:
        yield from find()
    except ClientError as error:
        yield explain(check, error)
    except BotoCoreError as error:
        yield Finding(check, Level.UNCHECKED, f"could not check: {error}")


def explain(check: str, error: ClientError) -> Finding:
    """Why a check was not possible: the name of the missing right, or AWS's message."""
    details = error.response["Error"]
    if details["Code"] in DENIED:
        action = _ACTION.search(details["Message"])
        text = f"could not check: needs {action[1] if action else error.operation_name}"
        return Finding(check, Level.UNCHECKED, text, "docs/operations.md has the policies for a deploy")
    return Finding(check, Level.UNCHECKED, f"could not check: {' '.join(str(error).split())}")


def print_findings(findings: Iterable[Finding], console: Console) -> None:
    """One line each, and one more for what to do."""
    for finding in findings:
        line = f"{MARKS[finding.level]} {finding.check}: {escape(finding.text)}"
        console.print(line, soft_wrap=True, highlight=False)
        if finding.hint:
            console.print(f"    {escape(finding.hint)}", soft_wrap=True, highlight=False)
