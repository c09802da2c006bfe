"""What people see of dead letters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.markup import escape

from cli.dlq.messages import DeadMessage
from cli.dlq.queues import Depth, Dlq
from cli.dlq.redrive import Outcome
from cli.local.progress import console


def print_queue(dlq: Dlq, depth: Depth, reasons: Counter[str], since: str) -> None:
    """A line of what SQS holds, then the letters in `dead/` by reason."""
    console.print(
        f"[bold]{dlq.name}[/]  in the queue now, about: {depth.visible:,} visible,"
        f" {depth.in_flight:,} in flight  ·  in dead/ since {since}: {reasons.total():,}"
    )
    for reason, count in reasons.most_common():
        console.print(f"  {count:>8,}  {escape(reason)}")


def describe_queue(
    dlq: Dlq, depth: Depth, reasons: Counter[str], samples: Iterable[DeadMessage]
) -> dict[str, Any]:
    """The same as JSON; a sample is a letter, or the lines of a whole pack."""
    return {
        "name": dlq.name,
        "visible": depth.visible,
        "in_flight": depth.in_flight,
        "archived": reasons.total(),
        "reasons": dict(reasons.most_common()),
        "samples": [message.letter or message.lines for message in samples],
    }


def print_samples(messages: Sequence[DeadMessage]) -> None:
    """One line a message: why, which event, when, and what was answered."""
    for message in messages:
        console.print(f"  [dim]sample[/] {escape(describe(message))}")


def describe(message: DeadMessage) -> str:
    letter = message.letter
    if letter is None:
        what = f"a whole pack of {len(message.events)} events" if message.events else "no pack"
        ids = ", ".join(message.message_ids[:3])
        return f"{message.reason}: {what} {ids}".rstrip()
    status = f" {letter['status']}" if letter["status"] else ""
    told = f"{letter['reason']}{status}: {' '.join(message.names)} {letter['message_id']}"
    detail = f": {letter['detail'][:120]}" if letter["detail"] else ""
    return f"{told}, died {letter['died_at']} at attempt {letter['attempts']}{detail}"


def print_outcome(dlq: Dlq, outcome: Outcome, *, dry_run: bool) -> None:
    """The counts of a redrive; they add up."""
    sent = "would be sent back" if dry_run else "sent back"
    console.print(
        f"{dlq.name}: {outcome.received:,} received = {outcome.sent:,} {sent} "
        f"+ {outcome.kept:,} kept + {outcome.failed:,} failed"
    )
    if outcome.suppressed:
        console.print(f"  {outcome.suppressed:,} of these were kept because a user of theirs is suppressed")
    if outcome.twice:
        console.print(f"  {outcome.twice:,} were sent back and could not be deleted: they are there twice")
