"""`sluice replay` on a stack with an archive: what it takes, leaves out and sends, and a resume."""

import gzip
import json
import re
from datetime import UTC, datetime, timedelta

import boto3
import orjson
import pytest
import typer
from typer.testing import CliRunner

from cli.replay import history, replay, run, taken
from sluice.adapters.sqs import Queues
from sluice.archiver.letters import write_lines
from sluice.archiver.ports import Received
from sluice.packs import PACK_BYTES, Replay
from sluice.times import format_time
from tests.adapters.stacks import deployed_stack
from tests.unit.archiver.world import make_ingest_pack, make_letter, make_sync_pack
from tests.unit.cli.folders import write_workspace

NOW = datetime.now(UTC)
app = typer.Typer()
app.command()(replay)


@pytest.fixture
def stack(monkeypatch, tmp_path):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path))
    with deployed_stack() as found:
        yield found


def call(*arguments):
    return CliRunner().invoke(app, [*(str(argument) for argument in arguments), "--stack", "stack", "--yes"])


def replay_events(*arguments):
    told = call(*arguments)
    assert told.exit_code == 0, told.output
    return told.stdout


def make_line(n, *, hours_ago=1.0, **over):
    event = {"type": "track", "event": "Order Completed", "messageId": f"m-{n}", "userId": f"u-{n}"}
    line = {
        "v": 1,
        "pack_id": f"pack-{n}",
        "parent_id": None,
        "source": "web",
        "received_at": format_time((NOW - timedelta(hours=hours_ago)).timestamp()),
        "n": 0,
        "message_id": f"m-{n}",
        "verdict": "accepted",
        "reasons": [],
        "syncs": [],
        "event": event | over.pop("event", {}),
    }
    return {**line, **over}


def archive(stack, *lines, name="a", hours_ago=1.0, packed=False):
    hour = NOW - timedelta(hours=hours_ago)
    key = f"events/dt={hour:%Y-%m-%d}/hr={hour:%H}/{name}.jsonl.gz"
    body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    stack.s3.put_object(Bucket="archive", Key=key, Body=gzip.compress(body) if packed else body)


def bury(stack, *letters):
    """Letters as objects of `dead/`, an object each."""
    for at, letter in enumerate(letters):
        stack.put(f"dead/sync={letter['sync']}/dt={letter['died_at'][:10]}/{at}.jsonl", letter)


def make_dead(n, **over):
    return make_letter(n, **{"died_at": format_time((NOW - timedelta(hours=1)).timestamp()), **over})


def replayed_ids(stack):
    return [event["messageId"] for pack in stack.ingest_packs() for event in pack.events]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_events_go_through_the_router_once_more_marked_and_in_a_group_of_their_own(stack, packed):
    archive(stack, make_line(1), make_line(2), packed=packed)
    told = replay_events("--from", "3h")
    assert "replayed 2 events in 1 messages" in told
    (message,) = stack.receive(stack.queues["ingest"])
    (pack,) = stack.ingest_packs()
    assert [event["messageId"] for event in pack.events] == ["m-1", "m-2"]
    assert (pack.source, pack.blocked, pack.replay.syncs) == ("web", {}, None)
    assert message["Attributes"]["MessageGroupId"] == pack.replay.group
    assert f"replay {pack.replay.id}" in told


def test_a_new_sync_is_filled_from_history_alone(stack):
    archive(stack, make_line(1, hours_ago=20 * 24), hours_ago=20 * 24)
    replay_events("--sync", "orders-to-shop", "--since", "30d")
    (pack,) = stack.ingest_packs()
    assert pack.replay == Replay(pack.replay.id, ("orders-to-shop",))


def test_replays_duplicates_and_blocked_events_are_left_out_and_counted(stack):
    archive(
        stack,
        make_line(1),
        make_line(2, replay="r0"),
        make_line(3, verdict="duplicate", reasons=["duplicate"]),
        make_line(4, verdict="blocked", reasons=["missing_type"]),
        make_line(5, parent_id="m-1"),
        make_line(6, hours_ago=5),
        make_line(1),
    )
    told = replay_events("--from", "3h")
    assert replayed_ids(stack) == ["m-1"]
    for why in (
        "1 replay",
        "1 duplicate",
        "1 blocked",
        "1 made of another event",
        "1 other time",
        "1 repeated",
    ):
        assert why in told


