"""Keeps the syncs of template.yaml equal to the workspace.

The template holds them six times, each between two marker comments: as rows of `Mappings`, as the list of
`Fn::ForEach`, by the names of their alarms, which a composite alarm watches, as further composite alarms
where one cannot watch them all, by the queues that the router may send to, and by all queues, which share a
policy. Nothing else of the file is written, so everything around the markers is edited by hand.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import WorkspaceOption
from cli.problems import print_problems
from cli.queue_counts import CannotCount, count_waiting
from cli.resources import FIRST_PAGE, PAGE, check_room, read_resources
from cli.samconfig import DeploySettings, InvalidSamConfig, find_samconfig, read_environments
from cli.workspace_files import InvalidWorkspace, load_workspace
from sluice.errors import WorkspaceError
from sluice.workspace.models import Alarms

LIST, ROWS, NAMES, PAGES, TARGETS, QUEUES = "list", "rows", "names", "pages", "targets", "queues"
DEFAULTS = {"MaxConcurrency": 10, "Timeout": 60}  # as DefaultValue where the template reads the column
VISIBILITY_FACTOR = 6  # what AWS advises: visibility of a queue to the timeout of the function it feeds
# The limits of a sync's alarms: the template's column and the workspace's name. Defaults are the model's.
# The other limits are kept by the functions, which publish a metric only where one is exceeded.
ALARM_COLUMNS = {"DeadLetters": "dead_letters", "FunctionErrors": "function_errors"}
SYNC_ALARMS = ("DeadLettersAlarm", "FunctionErrorsAlarm")
ALARM_DEFAULTS = Alarms().model_dump()
FORCE_HINT = "--config-env names the environments that you deploy, --force drops it without looking"


def render(template_text: str, workspace: Mapping[str, Any]) -> str:
    """The template with the syncs of a compiled workspace, everything else byte for byte the same.

    A retired sync stays as long as its file exists: its queues have to drain. Raises WorkspaceError where the
    workspace does not fit one stack.
    """
    syncs = {sync["name"]: (slug, sync) for slug, sync in sorted(workspace["syncs"].items())}
    _check_names(template_text, syncs)
    rows = [f"{name}: {{{', '.join(_row(slug, sync))}}}" for name, (slug, sync) in sorted(syncs.items())]
    text = _replace(template_text, LIST, ["- [", *(f"    {name}," for name in sorted(syncs)), "  ]"])
    text = _replace(text, ROWS, rows)
    first, *others = _split_pages(sorted(syncs))
    text = _replace(text, NAMES, _list_alarms(first))
    text = _replace(text, PAGES, [line for n, page in enumerate(others, 2) for line in _write_page(n, page)])
    text = _replace(text, TARGETS, [f"- !GetAtt {name}Queue.Arn" for name in sorted(syncs)])
    return _replace(
        text, QUEUES, [f"- !Ref {name}{end}" for name in sorted(syncs) for end in ("Queue", "Dlq")]
    )


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
    config_env: Annotated[
        list[str] | None,
        typer.Option(
            "--config-env",
            metavar="NAME",
            show_default="all",
            help="Look at the stacks of these environments of samconfig.toml only.",
        ),
    ] = None,
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
    if dropped and not force and (problems := list(_find_undrained(dropped, file.parent, config_env or []))):
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
            yield f"{column}: {sync['alarms'][limit]}"


def _split_pages(names: Sequence[str]) -> list[Sequence[str]]:
    """The syncs of each composite alarm."""
    return [names[:FIRST_PAGE], *batched(names[FIRST_PAGE:], PAGE, strict=False)]


def _list_alarms(names: Iterable[str]) -> list[str]:
    return ["- [", *(f"    !Ref {name}{alarm}," for name in names for alarm in SYNC_ALARMS), "  ]"]


def _write_page(number: int, names: Iterable[str]) -> list[str]:
    """A composite alarm of syncs that have no place in the ones before."""
    return [
        f"Unhealthy{number}Alarm:",
        "  Type: AWS::CloudWatch::CompositeAlarm",
        "  Condition: HasFullAlarms",
        "  Properties:",
        f"    AlarmName: !Sub ${{AWS::StackName}}-unhealthy-{number}",
        "    AlarmDescription: A sync is unhealthy. The alarms below it say what and where.",
        "    AlarmRule: !Sub",
        '      - ALARM("${Syncs}")',
        "      - Syncs: !Join",
        "          - '\") OR ALARM(\"'",
        *(f"          {line}" for line in _list_alarms(names)),
        "    AlarmActions: [!Ref AlarmTopic]",
        "    OKActions: [!Ref AlarmTopic]",
        "",
    ]


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


def _find_undrained(dropped: Sequence[str], folder: Path, names: Sequence[str]) -> Iterator[str]:
    """One line for each reason why the syncs must not go: events wait in their queues, or nobody can say."""
    try:
        environments = _choose_environments(find_samconfig(folder), names)
    except InvalidSamConfig as problem:
        yield f"{', '.join(dropped)} stays: {problem}; {FORCE_HINT}"
        return
    for settings in environments:
        try:
            waiting = count_waiting(settings, dropped)
        except CannotCount as problem:
            yield (
                f"{', '.join(dropped)} stays: the queues of stack {settings.stack}"
                f" (environment {settings.environment}, {settings.region or 'region of your credentials'})"
                f" cannot be read: {problem}; {FORCE_HINT}"
            )
            continue
        for queue, count in waiting.items():
            yield (
                f"{queue} holds {count} messages, so its sync stays: bring its file back with"
                " `retired: true`, let it drain and empty its dead-letter queue first"
            )


def _choose_environments(samconfig: Path, names: Sequence[str]) -> list[DeploySettings]:
    """The environments whose stacks may hold events; each stack once. Raises InvalidSamConfig."""
    found = {settings.environment: settings for settings in read_environments(samconfig)}
    if missing := sorted(set(names) - set(found)):
        raise InvalidSamConfig(f"{samconfig} has no environment {', '.join(missing)}")
    chosen = [settings for name, settings in found.items() if not names or name in names]
    if not chosen:
        raise InvalidSamConfig(f"{samconfig} names no stack")
    if nameless := sorted(settings.environment for settings in chosen if not settings.stack):
        raise InvalidSamConfig(f"{samconfig} has no stack_name for the environment {', '.join(nameless)}")
    return list({(one.stack, one.region, one.profile): one for one in chosen}.values())


def _region(kind: str) -> re.Pattern[str]:
    words = rf"{kind} written by `sluice template --write`\n"
    return re.compile(
        rf"(?P<start>^(?P<indent> *)# >>> {words})(?P<body>.*?)(?P<end>^ *# <<< {words})", re.M | re.S
    )


def _replace(text: str, kind: str, lines: Iterable[str]) -> str:
    def fill(match: re.Match[str]) -> str:
        body = "".join(f"{match['indent']}{line}".rstrip() + "\n" for line in lines)
        return match["start"] + body + match["end"]

    replaced, count = _region(kind).subn(fill, text)
    if count != 1:
        raise WorkspaceError(f"the template has lost the markers of its {kind}", hint=_marker_hint(kind))
    return replaced


def _marker_hint(kind: str) -> str:
    return f"put `# >>> {kind} written by …` and `# <<< {kind} written by …` back around them"
