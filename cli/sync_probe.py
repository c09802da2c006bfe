"""`sluice sync probe`: a repaired destination is tried now, not when its breaker's pause ends."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from cli.stack import CommandError, Stack, StackOption, explain_failure, open_stack
from cli.syncs import find_sync
from sluice.adapters.breaker_row import OPEN, PROBING, make_key

READ_AGAIN = "5 s"  # how old a function's view of its breaker may be: delivery's READ_SECONDS


def probe(
    name: Annotated[str, typer.Argument(metavar="SYNC", help="The sync's name, such as purchases-to-crm.")],
    stack: StackOption = "",
) -> None:
    """Let an open breaker try the destination now: with the next event, not at the end of its pause.

    If the call succeeds, the breaker closes. If it fails, the breaker opens again, for twice as long.
    """
    with explain_failure():
        opened = open_stack(stack)
        slug = find_sync(opened, name)
        waiting_until = end_pause(opened, slug, now=time.time())
    at = datetime.fromtimestamp(waiting_until, UTC)
    typer.echo(
        f"The breaker of {slug} lets one call through, {READ_AGAIN} from now at the latest.\n"
        "The next event that arrives makes this call. Events that already wait in the queue come back by "
        f"{at:%H:%M:%S} UTC.\n`sluice status --sync {slug}` shows the result."
    )


def end_pause(stack: Stack, sync: str, *, now: float) -> float:
    """Ends the pause in the breaker's row; when the events that wait for it are back, in epoch seconds.

    Raises CommandError where the breaker is closed, or a probe is running.
    """
    client, table, key = stack.client("dynamodb"), stack.find("ControlTable"), make_key(sync)
    row = client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    if row is None:
        raise CommandError(f"the breaker of {sync} is closed", "its events are delivered as they arrive")
    until = float(row["until"]["N"])
    if row["state"]["S"] == PROBING and until > now:
        raise CommandError(f"a probe of {sync} is running", "`sluice status` shows its result in seconds")
    try:
        client.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET #until = :now, #state = :open",
            ConditionExpression="#until = :seen",
            ExpressionAttributeNames={"#until": "until", "#state": "state"},
            ExpressionAttributeValues={
                ":now": {"N": str(round(min(now, until), 3))},
                ":seen": row["until"],
                ":open": {"S": OPEN},
            },
        )
    except ClientError as error:
        if error.response["Error"].get("Code") != "ConditionalCheckFailedException":
            raise
        raise CommandError(f"the breaker of {sync} has just changed", "look at `sluice status`") from error
    return until + float(row["seconds"]["N"]) / 4  # find_wait's jitter
