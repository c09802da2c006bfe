"""Whose events stop: any id, at most 30 s late, and nobody passes while it is not known."""

import hashlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.privacy import Suppression, SuppressionUnknown, compile_privacy, reduce_event
from sluice.privacy.suppression import FRESH_SECONDS, KNOWN_USERS, MANY_SECONDS, RETRY_SECONDS, digest_id
from tests.builders import make_event
from tests.fakes.suppressed import FakeSuppressedUsers


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


class World:
    def __init__(self, *ids, few=1_000):
        self.users = FakeSuppressedUsers({digest_id(given) for given in ids}, few)
        self.now = 0.0
        self.suppression = Suppression(self.users, clock=lambda: self.now)

    def stops(self, *ids):
        return self.suppression.is_suppressed(ids)

    def find(self, *events):
        return self.suppression.find_suppressed(events)


@pytest.fixture(params=["few", "many"])
def make_world(request):
    """Few are known by heart, of many those of the events are looked up: the answers are the same."""
    return lambda *ids: World(*ids, few=1_000 if request.param == "few" else -1)


def test_the_digest_of_a_user_id_is_what_the_table_holds():
    assert digest_id("u-1") == sha("u-1")
    assert digest_id(" Maria@Example.com") == sha("maria@example.com")
    assert digest_id(42) == digest_id("42") == sha("42")


@pytest.mark.parametrize("suppressed", [42, 42.0, "42"])
@pytest.mark.parametrize("sent", [42, 42.0, "42", " 42 "])
def test_a_user_is_the_same_user_in_every_form_of_the_id(make_world, suppressed, sent):
    assert make_world(suppressed).find(make_event(userId=sent), make_event(userId="421")) == {0: sha("42")}


@pytest.mark.parametrize("nothing", [None, "", "  ", True, [], {}, ["u-1"], {"u-1": 1}])
def test_what_is_no_id_stands_for_nobody(make_world, nothing):
    assert digest_id(nothing) == ""
    assert not make_world("u-1").stops(nothing)


@pytest.mark.parametrize("name", ["userId", "anonymousId", "previousId"])
def test_an_event_stops_by_any_id_of_its_person(make_world, name):
    world = make_world("gone")
    event = make_event(**{name: "gone"})
    assert world.find(make_event(), event, make_event(userId="u-2")) == {1: sha("gone")}
    assert world.stops("u-1", "gone")


def test_a_group_is_no_person(make_world):
    assert make_world("g-1").find(make_event(type="group", groupId="g-1")) == {}


def test_a_user_id_that_privacy_hashed_is_the_same_user(make_world):
    hashed = compile_privacy({"privacy": {"hash": ["userId"]}})(make_event(userId=" Maria@Example.com"))
    assert make_world("maria@example.com").find(hashed) == {0: sha("maria@example.com")}


def test_a_user_who_is_suppressed_later_is_stopped_within_thirty_seconds(make_world):
    world = make_world("other")
    assert not world.stops("u-1")
    world.users.digests.add(sha("u-1"))
    world.now = FRESH_SECONDS - 0.1
    assert not world.stops("u-1")
    world.now = FRESH_SECONDS
    assert world.stops("u-1")


def test_a_user_who_is_let_through_again_passes_within_thirty_seconds(make_world):
    world = make_world("u-1", "other")
    assert world.stops("u-1")
    world.users.digests.remove(sha("u-1"))
    world.now = FRESH_SECONDS
    assert not world.stops("u-1")


def test_without_an_answer_nobody_passes(make_world):
    world = make_world("u-1")
    world.users.broken = True
    for ask in (lambda: world.stops("u-2"), lambda: world.find(make_event())):
        with pytest.raises(SuppressionUnknown):
            ask()


def test_an_answer_that_is_too_old_is_none(make_world):
    world = make_world("u-1")
    assert not world.stops("u-2")
    world.users.broken = True
    world.now = FRESH_SECONDS
    with pytest.raises(SuppressionUnknown):
        world.stops("u-2")
    world.users.broken = False
    world.now += RETRY_SECONDS
    assert not world.stops("u-2")


def test_a_table_that_does_not_answer_is_not_asked_for_every_pack_of_a_run():
    world = World()
    world.users.broken = True
    for _ in range(100):
        with pytest.raises(SuppressionUnknown):
            world.stops("u-1")
    assert world.users.listed == 1


