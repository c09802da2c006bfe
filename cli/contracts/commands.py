"""The commands of `sluice contracts`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.archive import Archive
from cli.contracts.infer import Draft, list_candidates
from cli.contracts.show import describe_trials, show_trials
from cli.contracts.trial import Comparison, is_tried
from cli.options import WorkspaceOption
from cli.preview.texts import dump_json
from cli.problems import print_problems
from cli.stack import CommandError, StackOption, explain_failure, open_stack
from cli.terminal import open_console
from cli.times import parse_when
from cli.workspace_files import InvalidWorkspace, load_workspace
from sluice.contracts.compile import compile_contracts
from sluice.workspace.names import is_slug
from sluice.workspace.problems import offer

app = typer.Typer(no_args_is_help=True, help="Draft a contract from events, and try a changed one on them.")

DAY = "24h"
MANY = 10_000

SinceOption = Annotated[
    str,
    typer.Option(metavar="TIME", help="Since when to look in the archive: 90m, 24h, 7d ago, or 2026-11-22."),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Most events, the newest first.")]


@app.command()
def infer(
    workspace: WorkspaceOption,
    source: Annotated[str, typer.Option("--source", help="Whose events.")],
    stack: StackOption = "",
    since: SinceOption = DAY,
    limit: LimitOption = MANY,
    write: Annotated[
        str, typer.Option("--write", metavar="NAME", help="Write contracts/NAME.yaml; without it: print.")
    ] = "",
) -> None:
    """Draft a contract from archived events: types, formats, enums of few values, what is always there."""
    with explain_failure():
        if write and not is_slug(write):
            raise CommandError(
                f"{write!r} is not a valid name", "lower-case letters, digits, single hyphens: ecommerce"
            )
        path = workspace / "contracts" / f"{write}.yaml"
        if write and path.exists():
            raise CommandError(f"{path} is there already: nothing was written", "choose another name")
        archive = Archive(open_stack(stack))
        draft = Draft()
        for event in islice(list_candidates(_read(archive, since), source), limit):
            draft.add(event)
        if not draft.events:
            raise CommandError(
                f"no event of source {source!r} in {_tell(archive, since)}", "--since 7d looks further"
            )
        text = draft.render(f"{draft.events:,} events of {source}")
        if not write:
            typer.echo(text, nl=False)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    written = len(draft.profiles) - draft.left_out
    typer.echo(f"wrote {path}: {written} definitions from {draft.events:,} events")
    if draft.left_out:
        typer.echo(f"left out: {draft.left_out:,} more definitions, of the rarest names: are names data?")
    typer.echo(f"Next: read it, write `contracts: [{write}]` into the source's file, run `sluice check`.")


@app.command("test")
def try_contracts(
    workspace: WorkspaceOption,
    stack: StackOption = "",
    since: SinceOption = DAY,
    limit: LimitOption = MANY,
    source: Annotated[str, typer.Option("--source", help="Only this source.")] = "",
    diff: Annotated[
        Path | None,
        typer.Option(
            "--diff",
            metavar="OTHER_WORKSPACE",
            help="Compare with the contracts of another workspace, not with what was decided then: "
            "--workspace is before, the other one after.",
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where something would be decided differently.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run the workspace's contracts over archived events: what they would newly block or omit."""
    with explain_failure():
        before = _load(workspace)
        after = _load(diff) if diff else before
        known = sorted({*before["sources"], *after["sources"]})
        if source and source not in known:
            raise CommandError(f"there is no source {source!r}", offer(source, known, "there are"))
        archive = Archive(open_stack(stack))
        checks_before, checks_after = compile_contracts(before), compile_contracts(after)
        found = {
            slug: Comparison(checks_after.get(slug), checks_before.get(slug), is_compared=diff is not None)
            for slug in ([source] if source else known)
        }
        lines = (
            line
            for line in _read(archive, since)
            if line["source"] in found and is_tried(line, line["source"])
        )
        for line in islice(lines, limit):
            found[line["source"]].add(line)
        if not any(comparison.events for comparison in found.values()):
            raise CommandError(f"no event in {_tell(archive, since)}", "--since 7d looks further")
        told = f"{workspace} → {diff}" if diff else f"what was decided then → {workspace}"
        if as_json:
            typer.echo(dump_json({"compared": told, **describe_trials(found)}, indent=True))
        else:
            show_trials(open_console(), told, found)
    if exit_code and any(trial.differs for one in found.values() for trial in one.trials.values()):
        raise typer.Exit(1)


def _load(folder: Path) -> dict[str, Any]:
    """The compiled workspace; its problems are printed as `sluice check` prints them."""
    try:
        return load_workspace(folder)
    except InvalidWorkspace as invalid:
        print_problems(invalid.errors, [])
        raise typer.Exit(1) from invalid


def _read(archive: Archive, since: str) -> Iterator[dict[str, Any]]:
    """Archive lines, the newest first."""
    until = datetime.now(UTC)
    return archive.read_events(parse_when(since, until), until, newest_first=True)


def _tell(archive: Archive, since: str) -> str:
    return f"the archive of {archive.stack.name}, --since {since} ({archive.objects:,} objects)"