def test_an_event_goes_back_as_it_was_before_contract_and_function(stack):
    before = {"type": "track", "event": "Order Completed", "messageId": "m-1", "userId": "u-1", "x": 1}
    renamed = {**before, "messageId": "m-2"}
    archive(
        stack,
        make_line(1, original=before),
        make_line("2-new", parent_id="m-2", original=renamed),
        make_line("2-other", parent_id="m-2"),
    )
    replay_events("--from", "3h")
    assert [pack.events for pack in stack.ingest_packs()] == [[before, renamed]]


def test_a_suppressed_users_event_is_not_there_to_be_replayed(stack):
    archive(stack, make_line(1, verdict="dropped", reasons=["suppressed"]))
    assert "1 not whole in the archive" in call("--from", "3h", "--blocked").output


def test_blocked_events_are_taken_only_if_they_are_whole_and_ingest_would_take_them(stack):
    archive(
        stack,
        make_line(1, verdict="blocked", reasons=["some_contract"]),
        make_line(2, verdict="blocked", reasons=["event_too_large"]),
        make_line(3, verdict="blocked", reasons=["missing_identity"], event={"userId": ""}),
        make_line(4, verdict="blocked", reasons=["foreign_write_key"]),
    )
    told = replay_events("--from", "3h", "--blocked")
    assert replayed_ids(stack) == ["m-1"]
    assert "1 not whole in the archive" in told
    assert "1 still missing_identity" in told
    assert "1 still foreign_write_key" in told


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (("--source", "app"), ["m-2"]),
        (("--event", "Signed Up"), ["m-3"]),
        (("--event", "identify"), ["m-4"]),
        (("--where", "{field: userId, op: equals, value: u-1}"), ["m-1"]),
        (("--where", '{"field": "userId", "op": "equals", "value": "u-2"}'), ["m-2"]),
        (("--from", "24h", "--to", "4h"), ["m-5"]),
    ],
)
def test_a_choice_of_events_is_taken(stack, choice, taken):
    archive(
        stack,
        make_line(1),
        make_line(2, source="app"),
        make_line(3, event={"event": "Signed Up"}),
        make_line(4, event={"event": None, "type": "identify"}),
    )
    archive(stack, make_line(5, hours_ago=5), hours_ago=5)
    replay_events(*(("--from", "3h") if "--from" not in choice else ()), *choice)
    assert replayed_ids(stack) == taken


def test_a_filter_may_stand_in_a_file(stack, tmp_path):
    archive(stack, make_line(1), make_line(2))
    (tmp_path / "filter.yaml").write_text("field: userId\nop: equals\nvalue: u-2\n")
    replay_events("--from", "3h", "--where", tmp_path / "filter.yaml")
    assert replayed_ids(stack) == ["m-2"]


@pytest.mark.parametrize("text", ["{field: a", "[1]", "nonsense", "{field: userId, op: is_fishy}"])
def test_what_is_no_filter_is_refused_before_anything_is_sent(stack, text):
    archive(stack, make_line(1))
    told = call("--from", "3h", "--where", text)
    assert (told.exit_code, "--where" in told.stderr, stack.ingest_packs()) == (1, True, [])


def test_an_event_filed_late_is_found_within_the_hours_given(stack):
    archive(stack, make_line(1, hours_ago=9), hours_ago=3)
    replay_events("--from", "10h", "--to", "8h")
    assert stack.ingest_packs() == []
    replay_events("--from", "10h", "--to", "8h", "--late", "8")
    assert replayed_ids(stack) == ["m-1"]


def test_a_dry_run_counts_by_source_event_and_day_and_sends_nothing(stack):
    archive(stack, make_line(1), make_line(2), make_line(3, source="app", event={"event": "Signed Up"}))
    told = replay_events("--from", "3h", "--dry-run")
    day = f"{NOW - timedelta(hours=1):%Y-%m-%d}"
    rows = [line.split() for line in told.splitlines() if day in line]
    assert rows == [["web", "Order", "Completed", day, "2"], ["app", "Signed", "Up", day, "1"]]
    assert "3 events in about 2 messages" in told
    assert stack.ingest_packs() == []


def test_packs_are_cut_as_ingest_cuts_them(stack):
    archive(stack, *[make_line(n, event={"pad": "x" * 50_000}) for n in range(12)])
    replay_events("--from", "3h")
    packs = stack.ingest_packs()
    assert [len(pack.events) for pack in packs] == [4, 4, 4]
    assert all(len(m["Body"]) < PACK_BYTES + 16 * 1024 for m in stack.receive(stack.queues["ingest"]))


