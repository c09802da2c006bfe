"""The corrections of the embedded AWS: what reaches the function is what API Gateway would hand on."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from cli.local.ministack_launcher import (
    keep_windows,
    let_runs_finish,
    name_log_streams,
    pass_compressed_bodies_unharmed,
    tell_how_the_client_came,
)

pytestmark = pytest.mark.enable_socket  # an event loop needs a pair of them


def make_gateway() -> Any:
    gateway = SimpleNamespace()

    async def invoke(integration: str, headers: dict[str, str], body: bytes, *, route: str = "") -> bool:
        await asyncio.sleep(0)
        return gateway._v2_request_body_is_text(headers.get("content-type"))

    gateway._invoke_lambda_proxy = invoke
    gateway._v2_request_body_is_text = lambda content_type: content_type == "application/json"
    pass_compressed_bodies_unharmed(gateway)
    return gateway


def test_only_compressed_bodies_count_as_binary_even_at_the_same_time() -> None:
    gateway = make_gateway()
    plain = {"content-type": "application/json"}
    packed = {**plain, "Content-Encoding": "gzip"}

    async def ask() -> list[bool]:
        calls = [gateway._invoke_lambda_proxy("i", headers, b"") for headers in (plain, packed, plain)]
        return await asyncio.gather(*calls)

    assert asyncio.run(ask()) == [True, False, True]


@pytest.mark.parametrize(
    ("host", "path"),
    [("127.0.0.1:4566", "/_aws/execute-api/abcd1234/v1/t"), ("abcd1234.execute-api.localhost:4566", "/v1/t")],
)
@pytest.mark.parametrize(
    ("sent", "seen"), [({}, "127.0.0.1"), ({"x-forwarded-for": "192.0.2.1"}, "192.0.2.1, 127.0.0.1")]
)
def test_a_function_learns_by_which_url_and_from_where_its_client_came(
    host: str, path: str, sent: dict[str, str], seen: str
) -> None:
    gateway = SimpleNamespace()

    async def invoke(integration: str, api_id: str, path: str, headers: dict[str, str]) -> Any:
        await asyncio.sleep(0)
        return path, headers["x-forwarded-for"], headers["x-forwarded-proto"]

    gateway._invoke_lambda_proxy = invoke
    gateway._v2_request_body_is_text = lambda _content_type: True
    pass_compressed_bodies_unharmed(gateway)
    tell_how_the_client_came(gateway)
    headers = {"host": host, "x-forwarded-proto": "https", **sent}

    assert asyncio.run(gateway._invoke_lambda_proxy("i", "abcd1234", "/v1/t", headers)) == (
        path,
        seen,
        "http",
    )


class Emulator:
    """As much of MiniStack's queue and mapping as `keep_windows` touches, with a clock."""

    def __init__(self, window: int) -> None:
        self.time, self.waiting = 0.0, list[dict[str, str]]()
        self._queues = {"queue": {"attributes": {"QueueArn": "arn"}}}
        self._mapping = {"EventSourceArn": "arn", "MaximumBatchingWindowInSeconds": window}
        keep_windows(self, self, lambda: self.time)

    def _iter_all_esms(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            ("account", "region", self._mapping),
            ("account", "region", {**self._mapping, "EventSourceArn": "other"}),
        ]

    def _receive_messages_for_esm(self, queue_url: str, max_number: int) -> list[dict[str, str]]:
        assert queue_url == "queue"
        assert max_number <= 10
        taken, self.waiting = self.waiting[:max_number], self.waiting[max_number:]
        return taken

    def send(self, count: int, body: str = "x") -> None:
        self.waiting += [{"body": body}] * count

    def poll(self, batch_size: int = 100) -> int:
        return len(self._receive_messages_for_esm("queue", batch_size))


def test_without_a_window_what_is_there_is_handed_out_at_once() -> None:
    emulator = Emulator(window=0)
    emulator.send(12)
    assert [emulator.poll(10), emulator.poll(10), emulator.poll(10)] == [10, 2, 0]


