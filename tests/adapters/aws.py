"""moto's AWS for the adapters' tests, and what it lacks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from botocore.exceptions import ClientError
from moto import mock_aws

from sluice.adapters.clients import build_client

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def fake_aws() -> Iterator[None]:
    with patch.dict(os.environ, ENVIRONMENT), mock_aws():
        os.environ.pop("AWS_ENDPOINT_URL", None)
        yield


def make_table(name, *keys):
    client = build_client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ["HASH", "RANGE"], strict=False)
        ],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def play_partiql(client, events=None):
    """moto cannot read the parameters of a PartiQL INSERT: this plays each statement as a conditional put.

    For the calls of `client`, or of all clients that a session with these `events` makes later.
    """

    def keep(params, context, **_):
        context["statements"] = params["Statements"]

    def answer(context, **_):
        class Http:
            status_code = 200

        return Http(), {"Responses": [play(statement) for statement in context["statements"]]}

    def play(statement):
        table = statement["Statement"].split('"')[1]
        item = dict(zip(("id", "pack_id", "expires"), statement["Parameters"], strict=True))
        try:
            client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
        except ClientError:
            return {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}}
        return {"TableName": table}

    heard = events or client.meta.events
    heard.register("provide-client-params.dynamodb.BatchExecuteStatement", keep)
    heard.register("before-call.dynamodb.BatchExecuteStatement", answer)
    return client