def test_letters_go_straight_to_their_syncs_as_first_attempts(stack):
    bury(stack, make_dead(1), make_dead(2, reason="server_error"), make_dead(3, sync="orders-to-shop"))
    told = replay_events("--dead", "--from", "3h")
    assert "replayed 3 events" in told
    (pack,) = stack.sync_packs()
    assert [item.message_id for item in pack.items] == ["m-1", "m-2"]
    assert (pack.attempt, pack.first_attempt_at, pack.group) == (1, None, f"replay-{pack.replay}")
    assert [p.sync for p in stack.sync_packs("orders-to-shop")] == ["orders-to-shop"]


def test_letters_of_a_suppressed_user_go_to_no_sync(stack):
    stack.suppress("u-1")
    bury(stack, make_dead(1), make_dead(2), make_dead(1, sync="orders-to-shop"))
    counted = replay_events("--dead", "--from", "3h", "--dry-run")
    told = replay_events("--dead", "--from", "3h")
    assert [[item.message_id for item in pack.items] for pack in stack.sync_packs()] == [["m-2"]]
    assert stack.sync_packs("orders-to-shop") == []
    assert "1 events in about 1 messages" in counted
    assert "replayed 1 events in 1 messages" in told
    assert counted.count("2 suppressed") == told.count("2 suppressed") == 1


def test_who_is_suppressed_while_a_replay_is_interrupted_costs_nobody_else_an_event(
    stack, monkeypatch, tmp_path
):
    bury(stack, *[make_dead(n) for n in range(8)])
    with monkeypatch.context() as patched:
        patched.setattr(run, "Queues", Interrupted)
        Interrupted.left = 2
        call("--dead", "--from", "3h", "--rate", "2")
    (state,) = (tmp_path / "replays").glob("*.json")
    stack.suppress("u-1")
    replay_events("--id", state.stem)
    ids = sorted(item.message_id for pack in stack.sync_packs() for item in pack.items)
    assert ids == [f"m-{n}" for n in range(8)]  # m-1 went out before


def test_an_unknown_reason_is_refused(stack):
    told = call("--dead", "--from", "3h", "--reason", "rejectd")
    assert (told.exit_code, "rejected" in told.stderr) == (1, True)


@pytest.mark.parametrize("other", [("--rate", "5"), ("--blocked",), ("--reason", "rejected"), ("--to", "1h")])
def test_a_resume_takes_no_other_options(stack, other):
    told = call("--id", "any", *other)
    assert (told.exit_code, "takes no other options" in told.stderr) == (1, True)


def test_years_in_which_nothing_was_archived_are_not_listed_hour_by_hour(stack):
    archive(stack, make_line(1))
    bury(stack, make_dead(2))
    listed = []
    boto3.DEFAULT_SESSION.events.register("before-call.s3.ListObjectsV2", lambda **_: listed.append(1))
    for kind in ((), ("--dead",), ("--ingest",)):
        replay_events("--from", "2001-01-01", *kind, "--dry-run")
    assert len(listed) < 60


def test_letters_of_one_sync_and_reason_are_taken_and_an_event_once(stack):
    bury(
        stack,
        make_dead(1, reason="server_error"),
        make_dead(1, reason="server_error", attempts=2),
        make_dead(2),
    )
    replay_events("--dead", "--from", "3h", "--sync", "all-to-crm", "--reason", "server_error")
    (pack,) = stack.sync_packs()
    assert [item.message_id for item in pack.items] == ["m-1"]


@pytest.fixture
def routed(tmp_path):
    """A workspace with the sync that letters are of."""
    sync = "source: shop\ndestination: crm\nevent_types:\n  - type: custom_event\n"
    files = {
        "sources/shop.yaml": "keys: []",
        "syncs/all-to-crm.yaml": sync,
        "destinations/crm.yaml": "kind: sandbox\n",
    }
    return write_workspace(tmp_path, files)


def test_letters_may_go_through_the_router_for_their_sync_only(stack, routed):
    bury(stack, make_dead(1))
    replay_events("--dead", "--route", "--from", "3h", "-w", routed)
    (pack,) = stack.ingest_packs()
    assert (pack.source, pack.replay.syncs) == ("shop", ("all-to-crm",))


