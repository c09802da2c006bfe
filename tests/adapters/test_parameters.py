"""Parameters of functions, on moto's SSM."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sluice.adapters.clients import build_client
from sluice.adapters.parameters import (
    MAX_AGE,
    FunctionParameters,
    ParameterMissing,
    ParameterUnavailable,
)
from tests.adapters.aws import fake_aws


@pytest.fixture
def ssm():
    with fake_aws():
        boto3.setup_default_session()
        yield build_client("ssm")
        boto3.DEFAULT_SESSION = None


def put(ssm, name, value):
    ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def test_a_parameter_is_read_below_the_stack_s_functions(ssm):
    put(ssm, "/stack/functions/token", "s3cret")
    assert FunctionParameters(lambda: ssm, "stack", lambda: 0.0).read("token") == "s3cret"


def test_a_value_is_kept_for_five_minutes(ssm):
    now = [0.0]
    parameters = FunctionParameters(lambda: ssm, "stack", lambda: now[0])
    put(ssm, "/stack/functions/token", "old")
    assert parameters.read("token") == "old"
    put(ssm, "/stack/functions/token", "new")
    now[0] = MAX_AGE - 1
    assert parameters.read("token") == "old"
    now[0] = MAX_AGE
    assert parameters.read("token") == "new"


def test_a_parameter_that_does_not_exist_is_missing(ssm):
    with pytest.raises(ParameterMissing, match="/stack/functions/token"):
        FunctionParameters(lambda: ssm, "stack", lambda: 0.0).read("token")


class Broken:
    def __init__(self, error):
        self.error = error

    def get_parameter(self, **_call):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter"),
        EndpointConnectionError(endpoint_url="https://ssm"),
    ],
)
def test_a_store_that_cannot_be_asked_is_unavailable(error):
    with pytest.raises(ParameterUnavailable):
        FunctionParameters(lambda: Broken(error), "stack", lambda: 0.0).read("token")


def test_what_the_role_does_not_allow_is_missing():
    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetParameter")
    with pytest.raises(ParameterMissing):
        FunctionParameters(lambda: Broken(denied), "stack", lambda: 0.0).read("token")
