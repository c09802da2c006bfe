"""The plan of a chaos run follows from its seed alone."""

from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cli.local.sink_state import read_scripts
from tests.chaos.plan import FUNCTIONS, REFUSED, SYNCS, TOO_LARGE, make_plan, plan_poison
from tests.chaos.run import WORKSPACE


def test_the_same_seed_makes_the_same_plan():
    assert make_plan(7, 3000) == make_plan(7, 3000)


def test_another_seed_makes_another_plan():
    one, other = make_plan(7, 3000), make_plan(8, 3000)

    assert one.steps != other.steps
    assert one.answers != other.answers
    assert one.requests != other.requests


@pytest.mark.parametrize("events", [1, 99, 2000, 12_345])
def test_as_many_different_events_are_sent_as_were_asked_for(events):
    plan = make_plan(1, events)

    ids = [event["messageId"] for batch, _ in plan.requests for event in batch]
    assert plan.events == len(ids) == len(set(ids)) == events


def test_every_kind_of_event_is_sent_and_some_requests_twice():
    plan = make_plan(1, 10_000)

    notes = Counter(event["properties"]["note"] for batch, _ in plan.requests for event in batch)
    assert notes[REFUSED] == plan.refused > 0
    assert notes[TOO_LARGE]
    assert plan.blocked
    assert {times for _, times in plan.requests} == {1, 2}


def test_every_trouble_is_met_in_a_long_run():
    plan = make_plan(1, 100_000)

    for destination, answers in plan.answers.items():
        faults = {answer.get("fault") for answer in answers}
        assert faults >= {"reset", "garbage", "half_closed", "cut"}, destination
        assert {answer.get("status") for answer in answers} >= {200, 401, 413, 429, 500, 503}, destination
    failing = {(rule["service"], rule["operation"]) for step in plan.steps for rule in step.rules}
    assert failing >= {
        ("sqs", "SendMessageBatch"),
        ("firehose", "PutRecordBatch"),
        ("dynamodb", "PutItem"),
    }
    assert {step.kill for step in plan.steps} == {"", *FUNCTIONS}


def test_braze_refuses_some_events_by_name_in_short_runs_too():
    for events in (2000, 100_000):
        plan = make_plan(7, events)
        refusals = [answer for answer in plan.answers["braze"] if "refuse" in answer]
        assert {answer["status"] for answer in refusals} == {201, 400}
        assert plan.refused


def test_the_sink_takes_every_script():
    plan = make_plan(1, 2000)

    scripts = [{"path": name, "answers": answers} for name, answers in plan.answers.items()]
    assert len(list(read_scripts([*scripts, *plan_poison()]))) == len(SYNCS) + 4


def test_the_syncs_of_the_plan_are_those_of_the_workspace():
    yaml = YAML(typ="safe")
    files = {path.stem: yaml.load(path) for path in Path(WORKSPACE).glob("syncs/*.yaml")}

    assert {name: sync["destination"] for name, sync in files.items()} == SYNCS