def test_an_event_that_died_as_two_types_goes_through_the_router_once(stack, routed):
    """The router decides anew as which types the sync takes it: from two copies each would be sent twice."""
    bury(stack, make_dead(1), make_dead(1, event_type="purchase"))
    assert take_two_counts(stack, "--dead", "--route", "--from", "3h", "-w", routed) == (1, 1)
    assert take_two_counts(stack, "--dead", "--from", "3h") == (2, 2)


def test_archived_packs_of_ingest_go_back_as_they_were(stack):
    body = make_ingest_pack(1, 2)
    died = format_time((NOW - timedelta(hours=1)).timestamp())
    line = {"v": 1, "reason": "unhandled", "died_at": died, "source": "web", "pack_id": "pack-1"}
    stack.put(
        f"dead/ingest/dt={died[:10]}/a.jsonl",
        {**line, "message_ids": ["m-1", "m-2"], "pack": json.loads(body)},
    )
    stack.put(f"dead/ingest/dt={died[:10]}/b.jsonl", {**line, "pack_id": "", "message_ids": [], "body": "?"})
    told = replay_events("--ingest", "--from", "3h")
    assert "replayed 2 events in 1 messages" in told
    (message,) = stack.receive(stack.queues["ingest"])
    assert json.loads(message["Body"]) == json.loads(body)


class Interrupted(Queues):
    """SQS through which only so many calls go."""

    left = 0

    def send(self, url, bodies, **told):
        if type(self).left == 0:
            raise KeyboardInterrupt
        type(self).left -= 1
        return super().send(url, bodies, **told)


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
def test_a_resume_sends_what_was_left_and_repeats_nothing_that_was_noted(stack, monkeypatch, tmp_path, calls):
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 2)
    monkeypatch.setattr(run, "CALL_PACKS", 1)
    for at in range(5):
        lines = [make_line(at * 2 + n, event={"pad": "x" * 150_000}) for n in range(2)]
        archive(stack, *lines, name=f"o{at}")
    with monkeypatch.context() as patched:
        patched.setattr(run, "Queues", Interrupted)
        Interrupted.left = calls
        told = call("--from", "3h")
    assert told.exit_code == 130
    (state,) = (tmp_path / "replays").glob("*.json")
    assert f"sluice replay --id {state.stem}" in told.stderr
    archive(stack, make_line(99), name="o1-late")  # in the window that is under way, or in one to come
    told = replay_events("--id", state.stem)
    ids = [message_id for message_id in replayed_ids(stack) if message_id != "m-99"]
    assert sorted(ids) == sorted(f"m-{n}" for n in range(10))
    assert "finished" in replay_events("--id", state.stem)


def test_a_call_that_was_not_noted_is_repeated_with_the_same_packs(stack, monkeypatch, tmp_path):
    archive(stack, make_line(1), make_line(2))

    class Unlucky(Queues):
        def send(self, url, bodies, **told):
            super().send(url, bodies, **told)
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run, "Queues", Unlucky)
        call("--from", "3h")
    (state,) = (tmp_path / "replays").glob("*.json")
    replay_events("--id", state.stem)
    first, second = stack.receive(stack.queues["ingest"])
    assert first["Body"] == second["Body"]  # the same pack_id and n: readers of the archive drop the repeat


def test_what_sqs_refuses_fails_the_replay_and_can_be_gone_on_with(stack, monkeypatch, tmp_path):
    archive(stack, make_line(1))

    class Refusing(Queues):
        def send(self, url, bodies, **told):
            return list(range(len(bodies)))

    with monkeypatch.context() as patched:
        patched.setattr(run, "Queues", Refusing)
        told = call("--from", "3h")
    assert (told.exit_code, "did not take 1 packs" in told.stderr) == (1, True)
    (state,) = (tmp_path / "replays").glob("*.json")
    replay_events("--id", state.stem)
    assert replayed_ids(stack) == ["m-1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say from when"),
        (("--from", "1h", "--to", "2h"), "not before"),
        (("--from", "3h", "--sync", "nobody"), "no sync nobody"),
        (("--from", "3h", "--reason", "rejected"), "add --dead"),
        (("--from", "3h", "--dead", "--source", "web"), "no source"),
        (("--from", "3h", "--ingest", "--event", "x"), "as they were"),
        (("--id", "never"), "there is no replay never"),
        (("--id", "some", "--from", "3h"), "no other options"),
    ],
)
def test_what_makes_no_sense_is_refused(stack, arguments, said):
    told = call(*arguments)
    assert told.exit_code == 1
    assert said in told.stderr


