"""`sluice trace`: its options, and what it prints for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.cost.prices import load_prices
from cli.local.progress import errors
from cli.options import WorkspaceOption
from cli.preview.texts import dump_json
from cli.stack import CommandError, Stack, StackOption, explain_failure, open_stack
from cli.status.queues import measure_depth
from cli.terminal import open_console
from cli.times import parse_when
from cli.trace.as_json import describe_story
from cli.trace.scan import Scan
from cli.trace.show import show_search, show_story
from cli.trace.story import Story, find_range, tell_story


def trace(
    workspace: WorkspaceOption,
    message_id: Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="The event's messageId.")],
    around: Annotated[
        str, typer.Option(metavar="TIME", help="About when it was received: an hour before and after.")
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="From when on to look: 24h, 7d, a date, a time.", show_default="24h"
        ),
    ] = "",
    stack: StackOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell the life of one event: how it was judged, each sync, each attempt, and where it is now."""
    with explain_failure():
        refuse_no_id(message_id)
        if since and around:
            raise CommandError("--since and --around are two ranges", "keep one of them")
        opened, now, prices = open_stack(stack), datetime.now(UTC), load_prices()
        first = parse_when(since or "24h", now)
        where = find_range(first, parse_when(around, now) if around else None, now)
        with show_scan(Scan(opened, message_id)) as scan:
            story = tell_story(opened, scan, where, workspace, now)
        if as_json:
            typer.echo(dump_json(describe_story(story, prices), indent=True))
        elif story.is_found:
            show_story(open_console(), story, prices)
        else:
            show_search(open_console(), story, prices)
        if not story.is_found:
            raise explain_absence(opened, story)


def refuse_no_id(text: str) -> None:
    """Raises CommandError for what no event has as its id."""
    if not text or text != text.encode("utf-8", "ignore").decode():
        raise CommandError(f"{text!r} is not a message id", "the event's messageId, as its client sent it")


def explain_absence(stack: Stack, story: Story) -> CommandError:
    """Where else an event may be that the archive does not have."""
    waiting = measure_depth(stack, stack.find("IngestQueue")).total
    dead = measure_depth(stack, stack.find("IngestDlq")).total
    held = f"IngestQueue holds {waiting:,} packs, IngestDlq {dead:,}"
    return CommandError(
        f"no event {story.message_id!r} in the archive of {stack.name}; {held}",
        "an event is there within minutes; --since 7d or --around TIME look elsewhere",
    )


@contextmanager
def show_scan(scan: Scan) -> Iterator[Scan]:
    """On a terminal, what was read so far."""
    if not errors.is_terminal:
        yield scan
        return
    with errors.status("looking …") as status:
        scan.advance = lambda _size: status.update(
            f"looked through {scan.objects:,} objects, {scan.scanned:,} bytes …"
        )
        yield scan