def test_few_are_listed_once_in_thirty_seconds_and_never_looked_up():
    world = World("u-1")
    for n in range(1_000):
        world.now = n * FRESH_SECONDS / 1_000
        world.find(make_event(userId=f"u-{n}"))
    assert (world.users.listed, world.users.asked) == (1, [])


def test_of_many_each_id_of_the_events_is_looked_up_once_in_thirty_seconds():
    world = World("a", "b", few=1)
    events = [make_event(userId=user) for user in ("a", "x", "a", "x")]
    assert world.find(*events) == {0: sha("a"), 2: sha("a")}
    assert world.find(*events) == {0: sha("a"), 2: sha("a")}
    assert world.users.asked == [sorted([sha("a"), sha("x")])]
    assert world.stops("x") is False
    assert len(world.users.asked) == 1
    world.now = FRESH_SECONDS
    world.stops("x")
    assert world.users.asked[1:] == [[sha("x")]]


def test_many_that_have_become_few_are_known_by_heart_again():
    world = World("a", "b", few=1)
    world.stops("a")
    world.users.digests.remove(sha("b"))
    world.now = MANY_SECONDS
    asked = len(world.users.asked)
    assert world.stops("a")
    assert len(world.users.asked) == asked


def test_hostile_numbers_of_users_do_not_fill_the_memory():
    world = World("a", "b", few=1)
    for start in range(0, 3 * KNOWN_USERS, 10_000):
        world.find(*({"userId": n} for n in range(start, start + 10_000)))
    assert len(world.suppression._known) <= KNOWN_USERS


@given(
    st.lists(st.dictionaries(st.sampled_from(["userId", "anonymousId", "x"]), st.text(max_size=2))),
    st.sets(st.text(max_size=2)),
    st.integers(-1, 5),
)
def test_exactly_the_events_of_suppressed_users_stop(events, users, few):
    world = World(*users, few=few)
    world.users.digests.discard("")
    ids = {digest_id(user) for user in users} - {""}
    expected = {
        n
        for n, event in enumerate(events)
        if ids & {digest_id(event.get(i)) for i in ("userId", "anonymousId")}
    }
    assert set(world.find(*events)) == expected
    assert {n for n, e in enumerate(events) if world.stops(e.get("userId"), e.get("anonymousId"))} == expected


def test_kept_is_what_the_page_says_and_nothing_of_the_payload():
    event = make_event(receivedAt="2026-11-22T09:15:00.000Z", context={"ip": "198.51.100.7"}, secret="s")
    assert reduce_event(event, sha("u-1")) == {
        "messageId": "m-1",
        "type": "track",
        "receivedAt": "2026-11-22T09:15:00.000Z",
        "_sluice": {"suppressed_id": sha("u-1")},
    }


@pytest.mark.parametrize(
    "message_id", ["maria@example.com", "order-7-Maria@Example.com", "maria@example.com/1"]
)
def test_a_message_id_that_tells_the_user_is_hashed(message_id):
    event = make_event(userId=" maria@example.com", messageId=message_id)
    kept = reduce_event(event, sha("maria@example.com"))
    assert b"maria" not in orjson.dumps(kept).lower()
    assert len(kept["messageId"]) == 64


@given(
    st.dictionaries(
        st.sampled_from([*make_event(), "anonymousId", "receivedAt"]),
        st.text(min_size=3) | st.none() | st.integers() | st.lists(st.text()),
    )
)
def test_of_a_hostile_event_nothing_else_is_kept(event):
    kept = reduce_event(event, "d")
    assert kept.keys() <= {"messageId", "type", "receivedAt", "_sluice"}
    assert all(type(value) is str for name, value in kept.items() if name != "_sluice")


@pytest.mark.parametrize("user_id", [4711, 4711.0, "4711"])
def test_a_message_id_that_tells_a_user_with_a_number_is_hashed(user_id):
    assert len(reduce_event(make_event(userId=user_id, messageId="order-4711"), "d")["messageId"]) == 64


def test_a_message_id_that_tells_a_user_whom_privacy_hid_is_hashed():
    event = make_event(userId="maria@example.com", messageId="maria@example.com-7")
    for action in ("drop", "hash"):
        kept = compile_privacy({"privacy": {action: ["userId"]}})(event)
        assert b"maria" not in orjson.dumps(reduce_event(kept, "d", event))


def test_a_message_id_that_privacy_hashed_stays_hashed():
    event = make_event()
    hashed = compile_privacy({"privacy": {"hash": ["messageId"]}})(event)
    assert reduce_event(hashed, "d", event)["messageId"] == sha("m-1")
