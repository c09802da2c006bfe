"""The tables of AWS and the ones in memory keep the same contract; what fails, only AWS does."""

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from sluice.adapters.clients import build_client
from sluice.adapters.dynamodb import ControlTable, DedupTable
from tests.adapters.aws import fake_aws, make_table, play_partiql
from tests.fakes.tables import FakeControlTable, FakeDedupTable

NOW, LATER = 1_800_000_000, 1_800_086_400


@pytest.fixture
def aws():
    with fake_aws():
        yield


@pytest.fixture
def dedup_client(aws):
    return play_partiql(make_table("dedup", "id"))


@pytest.fixture(params=["aws", "memory"])
def table(request):
    if request.param == "memory":
        return FakeDedupTable()
    return DedupTable(request.getfixturevalue("dedup_client"), "dedup")


def claim(table, wanted, now=NOW, expires=LATER):
    return table.claim(wanted, now=now, expires=expires)


@pytest.mark.parametrize("keys", [["a"], ["a", "b"], [f"k{n}" for n in range(130)]], ids=len)
class TestClaims:
    def test_who_comes_first_owns_the_keys(self, table, keys):
        assert claim(table, dict.fromkeys(keys, "first")) == dict.fromkeys(keys, "first")
        assert claim(table, dict.fromkeys(keys, "second")) == dict.fromkeys(keys, "first")

    def test_an_owner_that_comes_again_owns_them_still(self, table, keys):
        claim(table, dict.fromkeys(keys, "first"))
        assert claim(table, dict.fromkeys(keys, "first")) == dict.fromkeys(keys, "first")

    def test_a_row_that_expired_and_was_not_deleted_yet_is_free(self, table, keys):
        claim(table, dict.fromkeys(keys, "first"))
        later = LATER + 1
        assert claim(table, dict.fromkeys(keys, "second"), later, later + 9) == dict.fromkeys(keys, "second")
        assert claim(table, dict.fromkeys(keys, "third"), later, later + 9) == dict.fromkeys(keys, "second")

    def test_a_row_is_in_force_until_its_last_second(self, table, keys):
        claim(table, dict.fromkeys(keys, "first"))
        assert claim(table, dict.fromkeys(keys, "second"), LATER) == dict.fromkeys(keys, "first")


def test_free_taken_and_own_keys_may_be_claimed_together(table):
    claim(table, {"taken": "other", "own": "me"})
    assert claim(table, {"free": "me", "taken": "me", "own": "me"}) == {
        "free": "me",
        "taken": "other",
        "own": "me",
    }


def test_a_table_that_hangs_costs_a_run_one_wait_and_not_one_for_every_call(dedup_client):
    """Otherwise the router ends in its own timeout, which uses up a receive: an outage is not a crash."""
    calls = []

    def hang(**_told):
        calls.append(1)
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    dedup_client.meta.events.register_first("before-call.dynamodb.*", hang)
    assert claim(DedupTable(dedup_client, "dedup", workers=2), {f"k{n}": "me" for n in range(2500)}) == {}
    assert len(calls) <= 2


def test_nothing_wanted_is_nothing_owned(table):
    assert claim(table, {}) == {}


def fail(client, operation, times=1_000, code="InternalServerError"):
    """The next calls of an operation fail as AWS fails them, after botocore's own retries."""
    left = [times]

    def refuse(**_):
        if left[0]:
            left[0] -= 1
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    client.meta.events.register_first(f"before-call.dynamodb.{operation}", refuse)


def test_keys_of_a_failed_call_are_left_out_and_others_are_not(dedup_client):
    fail(dedup_client, "BatchExecuteStatement", times=1)
    wanted = dict.fromkeys((f"k{n}" for n in range(30)), "me")
    owners = DedupTable(dedup_client, "dedup", workers=1).claim(wanted, now=NOW, expires=LATER)
    assert owners == {f"k{n}": "me" for n in range(25, 30)}


