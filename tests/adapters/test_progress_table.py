"""Notes of what was delivered, in moto's DynamoDB."""

import pytest
from botocore.exceptions import ClientError

from sluice.adapters.progress_table import ProgressTable
from sluice.delivery.progress import Note
from tests.adapters.aws import fake_aws, make_table


@pytest.fixture
def client():
    with fake_aws():
        yield make_table("dedup", "id")


def refuse(client, operation):
    def fail(**_):
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, operation)

    client.meta.events.register(f"before-call.dynamodb.{operation}", fail)


def test_notes_come_back_as_they_were_written(client):
    table = ProgressTable(client, "dedup")
    notes = {f"done:crm:{n}": Note(1 << n | 1, 1764000000.125) for n in range(130)}
    table.write(notes, expires=1764086400)
    assert table.read(list(notes)) == notes
    row = client.get_item(TableName="dedup", Key={"id": {"S": "done:crm:4"}})["Item"]
    assert row["taken"] == {"S": "11"}
    assert row["expires"] == {"N": "1764086400"}


def test_what_nobody_noted_is_not_known(client):
    assert ProgressTable(client, "dedup").read(["done:crm:x"]) == {}


@pytest.mark.parametrize("operation", ["BatchWriteItem", "BatchGetItem"])
def test_a_table_that_refuses_is_no_error(client, operation):
    refuse(client, operation)
    table = ProgressTable(client, "dedup")
    table.write({"done:crm:1": Note(1, 1.0)}, expires=2)
    assert table.read(["done:crm:1"]) == {}