def test_a_window_begins_with_the_first_message_and_ends_with_all_of_them() -> None:
    emulator = Emulator(window=2)
    assert emulator.poll() == 0
    emulator.time = 5.0
    emulator.send(1)
    assert emulator.poll() == 0
    emulator.time = 6.9
    emulator.send(15)
    assert emulator.poll() == 0
    emulator.time = 7.0
    assert emulator.poll() == 16
    assert emulator.poll() == 0


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    emulator = Emulator(window=2)
    emulator.send(130)
    assert emulator.poll() == 100
    assert emulator.poll() == 0
    emulator.time = 2.0
    assert emulator.poll() == 30


def test_a_batch_as_large_as_an_invocation_does_not_wait_for_its_window() -> None:
    emulator = Emulator(window=2)
    emulator.send(6, "x" * 1_000_000)
    assert emulator.poll() == 6


class FunctionLogs:
    """As much of MiniStack's logs as `name_log_streams` touches."""

    def __init__(self) -> None:
        self._log_groups: dict[str, dict[str, dict[str, list[str]]]] = {}
        name_log_streams(self, self)

    def _emit_lambda_logs(self, func: dict[str, Any], request_id: str, log_text: str) -> None:
        group = self._log_groups.setdefault(func["config"]["LoggingConfig"]["LogGroup"], {"streams": {}})
        group["streams"][f"2026/12/01/[$LATEST]{request_id}"] = [log_text]

    def run(self, function: str, group: str, request_id: str) -> None:
        config = {"FunctionName": function, "LoggingConfig": {"LogGroup": group}}
        self._emit_lambda_logs({"config": config}, request_id, f"{request_id} of {function}")


def test_streams_of_a_shared_log_group_carry_the_names_of_their_functions() -> None:
    logs = FunctionLogs()
    logs.run("s-EventsToCrm", "/aws/lambda/s-delivery", "1f")
    logs.run("s-Mail", "/aws/lambda/s-delivery", "2f")
    assert logs._log_groups["/aws/lambda/s-delivery"]["streams"] == {
        "2026/12/01/s-EventsToCrm[$LATEST]1f": ["1f of s-EventsToCrm"],
        "2026/12/01/s-Mail[$LATEST]2f": ["2f of s-Mail"],
    }


def test_streams_of_a_log_group_of_one_function_keep_their_names() -> None:
    logs = FunctionLogs()
    logs.run("s-router", "/aws/lambda/s-router", "1f")
    assert list(logs._log_groups["/aws/lambda/s-router"]["streams"]) == ["2026/12/01/[$LATEST]1f"]


class Worker:
    """A process that runs a function; `exit_code` is there when it ended by itself."""

    def __init__(self, *, in_use: bool, exit_code: int | None = None) -> None:
        self.in_use, self.killed = in_use, False
        self._proc = SimpleNamespace(poll=lambda: exit_code)


class Runtime:
    """As much of MiniStack's pool of workers as `let_runs_finish` touches."""

    def __init__(self, *pool: Worker) -> None:
        self.pool = list(pool)
        let_runs_finish(self, self)

    def invalidate_worker(self, _function: str) -> None:
        gone, self.pool = self.pool, []
        self.kill_workers(gone)

    def kill_workers(self, workers: list[Worker]) -> None:
        for worker in workers:
            worker.killed = True

    def release_worker(self, worker: Worker | None) -> None:
        if worker is not None:
            worker.in_use = False


def test_an_update_ends_idle_workers_at_once_and_the_others_after_their_run() -> None:
    idle, busy, crashed = Worker(in_use=False), Worker(in_use=True), Worker(in_use=True, exit_code=1)
    runtime = Runtime(idle, busy, crashed)

    runtime.invalidate_worker("router")
    assert [idle.killed, busy.killed, crashed.killed] == [True, False, True]

    runtime.release_worker(busy)
    assert busy.killed


def test_without_an_update_a_worker_outlives_its_run_and_is_killed_in_it_on_a_timeout() -> None:
    worker = Worker(in_use=True)
    runtime = Runtime(worker)
    runtime.release_worker(worker)
    runtime.release_worker(None)
    assert not worker.killed

    worker.in_use = True
    runtime.kill_workers([worker])
    assert worker.killed
