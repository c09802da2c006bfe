"""What docs/syncs.md says of retries, pacing and pausing, against what the code has."""

import re
from pathlib import Path

import pytest

from cli.sync_pause import RETENTION_DAYS
from cli.workspace_files import round_trip_yaml
from cli.yaml_values import to_plain
from sluice.adapters import http, http_answers
from sluice.delivery import asked_wait, breaker, pacing, schedule, splitting
from sluice.delivery.classify import OF_THE_ACCOUNT
from sluice.workspace.models import Sync

DOCS = Path(__file__).parents[3] / "docs"
SECTION = (DOCS / "syncs.md").read_text().partition("## Retries, pacing, pausing")[2]
EXAMPLE = SECTION.partition("```yaml")[2].partition("```")[0]


def read_example():
    return Sync.model_validate(to_plain(round_trip_yaml().load(EXAMPLE)))


def test_the_example_is_a_sync_with_the_defaults_but_for_what_is_named():
    example = read_example()
    plain = Sync.model_validate(
        {"source": "web", "destination": "crm", "event_types": [{"type": "custom_event"}]}
    )
    named = {"rate_limit": None, "max_concurrency": 10, "batch_size": None}
    retry = plain.retry.model_copy(update={"attempts": 20})
    assert example.model_copy(update={**named, "retry": plain.retry}) == plain
    assert example.retry == retry


@pytest.mark.parametrize(
    ("told", "is_so"),
    [
        ("Five calls in a row", breaker.FAILURES == 5),
        ("After 30 s one function", breaker.SHORTEST_PAUSE == 30),
        ("after 60 s, and so on up to 5 min", breaker.LONGEST_PAUSE == 300),
        ("`Retry-After` says, up to 15 min", breaker.LONGEST_ASKED == 900),
        ("waits a second at most", pacing.LONGEST_WAIT == 1),
        ("place in line, at most 15 min", schedule.LONGEST_DELAY == 900),
        ("at most 8 more calls for each time", splitting.CALLS_PER_LEVEL == 8),
        ("56 for 100 events", splitting.Allowance.for_batch(100).calls == 56),
        ("smaller packs, 5 s later", splitting.SPLIT_PAUSE == 5),
        ("a number up to 86,400", asked_wait.LONGEST == 86_400),
        ("up to 100 of them", http_answers.MAX_INTERIM == 100),
        ("may have 256 KiB", http_answers.MAX_HEAD == 256 * 1024),
        ("64 KiB of a body", http.MAX_BODY == 64 * 1024),
        ("keeps an event for 14 days", RETENTION_DAYS == 14),
    ],
)
def test_the_figures_are_those_of_the_code(told, is_so):
    assert told in SECTION
    assert is_so


def test_the_ceilings_are_those_of_the_schedule():
    ceilings = re.search(r"(\d+) s after the first attempt, then (\d+), (\d+), (\d+), up to 15 min", SECTION)
    assert ceilings
    found = [schedule.next_delay(schedule.Schedule(), attempt=n, waited=0, draw=1.0) for n in range(1, 5)]
    assert [int(text) for text in ceilings.groups()] == found


def test_the_share_of_a_small_limit_is_as_told():
    assert "a limit of 4 with `max_concurrency: 2` lets each make 2 calls a second" in SECTION


def test_the_statuses_of_the_account_are_those_of_the_code():
    rows = SECTION.partition("| Status | Concerns |")[2].partition("\n\n")[0]
    found = {int(text) for row in rows.splitlines()[2:] for text in re.findall(r"\d{3}", row.split("|")[1])}
    assert found - {404} == OF_THE_ACCOUNT


def test_the_headers_of_rate_limits_are_those_of_the_code():
    named = SECTION.partition("### Waits that a destination asks for")[2].partition("|")[0]
    assert {text.lower() for text in re.findall(r"`(\S+-\S*reset\S*)`", named, re.IGNORECASE)} == set(
        asked_wait.RESETS
    )
