"""A redrive on AWS: what the console's button does, with one pack that reaches no destination."""

import time
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.smoke.batches import make_pack
from tests.smoke.target import Failed

REDRIVE_SECONDS = 180


def check_redrive(stack: str) -> None:
    """A pack in the ingest DLQ goes back to the queue and through the router.

    The DLQ must be empty before: other letters are not this check's to move.
    """
    try:
        sqs = boto3.client("sqs")
        queue, dlq = find_queue(stack, "IngestQueue"), find_queue(stack, "IngestDlq")
        if count_messages(sqs, dlq):
            raise Failed("the ingest DLQ is not empty: nothing was tried")
        body = make_pack()
        sqs.send_message(QueueUrl=dlq, MessageBody=body)
        try:
            source = get_arn(sqs, dlq)
            sqs.start_message_move_task(SourceArn=source, DestinationArn=get_arn(sqs, queue))
            wait_for_task(sqs, source)
        except (Failed, ClientError):
            take_back(sqs, dlq, body)
            raise
        wait_until_empty(sqs, queue)
    except (BotoCoreError, ClientError) as error:
        raise Failed(str(error)) from error


def find_queue(stack: str, logical_id: str) -> str:
    """The URL of one of the stack's queues."""
    resources = boto3.client("cloudformation").describe_stack_resource(
        StackName=stack, LogicalResourceId=logical_id
    )
    return str(resources["StackResourceDetail"]["PhysicalResourceId"])


def wait_for_task(sqs: Any, source: str) -> None:
    """Until the newest redrive of a DLQ ends; it must have moved the pack."""
    deadline = time.monotonic() + REDRIVE_SECONDS
    while (task := sqs.list_message_move_tasks(SourceArn=source)["Results"][0])["Status"] == "RUNNING":
        if time.monotonic() > deadline:
            raise Failed(f"the redrive runs for more than {REDRIVE_SECONDS} s")
        time.sleep(2)
    if task["Status"] != "COMPLETED" or task["ApproximateNumberOfMessagesMoved"] != 1:
        raise Failed(f"the redrive ended {task['Status']}: {task.get('FailureReason', 'nothing was moved')}")


def wait_until_empty(sqs: Any, queue: str) -> None:
    deadline = time.monotonic() + REDRIVE_SECONDS
    while count_messages(sqs, queue):
        if time.monotonic() > deadline:
            raise Failed(f"the router did not take the pack within {REDRIVE_SECONDS} s")
        time.sleep(2)


def take_back(sqs: Any, dlq: str, body: str) -> None:
    """Leaves no letter behind that would raise an alarm."""
    for message in sqs.receive_message(QueueUrl=dlq, WaitTimeSeconds=5).get("Messages", []):
        if message["Body"] == body:
            sqs.delete_message(QueueUrl=dlq, ReceiptHandle=message["ReceiptHandle"])


def count_messages(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def get_arn(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