def test_a_statement_that_failed_alone_is_tried_again_as_a_put(dedup_client):
    def answer(**_):
        class Http:
            status_code = 200

        throttled = {"Error": {"Code": "ProvisionedThroughputExceeded", "Message": "slow down"}}
        return Http(), {"Responses": [throttled, {"TableName": "dedup"}]}

    dedup_client.meta.events.register_first("before-call.dynamodb.BatchExecuteStatement", answer)
    assert claim(DedupTable(dedup_client, "dedup"), {"a": "me", "b": "me"}) == {"a": "me", "b": "me"}
    assert dedup_client.get_item(TableName="dedup", Key={"id": {"S": "a"}})["Item"]["pack_id"] == {"S": "me"}


def test_owners_that_cannot_be_read_are_asked_for_by_a_put(dedup_client):
    table = DedupTable(dedup_client, "dedup")
    claim(table, {"a": "first", "b": "first"})
    fail(dedup_client, "BatchGetItem")
    assert claim(table, {"a": "second", "b": "first"}) == {"a": "first", "b": "first"}


@pytest.mark.parametrize("keys", [["a"], ["a", "b"]], ids=len)
def test_keys_in_trouble_to_the_end_are_left_out(dedup_client, keys):
    for operation in ("BatchExecuteStatement", "BatchGetItem", "PutItem"):
        fail(dedup_client, operation)
    assert claim(DedupTable(dedup_client, "dedup"), dict.fromkeys(keys, "me")) == {}


@pytest.fixture
def control_client(aws):
    return make_table("control", "kind", "id")


def put_control(client, kind, row):
    client.put_item(TableName="control", Item={"kind": {"S": kind}, "id": {"S": row}})


@pytest.fixture(params=["aws", "memory"])
def control(request):
    """A control table with two revoked keys and a row of another kind."""
    rows = {("revoked_key", "a"), ("revoked_key", "b"), ("paused_sync", "c")}
    if request.param == "memory":
        return FakeControlTable(rows)
    client = request.getfixturevalue("control_client")
    for kind, row in rows:
        put_control(client, kind, row)
    return ControlTable(client, "control", clock=lambda: 0.0)


def test_the_ids_of_a_kind_are_listed(control):
    assert control.list_ids("revoked_key") == {"a", "b"}
    assert control.list_ids("suppressed_user") == frozenset()


def test_all_pages_are_read(control_client):
    for n in range(3):
        put_control(control_client, "revoked_key", f"{n}")
    pages = control_client.get_paginator
    control_client.get_paginator = lambda name: SmallPages(pages(name))
    assert ControlTable(control_client, "control", clock=lambda: 0.0).list_ids("revoked_key") == {
        "0",
        "1",
        "2",
    }


class SmallPages:
    def __init__(self, paginator):
        self.paginator = paginator

    def paginate(self, **kwargs):
        return self.paginator.paginate(**kwargs, PaginationConfig={"PageSize": 1})


def test_ids_are_read_again_after_thirty_seconds(control_client):
    now = [0.0]
    control = ControlTable(control_client, "control", clock=lambda: now[0])
    assert control.list_ids("revoked_key") == frozenset()
    put_control(control_client, "revoked_key", "a")
    now[0] = 29.9
    assert control.list_ids("revoked_key") == frozenset()
    now[0] = 30.0
    assert control.list_ids("revoked_key") == {"a"}


def test_without_an_answer_the_last_ids_known_stay_in_force(control_client):
    now = [0.0]
    put_control(control_client, "revoked_key", "a")
    control = ControlTable(control_client, "control", clock=lambda: now[0])
    control.list_ids("revoked_key")
    fail(control_client, "Query", times=1)
    now[0] = 31.0
    assert control.list_ids("revoked_key") == {"a"}
    put_control(control_client, "revoked_key", "b")
    now[0] = 36.0
    assert control.list_ids("revoked_key") == {"a", "b"}


def test_without_any_answer_yet_no_key_is_refused(aws):
    control = ControlTable(build_client("dynamodb"), "no-such-table", clock=lambda: 0.0)
    assert control.list_ids("revoked_key") == frozenset()
