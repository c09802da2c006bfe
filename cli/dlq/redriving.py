"""`sluice dlq redrive`: asks, then redrives queue by queue, or out of `dead/` where a queue is too full."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.dlq import options
from cli.dlq.options import KEPT_DAYS, IngestOption, SyncsOption
from cli.dlq.queues import Dlq, find_dlqs, measure_depth
from cli.dlq.redrive import Outcome, redrive
from cli.dlq.report import print_outcome
from cli.dlq.selection import Selection
from cli.local.progress import console
from cli.pacing import Pacer, show_bar
from cli.reasons import read_reasons
from cli.redriven import count_redriven
from cli.replay.commands import start
from cli.replay.plan import Plan
from cli.stack import CommandError, CommandInterrupted, Stack, StackOption, explain_failure, open_stack
from cli.suppressed import open_suppression
from cli.times import parse_when
from sluice.adapters.sqs import Queues


def redrive_letters(
    sync: SyncsOption = None,
    ingest: IngestOption = False,
    every: Annotated[bool, typer.Option("--all", help="Of every sync, and of ingest.")] = False,
    reason: Annotated[list[str] | None, typer.Option(help="Letters of this reason only.")] = None,
    event: Annotated[list[str] | None, typer.Option(help="Of events of this name (or type) only.")] = None,
    since: Annotated[str, typer.Option("--from", help="That died since: 24h, 2026-11-20T10:00.")] = "",
    until: Annotated[str, typer.Option("--to", help="That died before.")] = "",
    rate: Annotated[float, typer.Option(min=0, help="Events a second; 0 is as fast as it goes.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what matches and send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    stack: StackOption = "",
) -> None:
    """Send letters back to where they came from: to try again what was mended."""
    with explain_failure():
        if not (sync or ingest or every):
            raise CommandError("say which letters", "--sync NAME, --ingest, or --all")
        opened, now = open_stack(stack), datetime.now(UTC)
        selection = Selection(
            reasons=read_reasons(reason or ()),
            events=tuple(event or ()),
            since=parse_when(since, now) if since else None,
            until=parse_when(until, now) if until else None,
        )
        dlqs = find_dlqs(opened, sync or (), ingest=ingest)
        depths = {dlq: measure_depth(opened, dlq) for dlq in dlqs}
        found = sum(depth.total for depth in depths.values())
        which = "all" if selection.is_everything else "those that match"
        if not (dry_run or yes) and not typer.confirm(f"Redrive {which} of about {found:,} messages?"):
            raise CommandError("nothing was redriven")
        outcomes = [
            redrive_one(
                opened,
                dlq,
                selection,
                depth=depths[dlq].total,
                now=now,
                rate=rate,
                dry_run=dry_run,
                name=stack,
            )
            for dlq in dlqs
        ]
        if any(outcome.failed or outcome.twice for outcome in outcomes):
            raise CommandError("not everything went as it should: see above", "run it again")


def redrive_one(
    stack: Stack,
    dlq: Dlq,
    selection: Selection,
    *,
    depth: int,
    now: datetime,
    rate: float,
    dry_run: bool,
    name: str,
) -> Outcome:
    """Redrives one queue; out of `dead/` where it is too full to be received for a choice."""
    if depth > options.MOST_RECEIVED and not selection.is_everything and dlq.sync:
        console.print(
            f"{dlq.name}: about {depth:,} letters are too many to look through. Those that match are "
            "replayed from dead/ instead; in the queue they stay until the archiver takes them"
        )
        taken = start(stack, plan_from_archive(dlq, selection, now, rate, name), dry_run=dry_run, yes=True)
        if not dry_run:
            count_redriven(stack, dlq.sync, taken)
        return Outcome(received=taken, sent=taken)
    if depth > options.MOST_RECEIVED and dry_run and selection.is_everything:
        console.print(f"{dlq.name}: about {depth:,} would be sent back, as SQS counts them")
        return Outcome(received=depth, sent=depth)
    outcome = Outcome()
    try:
        with show_bar(f"redriving {dlq.name}", depth) as advance:
            redrive(
                Queues(stack.client("sqs")),
                dlq,
                selection,
                before=time.time(),
                pacer=Pacer(rate),
                advance=advance,
                find_suppressed=open_suppression(stack),
                outcome=outcome,
                dry_run=dry_run,
            )
    except KeyboardInterrupt:
        hint = "the letters that were not sent back are in the queue: run it again"
        raise CommandInterrupted(f"{dlq.name}: interrupted", hint) from None
    finally:
        print_outcome(dlq, outcome, dry_run=dry_run)
        if dlq.sync and not dry_run and not count_redriven(stack, dlq.sync, outcome.events):
            console.print(
                "`sluice status` will not know of them: that takes the right cloudwatch:PutMetricData"
            )
    return outcome


def plan_from_archive(dlq: Dlq, selection: Selection, now: datetime, rate: float, stack: str) -> Plan:
    """The replay that does what a redrive of this selection would."""
    return Plan(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        stack=stack,
        started_at=now.isoformat(),
        since=(selection.since or now - timedelta(days=KEPT_DAYS)).isoformat(),
        until=(selection.until or now).isoformat(),
        events=selection.events,
        syncs=(dlq.sync,),
        reasons=selection.reasons,
        dead=True,
        rate=rate,
    )
