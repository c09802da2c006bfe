"""`sluice dlq` on a stack with letters: what it lists, shows, sends back, exports, and leaves as it was."""

import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from typer.testing import CliRunner

from cli.dlq import app, options
from sluice.adapters.sqs import Queues
from sluice.delivery.dead_letters import dump_letter, name_letters
from sluice.times import format_time
from tests.adapters.stacks import deployed_stack
from tests.unit.archiver.world import make_ingest_pack, make_letter, make_sync_pack

NOW = datetime.now(UTC)


def run(*arguments):
    return CliRunner().invoke(app, [*(str(argument) for argument in arguments), "--stack", "stack"])


@pytest.fixture
def stack():
    with deployed_stack() as found:
        yield found


def die(stack, *letters, queued=True):
    """Letters of one pack, in `dead/` and in the queue of their sync."""
    told = [{**letter, "died_at": letter.get("died_at", format_time(NOW.timestamp()))} for letter in letters]
    stack.put(name_letters(told), *told)
    for letter in told if queued else ():
        stack.send(stack.dlqs[letter["sync"]], dump_letter(letter))


def letter(n, *, hours_ago=1.0, **over):
    return make_letter(n, **{"died_at": format_time((NOW - timedelta(hours=hours_ago)).timestamp()), **over})


def waiting(stack, name="all-to-crm"):
    return len(stack.receive(stack.dlqs[name]))


def test_letters_are_counted_by_reason_beside_what_the_queue_holds(stack):
    die(stack, letter(1), letter(2))
    die(stack, letter(3, reason="server_error", status=503))
    die(stack, letter(4, hours_ago=48), queued=False)
    told = run("list", "--sync", "all-to-crm").stdout
    assert "3 visible, 0 in flight" in told
    assert "in dead/ since 14d: 4" in told
    assert [line.strip() for line in told.splitlines()[1:3]] == ["3  rejected", "1  server_error"]
    assert told.count("sample") == 3
    assert waiting(stack) == 3


def test_the_list_as_json_has_the_same_counts(stack):
    die(stack, letter(1), letter(2, reason="server_error"))
    die(stack, letter(3, hours_ago=48), queued=False)
    stack.send(stack.dlqs["ingest"], make_ingest_pack(7), "no pack")
    told = json.loads(run("list", "--json", "--samples", "2").stdout)
    by_name = {queue["name"]: queue for queue in told["queues"]}
    assert list(by_name) == ["all-to-crm", "orders-to-shop", "ingest"]
    crm = by_name["all-to-crm"]
    assert (crm["visible"], crm["in_flight"], crm["archived"]) == (2, 0, 3)
    assert crm["reasons"] == {"rejected": 2, "server_error": 1}
    assert sorted(sample["message_id"] for sample in crm["samples"]) == ["m-1", "m-2"]
    assert sorted(sample[0]["reason"] for sample in by_name["ingest"]["samples"]) == ["unhandled"] * 2
    assert by_name["orders-to-shop"]["samples"] == []
    assert waiting(stack) == 2


def test_all_queues_are_listed_and_a_range_is_kept_to(stack):
    die(stack, letter(1, hours_ago=48), queued=False)
    told = run("list", "--since", "24h").stdout
    assert [line.split()[0] for line in told.splitlines()] == ["all-to-crm", "orders-to-shop", "ingest"]
    assert "in dead/ since 24h: 0" in told


def test_a_line_that_was_written_twice_counts_once(stack):
    once = letter(1)
    stack.put(f"dead/sync=all-to-crm/dt={once['died_at'][:10]}/a.jsonl", once)
    stack.put(f"dead/sync=all-to-crm/dt={once['died_at'][:10]}/b.jsonl", once)
    assert "in dead/ since 14d: 1" in run("list", "--sync", "all-to-crm").stdout


def test_samples_say_why_in_both_forms(stack):
    die(stack, letter(1, status=422, detail="unknown currency"))
    stack.send(stack.dlqs["all-to-crm"], make_sync_pack(5, 6))
    stack.send(stack.dlqs["ingest"], make_ingest_pack(7), "no pack")
    told = run("list").stdout
    assert "rejected 422: Order Completed m-1" in told
    assert "unknown currency" in told
    assert "unhandled: a whole pack of 2 events m-5, m-6" in told
    assert "unhandled: a whole pack of 1 events m-7" in told
    assert "unhandled: no pack" in told


def test_a_letter_is_shown_whole_by_its_message_id(stack):
    die(stack, letter(1), letter(2))
    told = run("show", "--message-id", "m-2")
    assert json.loads(told.stdout) == letter(2)


