"""Events that have an end are found, wherever it stands; those that have none are told, and no others."""

from collections import defaultdict
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.reconciling.reconcile import SHOWN_IDS, Reconciler
from sluice.reconciling.units import Units

RUN = datetime(2026, 11, 22, 10, 20, tzinfo=UTC)
HOUR = "dt=2026-11-22/hr=03"  # the one that is due at RUN
WORKSPACE = {"syncs": {slug: {"retry": {"for": 14_400}} for slug in ("crm", "lake")}}


class Files:
    """An archive in memory: lines by folder."""

    def __init__(self):
        self.lines = defaultdict(list)

    def read_lines(self, prefix):
        yield from self.lines[prefix.rstrip("/")]

    def accept(self, message_id, *syncs, hour=HOUR, n=0, **over):
        line = {
            "v": 1,
            "pack_id": f"pack-of-{message_id}",
            "source": "web",
            "n": n,
            "message_id": message_id,
            "verdict": "accepted",
            "syncs": [{"sync": sync, "type": "order"} for sync in syncs or ("crm",)],
            "event": {"messageId": message_id, "properties": {"message_id": "another"}},
            **over,
        }
        self.lines[f"events/{hour}"].append(orjson.dumps(line))

    def attempt(self, message_id, outcome="delivered", *, sync="crm", hour=HOUR, **over):
        line = {
            "v": 1,
            "sync": sync,
            "event_type": "order",
            "message_id": message_id,
            "outcome": outcome,
            "next_at": None,
            **over,
        }
        self.lines[f"deliveries/{hour}"].append(orjson.dumps(line))

    def bury(self, message_id, *, sync="crm", day="2026-11-22"):
        letter = {"v": 1, "sync": sync, "event_type": "order", "message_id": message_id, "reason": "rejected"}
        self.lines[f"dead/sync={sync}/dt={day}"].append(orjson.dumps(letter))

    def reconcile(self, workspace=WORKSPACE, **options):
        return Reconciler(workspace, self, **options).reconcile(RUN)


@pytest.fixture
def files():
    return Files()


@pytest.mark.parametrize("hour", ["dt=2026-11-22/hr=02", HOUR, "dt=2026-11-22/hr=04", "dt=2026-11-22/hr=10"])
@pytest.mark.parametrize("outcome", ["delivered", "dead"])
def test_an_event_that_ended_is_found_in_whatever_hour_it_did(files, hour, outcome):
    files.accept("a")
    files.attempt("a", outcome, hour=hour)

    report = files.reconcile()

    assert report.hour == "2026-11-22T03"
    assert report.checked == {"crm": 1}
    assert not report.unaccounted


def test_an_event_without_an_end_is_told_by_sync_with_its_id(files):
    files.accept("a", "crm", "lake")
    files.attempt("a", sync="crm")

    report = files.reconcile()

    assert report.checked == {"crm": 1, "lake": 1}
    assert report.unaccounted == {"lake": 1}
    assert report.ids == {"lake": ["a"]}


def test_another_event_type_or_another_event_is_no_end(files):
    files.accept("a")
    files.attempt("a", event_type="refund")
    files.attempt("b")

    assert files.reconcile().unaccounted == {"crm": 1}


def test_a_dead_letter_is_an_end_though_the_log_has_none(files):
    files.accept("a")
    files.bury("a")

    assert not files.reconcile().unaccounted


def test_repeated_lines_count_once(files):
    for _ in range(3):
        files.accept("a")
        files.accept("b")
        files.attempt("a")

    report = files.reconcile()

    assert report.checked == {"crm": 2}
    assert report.unaccounted == {"crm": 1}


def test_an_id_that_is_sent_again_hours_later_is_no_false_alarm(files):
    for hour in ("dt=2026-11-22/hr=02", HOUR, "dt=2026-11-22/hr=05"):
        files.accept("a", hour=hour)
    files.attempt("a")

    assert not files.reconcile().unaccounted


