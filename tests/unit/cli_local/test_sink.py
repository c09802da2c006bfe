"""The local destination over real HTTP, as destinations, tests and people meet it."""

import gzip
import http.client
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from cli.local.sink import SinkServer
from tests.e2e.deadlines import eventually

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def sink() -> Iterator[SinkServer]:
    server = SinkServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def call(sink: SinkServer, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    request = urllib.request.Request(f"{sink.url}{path}", data=data, method=method, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.headers, read(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, read(answer)


def read(answer: Any) -> Any:
    text = answer.read().decode()
    return json.loads(text) if text and "json" in answer.headers["Content-Type"] else text


def test_any_path_is_stored_and_answered_200(sink: SinkServer) -> None:
    status, _, body = call(sink, "POST", "/crm/events?x=1", {"id": 7}, Authorization="Bearer t")

    [request] = call(sink, "GET", "/_requests")[2]
    assert (status, body) == (200, {"success": True})
    assert request["method"] == "POST"
    assert (request["path"], request["query"]) == ("/crm/events", "x=1")
    assert request["headers"]["authorization"] == "Bearer t"
    assert request["body"] == {"id": 7}
    assert request["status"] == 200
    assert len(request["time"]) == 24


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET"])
def test_other_methods_are_stored_too(sink: SinkServer, method: str) -> None:
    call(sink, method, "/crm/events")

    assert [request["method"] for request in call(sink, "GET", "/_requests")[2]] == [method]


def test_a_body_that_is_no_json_is_listed_as_text(sink: SinkServer) -> None:
    call(sink, "POST", "/a", b"plain \xff")

    assert call(sink, "GET", "/_requests")[2][0]["body"] == "plain \ufffd"


def test_a_compressed_body_is_listed_unpacked(sink: SinkServer) -> None:
    call(sink, "POST", "/a", gzip.compress(b'{"id": 1}'), **{"Content-Encoding": "gzip"})

    assert call(sink, "GET", "/_requests")[2][0]["body"] == {"id": 1}


def test_a_chunked_body_is_stored_whole(sink: SinkServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sink.server_address[1], timeout=5)
    connection.request("POST", "/a", body=iter([b'{"id":', b" 1}"]), encode_chunked=True)
    connection.getresponse().read()

    assert call(sink, "GET", "/_requests")[2][0]["body"] == {"id": 1}


def test_requests_are_listed_by_path_and_limit(sink: SinkServer) -> None:
    for path in ("/crm/events", "/crm/users", "/webhook/events"):
        call(sink, "POST", path, {})

    def paths(query: str) -> list[str]:
        return [request["path"] for request in call(sink, "GET", f"/_requests?{query}")[2]]

    assert paths("path=/crm/events") == ["/crm/events"]
    assert paths("path=/crm/*") == ["/crm/events", "/crm/users"]
    assert paths("limit=1") == ["/webhook/events"]


def test_a_script_sets_the_answers_to_come(sink: SinkServer) -> None:
    answers = [{"status": 429, "headers": {"Retry-After": "1"}, "body": {"slow": True}, "repeat": 2}]
    call(sink, "PUT", "/_script", {"path": "/a", "answers": answers})

    first, second, third = (call(sink, "POST", "/a", {}) for _ in range(3))
    assert (first[0], first[1]["Retry-After"], first[2]) == (429, "1", {"slow": True})
    assert second[0] == 429
    assert third[0] == 200
    assert [request["status"] for request in call(sink, "GET", "/_requests")[2]] == [429, 429, 200]


def test_a_scripted_answer_may_hold_for_ever(sink: SinkServer) -> None:
    call(sink, "PUT", "/_script", {"path": "/a", "answers": [{"status": 500, "repeat": "forever"}]})

    assert {call(sink, "POST", "/a", {})[0] for _ in range(5)} == {500}
    assert call(sink, "POST", "/b", {})[0] == 200


def test_a_script_may_be_for_bodies_with_a_text(sink: SinkServer) -> None:
    script = {"path": "/a", "contains": "bad-order", "answers": [{"status": 422, "repeat": "forever"}]}
    call(sink, "PUT", "/_script", script)

    assert call(sink, "POST", "/a", {"id": "good-order"})[0] == 200
    assert call(sink, "POST", "/a", {"id": "bad-order"})[0] == 422


def test_a_dropped_connection_gives_no_answer_but_is_stored(sink: SinkServer) -> None:
    call(sink, "PUT", "/_script", {"path": "/a", "answers": [{"drop": True}]})

    with pytest.raises((http.client.RemoteDisconnected, urllib.error.URLError)):
        call(sink, "POST", "/a", {})
    assert [request["status"] for request in call(sink, "GET", "/_requests")[2]] == [None]


@pytest.mark.parametrize(
    "script",
    [
        {"answers": []},
        {"path": "/a", "answers": [{"status": 99}]},
        {"path": "/a", "answers": [{"statsu": 500}]},
        {"path": "/a", "answers": [{"repeat": 0}]},
        {"path": "/a", "answers": [{"fault": "earthquake"}]},
        {"path": "/a", "answers": [{"refuse": [0]}]},
        {"path": "/a", "answers": [{"refuse": {"events": [-1]}}]},
        {"path": "/a", "answers": [{"refuse": {"events": "0"}}]},
        {"path": "/a", "answers": [{"refuse": {"events": [""]}}]},
        {"path": "/a", "answers": {}},
        [1],
    ],
)
def test_a_bad_script_is_refused_with_what_is_wrong(sink: SinkServer, script: Any) -> None:
    status, _, body = call(sink, "PUT", "/_script", script)

    assert (status, body["code"]) == (400, "bad_script")
    assert body["message"]


def test_requests_and_scripts_can_be_cleared(sink: SinkServer) -> None:
    call(sink, "PUT", "/_script", {"path": "/a", "answers": [{"status": 500, "repeat": "forever"}]})
    call(sink, "POST", "/a", {})
    call(sink, "DELETE", "/_requests")
    assert call(sink, "GET", "/_requests")[2] == []
    assert call(sink, "POST", "/a", {})[0] == 500

    call(sink, "DELETE", "/_requests?scripts=true")
    assert call(sink, "POST", "/a", {})[0] == 200


def test_the_root_is_a_page_for_people(sink: SinkServer) -> None:
    status, headers, body = call(sink, "GET", "/")

    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    assert "/_requests" in body
    assert call(sink, "GET", "/_requests")[2] == []


@pytest.mark.parametrize("fault", ["reset", "garbage", "half_closed"])
def test_an_answer_may_go_wrong_so_that_nobody_can_read_it(sink: SinkServer, fault: str) -> None:
    call(sink, "PUT", "/_script", {"path": "/a", "answers": [{"fault": fault}]})

    with pytest.raises((http.client.HTTPException, OSError)):
        call(sink, "POST", "/a", {})
    assert [request["status"] for request in call(sink, "GET", "/_requests")[2]] == [None]
    assert call(sink, "POST", "/a", {})[0] == 200


def test_a_reset_is_told_as_one(sink: SinkServer) -> None:
    call(sink, "PUT", "/_script", {"path": "/a", "answers": [{"fault": "reset"}]})

    with pytest.raises(ConnectionResetError):
        call(sink, "POST", "/a", {})


def test_an_answer_that_is_cut_has_its_status(sink: SinkServer) -> None:
    call(sink, "PUT", "/_script", {"path": "/a", "answers": [{"fault": "cut", "status": 202}]})

    with pytest.raises(http.client.IncompleteRead):
        call(sink, "POST", "/a", {})
    assert [request["status"] for request in call(sink, "GET", "/_requests")[2]] == [202]


def test_a_tally_counts_ids_and_keeps_no_request(sink: SinkServer) -> None:
    call(sink, "PUT", "/_tally", {"ids": '"id": "([^"]+)"'})
    call(sink, "PUT", "/_script", {"path": "/a/x", "answers": [{"status": 500}, {"status": 429}]})
    for _ in range(2):
        call(sink, "POST", "/a/x", [{"id": "one"}, {"id": "two"}])
        call(sink, "POST", "/a/y", {"id": "one"})
    call(sink, "POST", "/b", {"id": "one"})

    assert call(sink, "GET", "/_tally?path=/a/*")[2] == {"one": [4, 2, 0, 0], "two": [2, 0, 0, 0]}
    assert call(sink, "GET", "/_tally")[2]["one"] == [5, 3, 0, 0]
    assert call(sink, "GET", "/_requests")[2] == []


def test_a_tally_counts_answers_that_did_not_reach_their_caller(sink: SinkServer) -> None:
    call(sink, "PUT", "/_tally", {"ids": '"id": "([^"]+)"'})
    answers = [{"fault": "cut"}, {"fault": "cut", "status": 500}, {"delay": 0.1}]
    call(sink, "PUT", "/_script", {"path": "/a", "answers": answers})
    for _ in range(2):
        with pytest.raises(http.client.IncompleteRead):
            call(sink, "POST", "/a", {"id": "one"})
    with socket.create_connection(sink.server_address) as impatient:
        impatient.sendall(b'POST /a HTTP/1.1\r\nHost: sink\r\nContent-Length: 13\r\n\r\n{"id": "one"}')
    eventually(lambda: call(sink, "GET", "/_tally")[2]["one"], [3, 2, 0, 2].__eq__, what="three are counted")
    call(sink, "POST", "/a", {"id": "one"})

    assert call(sink, "GET", "/_tally")[2] == {"one": [4, 3, 0, 2]}


def test_a_tally_ends_and_requests_are_kept_again(sink: SinkServer) -> None:
    call(sink, "PUT", "/_tally", {"ids": "x"})
    call(sink, "DELETE", "/_tally")
    call(sink, "POST", "/a", {"id": "x"})

    assert call(sink, "GET", "/_tally")[2] == {}
    assert len(call(sink, "GET", "/_requests")[2]) == 1


@pytest.mark.parametrize("body", [{}, {"ids": "("}, []])
def test_a_bad_tally_is_refused_with_what_is_wrong(sink: SinkServer, body: Any) -> None:
    status, _, answer = call(sink, "PUT", "/_tally", body)

    assert (status, answer["code"]) == (400, "bad_tally")


EVENTS = {"events": [{"id": "one"}, {"id": "two"}, {"id": "three"}]}


def test_items_of_a_request_may_be_refused_and_the_answer_names_them(sink: SinkServer) -> None:
    answers = [{"status": 201, "refuse": {"events": [0, 2, 7], "purchases": [0]}}]
    call(sink, "PUT", "/_script", {"path": "/a", "answers": answers})

    status, _, body = call(sink, "POST", "/a", EVENTS)

    assert (status, body["message"]) == (201, "success")
    assert [(error["input_array"], error["index"]) for error in body["errors"]] == [
        ("events", 0),
        ("events", 2),
    ]
    assert all(error["type"] for error in body["errors"])


def test_items_may_be_refused_for_a_text_in_them_wherever_they_stand(sink: SinkServer) -> None:
    answers = [{"status": 201, "refuse": {"events": [0, "thr"]}, "repeat": "forever"}]
    call(sink, "PUT", "/_script", {"path": "/a", "answers": answers})

    named = [
        [error["index"] for error in call(sink, "POST", "/a", {"events": events})[2].get("errors", [])]
        for events in (EVENTS["events"], EVENTS["events"][1:], EVENTS["events"][:2])
    ]

    assert named == [[0, 2], [0, 1], [0]]


def test_an_answer_that_refuses_nothing_in_a_request_names_nothing(sink: SinkServer) -> None:
    answers = [{"status": 201, "refuse": {"events": [3]}, "repeat": "forever"}]
    call(sink, "PUT", "/_script", {"path": "/a", "answers": answers})

    for body in (EVENTS, {"events": {}}, [], b"no json"):
        assert call(sink, "POST", "/a", body)[2] == {"message": "success"}


@pytest.mark.parametrize(
    ("status", "taken"), [(201, [1, 1, 0, 0]), (400, [1, 0, 0, 0])], ids=["the others are", "none is"]
)
def test_a_tally_does_not_count_what_was_refused_by_name_as_taken(
    sink: SinkServer, status: int, taken: list[int]
) -> None:
    answers = [{"status": status, "refuse": {"events": [0, 2]}}]
    call(sink, "PUT", "/_tally", {"ids": '"id":"([^"]+)"'})
    call(sink, "PUT", "/_script", {"path": "/a", "answers": answers})
    call(sink, "POST", "/a", json.dumps(EVENTS, separators=(",", ":")).encode())

    tally = call(sink, "GET", "/_tally")[2]

    assert tally == {"one": [1, 0, 1, 0], "two": taken, "three": [1, 0, 1, 0]}
