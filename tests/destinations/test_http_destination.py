import orjson
import pytest
from pydantic import ValidationError

from sluice import __version__
from sluice.destinations.declaration import Batch, Response
from sluice.destinations.http import DECLARATION, HttpSettings, auth, build, make_idempotency_key
from sluice.errors import GiveUp, RetryLater
from sluice.packs import Item

URL = "https://crm.example/events"


def make_entries(count, *, size=0):
    return [(Item("custom_event", {"messageId": f"m-{n}"}), {"id": n, "x": "x" * size}) for n in range(count)]


def build_all(settings, entries, *, max_items=1):
    return list(
        build(HttpSettings.model_validate({"url": URL, **settings}), Batch("crm", 2, max_items, entries))
    )


def test_one_event_is_one_request():
    [first, second] = build_all({"method": "PUT"}, make_entries(2))
    assert (first.method, first.url, first.attempt) == ("PUT", URL, 2)
    assert orjson.loads(second.body) == {"id": 1, "x": ""}
    assert first.headers == {
        "Content-Type": "application/json",
        "User-Agent": f"Sluice/{__version__}",
        "Idempotency-Key": make_idempotency_key("crm", Item("custom_event", {"messageId": "m-0"})),
    }


def test_an_idempotency_key_is_the_same_for_the_same_item_only():
    item = Item("custom_event", {"messageId": "m-1"})
    key = make_idempotency_key("crm", item)
    assert key == make_idempotency_key("crm", Item("custom_event", {"messageId": "m-1", "other": 1}))
    assert key != make_idempotency_key("ads", item)
    assert key != make_idempotency_key("crm", Item("purchase", {"messageId": "m-1"}))
    assert key != make_idempotency_key("crm", Item("custom_event", {"messageId": "m-2"}))
    assert key == "crm:custom_event:m-1"


def test_events_without_a_message_id_are_not_all_the_same():
    keys = {make_idempotency_key("crm", Item("custom_event", {"n": n})) for n in range(3)}
    assert len(keys) == 3


@pytest.mark.parametrize("message_id", ["a b", "a\r\nX: y", "é", "x" * 300, "\0", "\x7f"])
def test_an_idempotency_key_is_a_header_whatever_the_message_id_is(message_id):
    key = make_idempotency_key("crm", Item("custom_event", {"messageId": message_id}))
    assert len(key) == 64
    assert key != make_idempotency_key("crm", Item("custom_event", {"messageId": message_id + "2"}))


def test_arrays_end_at_the_batch_size():
    requests = build_all({}, make_entries(5), max_items=2)
    assert [[payload["id"] for payload in orjson.loads(r.body)] for r in requests] == [[0, 1], [2, 3], [4]]
    assert "Idempotency-Key" not in requests[0].headers


def test_arrays_end_at_the_largest_body():
    requests = build_all({"max_body_bytes": 2048}, make_entries(10, size=500), max_items=100)
    assert len(requests) > 1
    assert all(len(request.body) <= 2048 + 2 for request in requests)


def test_the_operators_headers_win_whatever_their_case():
    [request] = build_all({"headers": {"content-type": "application/x-ndjson", "X-A": "b"}}, make_entries(1))
    assert request.headers["content-type"] == "application/x-ndjson"
    assert "Content-Type" not in request.headers
    assert request.headers["X-A"] == "b"


def test_all_that_is_wrong_with_headers_is_told_at_once():
    headers = {"Host": "a", "Bad Name": "b", "Authorization": "Bearer c", "X-A": "\n", "x-a": "d"}
    with pytest.raises(ValidationError) as refused:
        HttpSettings.model_validate({"url": URL, "headers": headers})
    [error] = refused.value.errors()
    assert error["msg"].removeprefix("Value error, ").split("; ") == [
        "the header Host is set by Sluice",
        "'Bad Name' is not a header name",
        "the value of header Authorization looks like a key: write a reference, {secret: ssm:NAME}",
        "the value of header X-A holds characters that no header carries",
        "the header x-a stands twice",
    ]
    assert "Bearer c" not in error["msg"]


