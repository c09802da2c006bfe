"""Keeps the syncs of template.yaml equal to the workspace.

The template holds them three times, each between two marker comments: as rows of `Mappings`, as the list of
`Fn::ForEach`, and by the names of their alarms, which a composite alarm watches. Nothing else of the file is
written, so everything around the markers is edited by hand.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import WorkspaceOption
from cli.problems import print_problems
from cli.queue_counts import CannotCount, count_waiting
from cli.resources import check_room, read_resources
from cli.workspace_files import InvalidWorkspace, load_workspace
from sluice.errors import WorkspaceError
from sluice.workspace.models import Alarms

LIST, ROWS, NAMES = "list", "rows", "names"
DEFAULTS = {"MaxConcurrency": 10, "Timeout": 60}  # as DefaultValue where the template reads the column
VISIBILITY_FACTOR = 6  # what AWS advises: visibility of a queue to the timeout of the function it feeds
# The limits of a sync's alarms: the template's column and the workspace's name. Defaults are the model's.
ALARM_COLUMNS = {
    "FailureRate": "failure_rate",
    "RetryRate": "retry_rate",
    "MinAttempts": "min_attempts",
    "LatencyP95": "latency_p95",
    "OldestWaiting": "oldest_waiting",
    "QueueAge": "queue_age",
    "DeadLetters": "dead_letters",
    "FunctionErrors": "function_errors",
}
ALARM_DEFAULTS = Alarms().model_dump()


def render(template_text: str, workspace: Mapping[str, Any]) -> str:
    """The template with the syncs of a compiled workspace, everything else byte for byte the same.

    A retired sync stays as long as its file exists: its queues have to drain. Raises WorkspaceError where the
    workspace does not fit one stack.
    """
    syncs = {sync["name"]: (slug, sync) for slug, sync in sorted(workspace["syncs"].items())}
    _check_names(template_text, syncs)
    rows = [f"{name}: {{{', '.join(_row(slug, sync))}}}" for name, (slug, sync) in sorted(syncs.items())]
    text = _replace(template_text, LIST, ["- [", *(f"    {name}," for name in sorted(syncs)), "  ]"])
    alarms = [f'    Ref: !Sub "{name}${{Kind}}Alarm",' for name in sorted(syncs)]
    return _replace(_replace(text, ROWS, rows), NAMES, ["- [", *alarms, "  ]"])


def list_syncs(template_text: str) -> list[str]:
    """The PascalCase names of the syncs that the template makes resources for."""
    match = _region(LIST).search(template_text)
    if match is None:
        raise WorkspaceError(f"the template has lost the markers of its {LIST}", hint=_marker_hint(LIST))
    return re.findall(r"\w+", match["body"])


def template(
    workspace: WorkspaceOption,
    write: Annotated[bool, typer.Option("--write", help="Write the workspace's syncs into it.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether they differ (the default).")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Drop syncs without looking whether their queues are empty.")
    ] = False,
    file: Annotated[Path, typer.Option(help="The template.")] = Path("template.yaml"),
) -> None:
    """Keep the list of syncs in template.yaml equal to the workspace."""
    if write and check:
        raise typer.BadParameter("either --write or --check")
    text = file.read_text()
    wanted = _render_file(file, text, workspace)
    if wanted == text:
        typer.echo(f"{file} has the workspace's syncs: {', '.join(list_syncs(text))}")
        return
    if not write:
        typer.echo(f"{file} and {workspace} differ in their syncs: run `sluice template --write`", err=True)
        raise typer.Exit(1)
    dropped = sorted(set(list_syncs(text)) - set(list_syncs(wanted)))
    if not force and (problems := list(_find_undrained(dropped, file.with_name("samconfig.toml")))):
        typer.echo("\n".join(problems), err=True)
        raise typer.Exit(1)
    file.write_text(wanted)
    typer.echo(f"wrote {file}: {', '.join(list_syncs(wanted))}")


def _render_file(file: Path, text: str, workspace: Path) -> str:
    """The text as it should be; problems are printed and end the command."""
    try:
        return render(text, load_workspace(workspace))
    except InvalidWorkspace as invalid:
        print_problems(invalid.errors, [])
        raise typer.Exit(1) from invalid
    except WorkspaceError as error:
        error.file = str(file)
        print_problems([error], [])
        raise typer.Exit(1) from error


def _row(slug: str, sync: Mapping[str, Any]) -> Iterator[str]:
    yield f"Slug: {slug}"
    yield f"Destination: {sync['destination']}"
    if sync["max_concurrency"] != DEFAULTS["MaxConcurrency"]:
        yield f"MaxConcurrency: {sync['max_concurrency']}"
    if sync["timeout"] != DEFAULTS["Timeout"]:
        yield f"Timeout: {sync['timeout']}"
        yield f"Visibility: {sync['timeout'] * VISIBILITY_FACTOR}"
    if sync["paused"]:
        yield "Enabled: false"
    for column, limit in ALARM_COLUMNS.items():
        if sync["alarms"][limit] != ALARM_DEFAULTS[limit]:
            yield f'{column}: "{sync["alarms"][limit]:.12g}"'  # text: it goes into an expression


def _check_names(text: str, syncs: Iterable[str]) -> None:
    """Every resource has an id of its own and all fit one stack."""
    resources = read_resources(text)
    names = list(syncs)
    if not names:
        raise WorkspaceError(
            "the workspace has no sync", hint="a stack needs one; a sync to a sandbox destination will do"
        )
    check_room(resources, len(names))
    ids = set(resources.fixed)
    for name in names:
        if taken := sorted({name + suffix for suffix in resources.of_sync} & ids):
            raise WorkspaceError(
                f"the sync {name} would make a second {taken[0]}", hint="give its file another name"
            )
        ids.update(name + suffix for suffix in resources.of_sync)


def _find_undrained(dropped: Iterable[str], samconfig: Path) -> Iterator[str]:
    """One line for each sync that must not go yet, because events still wait in its queues."""
    stacks = sorted(_stack_names(samconfig))
    for sync in dropped:
        queues = [f"{stack}-{sync}{suffix}" for stack in stacks for suffix in ("", "-dlq")]
        try:
            waiting = count_waiting(queues)
        except CannotCount as problem:
            yield f"{sync} stays: who knows what its queues hold ({problem}); --force drops it all the same"
            return
        for queue, count in waiting.items():
            yield (
                f"{sync} stays: {count} messages wait in {queue}; bring its file back with `retired: true`,"
                " let it drain and empty its dead-letter queue first"
            )


def _stack_names(samconfig: Path) -> set[str]:
    """The stacks that are deployed from this template, by the environments of samconfig.toml."""
    environments = tomllib.loads(samconfig.read_text()).values()
    return {e["global"]["parameters"]["stack_name"] for e in environments if isinstance(e, dict)}


def _region(kind: str) -> re.Pattern[str]:
    words = rf"{kind} written by `sluice template --write`\n"
    return re.compile(
        rf"(?P<start>^(?P<indent> *)# >>> {words})(?P<body>.*?)(?P<end>^ *# <<< {words})", re.M | re.S
    )


def _replace(text: str, kind: str, lines: Iterable[str]) -> str:
    def fill(match: re.Match[str]) -> str:
        body = "".join(f"{match['indent']}{line}\n" for line in lines)
        return match["start"] + body + match["end"]

    replaced, count = _region(kind).subn(fill, text)
    if count != 1:
        raise WorkspaceError(f"the template has lost the markers of its {kind}", hint=_marker_hint(kind))
    return replaced


def _marker_hint(kind: str) -> str:
    return f"put `# >>> {kind} written by …` and `# <<< {kind} written by …` back around them"
