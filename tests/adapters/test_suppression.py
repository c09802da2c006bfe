"""The suppressed users of AWS and those in memory keep the same contract; what fails, only AWS does."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sluice.adapters.suppression import FEW, SUPPRESSED_KIND, SuppressedUsersTable
from sluice.privacy import Suppression, SuppressionUnknown
from sluice.privacy.suppression import digest_id
from tests.adapters.aws import fake_aws, make_table
from tests.fakes.suppressed import FakeSuppressedUsers


@pytest.fixture
def client():
    with fake_aws():
        yield make_table("control", "kind", "id")


def put(client, digest, kind=SUPPRESSED_KIND):
    client.put_item(TableName="control", Item={"kind": {"S": kind}, "id": {"S": digest}})


@pytest.fixture(params=["aws", "memory"])
def make_users(request):
    """A function from digests and how many are few to the users of a table that holds other rows too."""
    if request.param == "memory":
        return lambda digests, few=FEW: FakeSuppressedUsers(set(digests), few)
    client = request.getfixturevalue("client")

    def make(digests, few=FEW):
        put(client, "revoked", "revoked_key")
        for digest in digests:
            put(client, digest)
        return SuppressedUsersTable(client, "control", few=few)

    return make


@pytest.mark.parametrize("digests", [[], ["a"], ["a", "b"]], ids=len)
def test_few_are_all_listed(make_users, digests):
    assert make_users(digests).list_few() == (frozenset(digests), True)


def test_of_many_the_first_are_listed_and_it_is_said(make_users):
    digests, is_all = make_users(["a", "b", "c"], few=2).list_few()
    assert (len(digests), is_all) == (2, False)


@pytest.mark.parametrize("number", [0, 1, 100, 250])
def test_those_that_are_there_are_found(make_users, number):
    users = make_users(["d0", "d99", "d249", "other"])
    asked = [f"d{n}" for n in range(number)]
    assert users.find(asked) == {"d0", "d99", "d249"} & set(asked)


def test_a_key_that_was_revoked_is_no_user(make_users):
    users = make_users(["a"])
    assert users.find(["revoked", "a"]) == {"a"}


def refuse(client, operation, error):
    def fail(**_):
        raise error

    client.meta.events.register_first(f"before-call.dynamodb.{operation}", fail)


ERRORS = [
    ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "any"),
    EndpointConnectionError(endpoint_url="https://dynamodb"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_table_that_does_not_answer_lets_nobody_pass(client, error):
    for operation in ("Query", "BatchGetItem"):
        refuse(client, operation, error)
    users = SuppressedUsersTable(client, "control")
    for ask in (users.list_few, lambda: users.find(["a"]), lambda: users.find([f"{n}" for n in range(300)])):
        with pytest.raises(SuppressionUnknown):
            ask()


def answer_by_parts(client, *, parts):
    """DynamoDB leaves out half of the keys of a call, this many times."""
    left = [parts]

    def keep(params, context, **_):
        keys = params["RequestItems"]["control"]["Keys"]
        context["keys"] = keys

    def answer(context, **_):
        if not left[0]:
            return None
        left[0] -= 1

        class Http:
            status_code = 200

        keys = context["keys"]
        half = len(keys) // 2
        rows = [{"id": key["id"]} for key in keys[:half] if key["id"]["S"].startswith("d")]
        return Http(), {"Responses": {"control": rows}, "UnprocessedKeys": {"control": {"Keys": keys[half:]}}}

    client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", keep)
    client.meta.events.register_first("before-call.dynamodb.BatchGetItem", answer)


def test_keys_that_a_call_leaves_out_are_asked_for_again(client):
    put(client, "d3")
    answer_by_parts(client, parts=2)
    assert SuppressedUsersTable(client, "control").find(["d1", "x2", "x4", "d3"]) == {"d1", "d3"}


def test_keys_that_are_left_out_again_and_again_let_nobody_pass(client):
    answer_by_parts(client, parts=99)
    with pytest.raises(SuppressionUnknown):
        SuppressedUsersTable(client, "control").find(["a", "b", "c", "d"])


@pytest.mark.parametrize("few", [FEW, 1])
def test_an_event_of_a_suppressed_user_is_found_in_the_table(client, few):
    for user in ("u-1", "u-2"):
        put(client, digest_id(user))
    suppression = Suppression(SuppressedUsersTable(client, "control", few=few), clock=lambda: 0.0)
    assert suppression.find_suppressed([{"userId": "u-3"}, {"userId": "u-1"}]) == {1: digest_id("u-1")}


def test_a_table_that_hangs_is_asked_once_and_not_once_for_every_hundred_ids(client):
    calls = []

    def hang(**_):
        calls.append(1)
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    client.meta.events.register_first("before-call.dynamodb.*", hang)
    with pytest.raises(SuppressionUnknown):
        SuppressedUsersTable(client, "control", workers=1).find([f"{n}" for n in range(2000)])
    assert len(calls) == 1
