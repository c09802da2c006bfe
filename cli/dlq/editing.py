"""`sluice dlq edit`: repairs the event of one letter by hand and sends it again."""

import json
from collections.abc import Callable
from typing import Annotated

import orjson
import typer

from cli.dlq import options
from cli.dlq.messages import DeadMessage, read_message
from cli.dlq.options import SyncsOption
from cli.dlq.queues import Dlq, find_dlqs
from cli.dlq.redrive import send_edited
from cli.dlq.report import describe
from cli.dlq.sweep import Sweep
from cli.editor import edit_text
from cli.options import WorkspaceOption
from cli.preview.command import check_sync, load
from cli.preview.evaluate import Sending, SyncPreview
from cli.preview.show import show_sending
from cli.redriven import count_redriven
from cli.stack import CommandError, StackOption, explain_failure, open_stack
from cli.suppressed import open_suppression
from cli.terminal import open_console
from sluice.adapters.sqs import Queues
from sluice.packs import Event

type Ask = Callable[[str], bool]


def edit(
    workspace: WorkspaceOption,
    message_id: Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="The event's messageId.")],
    sync: SyncsOption = None,
    event_type: Annotated[str, typer.Option("--type", help="The letter of this event type.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending.")] = False,
    stack: StackOption = "",
) -> None:
    """Open a letter's event in $EDITOR, preview what will be sent, and send it again.

    The letter stays in its queue until the edited event is sent.
    """
    with explain_failure():
        opened = open_stack(stack)
        queues = Queues(opened.client("sqs"))
        dlq, message = find_letter(
            queues, find_dlqs(opened, sync or (), ingest=False), message_id, event_type
        )
        compiled = load(workspace)
        check_sync(dlq.sync, compiled)
        syncs, console = SyncPreview(compiled, dlq.sync), open_console()
        letter = message.letter or {}
        console.print(describe(message), markup=False)

        def preview(event: Event) -> Sending:
            sending = syncs.send(letter["event_type"], event)
            show_sending(console, syncs, letter["event_type"], sending)
            return sending

        event = edit_event(letter["event"], preview, edit_text=_edit_json, ask=typer.confirm)
        if not yes and not typer.confirm(f"Send it to {dlq.sync} again?"):
            raise CommandError("nothing was sent: the letter is as it was")
        if open_suppression(opened)([event]):
            raise CommandError("the event's user is suppressed: nothing was sent")
        outcome = send_edited(queues, dlq, message, event)
        if not outcome.sent:
            why = "SQS refused the event" if outcome.failed else "the letter is no longer in its queue"
            raise CommandError(f"nothing was sent: {why}")
    count_redriven(opened, dlq.sync, outcome.events)
    typer.echo(f"sent to {dlq.sync} again: {message_id}")
    if outcome.twice:
        typer.echo("The letter could not be deleted: it is still in the queue.", err=True)


def find_letter(
    queues: Queues, dlqs: list[Dlq], message_id: str, event_type: str = ""
) -> tuple[Dlq, DeadMessage]:
    """The one letter of an event, which stays in its queue. Raises CommandError for none or several."""
    found = [
        (dlq, message)
        for dlq in dlqs
        if dlq.sync
        for message in _list_letters(queues, dlq, message_id)
        if event_type in ("", (message.letter or {}).get("event_type"))
    ]
    kinds = {(dlq.sync, (message.letter or {}).get("event_type")) for dlq, message in found}
    if not found:
        hint = (
            "`sluice dlq show --message-id ID` also looks in dead/, which `sluice replay --dead` sends again"
        )
        raise CommandError(f"no queue has a letter of the event {message_id!r}", hint)
    if len(kinds) > 1:
        names = "; ".join(sorted(f"--sync {slug} --type {kind}" for slug, kind in kinds))
        raise CommandError(
            f"there are {len(kinds)} letters of the event {message_id!r}", f"add one of: {names}"
        )
    dlq, message = found[0]
    if message.letter is None:
        hint = f"send it back whole: sluice dlq redrive --sync {dlq.sync}"
        raise CommandError(f"the event {message_id!r} is in a pack of {len(message.events)}", hint)
    if not message.events:
        raise CommandError("the letter was too large to keep its event", "the archive has it: sluice replay")
    return dlq, message


def edit_event(
    event: Event,
    preview: Callable[[Event], Sending],
    *,
    edit_text: Callable[[str], str],
    ask: Ask,
) -> Event:
    """The event as edited, once it makes a request; what is wrong can be edited again, with nothing lost.

    Raises CommandError where the person gives up, or changes nothing.
    """
    text = before = json.dumps(event, indent=2, ensure_ascii=False)
    while True:
        text = edit_text(text)
        if text.strip() == before.strip():
            raise CommandError(
                "nothing was changed and nothing sent", "`sluice dlq redrive` sends it as it is"
            )
        problem = find_problem(text, event)
        if not problem:
            edited: Event = orjson.loads(text)
            failure = preview(edited).failure
            if failure is None:
                return edited
            problem = f"it would become a dead letter again, {failure.reason}: {failure.detail}"
        typer.echo(problem, err=True)
        if not ask("Edit it again?"):
            raise CommandError("nothing was sent: the letter is as it was")


def find_problem(text: str, event: Event) -> str:
    """Why a text cannot take the place of the event; empty where it can."""
    try:
        edited = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"
    if not isinstance(edited, dict):
        return "an event is a JSON object"
    if edited.get("messageId") != event.get("messageId"):
        return f"messageId must stay {event.get('messageId')!r}: destinations know the event by it"
    return ""


def _edit_json(text: str) -> str:
    return edit_text(text, suffix=".json")


def _list_letters(queues: Queues, dlq: Dlq, message_id: str) -> list[DeadMessage]:
    with Sweep(queues, dlq.url) as sweep:
        return [
            message
            for batch in sweep.receive(100, options.MOST_RECEIVED)
            for message in (read_message(dlq, received) for received in batch)
            if message_id in message.message_ids
            or (message.letter is not None and message.letter["message_id"] == message_id)
        ]
