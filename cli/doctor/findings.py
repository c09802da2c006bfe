"""What a check found: nothing, something to know, something that must change, or that it could not look."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape


class Level(StrEnum):
    """How bad it is. Only problems make the command fail."""

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
_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


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
    """The findings of a check; one that says so where AWS refuses or does not answer."""
    try:
        yield from find()
    except ClientError as error:
        yield explain(check, error)
    except BotoCoreError as error:
        yield Finding(check, Level.UNCHECKED, f"could not be checked: {error}")


def explain(check: str, error: ClientError) -> Finding:
    """Why a check could not be made: a right that is missing, named, or what AWS said."""
    details = error.response["Error"]
    if details["Code"] in _DENIED:
        text = f"could not be checked: {error.operation_name} is not allowed"
        return Finding(check, Level.UNCHECKED, text, "docs/operations.md has the policy of a deployer")
    return Finding(check, Level.UNCHECKED, f"could not be checked: {' '.join(str(error).split())}")


def print_findings(findings: Iterable[Finding], console: Console) -> None:
    """One line each, and one more for what to do."""
    for finding in findings:
        line = f"{MARKS[finding.level]} {finding.check}: {escape(finding.text)}"
        console.print(line, soft_wrap=True, highlight=False)
        if finding.hint:
            console.print(f"    {escape(finding.hint)}", soft_wrap=True, highlight=False)