def test_it_asks_before_it_sends(stack):
    archive(stack, make_line(1))
    told = CliRunner().invoke(app, ["--from", "3h", "--stack", "stack"], input="n\n")
    assert (told.exit_code, stack.ingest_packs()) == (1, [])


def take_two_counts(stack, *options):
    """How many events the dry run predicts, and how many the replay says it sent."""
    predicted = replay_events(*options, "--dry-run")
    sent = replay_events(*options)
    (count,) = re.findall(r"^(\d+) events in about", predicted, re.MULTILINE)
    (told,) = re.findall(r"replayed (\d+) events", sent)
    return int(count), int(told)


def test_a_line_that_is_repeated_in_another_window_is_sent_once_and_predicted_once(stack, monkeypatch):
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 1)
    archive(stack, make_line(1), make_line(2), name="a")
    archive(stack, make_line(2), make_line(2, pack_id="resent"), name="b")
    archive(stack, make_line(1), make_line(3), hours_ago=0.5, name="c")
    assert take_two_counts(stack, "--from", "3h") == (4, 4)
    assert sorted(replayed_ids(stack)) == ["m-1", "m-2", "m-2", "m-3"]  # one of them is another pack's


def test_an_event_judged_twice_with_other_verdicts_is_sent_once(stack, monkeypatch):
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 1)
    archive(stack, make_line(1, verdict="blocked", reasons=["some_contract"]), name="a")
    archive(stack, make_line(1), name="b")
    assert take_two_counts(stack, "--from", "3h", "--blocked") == (1, 1)


def test_a_letter_that_died_in_several_windows_is_sent_once_to_each_of_its_syncs(stack, monkeypatch):
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 1)
    bury(stack, make_dead(1), make_dead(1, attempts=2), make_dead(2), make_dead(1, sync="orders-to-shop"))
    assert take_two_counts(stack, "--dead", "--from", "3h") == (3, 3)
    sent = [[item.message_id for item in pack.items] for pack in stack.sync_packs()]
    assert sorted(sent) == [["m-1"], ["m-2"]]


def test_an_unrouted_pack_that_was_archived_twice_is_sent_once(stack, monkeypatch):
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 1)
    died = format_time((NOW - timedelta(hours=1)).timestamp())
    line = {"v": 1, "reason": "unhandled", "died_at": died, "source": "web", "pack_id": "pack-1"}
    line |= {"message_ids": ["m-1"], "pack": json.loads(make_ingest_pack(1))}
    for name in "ab":
        stack.put(f"dead/ingest/dt={died[:10]}/{name}.jsonl", line)
    assert take_two_counts(stack, "--ingest", "--from", "3h") == (1, 1)


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_resume_knows_what_was_taken_before_the_interruption(stack, monkeypatch, tmp_path, calls):
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 1)
    for name in "abcd":  # each has the lines of all before it
        archive(stack, *[make_line(other) for other in "abcd" if other <= name], name=name)
    with monkeypatch.context() as patched:
        patched.setattr(run, "Queues", Interrupted)
        Interrupted.left = calls
        call("--from", "3h")
    (state,) = (tmp_path / "replays").glob("*.json")
    told = replay_events("--id", state.stem)
    assert "replayed 4 events" in told
    assert sorted(replayed_ids(stack)) == ["m-a", "m-b", "m-c", "m-d"]
    assert [file.name for file in state.parent.iterdir()] == [state.name]


def test_a_window_whose_lines_were_kept_as_taken_but_that_was_not_noted_as_done_is_not_sent_again(
    stack, monkeypatch, tmp_path
):
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 1)
    archive(stack, make_line(1), name="a")
    archive(stack, make_line(1), make_line(2), name="b")
    with monkeypatch.context() as patched:
        patched.setattr(run, "Queues", Interrupted)
        Interrupted.left = 1
        call("--from", "3h")
    (state,) = (tmp_path / "replays").glob("*.json")
    noted = json.loads(state.read_text())
    before = {**noted, "under_way": [noted["after"]], "after": "", "sent": 1}
    state.write_text(json.dumps(before))
    replay_events("--id", state.stem)
    assert sorted(replayed_ids(stack)) == ["m-1", "m-2"]


