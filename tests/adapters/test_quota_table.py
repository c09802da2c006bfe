"""The rows of quotas on AWS and those in memory keep the same contract; what fails, only AWS does."""

import pytest

from sluice.adapters.quota_table import QuotaTable
from sluice.ingest.quota import Total
from tests.adapters.aws import fake_aws, make_table
from tests.fakes.counters import FakeCounters

MINUTE = 29_921_760


@pytest.fixture
def client():
    with fake_aws():
        yield make_table("control", "kind", "id")


@pytest.fixture(params=["aws", "memory"])
def counters(request):
    if request.param == "memory":
        return FakeCounters()
    return QuotaTable(request.getfixturevalue("client"), "control")


def test_what_containers_add_makes_one_total(counters):
    counters.add("web", MINUTE, events=20, size=4_000, containers=1)
    total = counters.add("web", MINUTE, events=5, size=1_000, containers=1)
    assert total == Total(events=25, bytes=5_000, containers=2)
    assert counters.add("web", MINUTE, events=1, size=1, containers=0) == Total(26, 5_001, 2)


def test_each_source_and_minute_has_a_row_of_its_own(counters):
    counters.add("web", MINUTE, events=20, size=1, containers=1)
    assert counters.add("app", MINUTE, events=1, size=1, containers=1) == Total(1, 1, 1)
    assert counters.add("web", MINUTE + 1, events=2, size=2, containers=1) == Total(2, 2, 1)


def test_the_containers_of_a_minute_can_be_counted(counters):
    for _ in range(3):
        counters.add("web", MINUTE, events=1, size=1, containers=1)
    assert counters.count_containers("web", MINUTE) == 3
    assert counters.count_containers("web", MINUTE - 1) is None


def test_a_row_expires(client):
    QuotaTable(client, "control").add("web", MINUTE, events=1, size=1, containers=1)
    [row] = client.scan(TableName="control")["Items"]
    assert (row["kind"], row["id"]) == ({"S": "quota"}, {"S": f"web#{MINUTE}"})
    assert int(row["expires"]["N"]) == MINUTE * 60 + 3600


def test_without_the_table_nothing_is_known(client):
    client.delete_table(TableName="control")
    counters = QuotaTable(client, "control")
    assert counters.add("web", MINUTE, events=1, size=1, containers=1) is None
    assert counters.count_containers("web", MINUTE) is None
