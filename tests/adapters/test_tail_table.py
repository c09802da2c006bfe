"""The table of `sluice tail`: what is refused is logged and holds up nothing."""

import boto3
import pytest

from sluice.adapters.tail_table import TailTable
from sluice.tailing import Row
from tests.adapters.aws import fake_aws, make_table

ROWS = [Row("web", f"2026-11-22T09:15:00.{n:03}Z#p.00000", 1_800_000_000, '{"n":1}') for n in range(25)]


@pytest.fixture
def client():
    with fake_aws():
        boto3.setup_default_session()
        yield make_table("tail", "source", "at")
        boto3.DEFAULT_SESSION = None


def test_rows_are_written_in_one_call(client):
    calls = []
    client.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.append(model.name))
    TailTable(client, "tail").put(ROWS)
    assert calls == ["BatchWriteItem"]
    rows = client.scan(TableName="tail")["Items"]
    assert len(rows) == 25
    assert rows[0].keys() == {"source", "at", "expires", "line"}


def test_a_table_that_is_not_there_is_logged(client, caplog):
    TailTable(client, "of-nobody").put(ROWS)
    assert "did not take what sluice tail shows" in caplog.text


def test_rows_that_dynamodb_leaves_out_are_logged_and_not_tried_again(client, caplog):
    calls = []

    def answer(params, **_):
        calls.append(params)

        class Http:
            status_code = 200

        return Http(), {"UnprocessedItems": {"tail": [{}, {}]}}

    client.meta.events.register("before-call.dynamodb.BatchWriteItem", answer)
    TailTable(client, "tail").put(ROWS)
    assert len(calls) == 1
    assert "left out 2 rows" in caplog.text
