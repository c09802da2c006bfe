"""The same cases over the stores and over the fake."""

from io import BytesIO

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from sluice.adapters.secrets import Secrets
from sluice.errors import AwsUnavailable, RetryLater
from sluice.reasons import Reason
from tests.fakes.secret_store import FakeSecretStore

PATH = "stack/destinations/crm"


class Ssm:
    kind = "ssm"

    def __init__(self):
        self.client = boto3.client("ssm")
        self.store = Secrets("stack", "crm")

    def write(self, name, text):
        self.client.put_parameter(Name=f"/{PATH}/{name}", Value=text, Type="SecureString", Overwrite=True)


class SecretsManager:
    kind = "secretsmanager"

    def __init__(self):
        self.client = boto3.client("secretsmanager")
        self.store = Secrets("stack", "crm")
        self.known = set()

    def write(self, name, text):
        if name in self.known:
            self.client.put_secret_value(SecretId=f"{PATH}/{name}", SecretString=text)
        else:
            self.client.create_secret(Name=f"{PATH}/{name}", SecretString=text)
        self.known.add(name)


class Fake:
    kind = "ssm"

    def __init__(self):
        self.store = FakeSecretStore()

    def write(self, name, text):
        self.store.secrets[f"ssm:{name}"] = text


@pytest.fixture(params=[Ssm, SecretsManager, Fake])
def place(request, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield request.param()


def test_a_secret_is_read_below_its_destination(place):
    place.write("token", "s3cr3t")
    place.write("oauth/id", "deeper")
    assert place.store.read(f"{place.kind}:token") == "s3cr3t"
    assert place.store.read(f"{place.kind}:oauth/id") == "deeper"


def test_a_secret_is_kept_until_it_is_read_afresh(place):
    place.write("token", "old")
    assert place.store.read(f"{place.kind}:token") == "old"
    place.write("token", "new")
    assert place.store.read(f"{place.kind}:token") == "old"
    assert place.store.read(f"{place.kind}:token", fresh=True) == "new"
    assert place.store.read(f"{place.kind}:token") == "new"


def test_a_secret_that_is_missing_may_come(place):
    with pytest.raises(RetryLater) as caught:
        place.store.read(f"{place.kind}:token")
    assert caught.value.reason is Reason.SECRET_UNAVAILABLE
    place.write("token", "now")
    assert place.store.read(f"{place.kind}:token") == "now"


def fail(store, kind, error):
    """A real client whose every call ends in this error."""
    provider = store._ssm if kind == "ssm" else store._secrets_manager
    provider.client.meta.events.register_first("before-send", lambda **_: error)


@pytest.mark.parametrize("place", [Ssm, SecretsManager], indirect=True)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ThrottlingException"),
        (400, "RequestLimitExceeded"),
        (500, "InternalServerError"),
        (500, "InternalServiceError"),
        (503, "ServiceUnavailable"),
    ],
)
def test_what_aws_fails_at_is_told_apart_from_a_missing_secret(place, status, code):
    fail(place.store, place.kind, make_answer(status, code))
    with pytest.raises(AwsUnavailable, match=f"{place.kind}:token"):
        place.store.read(f"{place.kind}:token")


@pytest.mark.parametrize("place", [Ssm, SecretsManager], indirect=True)
def test_a_secret_that_the_role_may_not_read_is_for_the_operator(place):
    fail(place.store, place.kind, make_answer(400, "AccessDeniedException"))
    with pytest.raises(RetryLater, match=f"{place.kind}:token"):
        place.store.read(f"{place.kind}:token")


def make_answer(status, code):
    body = BytesIO(b'{"__type": "%b", "message": "no"}' % code.encode())
    body.stream = lambda **_: iter([body.getvalue()])
    return AWSResponse("https://aws.example", status, {"content-type": "application/x-amz-json-1.1"}, body)
