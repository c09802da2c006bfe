"""Calls AWS with the role it has, and writes down what it was told."""

import os

import boto3
from botocore.exceptions import ClientError

STACK = os.environ["SLUICE_STACK"]


def transform_events(events):
    for event in events:
        event["properties"] = {name: attempt(call) for name, call in list_calls(event["properties"])}
    return events


def list_calls(where):
    ssm = boto3.client("ssm")
    yield "own parameter", lambda: ssm.get_parameter(Name=f"/{STACK}/functions/token")
    yield "another's parameter", lambda: ssm.get_parameter(Name=f"/{STACK}/destinations/lake/token")
    yield "buckets", lambda: boto3.client("s3").list_buckets()
    yield "archive", lambda: boto3.client("s3").list_objects_v2(Bucket=where["bucket"])
    yield "ingest", lambda: boto3.client("sqs").send_message(QueueUrl=where["queue"], MessageBody="{}")
    yield "tables", lambda: boto3.client("dynamodb").scan(TableName=where["table"])
    yield "users", lambda: boto3.client("iam").list_users()


def attempt(call):
    try:
        call()
    except ClientError as error:
        return "denied" if "AccessDenied" in error.response["Error"]["Code"] else str(error)
    return "allowed"