def test_a_letter_that_only_the_queue_has_is_found_there(stack):
    stack.send(stack.dlqs["orders-to-shop"], dump_letter(letter(8, sync="orders-to-shop")))
    assert json.loads(run("show", "--message-id", "m-8").stdout)["sync"] == "orders-to-shop"
    assert waiting(stack, "orders-to-shop") == 1


def test_without_an_id_the_first_letters_are_shown_and_stay(stack):
    die(stack, letter(1), letter(2), letter(3))
    told = run("show", "--sync", "all-to-crm", "-n", "2").stdout
    assert told.count('"message_id"') == 2
    assert waiting(stack) == 3


def test_a_letter_that_is_not_there_is_an_error(stack):
    told = run("show", "--message-id", "m-9")
    assert (told.exit_code, "no such letter" in told.stderr) == (1, True)


def redrive(*arguments):
    told = run("redrive", *arguments, "--yes")
    assert told.exit_code == 0, told.output
    return told.stdout


def test_letters_go_back_as_first_attempts_and_keep_when_they_were_seen(stack):
    die(stack, letter(1, attempts=9), letter(2, first_seen="2026-11-01T00:00:00.000Z"))
    assert "2 received = 2 sent back + 0 kept + 0 failed" in redrive("--sync", "all-to-crm")
    (pack,) = stack.sync_packs()
    assert [(item.type, item.message_id) for item in pack.items] == [
        ("custom_event", "m-1"),
        ("custom_event", "m-2"),
    ]
    assert (pack.attempt, pack.first_attempt_at, pack.not_before) == (1, None, None)
    assert pack.first_seen == "2026-11-01T00:00:00.000Z"
    assert waiting(stack) == 0


def test_whole_packs_go_back_as_they_are(stack):
    body, unrouted = make_sync_pack(1, 2), make_ingest_pack(3)
    stack.send(stack.dlqs["all-to-crm"], body, "no pack")
    stack.send(stack.dlqs["ingest"], unrouted)
    told = redrive("--all")
    assert "all-to-crm: 2 received = 2 sent back" in told
    assert "ingest: 1 received = 1 sent back" in told
    assert {m["Body"] for m in stack.receive(stack.queues["all-to-crm"])} == {body, "no pack"}
    assert [m["Body"] for m in stack.receive(stack.queues["ingest"])] == [unrouted]


def test_what_is_left_of_a_replay_keeps_its_mark_and_its_message_group(stack):
    die(stack, letter(1, replay="r1"), letter(2))
    stack.send(stack.dlqs["all-to-crm"], make_sync_pack(3, replay="r2"))
    redrive("--sync", "all-to-crm")
    assert {pack.replay for pack in stack.sync_packs()} == {"redrive", "r1", "r2"}
    groups = {m["Attributes"].get("MessageGroupId", "") for m in stack.receive(stack.queues["all-to-crm"])}
    assert groups == {"replay-redrive", "replay-r1", "replay-r2"}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (("--reason", "server_error"), {"m-2"}),
        (("--reason", "server_error", "--reason", "rejected"), {"m-1", "m-2", "m-3"}),
        (("--event", "Signed Up"), {"m-3"}),
        (("--from", "3h"), {"m-1", "m-2", "m-4", "m-5"}),
        (("--to", "3h"), {"m-3"}),
        (("--reason", "unhandled"), {"m-4", "m-5"}),
        (("--event", "Order Completed", "--from", "90m"), {"m-1", "m-4", "m-5"}),
    ],
)
def test_a_choice_of_letters_goes_back_and_the_others_can_be_seen_again(stack, choice, sent):
    event = {**make_letter(3)["event"], "event": "Signed Up"}
    die(stack, letter(1), letter(2, reason="server_error", hours_ago=2))
    die(stack, letter(3, event=event, hours_ago=24))
    stack.send(stack.dlqs["all-to-crm"], make_sync_pack(4, 5))
    told = redrive("--sync", "all-to-crm", *choice)
    assert {item.message_id for pack in stack.sync_packs() for item in pack.items} == sent
    kept = 4 - len(sent - {"m-5"})
    assert f"4 received = {4 - kept} sent back + {kept} kept + 0 failed" in told
    assert waiting(stack) == kept


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_letters_of_a_suppressed_user_stay_and_the_counts_add_up(stack, dry):
    stack.suppress("u-1")
    die(stack, letter(1), letter(2))
    stack.send(stack.dlqs["ingest"], make_ingest_pack(1))  # the router will stop it
    told = redrive("--all", *dry)
    assert " + 1 kept + 0 failed" in told
    assert "1 of these were kept because a user of theirs is suppressed" in told
    assert ("ingest: 1 received = 1 " in told, waiting(stack)) == (True, 2 if dry else 1)