def test_what_no_sync_was_to_get_needs_no_end(files):
    for verdict in ("blocked", "dropped", "duplicate"):
        files.accept(verdict, verdict=verdict, syncs=[])

    report = files.reconcile()

    assert not report.checked
    assert not report.unaccounted


def test_lines_of_a_replay_are_counted_by_themselves(files):
    files.accept("a", replay="r1")
    files.accept("b")
    files.attempt("b", replay="r1")

    report = files.reconcile()

    assert report.replayed == 1
    assert report.checked == {"crm": 1}
    assert not report.unaccounted


def test_an_event_whose_next_attempt_is_to_come_is_waiting_and_not_missing(files):
    files.accept("waits")
    files.attempt("waits", "retry", next_at="2026-11-22T09:50:00.000Z")
    files.accept("overdue")
    files.attempt("overdue", "retry", next_at="2026-11-22T09:10:00.000Z")
    files.attempt("overdue", "retry", next_at="2026-11-22T08:10:00.000Z")

    report = files.reconcile()

    assert report.waiting == {"crm": 1}
    assert report.ids == {"crm": ["overdue"]}


def test_a_sync_that_is_paused_is_left_out(files):
    files.accept("a", "crm", "lake")
    paused = {"syncs": {**WORKSPACE["syncs"], "lake": {"retry": {"for": 14_400}, "paused": True}}}

    assert files.reconcile(paused).unaccounted == {"crm": 1}


def test_the_longest_window_of_all_syncs_counts(files):
    longer = {"syncs": {**WORKSPACE["syncs"], "slow": {"retry": {"for": 86_400}}}}
    files.accept("a", hour="dt=2026-11-21/hr=07")

    report = files.reconcile(longer)

    assert report.hour == "2026-11-21T07"
    assert report.unaccounted == {"crm": 1}


def test_only_some_ids_are_shown(files):
    for number in range(100):
        files.accept(f"id-{number}", "crm", "lake")

    report = files.reconcile()

    assert report.unaccounted == {"crm": 100, "lake": 100}
    assert sum(map(len, report.ids.values())) == SHOWN_IDS


def test_a_line_that_is_none_of_ours_is_counted_and_holds_up_nothing(files):
    files.lines[f"events/{HOUR}"].append(b"{}")
    files.accept("a")

    report = files.reconcile()

    assert report.unreadable == 1
    assert report.unaccounted == {"crm": 1}


@given(st.lists(st.tuples(st.text(max_size=8), st.booleans()), max_size=40), st.sampled_from([1, 2, 3, 8]))
def test_whatever_the_ids_are_the_sample_misses_no_end_and_makes_none_up(events, one_in):
    files = Files()
    ended = {message_id for message_id, end in events if end}
    for message_id, _ in events:
        files.accept(message_id)
    for message_id in ended:
        files.attempt(message_id)

    whole, sample = files.reconcile(), files.reconcile(one_in=one_in)

    missing = {message_id for message_id, _ in events} - ended
    assert whole.unaccounted.total() == len(missing)
    assert sample.unaccounted.total() <= len(missing)
    assert {shown for ids in sample.ids.values() for shown in ids} <= missing


def test_more_ids_than_fit_make_the_sample_finer_and_no_false_alarm(files):
    for number in range(1000):
        files.accept(f"id-{number}")
        if number % 10:
            files.attempt(f"id-{number}")

    report = files.reconcile(most=100)

    assert report.one_in >= 16
    assert 0 < report.checked["crm"] <= 100
    assert {int(shown.removeprefix("id-")) % 10 for shown in report.ids["crm"]} == {0}


def test_a_finer_sample_is_part_of_the_coarser_one():
    lines = [b'{"message_id":"id-%d"}' % number for number in range(500)]
    coarse, fine = Units(one_in=4), Units(one_in=8)

    assert {fine.pick(line) for line in lines} <= {coarse.pick(line) for line in lines}