def test_an_event_that_firehose_filed_under_the_hour_before_is_taken(stack):
    """An object is filed under the hour of its oldest line."""
    hour = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    received = {n: format_time((hour + timedelta(seconds=n)).timestamp()) for n in (-1, 0, 59, 3599, 3600)}
    lines = [make_line(n, received_at=at) for n, at in received.items()]
    archive(stack, *lines, hours_ago=(NOW - hour + timedelta(minutes=5)) / timedelta(hours=1))
    until = hour + timedelta(hours=1)
    assert take_two_counts(stack, "--from", hour.isoformat(), "--to", until.isoformat()) == (3, 3)
    assert replayed_ids(stack) == ["m-0", "m-59", "m-3599"]


def test_what_an_earlier_replay_wrote_is_not_replayed(stack):
    archive(stack, make_line(1))
    archive(stack, make_line(1, replay="r0", pack_id="made-by-r0"), name="b")
    assert take_two_counts(stack, "--from", "3h") == (1, 1)


@pytest.fixture
def interrupted(stack, monkeypatch, tmp_path):
    """The state file of a replay whose second window was not sent."""
    monkeypatch.setattr(history, "WINDOW_OBJECTS", 1)
    for n in (1, 2):
        archive(stack, make_line(n), name=str(n))
    with monkeypatch.context() as patched:
        patched.setattr(run, "Queues", Interrupted)
        Interrupted.left = 1
        call("--from", "3h")
    (state,) = (tmp_path / "replays").glob("*.json")
    return state


def test_a_replay_that_runs_already_is_not_resumed_beside_itself(stack, monkeypatch, interrupted):
    monkeypatch.setattr(taken, "PATIENCE", 0)
    with taken.open_taken(interrupted.with_suffix(".taken")) as running:
        running.add(b"a line of the process that runs")
        told = call("--id", interrupted.stem)
    assert (told.exit_code, "database is locked" in told.stderr) == (1, True)
    assert replayed_ids(stack) == ["m-1"]
    assert "replayed 2 events" in replay_events("--id", interrupted.stem)


def test_a_damaged_file_of_taken_lines_stops_the_resume_before_anything_is_sent_again(stack, interrupted):
    interrupted.with_suffix(".taken").write_bytes(b"no database" * 1000)
    told = call("--id", interrupted.stem)
    assert (told.exit_code, "cannot be used" in told.stderr) == (1, True)
    assert replayed_ids(stack) == ["m-1"]


def bury_sync_packs(stack, *bodies):
    """Sync packs that lay in ingest's dead-letter queue until the archiver took them."""
    for at, body in enumerate(bodies):
        received = Received(
            f"id-{at}", "handle", body, (NOW - timedelta(hours=1)).timestamp(), "aws_unavailable"
        )
        [line] = write_lines(received, "")
        stack.put(f"dead/ingest/dt={line['died_at'][:10]}/{at}.jsonl", json.loads(orjson.dumps(line)))


def test_every_sync_pack_that_could_not_be_forwarded_goes_back(stack):
    bodies = [make_sync_pack(n, origin=f"pack-{n}") for n in range(3)]
    bury_sync_packs(stack, *bodies, bodies[0])
    assert take_two_counts(stack, "--ingest", "--from", "3h") == (3, 3)
    sent = [json.loads(message["Body"]) for message in stack.receive(stack.queues["ingest"])]
    assert sorted(sent, key=str) == sorted(map(json.loads, bodies), key=str)


def test_a_sync_pack_goes_back_without_the_items_of_suppressed_users(stack):
    stack.suppress("u-1")
    bury_sync_packs(stack, make_sync_pack(1, 2), make_sync_pack(1, origin="other"))
    assert take_two_counts(stack, "--ingest", "--from", "3h") == (1, 1)
    (message,) = stack.receive(stack.queues["ingest"])
    assert [item["event"]["messageId"] for item in json.loads(message["Body"])["items"]] == ["m-2"]


def test_a_dry_run_counts_the_events_of_whole_packs(stack):
    body = make_ingest_pack(1, 2, 3)
    died = format_time((NOW - timedelta(hours=1)).timestamp())
    line = {"v": 1, "reason": "unhandled", "died_at": died, "source": "web", "pack_id": "pack-1"}
    line |= {"message_ids": ["m-1", "m-2", "m-3"], "pack": json.loads(body)}
    stack.put(f"dead/ingest/dt={died[:10]}/a.jsonl", line)
    assert take_two_counts(stack, "--ingest", "--from", "3h") == (3, 3)
