"""The demo's account: every event is found, or the numbers say that one is missing."""

from collections import Counter
from typing import Any

from cli.local.account import Account, make_account

SYNCS = {"to-crm": "crm", "to-hook": "hook", "to-sandbox": "sandbox"}


def make_line(message: str, *, verdict: str = "accepted", syncs: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "message_id": message,
        "verdict": verdict,
        "reasons": ["missing_identity"] if verdict == "blocked" else [],
        "received_at": "2026-11-22T00:00:00.000Z",
        "syncs": [{"sync": slug, "type": "custom_event"} for slug in syncs],
    }


def make_request(message: str, *, second: int, status: int | None, sync: str = "to-crm") -> dict[str, Any]:
    key = f"{sync}:custom_event:{message}"
    return {
        "path": f"/{SYNCS[sync]}/events",
        "headers": {"idempotency-key": key},
        "body": {},
        "time": f"2026-11-22T00:00:{second:02d}.000Z",
        "status": status,
    }


def account_of(sent: dict[str, int], archive: Any, requests: Any = (), **more: Any) -> Account:
    return make_account(
        Counter(sent), archive, requests, more.get("letters", {}), SYNCS, more.get("unseen", {})
    )


def holds(account: Account) -> list[bool]:
    return [holding for _, _, holding in account.equations()]


def test_verdicts_add_up_to_what_was_sent() -> None:
    archive = [make_line("a"), make_line("b", verdict="blocked"), make_line("a", verdict="duplicate")]
    account = account_of({"a": 2, "b": 1}, archive)

    assert holds(account) == [True, True]
    assert account.blocked == {"missing_identity": 1}


def test_a_lost_event_breaks_the_first_equation() -> None:
    account = account_of({"a": 1, "b": 1}, [make_line("a")])

    assert holds(account) == [False, True]
    assert account.unexplained == ["b"]


def test_one_lost_and_another_twice_does_not_pass_for_whole() -> None:
    account = account_of({"a": 1, "b": 1}, [make_line("a"), make_line("a")])

    assert holds(account)[0] is False


def test_a_retried_delivery_counts_once_with_the_latency_of_its_first_attempt() -> None:
    requests = [make_request("a", second=2, status=503), make_request("a", second=9, status=200)]
    sync = account_of({"a": 1}, [make_line("a", syncs=("to-crm",))], requests).syncs["to-crm"]

    assert (sync.matched, sync.delivered, sync.retried, sync.waiting) == (1, 1, 1, 0)
    assert sync.percentile(0.95) == 2.0


def test_a_list_of_events_is_told_apart_by_message_ids() -> None:
    archive = [make_line(message, syncs=("to-hook",)) for message in "ab"]
    request = {**make_request("a", second=1, status=200, sync="to-hook"), "headers": {}}
    account = account_of({"a": 1, "b": 1}, archive, [{**request, "body": [{"messageId": "a"}]}])

    assert (account.syncs["to-hook"].delivered, account.syncs["to-hook"].waiting) == (1, 1)


def test_dead_letters_count_by_reason_and_those_of_other_runs_do_not() -> None:
    letters = {
        "to-crm": [
            {"event_type": "custom_event", "message_id": message, "reason": "rejected"}
            for message in ("a", "other")
        ]
    }
    account = account_of({"a": 1}, [make_line("a", syncs=("to-crm",))], letters=letters)

    assert account.syncs["to-crm"].dead == {"rejected": 1}
    assert holds(account) == [True, True]


def test_more_delivered_than_matched_does_not_add_up() -> None:
    account = account_of({"a": 1}, [make_line("a", syncs=("to-sandbox",))], unseen={"to-sandbox": 2})

    assert holds(account) == [True, False]
