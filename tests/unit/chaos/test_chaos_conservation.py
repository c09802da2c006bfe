"""The account of a chaos run: it adds up where nothing is lost, and never where something is."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.conservation import COLUMNS, Balance, Evidence, balance, count_copies, render


def make_evidence(**over) -> Evidence:
    """Two events, one delivered and one dead; `over` says what is different."""
    fields = {
        "sent": {"a": 1, "b": 1},
        "takings": {"a": 1},
        "refused": set(),
        "dead": {"b": "server_error"},
        "blocked": set(),
        "dropped": {},
        "breaks_rules": set(),
    }
    return Evidence(**{**fields, **over})


def test_every_event_stands_in_one_column():
    found = balance(
        make_evidence(
            sent={"a": 1, "b": 1, "c": 1, "d": 3},
            takings={"a": 1, "d": 2},
            blocked={"c"},
            breaks_rules={"c"},
            dropped={"d": 2},
        )
    )

    assert found == Balance(sent=6, delivered=2, dead=1, blocked=1, dropped=2, twice=1)
    assert found.holds


def test_an_event_that_ended_nowhere_is_lost():
    found = balance(make_evidence(dead={}))

    assert found.lost == ["b"]
    assert not found.holds


def test_an_event_that_was_dropped_every_time_is_lost():
    found = balance(make_evidence(sent={"a": 2}, takings={}, dropped={"a": 2}))

    assert found.lost == ["a"]
    assert not found.holds


def test_a_good_event_that_was_blocked_is_lost():
    found = balance(make_evidence(takings={}, blocked={"a"}))

    assert found.lost == ["a"]


def test_an_event_that_should_have_been_blocked_must_not_arrive():
    found = balance(make_evidence(blocked={"a"}, breaks_rules={"a"}))

    assert found.strangers == ["a"]
    assert not found.holds


def test_a_repeat_that_follows_an_answer_that_reached_nobody_is_told_from_others():
    takings = {"a": 2, "b": 2, "c": 3, "d": 1}
    sent = dict.fromkeys(takings, 1)
    found = balance(make_evidence(sent=sent, takings=takings, unheard={"a": 1, "c": 1, "d": 1}))

    assert (found.twice, found.unheard) == (3, 1)


def test_an_event_that_nobody_sent_must_not_arrive():
    found = balance(make_evidence(takings={"a": 1, "z": 1}))

    assert found.strangers == ["z"]


def test_an_event_that_was_delivered_and_is_dead_as_well_was_delivered():
    found = balance(make_evidence(takings={"a": 1, "b": 1}))

    assert (found.delivered, found.dead) == (2, 0)
    assert found.holds


def test_an_event_that_a_destination_refused_by_name_must_be_dead():
    refused = {"b"}

    told = balance(make_evidence(refused=refused, dead={"b": "rejected"}))
    silent = balance(make_evidence(refused=refused, dead={}))

    assert (told.dead, told.rejected, told.refused) == (1, 1, 1)
    assert told.holds
    assert silent.lost == ["b"]


def test_an_event_that_was_refused_by_name_and_taken_another_time_was_delivered():
    found = balance(make_evidence(refused={"a"}))

    assert (found.delivered, found.refused) == (1, 0)


def test_more_dropped_copies_than_were_accepted_are_those_of_requests_that_were_refused():
    found = balance(make_evidence(dropped={"a": 3}))

    assert found.dropped == 0
    assert found.holds


@given(
    st.dictionaries(st.integers(0, 30).map(str), st.integers(1, 3)),
    st.dictionaries(st.integers(0, 30).map(str), st.integers(1, 3)),
    st.dictionaries(st.integers(0, 30).map(str), st.sampled_from(["rejected", "server_error"])),
    st.sets(st.integers(0, 30).map(str)),
    st.dictionaries(st.integers(0, 30).map(str), st.integers(0, 3)),
    st.sets(st.integers(0, 30).map(str)),
)
def test_it_holds_exactly_where_each_event_has_an_end(sent, takings, dead, blocked, dropped, refused):
    found = balance(Evidence(sent, takings, refused, dead, blocked, dropped, breaks_rules=set()))

    ended = set(takings) | set(dead)
    assert found.holds == (set(sent) <= ended and set(takings) <= set(sent))
    assert set(found.lost) == set(sent) - ended


def test_a_line_that_is_in_the_archive_twice_is_one_copy():
    lines = [("p1", 0, "a"), ("p1", 0, "a"), ("p2", 0, "a")]

    assert count_copies(lines) == {"a": 2}


def test_the_table_has_a_row_a_sync():
    table = render(
        {"orders": Balance(sent=12_345, delivered=12_340, dead=5, rejected=4, lost=["x"], twice=7)}
    )

    assert table.splitlines()[2] == "| orders | 12,345 | 12,340 | 5 | 4 | 0 | 0 | 1 | 7 |"


def test_the_table_in_the_docs_is_of_this_form_and_adds_up():
    text = Path("docs/reliability.md").read_text()
    head = f"| {' | '.join(COLUMNS)} |\n"
    rows = text.partition(head)[2].partition("\n\n")[0].splitlines()[1:]

    assert len(rows) == 3
    for row in rows:
        numbers = [int(cell.replace(",", "")) for cell in row.strip("|").split("|")[1:]]
        sent, delivered, dead, rejected, blocked, dropped, lost, _twice = numbers
        assert sent > 100_000
        assert sent == delivered + dead + blocked + dropped
        assert rejected <= dead
        assert lost == 0
