"""The row of AWS and the one in memory keep the same contract; what fails, only AWS does."""

from dataclasses import replace

import pytest

from sluice.adapters.breaker_row import BreakerRow, make_key
from sluice.adapters.clients import build_client
from sluice.delivery.breaker import Pause
from sluice.reasons import Reason
from tests.adapters.aws import fake_aws, make_table
from tests.fakes.pauses import FakePauses

PAUSE = Pause(1_800_000_000.123, 1_800_000_030.123, Reason.RATE_LIMITED, 5, 30.0)


@pytest.fixture
def client():
    with fake_aws():
        yield make_table("control", "kind", "id")


@pytest.fixture(params=["aws", "memory"])
def row(request):
    if request.param == "memory":
        return FakePauses()
    return BreakerRow(request.getfixturevalue("client"), "control", "crm")


def test_without_a_row_there_is_no_pause(row):
    assert row.read() is None


def test_a_pause_is_read_as_it_was_written(row):
    assert row.write(PAUSE, seen=None)
    assert row.read() == PAUSE
    probe = replace(PAUSE, until=PAUSE.until + 40, probing=True)
    assert row.write(probe, seen=PAUSE)
    assert row.read() == probe


def test_of_two_that_open_it_the_first_wins(row):
    row.write(PAUSE, seen=None)
    assert not row.write(replace(PAUSE, until=PAUSE.until + 1), seen=None)
    assert row.read() == PAUSE


def test_of_two_that_would_probe_one_may(row):
    row.write(PAUSE, seen=None)
    probes = [replace(PAUSE, until=PAUSE.until + n, probing=True) for n in (40, 41)]
    assert [row.write(probe, seen=PAUSE) for probe in probes] == [True, False]
    assert row.read() == probes[0]


def test_only_the_row_that_was_seen_is_cleared(row):
    row.write(PAUSE, seen=None)
    row.clear(replace(PAUSE, until=PAUSE.until + 1))
    assert row.read() == PAUSE
    row.clear(PAUSE)
    assert row.read() is None
    row.clear(PAUSE)


def test_syncs_have_rows_of_their_own(client):
    BreakerRow(client, "control", "crm").write(PAUSE, seen=None)
    assert BreakerRow(client, "control", "lake").read() is None
    item = client.get_item(TableName="control", Key=make_key("crm"))["Item"]
    assert (item["state"], item["reason"]) == ({"S": "open"}, {"S": "rate_limited"})
    assert float(item["until"]["N"]) == PAUSE.until


@pytest.mark.parametrize("row", [FakePauses(broken=True), None], ids=["memory", "aws"])
def test_trouble_is_as_if_the_breaker_was_closed_and_nobody_competed(client, row):
    row = row or BreakerRow(build_client("dynamodb", max_attempts=1), "no-such-table", "crm")
    assert row.read() is None
    assert row.write(PAUSE, seen=None)
    row.clear(PAUSE)


def test_a_row_that_is_none_of_ours_is_as_none(client):
    client.put_item(TableName="control", Item=make_key("crm"))
    assert BreakerRow(client, "control", "crm").read() is None
