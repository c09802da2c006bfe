"""`sluice preview`: its options, and what it prints for them."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.functions.running import run_functions
from cli.options import AroundOption, EventOption, MessageIdOption, SinceOption, WorkspaceOption
from cli.preview.as_json import describe_preview
from cli.preview.compare import SyncComparison
from cli.preview.evaluate import SyncPreview
from cli.preview.finder import Finder
from cli.preview.show import put, show_event, show_sync
from cli.preview.show_changes import describe_changes, show_changes
from cli.preview.texts import dump_json
from cli.problems import print_problems
from cli.stack import CommandError, StackOption, explain_failure
from cli.terminal import open_console
from cli.workspace_files import InvalidWorkspace, load_workspace

DAY = "24h"
SAMPLE = 1000


def preview(
    workspace: WorkspaceOption,
    stack: StackOption = "",
    sync: Annotated[str, typer.Option("--sync", "-s", metavar="NAME", help="The sync.")] = "",
    event: EventOption = "",
    message_id: MessageIdOption = "",
    around: AroundOption = "",
    since: SinceOption = DAY,
    diff: Annotated[
        Path | None,
        typer.Option(
            "--diff", metavar="OTHER_WORKSPACE", help="Compare: what would change with the other workspace."
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=1, help="With --diff: archived events, the newest first.")
    ] = SAMPLE,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="With --diff: exit with 1 where something differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    functions: Annotated[
        bool, typer.Option("--functions/--no-functions", help="Run the functions of source and sync.")
    ] = True,
) -> None:
    """Show what a sync makes of an event: what contract and functions leave of it, which event types take it,
    its fields, the requests.
    """
    with explain_failure():
        find = Finder(event, message_id, around, since, stack)
        if diff is None:
            if exit_code:
                raise CommandError("--exit-code goes with --diff")
            _preview(workspace, find, sync, as_json=as_json, functions=functions)
            return
        differs = _compare(workspace, diff, find, sync, sample, as_json=as_json)
    if differs and exit_code:
        raise typer.Exit(1)


def load(folder: Path) -> dict[str, Any]:
    """The compiled workspace; its problems are printed as `sluice check` prints them."""
    try:
        return load_workspace(folder)
    except InvalidWorkspace as invalid:
        print_problems(invalid.errors, [])
        raise typer.Exit(1) from invalid


def check_sync(slug: str, *workspaces: Mapping[str, Any]) -> None:
    """Raises CommandError, with the nearest name, where no workspace has the sync."""
    known = sorted({name for compiled in workspaces for name in compiled["syncs"]})
    if slug in known:
        return
    near = get_close_matches(slug, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
    raise CommandError(f"there is no sync {slug!r}" if slug else "which sync? --sync NAME", hint)


def _preview(workspace: Path, find: Finder, slug: str, *, as_json: bool, functions: bool) -> None:
    compiled = load(workspace)
    check_sync(slug, compiled)
    syncs = SyncPreview(compiled, slug)
    source = compiled["sources"][syncs.spec["source"]]
    came = find.find_one(source["collect_ip"])
    governor = syncs.governor
    with run_functions(workspace, governor.functions if functions else (), find.stack) as apply:
        events = governor.govern(came, apply)
    found = [(incoming, syncs.preview(incoming, find.now)) for incoming in events]
    if as_json:
        typer.echo(dump_json(describe_preview(syncs, found), indent=True))
        return
    console = open_console()
    show_sync(console, syncs)
    for incoming, types in found:
        show_event(console, syncs, incoming, types)


def _compare(workspace: Path, other: Path, find: Finder, slug: str, sample: int, *, as_json: bool) -> bool:
    """Whether something differs, which is printed."""
    before, after = load(workspace), load(other)
    if slug:
        check_sync(slug, before, after)
    slugs = [slug] if slug else sorted({*before["syncs"], *after["syncs"]})
    sources = frozenset(
        side["syncs"][name]["source"] for side in (before, after) for name in slugs if name in side["syncs"]
    )
    events = find.find_sample(sources, sample)
    comparisons = [SyncComparison(name, before, after) for name in slugs]
    for comparison in comparisons:
        for incoming in events:
            comparison.add(incoming, find.now)
    changes = [comparison.changes for comparison in comparisons]
    if as_json:
        head = {"before": str(workspace), "after": str(other), "sample": find.told, "events": len(events)}
        typer.echo(dump_json({**head, "syncs": [describe_changes(one) for one in changes]}, indent=True))
    else:
        console = open_console()
        put(console, f"before: {workspace}, after: {other}", style="bold")
        put(console, f"sample: {find.told}")
        for one in changes:
            show_changes(console, one)
    return any(one.differs for one in changes)