def test_an_interrupted_redrive_says_how_far_it_came(stack, monkeypatch):
    die(stack, letter(1))

    def interrupt(*_args, **_kept):
        raise KeyboardInterrupt

    monkeypatch.setattr(Queues, "send", interrupt)
    told = run("redrive", "--all", "--yes")
    assert (told.exit_code, "all-to-crm: interrupted" in told.stderr) == (130, True)
    assert "all-to-crm: 0 received = 0 sent back + 0 kept + 0 failed" in told.stdout
    assert waiting(stack) == 1


def test_an_unknown_reason_is_refused(stack):
    told = run("redrive", "--all", "--reason", "rejectd", "--yes")
    assert (told.exit_code, "rejected" in told.stderr) == (1, True)


def test_a_dry_run_of_too_many_letters_is_not_received(stack, monkeypatch):
    monkeypatch.setattr(options, "MOST_RECEIVED", 1)
    die(stack, *[letter(n) for n in range(3)])
    assert "about 3" in redrive("--sync", "all-to-crm", "--dry-run")
    assert waiting(stack) == 3


@pytest.mark.parametrize("name", ["nowhere/letters.jsonl", "."])
def test_an_export_that_cannot_be_written_says_so(stack, tmp_path, name):
    told = run("export", "-o", tmp_path / name)
    assert (told.exit_code, told.stderr.startswith("error: ")) == (1, True)


def test_a_dry_run_counts_and_changes_nothing(stack):
    die(stack, letter(1), letter(2, reason="server_error"))
    told = redrive("--sync", "all-to-crm", "--reason", "rejected", "--dry-run")
    assert "2 received = 1 would be sent back + 1 kept + 0 failed" in told
    assert (waiting(stack), stack.sync_packs()) == (2, [])


def test_without_yes_it_asks_and_without_a_choice_it_refuses(stack):
    die(stack, letter(1))
    assert run("redrive", "--sync", "all-to-crm").exit_code == 1
    assert "say which letters" in run("redrive", "--yes").stderr
    assert (waiting(stack), stack.sync_packs()) == (1, [])


def test_an_unknown_sync_is_named_with_the_known_ones(stack):
    told = run("list", "--sync", "nobody")
    assert (told.exit_code, "all-to-crm, orders-to-shop" in told.stderr) == (1, True)


def test_of_too_many_letters_a_choice_is_replayed_from_the_archive(stack, monkeypatch, tmp_path):
    monkeypatch.setenv("SLUICE_LOCAL_DIR", str(tmp_path))
    monkeypatch.setattr(options, "MOST_RECEIVED", 1)
    die(stack, letter(1), letter(2, reason="server_error"), letter(3))
    told = redrive("--sync", "all-to-crm", "--reason", "server_error")
    assert "replayed 1 events in 1 messages" in told
    (pack,) = stack.sync_packs()
    assert ([item.message_id for item in pack.items], pack.replay is not None) == (["m-2"], True)
    assert waiting(stack) == 3


def test_of_too_many_letters_all_are_still_received(stack, monkeypatch):
    monkeypatch.setattr(options, "MOST_RECEIVED", 1)
    die(stack, *[letter(n) for n in range(25)])
    assert "25 received = 25 sent back" in redrive("--sync", "all-to-crm")


def test_an_export_has_a_line_an_event_and_leaves_the_letters(stack, tmp_path):
    die(stack, letter(1))
    stack.send(stack.dlqs["all-to-crm"], make_sync_pack(4, 5))
    told = run("export", "--sync", "all-to-crm", "-o", tmp_path / "letters.jsonl")
    assert told.exit_code == 0
    lines = [orjson.loads(line) for line in (tmp_path / "letters.jsonl").read_text().splitlines()]
    assert sorted((line["message_id"], line["reason"]) for line in lines) == [
        ("m-1", "rejected"),
        ("m-4", "unhandled"),
        ("m-5", "unhandled"),
    ]
    assert waiting(stack) == 2


def test_an_export_of_the_archive_goes_to_standard_output(stack):
    die(stack, letter(1), letter(2), queued=False)
    told = run("export", "--archived", "--sync", "all-to-crm")
    assert [json.loads(line) for line in told.stdout.splitlines()] == [letter(1), letter(2)]
