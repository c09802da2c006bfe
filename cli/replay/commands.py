"""The `sluice replay` command."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.local.errors import LocalStackError
from cli.local.progress import console
from cli.local.settings import read_settings
from cli.options import WorkspaceOption
from cli.pacing import Pacer, show_bar
from cli.reasons import read_reasons
from cli.replay.plan import Plan
from cli.replay.progress import Progress, load_progress
from cli.replay.report import describe_plan, print_left_out, print_tally
from cli.replay.run import find_objects, run_replay, tally
from cli.replay.where import read_filter
from cli.stack import CommandError, CommandInterrupted, Stack, StackOption, explain_failure, open_stack
from cli.syncs import find_sync, list_syncs
from cli.times import parse_range
from cli.workspace_files import InvalidWorkspace, load_workspace

NAMES = list[str]
LATE_HOURS = 2


def replay(
    workspace: WorkspaceOption,
    since: Annotated[
        str, typer.Option("--from", "--since", help="From when: 2026-11-20T10:00, or 24h, 30d ago.")
    ] = "",
    until: Annotated[str, typer.Option("--to", help="Until when, as --from.")] = "now",
    source: Annotated[NAMES | None, typer.Option(help="Events of this source only; may be repeated.")] = None,
    event: Annotated[NAMES | None, typer.Option(help="Events of this name (or type) only.")] = None,
    sync: Annotated[NAMES | None, typer.Option(help="To this sync only.")] = None,
    where: Annotated[str, typer.Option(help="A filter as YAML or JSON, or a file with one.")] = "",
    rate: Annotated[float, typer.Option(min=0, help="Events a second; 0 is as fast as it goes.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and send nothing.")] = False,
    dead: Annotated[bool, typer.Option("--dead", help="Dead letters, straight to their syncs.")] = False,
    reason: Annotated[NAMES | None, typer.Option(help="With --dead: letters of this reason only.")] = None,
    route: Annotated[
        bool, typer.Option("--route", help="With --dead: through the router, whose filters decide anew.")
    ] = False,
    ingest: Annotated[
        bool, typer.Option("--ingest", help="Packs that could not be routed and were archived.")
    ] = False,
    blocked: Annotated[bool, typer.Option("--blocked", help="Blocked and dropped events, too.")] = False,
    late: Annotated[
        int, typer.Option(min=0, help="Hours by which an event may have been filed after it was received.")
    ] = LATE_HOURS,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    run: Annotated[str, typer.Option("--id", help="Go on with this replay, which was interrupted.")] = "",
    stack: StackOption = "",
) -> None:
    """Send events of the archive once more: through the router, or dead letters straight to their syncs."""
    with explain_failure():
        if run:
            choices = (since, source, event, sync, where, rate, reason, dead, route, ingest, blocked, dry_run)
            resume(run, others=any(choices) or until != "now" or late != LATE_HOURS)
            return
        if not since:
            raise CommandError("say from when with --from", "--from 24h, or --from 2026-11-20T10:00")
        if (route or reason) and not dead:
            raise CommandError("--route and --reason are about dead letters", "add --dead")
        if dead and (source or blocked):
            raise CommandError("dead letters have no source and were not blocked", "choose them by --sync")
        if ingest and (dead or sync or event or where or blocked):
            raise CommandError("unrouted packs are sent as they were", "--ingest goes with --source only")
        now = datetime.now(UTC)
        first, last = parse_range(since, until, now)
        opened = open_stack(stack)
        plan = Plan(
            id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            stack=stack,
            started_at=now.isoformat(),
            since=first.isoformat(),
            until=last.isoformat(),
            sources=tuple(source or ()),
            events=tuple(event or ()),
            syncs=tuple(find_sync(opened, name) for name in sync or ()),
            reasons=read_reasons(reason or ()),
            where=read_filter(where),
            dead=dead,
            ingest=ingest,
            routes=read_routes(workspace) if route else None,
            blocked=blocked,
            late_hours=late,
            rate=rate,
        )
        start(opened, plan, dry_run=dry_run, yes=yes)


def start(stack: Stack, plan: Plan, *, dry_run: bool = False, yes: bool = False) -> int:
    """Replays a plan, or counts what it takes; the number of events. Asks before it sends, unless told."""
    now = datetime.fromisoformat(plan.started_at)
    objects = find_objects(stack, plan, list_wanted(stack, plan), now)
    size = sum(entry.size for entry in objects)
    if dry_run:
        with show_bar("reading", size) as advance:
            told, selection = tally(stack, plan, objects, advance)
        print_tally(plan, told)
        print_left_out(selection.left_out)
        return told.total
    console.print(f"{describe_plan(plan)}: {len(objects):,} objects of {size / 1e6:,.1f} MB")
    if not yes and not typer.confirm("Replay them?"):
        raise CommandError("nothing was replayed")
    progress = Progress(plan, find_folder() / f"{plan.id}.json")
    progress.save()
    console.print(f"replay {plan.id}")
    return go_on(stack, progress, objects, size)


def resume(run: str, *, others: bool) -> None:
    """Goes on with a replay that was interrupted, with the options that it was started with."""
    if others:
        raise CommandError("a resume takes no other options", "it goes on with those of its start")
    progress = load_progress(find_folder(), run)
    if progress.finished:
        console.print(f"replay {run} is finished: {progress.taken:,} events in {progress.packs:,} messages")
        return
    stack = open_stack(progress.plan.stack)
    done = progress.under_way[-1] if progress.under_way else progress.after
    objects = find_objects(
        stack, progress.plan, list_wanted(stack, progress.plan), datetime.now(UTC), after=done
    )
    go_on(stack, progress, objects, sum(entry.size for entry in objects))


def go_on(stack: Stack, progress: Progress, objects: list[Any], size: int) -> int:
    try:
        with show_bar("replaying", size) as advance:
            selection = run_replay(stack, progress, objects, Pacer(progress.plan.rate), advance)
    except KeyboardInterrupt:
        hint = f"go on with: sluice replay --id {progress.plan.id}"
        raise CommandInterrupted(f"interrupted after {progress.taken:,} events", hint) from None
    print_left_out(selection.left_out)
    console.print(f"[green]✓[/] replayed {progress.taken:,} events in {progress.packs:,} messages")
    return progress.taken


def list_wanted(stack: Stack, plan: Plan) -> list[str]:
    """The syncs whose letters are read."""
    return list(plan.syncs) or list_syncs(stack) if plan.dead else []


def read_routes(workspace: Path) -> dict[str, str]:
    """The source of each sync: a letter does not say it."""
    try:
        syncs = load_workspace(workspace)["syncs"]
    except InvalidWorkspace as problem:
        raise CommandError(f"the workspace is not valid: {problem}", "see `sluice check`") from problem
    return {slug: sync["source"] for slug, sync in syncs.items()}


def find_folder() -> Path:
    """Where replays are noted."""
    try:
        return read_settings().folder / "replays"
    except LocalStackError as problem:
        raise CommandError(str(problem)) from problem
