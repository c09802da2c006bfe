"""ArchiverFunction with the invocation in `events/archiver`, on moto's AWS."""

import importlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import orjson
import pytest

from sluice.archiver.letters import dump_lines
from sluice.delivery.dead_letters import dump_letter, name_letters
from sluice.times import format_time
from tests.adapters.stacks import deployed_stack
from tests.functions.container import forget_container, start_container
from tests.unit.archiver.world import make_ingest_pack, make_letter, make_sync_pack

SCHEDULE = Path("events/archiver/schedule.json")
WORKSPACE = {"syncs": {"all-to-crm": {"name": "AllToCrm"}, "orders-to-shop": {"name": "OrdersToShop"}}}


class Context:
    def get_remaining_time_in_millis(self):
        return 900_000


@pytest.fixture
def stack(tmp_path, monkeypatch):
    start_container("archiver", WORKSPACE, tmp_path, monkeypatch)
    with deployed_stack() as stack:
        monkeypatch.setenv("SLUICE_INGEST_DLQ_URL", stack.dlqs["ingest"])
        monkeypatch.setenv("SLUICE_ARCHIVE_BUCKET", "archive")
        monkeypatch.setenv("SLUICE_DLQ_ARCHIVE_AFTER_DAYS", "7")
        yield stack
        forget_container("archiver")


def invoke():
    app = importlib.import_module("functions.archiver.app")
    return app.handler(orjson.loads(SCHEDULE.read_bytes()), Context())


def send_old(stack, name, *bodies):
    """Messages as if they had been sent eight days ago."""
    stack.send(stack.dlqs[name], *bodies)
    sent = (datetime.now(UTC) - timedelta(days=8)).timestamp() * 1000
    from moto.sqs import sqs_backends  # noqa: PLC0415 - moto has no other way to age a message

    queue = sqs_backends["123456789012"][boto3.DEFAULT_SESSION.region_name].queues[
        stack.dlqs[name].rpartition("/")[2]
    ]
    for message in queue._messages:
        message.sent_timestamp = int(sent)


def test_old_letters_leave_their_queues_and_are_all_in_the_archive(stack, capsys):
    died = format_time((datetime.now(UTC) - timedelta(days=8)).timestamp())
    letter = make_letter(1, died_at=died)
    stack.s3.put_object(Bucket="archive", Key=name_letters([letter]), Body=dump_lines([letter]))
    send_old(stack, "all-to-crm", dump_letter(letter), make_sync_pack(2, 3))
    send_old(stack, "ingest", make_ingest_pack(4))
    assert invoke() == {"stack-AllToCrm-dlq": 2, "stack-ingest-dlq": 1}
    archived = [line for lines in stack.read("dead/sync=all-to-crm/").values() for line in lines]
    assert sorted(line["message_id"] for line in archived) == ["m-1", "m-2", "m-3"]
    ((unrouted,),) = stack.read("dead/ingest/").values()
    assert unrouted["message_ids"] == ["m-4"]
    assert stack.receive(stack.dlqs["all-to-crm"]) == stack.receive(stack.dlqs["ingest"]) == []
    told = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [blob["letters_removed"] for blob in told if "queue" not in blob] == [3]
    assert {blob["queue"]: blob["LettersRemoved"] for blob in told if "queue" in blob} == {
        "stack-AllToCrm-dlq": [2.0],
        "stack-ingest-dlq": [1.0],
    }


def test_young_letters_stay_and_can_be_seen(stack):
    stack.send(stack.dlqs["orders-to-shop"], dump_letter(make_letter(1, sync="orders-to-shop")))
    assert invoke() == {}
    assert len(stack.receive(stack.dlqs["orders-to-shop"])) == 1
    assert stack.read("dead/") == {}


def test_how_old_the_oldest_letter_is_that_stays_is_a_metric_and_its_queue_is_in_the_line(stack, capsys):
    stack.send(stack.dlqs["orders-to-shop"], dump_letter(make_letter(1, sync="orders-to-shop")))
    invoke()
    [told] = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert 0 < told["OldestLetterSeconds"][0] < 60
    assert list(told["oldest_letters"]) == ["stack-OrdersToShop-dlq"]


def test_an_empty_stack_is_left_alone(stack, capsys):
    assert invoke() == {}
    [told] = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told["OldestLetterSeconds"] == [0]


def test_a_queue_that_cannot_be_read_is_counted_for_the_alarm_and_holds_up_no_other(stack, capsys):
    send_old(stack, "ingest", make_ingest_pack(1))
    boto3.client("sqs").delete_queue(QueueUrl=stack.dlqs["all-to-crm"])
    assert invoke() == {"stack-ingest-dlq": 1}
    told = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    failed = [(blob["queue"], blob["LettersFailed"]) for blob in told if "LettersFailed" in blob]
    assert failed == [("stack-AllToCrm-dlq", [1.0])]
    assert [list(blob["trouble"]) for blob in told if "trouble" in blob] == [["stack-AllToCrm-dlq"]]