def find_faults(**settings):
    try:
        HttpSettings.model_validate({"url": URL, **settings})
    except ValidationError as refused:
        return [error["msg"].removeprefix("Value error, ") for error in refused.errors()]
    return []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Token", "text"),
        ("Api-Key", "1"),
        ("x_auth_token", "a"),
        ("Proxy-Auth", "b"),
        ("Set-Cookie", "a=b"),
        ("DD-APPLICATION-KEY", "a"),
        ("Ocp-Apim-Subscription-Key", "a"),
        ("X-Functions-Key", "a"),
        ("X-Insert-Key", "a"),
        ("X-Jwt", "a"),
        ("X-Custom", "Bearer abcdef123"),
        ("X-Custom", "Basic dXNlcjpwYXNz"),
        ("X-Custom", "sk_live_abcdefghijkl"),
        ("X-Custom", "ghp_abcdefghijklmnopqrst"),
        ("X-Custom", "xoxb-1-abc-def"),
        ("X-Custom", "AKIAIOSFODNN7EXAMPLE"),
        ("X-Custom", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
        ("X-Custom", "5f4dcc3b5aa765d61d8327deb882cf99"),
        ("X-Custom", "key=hJ3kLm9Pq2Rs7TuV"),
        ("X-Custom", "qWerTyuIOpAsDfgHJkLzXcvB"),
        ("X-Custom", "Klaviyo-API-Key pk_abcdefabcdefabcdefabcdefab"),
        ("X-Custom", "7f9c24e8-3b1a-4f9e-9c1e-2b7d8c1a5f3e"),
    ],
)
def test_a_header_whose_value_looks_like_a_key_must_be_a_reference(name, value):
    [fault] = find_faults(headers={name: value})
    assert f"the value of header {name} looks like a key" in fault
    assert len(value) < 6 or value not in fault


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "application/vnd.company.v2+json; charset=utf-8"),
        ("Accept", "text/html;q=0.9, application/json"),
        ("User-Agent", "MyCompany-EventForwarder/1.2.3 (+https://example.com)"),
        ("X-Api-Version", "2024-01-15.production-release-1"),
        ("Notion-Version", "2022-06-28"),
        ("X-Tenant-Id", "7f9c24e8-3b1a-4f9e-9c1e-2b7d8c1a5f3e"),
        ("X-Source", "sluice"),
        ("X-Release", "ProductionRelease2024Build17"),
        ("X-Client", "SluiceEventPipelineHTTPClient/2.0"),
        ("X-Partition-Key", "orders"),
        ("X-Routing-Key", "orders.eu-west-1.created"),
        ("X-Timestamp-Format", "2024-01-15T10:30:00Z"),
        ("Authorization", {"secret": "ssm:token", "format": "Bearer {}"}),
    ],
)
def test_an_ordinary_header_is_no_key(name, value):
    assert find_faults(headers={name: value}) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/{ssm:hook}",
        "https://hooks.slack.com/services/T000/B000/{ssm:slack-hook}",
        "https://hooks.example/a-{ssm:one}.json?key={secretsmanager:team/two}",
        "https://hooks.example?key={ssm:key}",
        "http://127.0.0.1:8080/{ssm:hook}",
    ],
)
def test_the_path_and_the_query_of_a_url_may_hold_secrets(url):
    assert find_faults(url=url) == []
    references = [reference.secret for reference in auth(HttpSettings(url=url)).values()]
    assert references
    assert all(f"{{{reference}}}" in url for reference in references)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://{ssm:host}/in", "not in the scheme, host or port"),
        ("https://{ssm:host}.example/in", "not in the scheme, host or port"),
        ("https://hooks.example:{ssm:port}/in", "not in the scheme, host or port"),
        ("https://{ssm:user}@hooks.example/in", "not in the scheme, host or port"),
        ("{ssm:scheme}://hooks.example/in", "not in the scheme, host or port"),
        ("{ssm:url}", "not in the scheme, host or port"),
        ("https://hooks.example\\{ssm:a}", "not in the scheme, host or port"),
        ("https://hooks.example/#{ssm:a}", "fragment"),
        ("https://hooks.example/{secret}", "{ssm:NAME}"),
        ("https://hooks.example/{}", "{ssm:NAME}"),
        ("https://hooks.example/{ssm:}", "{ssm:NAME}"),
        ("https://hooks.example/{ssm:../other}", "{ssm:NAME}"),
        ("https://hooks.example/{file:a}", "{ssm:NAME}"),
        ("https://hooks.example/{{ssm:a}}", "{ssm:NAME}"),
        ("https://hooks.example/ssm:a}", "{ssm:NAME}"),
        ("https://hooks.example/in?api_key=sk_live_abcdefghijkl", "api_key={ssm:NAME}"),
    ],
)
def test_a_reference_that_could_change_where_a_request_goes_is_refused(url, fault):
    assert fault in find_faults(url=url)[0]


def test_headers_with_secrets_are_left_to_the_engine():
    headers = {"Authorization": {"secret": "ssm:token", "format": "Bearer {}"}, "X-A": "b"}
    settings = HttpSettings.model_validate({"url": URL, "headers": headers})
    assert {name: reference.secret for name, reference in auth(settings).items()} == {
        "Authorization": "ssm:token"
    }
    [request] = build(settings, Batch("crm", 1, 1, make_entries(1)))
    assert "Authorization" not in request.headers


def test_this_endpoint_may_mean_409_as_not_now():
    [request] = build_all({}, make_entries(1))
    assert DECLARATION.judge is not None
    plain = HttpSettings(url=URL)
    patient = HttpSettings(url=URL, retry_statuses=(409,))
    assert type(DECLARATION.judge(plain, request, Response(409), 0.0)) is GiveUp
    assert type(DECLARATION.judge(patient, request, Response(409), 0.0)) is RetryLater


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": "ftp://crm.example/"},
        {"url": "https://user@crm.example/"},
        {"url": "https://crm.example/\r\nX: y"},
        {"url": URL, "method": "GET"},
        {"url": URL, "timeout": 0},
        {"url": URL, "timeout": 31},
        {"url": URL, "batch_size": 0},
        {"url": URL, "max_body_bytes": 1},
        {"url": URL, "retry_statuses": [200]},
        {"url": URL, "headers": {"Bad Name": "x"}},
        {"url": URL, "headers": {"X:": "x"}},
        {"url": URL, "headers": {"": "x"}},
        {"url": URL, "headers": {"X": "a\r\nY: b"}},
        {"url": URL, "headers": {"X": "☃"}},
        {"url": URL, "headers": {"Host": "evil.example"}},
        {"url": URL, "headers": {"Content-Length": "0"}},
        {"url": URL, "headers": {"transfer-encoding": "chunked"}},
        {"url": URL, "headers": {"X": "1", "x": "2"}},
        {"url": URL, "headers": {"Authorization": "Bearer in-the-open"}},
    ],
)
def test_settings_that_cannot_be_sent_are_refused(settings):
    with pytest.raises(ValidationError):
        HttpSettings.model_validate(settings)
