"""`sluice dlq list`, `show` and `export`: letters are looked at and stay where they are."""

import json
import sys
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from cli.dlq import options
from cli.dlq.archived import read_archived
from cli.dlq.messages import DeadMessage, read_message
from cli.dlq.options import DEFAULT_SINCE, IngestOption, SinceOption, SyncsOption
from cli.dlq.queues import Dlq, find_dlqs, measure_depth
from cli.dlq.report import describe_queue, print_queue, print_samples
from cli.dlq.sweep import Sweep
from cli.local.progress import errors
from cli.stack import CommandError, StackOption, explain_failure, open_stack
from cli.times import parse_when
from sluice.adapters.sqs import Queues
from sluice.times import format_time


def list_letters(
    sync: SyncsOption = None,
    ingest: IngestOption = False,
    since: SinceOption = DEFAULT_SINCE,
    samples: Annotated[int, typer.Option(min=0, max=10, help="Letters to show of each queue.")] = 3,
    stack: StackOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count the letters of every sync and of ingest: by reason in `dead/`, and as they lie in the queues."""
    with explain_failure():
        opened, now = open_stack(stack), datetime.now(UTC)
        first = parse_when(since, now)
        queues, listed = Queues(opened.client("sqs")), []
        for dlq in find_dlqs(opened, sync or (), ingest=ingest):
            depth = measure_depth(opened, dlq)
            reasons = Counter(str(line["reason"]) for line in read_archived(opened, dlq, first, now))
            found = _sample(queues, dlq, samples) if samples and depth.visible else []
            if as_json:
                listed.append(describe_queue(dlq, depth, reasons, found))
            else:
                print_queue(dlq, depth, reasons, since)
                print_samples(found)
        if as_json:
            times = {"since": format_time(first.timestamp()), "at": format_time(now.timestamp())}
            told = {**times, "queues": listed}
            typer.echo(json.dumps(told, indent=2, ensure_ascii=False))


def _sample(queues: Queues, dlq: Dlq, most: int) -> list[DeadMessage]:
    """The first messages of a queue; they stay there."""
    with Sweep(queues, dlq.url) as sweep:
        found = [message for batch in sweep.receive(most, most) for message in batch]
        return [read_message(dlq, received) for received in found[:most]]


def show(
    sync: SyncsOption = None,
    ingest: IngestOption = False,
    message_id: Annotated[str, typer.Option("--message-id", help="Letters of this event.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many letters at most.")] = 1,
    since: SinceOption = DEFAULT_SINCE,
    stack: StackOption = "",
) -> None:
    """Print letters whole, as JSON; secrets were masked when they were written.

    With --message-id `dead/` is searched first and the queues where it has none; without it the first letters
    of the queues are shown, which stay there.
    """
    with explain_failure():
        opened, now = open_stack(stack), datetime.now(UTC)
        dlqs = find_dlqs(opened, sync or (), ingest=ingest)
        shown = 0
        if message_id:
            for dlq in dlqs:
                for line in read_archived(opened, dlq, parse_when(since, now), now):
                    if message_id in (line.get("message_id"), *line.get("message_ids", ())) and shown < count:
                        shown += 1
                        typer.echo(json.dumps(line, indent=2, ensure_ascii=False))
        queues = Queues(opened.client("sqs"))
        for dlq in dlqs if not shown else ():
            if shown >= count:
                break
            with Sweep(queues, dlq.url) as sweep:
                for batch in sweep.receive(1, options.MOST_RECEIVED if message_id else count):
                    for received in batch:
                        message = read_message(dlq, received)
                        if shown < count and (not message_id or message_id in message.message_ids):
                            shown += 1
                            told = message.letter or json.loads(json.dumps(message.lines))
                            typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
                    if shown >= count:
                        break
        if not shown:
            raise CommandError(
                "there is no such letter", f"nothing in the queues, nor in dead/ since {since}"
            )


def export(
    sync: SyncsOption = None,
    ingest: IngestOption = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; - is the terminal.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="From `dead/` instead of the queues.")] = False,
    since: SinceOption = DEFAULT_SINCE,
    stack: StackOption = "",
) -> None:
    """Write letters as JSON lines, one an event; they stay where they are."""
    with explain_failure():
        opened, now = open_stack(stack), datetime.now(UTC)
        to_terminal = output is None or str(output) == "-"
        written = 0
        with nullcontext(sys.stdout) if to_terminal or output is None else open_file(output) as file:
            for dlq in find_dlqs(opened, sync or (), ingest=ingest):
                if archived or measure_depth(opened, dlq).total > options.MOST_RECEIVED:
                    for line in read_archived(opened, dlq, parse_when(since, now), now):
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                        written += 1
                    continue
                with Sweep(Queues(opened.client("sqs")), dlq.url) as sweep:
                    for batch in sweep.receive(100):
                        for received in batch:
                            for line in read_message(dlq, received).lines:
                                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                                written += 1
        errors.print(f"{written:,} lines written")


def open_file(path: Path) -> TextIO:
    """Raises CommandError where it cannot be written."""
    try:
        return path.open("w")
    except OSError as problem:
        raise CommandError(f"{path} cannot be written: {problem.strerror}") from problem
