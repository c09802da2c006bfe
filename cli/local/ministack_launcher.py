"""Starts MiniStack with two corrections; run by the Python of the stack's own environment.

MiniStack decodes a body of `application/json` as text even when it is compressed, which destroys it before
the function sees it. Official SDKs send exactly that, so compressed bodies are handed on as base64.

API Gateway tells a function who connected and how, in `x-forwarded-*`, and leaves the mapping of a custom
domain in the path; MiniStack does neither, so a function could not tell by which URL its client reached it.
"""

import importlib
import inspect
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


if __name__ == "__main__":
    api_gateway = importlib.import_module("ministack.services.apigateway")
    pass_compressed_bodies_unharmed(api_gateway)
    tell_how_the_client_came(api_gateway)
    importlib.import_module("ministack.app").main()
