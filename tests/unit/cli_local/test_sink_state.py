"""What the sink keeps is bounded."""

from cli.local.sink_state import Received, SinkState


def make_request(path: str = "/a", body: bytes = b"{}") -> Received:
    return Received("POST", path, "", {}, body, "2026-11-22T01:02:03.456Z", 200)


def test_the_oldest_requests_are_dropped_beyond_the_number_kept() -> None:
    state = SinkState(kept_requests=2)
    for number in range(5):
        state.store(make_request(f"/{number}"))

    assert [request["path"] for request in state.list_requests()] == ["/3", "/4"]


def test_the_oldest_requests_are_dropped_beyond_the_bytes_kept() -> None:
    state = SinkState(kept_bytes=25)
    for number in range(5):
        state.store(make_request(f"/{number}", b"0123456789"))

    assert [request["path"] for request in state.list_requests()] == ["/3", "/4"]


def test_clearing_one_path_frees_its_bytes() -> None:
    state = SinkState(kept_bytes=25)
    state.store(make_request("/a", b"0123456789"))
    state.store(make_request("/b", b"0123456789"))
    state.clear_requests("/a")
    state.store(make_request("/c", b"0123456789"))

    assert [request["path"] for request in state.list_requests()] == ["/b", "/c"]
