import pytest

from sluice.routing.claims import ClaimFailed, Deduplication, merge_wanted, name_event_key
from tests.unit.routing.world import make_event, make_pack


def make_rules(mode="request", window=86_400):
    return Deduplication({"web": {"dedup": mode}}, window)


def find(rules, pack, owner=None):
    """Duplicates of a pack where one pack, by default itself, owns every key."""
    keys = rules.list_keys(pack)
    return rules.find_duplicates(pack, keys, dict.fromkeys(keys, owner or pack.pack_id))


def test_by_request_the_pack_has_one_key():
    assert make_rules().list_keys(make_pack(dedup_key="k")) == ["k"]


def test_by_event_every_message_id_has_a_key():
    pack = make_pack(make_event(1), make_event(2))
    assert make_rules("event").list_keys(pack) == [name_event_key("web", "m-1"), name_event_key("web", "m-2")]


def test_the_same_message_id_of_another_source_is_another_key():
    assert name_event_key("web", "m-1") != name_event_key("app", "m-1")


@pytest.mark.parametrize(("mode", "window"), [("off", 86_400), ("request", 0), ("event", 0)])
def test_switched_off_nothing_is_claimed_and_nothing_a_duplicate(mode, window):
    rules, pack = make_rules(mode, window), make_pack(make_event(1), make_event(1))
    assert rules.list_keys(pack) == []
    assert find(rules, pack) == frozenset()


def test_by_request_another_owner_makes_the_whole_pack_a_duplicate():
    assert find(make_rules(), make_pack(make_event(1), make_event(2)), "other") == {0, 1}


def test_by_event_only_the_events_that_another_pack_owns_are_duplicates():
    rules, pack = make_rules("event"), make_pack(make_event(1), make_event(2))
    first, second = rules.list_keys(pack)
    assert rules.find_duplicates(pack, [first, second], {first: "other", second: pack.pack_id}) == {0}


@pytest.mark.parametrize("mode", ["request", "event"])
def test_repeats_within_a_pack_are_duplicates_of_the_first(mode):
    pack = make_pack(make_event(1), make_event(2), make_event(1), make_event(1))
    assert find(make_rules(mode), pack) == {2, 3}


@pytest.mark.parametrize("mode", ["request", "event"])
def test_a_blocked_event_neither_claims_nor_hides_its_repeat(mode):
    pack = make_pack(make_event(1), make_event(1), blocked={0: ["missing_type"]})
    assert find(make_rules(mode), pack) == frozenset()


@pytest.mark.parametrize("mode", ["request", "event"])
def test_a_key_without_an_owner_fails_the_pack(mode):
    rules, pack = make_rules(mode), make_pack(make_event(1), make_event(2))
    keys = rules.list_keys(pack)
    with pytest.raises(ClaimFailed):
        rules.find_duplicates(pack, keys, {keys[0]: pack.pack_id} if mode == "event" else {})


def test_a_key_is_asked_for_once_a_run():
    assert merge_wanted([("a", ["k", "l"]), ("b", ["k", "m"])]) == {"k": "a", "l": "a", "m": "b"}
