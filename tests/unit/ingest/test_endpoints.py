"""Which path is which endpoint, as the SDKs know them."""

import base64

import orjson
import pytest

from tests.builders import make_batch, make_event

TYPES = ["track", "identify", "page", "screen", "group", "alias"]
LETTERS = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
COMPLETE = make_event(type=None, groupId="g-1", previousId="p-1", name="Home")


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch", "/api/s/s2s/batch"])
def test_a_batch_path_takes_a_batch(world, path):
    assert world.send(make_batch(), path=path).status == 200
    assert [event["messageId"] for event in world.events] == ["m-1"]


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("start", ["/v1/", "/api/s/", "/api/s/s2s/"])
def test_a_type_path_takes_one_event_of_that_type(world, start, name):
    assert world.send(COMPLETE, path=start + name).status == 200
    assert [event["type"] for event in world.events] == [name]


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_stands_for_its_type(world, letter):
    world.send(COMPLETE, path=f"/v1/{letter}")
    assert [event["type"] for event in world.events] == [LETTERS[letter]]


def test_the_type_in_an_event_wins_over_the_path(world):
    world.send(make_event(type="page"), path="/v1/track")
    assert world.events[0]["type"] == "page"


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_type_is_a_missing_one(world, nothing):
    world.send({**COMPLETE, "type": nothing}, path="/v1/track")
    assert world.events[0]["type"] == "track"


@pytest.mark.parametrize("prefix", ["/pre/fix", "/prod", "/v1", "/a/b/c/d", "//doubled"])
def test_a_path_may_have_a_prefix(world, prefix):
    assert world.send(path=prefix + "/v1/batch").status == 200


def test_a_trailing_slash_does_not_matter(world):
    assert world.send(path="/v1/batch/").status == 200


def test_sdk_metrics_are_taken_and_dropped(world):
    answer = world.send({"series": []}, path="/v1/m", key=None)
    assert (answer.status, answer.json, world.bodies) == (200, {"success": True}, [])


@pytest.mark.parametrize(
    "path", ["/", "", "/v1", "/v1/", "/v2/batch", "/v1/unknown", "/batch", "/v1/batch/x"]
)
def test_any_other_path_is_not_found(world, path):
    assert world.send(path=path).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/batch"),
        ("PUT", "/v1/track"),
        ("DELETE", "/v1/batch"),
        ("HEAD", "/v1/m"),
        ("POST", "/pixel/v1/track"),
        ("POST", "/sourceConfig"),
    ],
)
def test_another_method_is_not_allowed(world, method, path):
    assert world.send(b"", method=method, path=path).status == 405


def test_a_beacon_carries_its_key_in_the_query(world):
    answer = world.send(
        make_batch(),
        path="/beacon/v1/batch",
        key=None,
        query={"writeKey": "wk_test"},
        headers={"content-type": "text/plain"},
    )
    assert (answer.status, len(world.events)) == (200, 1)


@pytest.mark.parametrize("name", ["track", "page"])
def test_a_pixel_takes_its_event_from_the_query(world, name):
    world.send(
        method="GET",
        path=f"/pixel/v1/{name}",
        key=None,
        query="writeKey=wk_test&userId=u-1&event=Mail+Opened&properties.campaign=spring&properties.list.id=7",
    )
    [event] = world.events
    assert (event["type"], event["event"]) == (name, "Mail Opened")
    assert event["properties"] == {"campaign": "spring", "list": {"id": "7"}}


def test_a_pixel_is_answered_with_a_gif_of_43_bytes(world):
    answer = world.send(method="GET", path="/pixel/v1/page", query="userId=u-1")
    assert answer.data[:6] == b"GIF89a"
    assert len(answer.data) == 43
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")


@pytest.mark.parametrize("name", [*TYPES, *LETTERS])
@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_data_pixel_takes_its_event_from_base64(world, name, alphabet):
    data = alphabet(orjson.dumps({**COMPLETE, "properties": {"x": "ÿ?>~"}})).decode().rstrip("=")
    answer = world.send(method="GET", path=f"/v1/pixel/{name}", query={"data": data})
    assert (answer.status, len(answer.data)) == (200, 43)
    assert world.events[0]["type"] == LETTERS.get(name, name)


def test_a_data_pixel_may_carry_its_key_in_the_event(world):
    data = base64.b64encode(orjson.dumps(make_event(writeKey="wk_test"))).decode()
    assert world.send(method="GET", path="/v1/pixel/track", query={"data": data}, key=None).status == 200


@pytest.mark.parametrize("query", ["", "data=", "data=%%%", "data=bm8", "data=%C3%BF"])
def test_a_pixel_that_is_refused_is_still_an_image(world, query):
    answer = world.send(method="GET", path="/v1/pixel/track", query=query)
    assert (answer.status, len(answer.data)) == (400, 43)


@pytest.mark.parametrize("query", ["a=1&a.b=2", "a.b=2&a=1", "a=1&a.b.c=2"])
def test_a_query_that_contradicts_itself_is_refused(world, query):
    assert world.send(method="GET", path="/pixel/v1/track", query=query).status == 400


def test_a_pixel_whose_event_was_not_stored_says_so_with_an_image(world):
    world.full = True
    answer = world.send(method="GET", path="/pixel/v1/page", query="userId=u-1")
    assert (answer.status, len(answer.data), answer.headers["Retry-After"]) == (503, 43, "5")
