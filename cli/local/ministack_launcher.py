"""Starts MiniStack with five corrections; run by the Python of the stack's own environment.

MiniStack decodes a body of `application/json` as text even when it is compressed, which destroys it before
the function sees it. Official SDKs send exactly that, so compressed bodies are handed on as base64.

API Gateway tells a function who connected and how, in `x-forwarded-*`, and leaves the mapping of a custom
domain in the path; MiniStack does neither, so a function could not tell by which URL its client reached it.

Lambda collects the messages of a queue for as long as its mapping's window lasts. MiniStack ignores windows
and hands out ten messages at most, so a stack would look faster, and its batches smaller, than on AWS.

Where functions share a log group, Lambda puts a function's name into the names of its log streams. MiniStack
does not, so nobody could say which function a line is from.

Lambda lets the runs of a function end when the function is updated. MiniStack kills them, so that messages
come back after their visibility timeout and their events are delivered late or twice.
"""

import importlib
import inspect
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

compressed: ContextVar[bool] = ContextVar("compressed", default=False)


def pass_compressed_bodies_unharmed(gateway: Any) -> None:
    """While a request with a `content-encoding` is handed to its function, no body counts as text."""
    invoke, is_text = gateway._invoke_lambda_proxy, gateway._v2_request_body_is_text
    signature = inspect.signature(invoke)

    @wraps(invoke)
    async def invoke_lambda_proxy(*args: Any, **kwargs: Any) -> Any:
        headers = signature.bind(*args, **kwargs).arguments["headers"]
        token = compressed.set("content-encoding" in {name.lower() for name in headers})
        try:
            return await invoke(*args, **kwargs)
        finally:
            compressed.reset(token)

    def request_body_is_text(content_type: str | None) -> bool:
        return not compressed.get() and bool(is_text(content_type))

    gateway._invoke_lambda_proxy = invoke_lambda_proxy
    gateway._v2_request_body_is_text = request_body_is_text


def tell_how_the_client_came(gateway: Any) -> None:
    """Forwarding headers as API Gateway writes them, and the whole path where the API's id is part of it."""
    invoke = gateway._invoke_lambda_proxy
    signature = inspect.signature(invoke)

    @wraps(invoke)
    async def invoke_lambda_proxy(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs)
        headers, api_id = dict(call.arguments["headers"]), call.arguments["api_id"]
        host = headers.get("host", "")
        if not host.startswith(f"{api_id}."):
            call.arguments["path"] = f"/_aws/execute-api/{api_id}{call.arguments['path']}"
        seen = headers.get("x-forwarded-for")
        headers["x-forwarded-for"] = f"{seen}, 127.0.0.1" if seen else "127.0.0.1"
        headers["x-forwarded-proto"] = "http"
        call.arguments["headers"] = headers
        return await invoke(*call.args, **call.kwargs)

    gateway._invoke_lambda_proxy = invoke_lambda_proxy


MAX_RECEIVE = 10
MAX_PAYLOAD = 6_000_000  # bytes of an invocation


def keep_windows(sqs: Any, lambda_service: Any, now: Callable[[], float] = time.monotonic) -> None:
    """Collects the messages of a mapping with a window until it is over, the batch is full, or 6 MB came.

    Meanwhile they are in flight, as on AWS.
    """
    receive = sqs._receive_messages_for_esm
    collected: dict[str, tuple[float, list[Any]]] = {}

    def receive_messages(queue_url: str, max_number: int) -> list[Any]:
        window = find_window(queue_url)
        if not window:
            return list(receive(queue_url, max_number))
        since, messages = collected.pop(queue_url, (now(), []))
        while len(messages) < max_number:
            new = receive(queue_url, min(max_number - len(messages), MAX_RECEIVE))
            if not new:
                break
            messages += new
        is_full = len(messages) >= max_number or sum(len(each["body"]) for each in messages) >= MAX_PAYLOAD
        if is_full or now() - since >= window:
            return messages
        if messages:
            collected[queue_url] = (since, messages)
        return []

    def find_window(queue_url: str) -> float:
        arn = sqs._queues[queue_url]["attributes"]["QueueArn"]
        windows = [
            mapping["MaximumBatchingWindowInSeconds"]
            for _, _, mapping in lambda_service._iter_all_esms()
            if mapping["EventSourceArn"] == arn
        ]
        return max(windows, default=0)

    sqs._receive_messages_for_esm = receive_messages


def name_log_streams(lambda_service: Any, logs: Any) -> None:
    """Names the stream of a run in a shared log group `<date>/<function>[<version>]<id>`."""
    emit = lambda_service._emit_lambda_logs
    one_by_one = threading.Lock()  # the newest stream is this run's

    @wraps(emit)
    def emit_lambda_logs(func: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        config = func.get("config") or func
        group = config["LoggingConfig"]["LogGroup"]
        if group == f"/aws/lambda/{config['FunctionName']}":
            emit(func, *args, **kwargs)
            return
        with one_by_one:
            emit(func, *args, **kwargs)
            streams = logs._log_groups[group]["streams"]
            name = next(reversed(streams))
            streams[name.replace("/[", f"/{config['FunctionName']}[")] = streams.pop(name)

    lambda_service._emit_lambda_logs = emit_lambda_logs


def let_runs_finish(runtime: Any, lambda_service: Any) -> None:
    """Workers of a former version end after the run that they are in; idle ones at once."""
    invalidate, kill, release = runtime.invalidate_worker, runtime.kill_workers, runtime.release_worker
    update = threading.local()
    leaving: set[Any] = set()

    @wraps(invalidate)
    def invalidate_worker(*args: Any, **kwargs: Any) -> None:
        update.under_way = True
        try:
            invalidate(*args, **kwargs)
        finally:
            update.under_way = False

    @wraps(kill)
    def kill_workers(workers: list[Any]) -> None:
        spared = {worker for worker in workers if worker and worker.in_use and not has_ended(worker)}
        if not getattr(update, "under_way", False):
            spared = set()
        leaving.update(spared)
        kill([worker for worker in workers if worker not in spared])

    @wraps(release)
    def release_worker(worker: Any) -> None:
        release(worker)
        if worker in leaving:
            leaving.discard(worker)
            kill([worker])

    runtime.kill_workers = kill_workers
    for module in (runtime, lambda_service):
        module.invalidate_worker, module.release_worker = invalidate_worker, release_worker


def has_ended(worker: Any) -> bool:
    """Whether the process of a worker is over; one that did not start yet is not."""
    return worker._proc is not None and worker._proc.poll() is not None


if __name__ == "__main__":
    api_gateway = importlib.import_module("ministack.services.apigateway")
    pass_compressed_bodies_unharmed(api_gateway)
    tell_how_the_client_came(api_gateway)
    functions = importlib.import_module("ministack.services.lambda_svc")
    keep_windows(importlib.import_module("ministack.services.sqs"), functions)
    let_runs_finish(importlib.import_module("ministack.core.lambda_runtime"), functions)
    name_log_streams(functions, importlib.import_module("ministack.services.cloudwatch_logs"))
    importlib.import_module("ministack.app").main()
