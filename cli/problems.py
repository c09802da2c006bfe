"""What is wrong with a workspace, as a person or a program reads it."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from sluice.errors import WorkspaceError

INDENT = "\n        "  # so that a template's caret stays below what it points at


def print_problems(errors: list[WorkspaceError], warnings: list[WorkspaceError]) -> None:
    """One block a problem on standard error, as compilers print them."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for kind, style, found in (("error", "red", errors), ("warning", "yellow", warnings)):
        for problem in found:
            place = (
                f"{relative_path(problem.file)}:{problem.line}:{problem.column}"
                if problem.line
                else problem.file
            )
            console.print(f"{escape(place)}: [{style}]{kind}[/]: ", end="")
            console.print(problem.message, markup=False)
            if problem.hint:
                console.print(f"  hint: {problem.hint.replace('\n', INDENT)}", markup=False)


def relative_path(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def describe_problem(kind: str, problem: WorkspaceError) -> dict[str, object]:
    return {
        "kind": kind,
        "file": relative_path(problem.file),
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }
