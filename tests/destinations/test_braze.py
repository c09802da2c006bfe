"""Events through delivery to a server that plays Braze's `/users/track`: its key, its limits, its answers."""

import re
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from sluice.adapters.http import HttpTransport
from sluice.destinations import load_declaration
from sluice.destinations.braze.answers import judge
from sluice.destinations.braze.requests import ARRAYS, MAX_BODY, build
from sluice.destinations.braze.settings import INSTANCES, BrazeSettings
from sluice.destinations.declaration import Batch, Request, Response
from sluice.errors import GiveUp, RetryLater
from sluice.packs import Item, SyncPack, dump_item, dump_sync_pack
from sluice.reasons import Reason
from sluice.times import format_time
from sluice.workspace.compile import Workspace, compile_workspace, find_problems
from sluice.workspace.models import Destination, Source, Sync
from tests.fakes.vendor_server import run_server
from tests.unit.delivery.world import NOW, World, make_event, make_pack

KEY = "b7aze-s3cr3t-key"
SETTINGS = {"instance": "fra-01", "api_key": {"secret": "ssm:key"}}
TYPES = [{"type": "track_purchase"}, {"type": "user_attributes"}, {"type": "custom_event"}]
TIME = "2026-11-22T01:02:03.456Z"


def find_refusals(body):
    """What Braze would not take: names that are blank, e-mail addresses without @, prices that are text."""
    for index, one in enumerate(body.get("events", [])):
        if not one.get("name"):
            yield {"type": "'name' is required", "input_array": "events", "index": index}
    for index, one in enumerate(body.get("attributes", [])):
        if "@" not in one.get("email", "@"):
            yield {"type": "not a valid email", "input_array": "attributes", "index": index}
    for index, one in enumerate(body.get("purchases", [])):
        if one.get("quantity", 1) > 100:
            yield {"type": "'quantity' is out of range", "input_array": "purchases", "index": index}


def play_braze(sock, request):
    """401 for another key, 400 for more than 75 of a kind or where nothing is valid, else 201."""
    head, _, raw = request.partition(b"\r\n\r\n")
    body = orjson.loads(raw)
    if f"authorization: bearer {KEY}".encode() not in head.lower():
        return answer(sock, 401, {"message": "Invalid API Key"})
    if any(len(body.get(name, [])) > 75 for name in ARRAYS):
        return answer(sock, 400, {"message": "Max input length exceeded"})
    errors = list(find_refusals(body))
    if len(errors) == sum(map(len, body.values())):
        return answer(sock, 400, {"message": "Valid data must be provided", "errors": errors})
    told = {f"{name}_processed": len(ones) for name, ones in body.items()}
    return answer(sock, 201, {"message": "success", **told, **({"errors": errors} if errors else {})})


def answer(sock, status, body, *headers):
    raw = orjson.dumps(body)
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(raw)}", *headers]
    sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)


@contextmanager
def run_braze(event_types=TYPES, *, play=play_braze, key=KEY, **settings):
    """A sync to a Braze on loopback, with its defaults as the compiled workspace has them."""
    with run_server(play) as server:
        given = {"endpoint": server.url(""), "api_key": {"secret": "ssm:key"}, **settings}
        compiled = compile_workspace(
            Workspace(
                sources={"web": Source()},
                destinations={"crm": Destination(kind="braze", settings=given)},
                syncs={"crm": Sync(source="web", destination="crm", event_types=event_types)},
            )
        )
        world = World(compiled, vendor=HttpTransport(allow_private=True))
        world.secrets.secrets["ssm:key"] = key
        yield world, server


def make_mixed_pack(*pairs):
    items = [dump_item(name, orjson.dumps(event)) for name, event in pairs]
    return dump_sync_pack(SyncPack("crm", [], 1, format_time(NOW)), items)


def track(n=1, **over):
    return make_event(n, **{"event": "Song Played", "timestamp": TIME, **over})


def order(n=1, products=(), **properties):
    told = {"currency": "EUR", **({"products": list(products)} if products else {}), **properties}
    return track(n, event="Order Completed", properties=told)


def identify(n=1, **traits):
    return {
        "type": "identify",
        "messageId": f"m-{n}",
        "userId": f"u-{n}",
        "timestamp": TIME,
        "traits": traits,
    }


def read_bodies(server):
    return [orjson.loads(raw.partition(b"\r\n\r\n")[2]) for raw in server.requests]


@pytest.mark.enable_socket
def test_the_three_types_share_one_request():
    pack = make_mixed_pack(
        ("custom_event", track(1, properties={"title": "Ode"})),
        (
            "track_purchase",
            order(2, [{"product_id": "A", "price": "12.50", "quantity": 2, "size": "L"}], tax=2),
        ),
        (
            "user_attributes",
            identify(3, firstName="Ada", plan="pro", address={"city": "Bonn", "country": "DE"}),
        ),
    )
    with run_braze() as (world, server):
        report = world.run(pack)
    assert report.delivered == 3
    assert server.requests[0].startswith(b"POST /users/track HTTP/1.1\r\n")
    assert read_bodies(server) == [
        {
            "attributes": [
                {
                    "external_id": "u-3",
                    "first_name": "Ada",
                    "plan": "pro",
                    "home_city": "Bonn",
                    "country": "DE",
                }
            ],
            "events": [
                {"external_id": "u-1", "time": TIME, "name": "Song Played", "properties": {"title": "Ode"}}
            ],
            "purchases": [
                {
                    "external_id": "u-2",
                    "time": TIME,
                    "product_id": "A",
                    "currency": "EUR",
                    "price": 12.5,
                    "quantity": 2,
                    "properties": {"tax": 2, "size": "L"},
                }
            ],
        }
    ]


@pytest.mark.enable_socket
def test_custom_event_takes_what_the_filters_of_the_others_leave():
    with run_braze() as (world, _server):
        filters = {one["type"]: one["filter"] for one in world.workspace["syncs"]["crm"]["event_types"]}
    assert filters["custom_event"] is None
    assert filters["track_purchase"]
    assert filters["user_attributes"]


@pytest.mark.enable_socket
def test_200_events_are_three_requests_of_75_at_most():
    with run_braze() as (world, server):
        report = world.run(make_pack(*(track(n) for n in range(200))))
    assert report.delivered == 200
    assert [len(body["events"]) for body in read_bodies(server)] in ([75, 75, 50], [75, 50, 75], [50, 75, 75])


@pytest.mark.enable_socket
def test_what_braze_refuses_dies_alone_with_braze_s_words():
    with run_braze(play=refuse_second) as (world, _server):
        report = world.run(make_pack(track(1), track(2), track(3)))
    assert (report.delivered, report.dead) == (2, Counter(rejected=1))
    [letter] = world.letters
    assert (letter["message_id"], letter["status"]) == ("m-2", 201)
    assert letter["detail"] == "HTTP 201: events: 'name' is not allowed"
    assert letter["payload"]["name"] == "Song Played"


def refuse_second(sock, _request):
    error = {"type": "'name' is not allowed", "input_array": "events", "index": 1}
    answer(sock, 201, {"message": "success", "events_processed": 2, "errors": [error]})


@pytest.mark.enable_socket
def test_an_item_of_which_a_part_was_taken_says_so():
    types = [
        {
            "type": "custom_event",
            "mappings": {"extends": "defaults", "user.email": {"field": "properties.mail"}},
        }
    ]
    with run_braze(types) as (world, server):
        report = world.run(
            make_pack(track(1, properties={"mail": "a@b.example"}), track(2, properties={"mail": "none"}))
        )
    [body] = read_bodies(server)
    assert [one["email"] for one in body["attributes"]] == ["a@b.example", "none"]
    assert (report.delivered, report.dead) == (1, Counter(rejected=1))
    expected = "HTTP 201: attributes: not a valid email; what else it holds was taken"
    assert world.letters[0]["detail"] == expected


@pytest.mark.enable_socket
def test_an_order_is_a_purchase_for_each_product_and_dies_once():
    bad = order(2, [{"product_id": "A", "price": 1}, {"product_id": "B", "price": 2, "quantity": 101}])
    with run_braze() as (world, server):
        report = world.run(make_pack(order(1, [{"product_id": "C", "price": 3}]), bad, type="track_purchase"))
    [body] = read_bodies(server)
    assert [(one["product_id"], one["price"]) for one in body["purchases"]] == [("C", 3), ("A", 1), ("B", 2)]
    assert (report.delivered, report.dead) == (1, Counter(rejected=1))
    assert "purchases: 'quantity' is out of range" in world.letters[0]["detail"]


@pytest.mark.enable_socket
def test_purchases_are_counted_as_braze_counts_them():
    orders = [order(n, [{"product_id": f"P{n}", "price": 1}] * 30) for n in range(3)]
    with run_braze() as (world, server):
        report = world.run(make_pack(*orders, type="track_purchase"))
    assert report.delivered == 3
    assert sorted(len(body["purchases"]) for body in read_bodies(server)) == [30, 60]


@pytest.mark.enable_socket
def test_an_order_of_more_products_than_a_request_takes_dies_before_one_is_made():
    with run_braze() as (world, server):
        report = world.run(
            make_pack(
                order(1, [{"product_id": "A", "price": 1}] * 76),
                order(2, [{"product_id": "B", "price": 1}]),
                type="track_purchase",
            )
        )
    assert (report.delivered, report.dead) == (1, Counter(mapping_failed=1))
    assert "76 purchases" in world.letters[0]["detail"]
    assert len(server.requests) == 1


@pytest.mark.enable_socket
def test_a_fatal_answer_is_for_every_item_it_does_not_tell_apart():
    def refuse_all(sock, _request):
        answer(sock, 400, {"message": "Bad syntax"})

    with run_braze(play=refuse_all) as (world, _server):
        report = world.run(make_pack(track(1), track(2)))
    assert (report.delivered, report.dead) == (0, Counter(rejected=2))
    assert {letter["detail"] for letter in world.letters} == {"HTTP 400: Bad syntax"}


@pytest.mark.enable_socket
@pytest.mark.parametrize("said", [{"message": "Bad syntax"}, {"message": "Bad", "errors": ["no object"]}, {}])
def test_a_fatal_answer_that_names_nothing_costs_only_the_item_that_causes_it(said):
    def refuse_third(sock, request):
        bad = b'"u-3"' in request
        answer(sock, 400 if bad else 201, said if bad else {"message": "success"})

    with run_braze(play=refuse_third) as (world, server):
        report = world.run(make_pack(*(track(n) for n in range(75))))
    assert (report.delivered, report.dead) == (74, Counter(rejected=1))
    [letter] = world.letters
    assert letter["message_id"] == "m-3"
    assert [event["external_id"] for event in orjson.loads(letter["request"]["body"])["events"]] == ["u-3"]
    assert len(server.requests) <= 15


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("status", "said"), [(201, {"errors": ["something"]}), (404, {"message": "Not Found"})]
)
def test_what_braze_may_have_taken_or_says_of_the_address_is_not_split(status, said):
    with run_braze(play=lambda sock, _: answer(sock, status, said)) as (world, server):
        report = world.run(make_pack(*(track(n) for n in range(10))))
    assert (report.dead, len(server.requests)) == (Counter(rejected=10), 1)


@pytest.mark.enable_socket
def test_what_a_fatal_answer_does_not_name_is_sent_again_without_what_it_names():
    def refuse_first(sock, request):
        body = orjson.loads(request.partition(b"\r\n\r\n")[2])
        if len(body["events"]) == 2:
            error = {"type": "bad", "input_array": "events", "index": 0}
            answer(sock, 400, {"message": "Valid data must be provided", "errors": [error]})
        else:
            answer(sock, 201, {"message": "success"})

    with run_braze(play=refuse_first) as (world, server):
        report = world.run(make_pack(track(1), track(2)))
    assert (report.delivered, report.dead, len(server.requests)) == (1, Counter(rejected=1), 2)
    [letter] = world.letters
    assert letter["message_id"] == "m-1"
    assert [event["external_id"] for event in orjson.loads(letter["request"]["body"])["events"]] == ["u-1"]


@pytest.mark.enable_socket
@pytest.mark.parametrize("index", [7, -1])
def test_a_fatal_answer_that_names_what_was_not_sent_costs_only_the_item_that_causes_it(index):
    def refuse_third(sock, request):
        bad = b'"u-3"' in request
        error = {"type": "bad", "input_array": "events", "index": index}
        answer(sock, 400 if bad else 201, {"message": "Bad", "errors": [error]} if bad else {})

    with run_braze(play=refuse_third) as (world, server):
        report = world.run(make_pack(*(track(n) for n in range(5))))
    assert (report.delivered, report.dead) == (4, Counter(rejected=1))
    assert [letter["message_id"] for letter in world.letters] == ["m-3"]
    assert len(server.requests) <= 8


@pytest.mark.enable_socket
def test_a_batch_that_braze_finds_too_long_is_halved():
    def take_two(sock, request):
        body = orjson.loads(request.partition(b"\r\n\r\n")[2])
        if len(body["events"]) > 2:
            answer(sock, 400, {"message": "The max number of objects per request was exceeded"})
        else:
            answer(sock, 201, {"message": "success"})

    with run_braze(play=take_two) as (world, server):
        report = world.run(make_pack(*(track(n) for n in range(4))))
    assert (report.delivered, len(server.requests)) == (4, 3)


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7", 7),
        (f"X-RateLimit-Reset: {int(NOW) + 600}", 600),
        (f"Retry-After: 7\r\nX-RateLimit-Reset: {int(NOW) + 600}", 7),
        (f"X-RateLimit-Reset: {int(NOW) + 10**7}", None),
        ("X-RateLimit-Reset: soon", None),
    ],
)
def test_a_rate_limit_is_waited_for(header, seconds):
    with run_braze(play=lambda sock, _: answer(sock, 429, {}, header)) as (world, _server):
        world.run(make_pack(track()))
    [pack] = world.waiting_packs
    assert pack["attempt"] == 2
    assert pack["not_before"] == format_time(
        NOW + (seconds or 2.5)
    )  # 2.5: half of the first ceiling, the world's draw


@pytest.mark.enable_socket
def test_a_key_that_is_refused_waits_and_is_not_shown():
    with run_braze(key="an-old-key") as (world, _server):
        report = world.run(make_pack(track()))
    assert (report.delivered, len(world.waiting)) == (0, 1)
    assert "an-old-key" not in orjson.dumps(world.waiting_packs).decode()


@pytest.mark.enable_socket
def test_a_letter_holds_no_key_though_braze_repeats_it():
    def repeat_key(sock, _request):
        answer(sock, 400, {"message": f"no user for {KEY}"})

    with run_braze(play=repeat_key) as (world, _server):
        world.run(make_pack(track()))
    assert len(world.letters) == 1
    assert KEY not in orjson.dumps(world.letters).decode() + str(world.archive.__dict__)


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("name", "event", "missing"),
    [
        ("custom_event", track(userId=" "), "external_id"),
        ("custom_event", {**track(), "timestamp": None}, "time"),
        ("track_purchase", order(1), "product_id"),
        ("track_purchase", order(1, [{"product_id": "A"}]), "products"),
        ("track_purchase", order(1, [{"price": 1}]), "products"),
        ("track_purchase", track(properties={"products": [{"product_id": "A", "price": 1}]}), "products"),
        ("track_purchase", track(properties={"products": [], "currency": "EUR"}), "product_id"),
        ("user_attributes", identify(1), "user"),
    ],
)
def test_an_event_without_a_required_field_dies_before_a_request_is_made(name, event, missing):
    with run_braze() as (world, server):
        report = world.run(make_pack(event, type=name))
    assert report.dead == Counter(missing_required_field=1)
    assert missing in world.letters[0]["detail"]
    assert server.requests == []


@pytest.mark.enable_socket
def test_a_visitor_without_id_is_an_alias_that_braze_makes_a_user_of():
    visitor = {**track(), "anonymousId": "a-1"}
    del visitor["userId"]
    with run_braze() as (world, server):
        world.run(make_pack(visitor, {**track(2), "anonymousId": "a-1"}))
    first, second = read_bodies(server)[0]["events"]
    assert first["user_alias"] == {"alias_name": "a-1", "alias_label": "anonymous_id"}
    assert first["_update_existing_only"] is False
    assert "user_alias" not in second
    assert second["external_id"] == "u-2"


@pytest.mark.enable_socket
def test_user_and_custom_fields_go_where_braze_has_them():
    mappings = {
        "extends": "defaults",
        "user.email": {"field": "context.traits.email"},
        "user.vip": {"value": None},
        "custom.shop": {"value": "web"},
        "app_id": {"value": "app-2"},
        "_update_existing_only": {"value": True},
    }
    event = track(properties={"title": "Ode", "shop": "?"}, context={"traits": {"email": "a@b.example"}})
    with run_braze([{"type": "custom_event", "mappings": mappings}], app_id="app-1") as (world, server):
        world.run(make_pack(event))
    whose = {"external_id": "u-1", "_update_existing_only": True}
    assert read_bodies(server) == [
        {
            "attributes": [{"email": "a@b.example", "vip": None, **whose}],
            "events": [
                {
                    **whose,
                    "time": TIME,
                    "app_id": "app-2",
                    "name": "Song Played",
                    "properties": {"title": "Ode", "shop": "web"},
                }
            ],
        }
    ]


@pytest.mark.enable_socket
def test_an_event_without_a_name_is_named_after_its_type():
    page = {
        "type": "page",
        "messageId": "m-1",
        "userId": "u-1",
        "timestamp": TIME,
        "properties": {"path": "/"},
    }
    with run_braze() as (world, server):
        world.run(make_pack(page))
    assert read_bodies(server)[0]["events"][0]["name"] == "page"


def build_all(payloads, *, max_items=225, event_type="custom_event", **settings):
    entries = [(Item(event_type, {"messageId": f"m-{n}"}), payload) for n, payload in enumerate(payloads)]
    made = BrazeSettings.model_validate({**SETTINGS, **settings})
    return list(build(made, Batch("crm", 1, max_items, entries)))


@given(
    st.lists(st.tuples(st.sampled_from(ARRAYS), st.booleans(), st.integers(1, 75)), max_size=60),
    st.integers(76, 225),
    st.integers(1, 225),
)
def test_no_request_holds_more_than_braze_takes(kinds, most, max_items):
    types = {"attributes": "user_attributes", "events": "custom_event", "purchases": "track_purchase"}
    entries = []
    for kind, with_user, count in kinds:
        payload = {"external_id": "u", **({"user": {"a": 1}} if with_user else {})}
        payload |= {"products": [{"product_id": "A"}] * count} if kind == "purchases" else {}
        entries.append((Item(types[kind], {}), payload))
    settings = BrazeSettings.model_validate({**SETTINGS, "objects_per_request": most})
    requests = list(build(settings, Batch("crm", 1, max_items, entries)))
    assert [entry for request in requests for entry in request.entries] == entries
    for request in requests:
        counts = [len(ones) for ones in orjson.loads(request.body).values()]
        assert max(counts) <= 75
        assert sum(counts) <= most
        assert len(request.entries) <= max_items


def test_a_request_takes_75_of_each_kind():
    types = ["custom_event", "track_purchase", "user_attributes"]
    entries = [(Item(types[n % 3], {}), {"external_id": "u"}) for n in range(226)]
    first, second = build(BrazeSettings.model_validate(SETTINGS), Batch("crm", 1, 225, entries))
    assert {name: len(ones) for name, ones in orjson.loads(first.body).items()} == dict.fromkeys(ARRAYS, 75)
    assert len(second.entries) == 1


def test_an_account_with_a_limit_over_all_kinds_sets_it():
    requests = build_all([{"external_id": "u", "user": {"a": 1}}] * 60, objects_per_request=50)
    assert [len(request.entries) for request in requests] == [25, 25, 10]


def test_requests_end_at_four_megabytes():
    requests = build_all([{"name": "x" * 1_500_000}] * 4)
    assert [len(request.entries) for request in requests] == [2, 2]
    assert all(len(request.body) <= MAX_BODY for request in requests)


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("iad-03", "rest.iad-03.braze.com"),
        ("us-10", "rest.us-10.braze.com"),
        ("fra-01", "rest.fra-01.braze.eu"),
        ("fra-02", "rest.fra-02.braze.eu"),
        ("au-01", "rest.au-01.braze.com"),
    ],
)
def test_an_instance_is_a_host(instance, host):
    [request] = build_all([{"name": "a"}], instance=instance)
    assert request.url == f"https://{host}/users/track"


def test_an_endpoint_may_end_in_a_slash():
    [request] = build_all([{"name": "a"}], instance=None, endpoint="https://rest.new-01.braze.com/")
    assert request.url == "https://rest.new-01.braze.com/users/track"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"instance": "fra-1"}, "did you mean fra-01"),
        ({"instance": "US-03"}, "did you mean iad-03"),
        ({"instance": "EU-02"}, "did you mean fra-02"),
        ({"instance": "xyz"}, "iad-01"),
        ({"instance": None}, "exactly one"),
        ({"endpoint": "https://rest.iad-01.braze.com"}, "exactly one"),
        ({"instance": None, "endpoint": "ftp://rest.iad-01.braze.com"}, "https"),
        ({"instance": None, "endpoint": "https://rest.iad-01.braze.com?a=b"}, "query"),
        ({"api_key": "in-the-open"}, "api_key"),
        ({"api_key": {"secret": "ssm:key", "format": "Bearer {}"}}, "leave `format` out"),
        ({"objects_per_request": 226}, "225"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong, said):
    with pytest.raises(ValidationError, match=re.escape(said)):
        BrazeSettings.model_validate({**SETTINGS, **wrong})


def judge_two(status, body, *, complete=True):
    entries = [(Item("custom_event", {}), {"name": "a"}), (Item("user_attributes", {}), {"user": {"a": 1}})]
    request = Request("POST", "", {}, b"", entries, 1)
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    response = Response(status, body=raw, complete=complete)
    return judge(BrazeSettings.model_validate(SETTINGS), request, response, NOW)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, {"message": "success"}),
        (202, {"message": "queued"}),
        (201, b""),
        (200, b"[]"),
        (201, {"errors": []}),
    ],
)
def test_an_answer_without_errors_is_taken(status, body):
    assert judge_two(status, body) is None


def test_an_error_that_names_no_object_is_for_all():
    for errors in (["something minor"], "something minor", [{"type": "something minor"}]):
        verdict = judge_two(201, {"message": "success", "errors": errors})
        assert isinstance(verdict, GiveUp)
        assert verdict.reason is Reason.REJECTED
        assert "something minor" in verdict.detail


def test_several_errors_of_an_object_are_all_told():
    errors = [{"type": word, "input_array": "attributes", "index": 0} for word in ("one", "two")]
    taken, refused = judge_two(201, {"message": "success", "errors": errors})
    assert taken is None
    assert refused.detail == "HTTP 201: attributes: one; attributes: two"


def test_a_list_of_errors_that_is_too_long_to_read_counts_as_refused():
    assert isinstance(judge_two(201, b'{"errors": [{"type": "', complete=False), GiveUp)


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_an_answer_of_the_common_classes_is_tried_again(status):
    assert isinstance(judge_two(status, b"<html>"), RetryLater)


def read_page():
    return (Path(__file__).parents[2] / "docs" / "destinations" / "braze.md").read_text()


def test_the_examples_of_the_page_pass_the_check():
    blocks = re.findall(r"^```yaml\n(.*?)^```", read_page(), re.M | re.S)
    destination, sync, *others = [YAML(typ="safe").load(block) for block in blocks]
    syncs = {f"s{n}": {**sync, **other} for n, other in enumerate([{}, *others])}
    assert len(others) >= 2
    workspace = Workspace(
        sources={"web": Source()},
        destinations={"braze": Destination.model_validate(destination)},
        syncs={slug: Sync.model_validate(tree) for slug, tree in syncs.items()},
    )
    assert find_problems(workspace) == []


def test_the_page_names_every_instance_and_field():
    page = read_page()
    declared = load_declaration("braze").event_types
    fields = {name for event_type in declared.values() for name in event_type.fields}
    assert {name for name in [*INSTANCES, *declared, *fields] if f"`{name}`" not in page} == set()
