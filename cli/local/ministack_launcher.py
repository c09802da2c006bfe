"""Starts MiniStack with one correction; run by the Python of the stack's own environment.

MiniStack decodes a body of `application/json` as text even when it is compressed, which destroys it before
the function sees it. Official SDKs send exactly that, so compressed bodies are handed on as base64.
"""

import importlib
import inspect
from contextvars import ContextVar
from typing import Any

compressed: ContextVar[bool] = ContextVar("compressed", default=False)


def pass_compressed_bodies_unharmed(gateway: Any) -> None:
    """While a request with a `content-encoding` is handed to its function, no body counts as text."""
    invoke, is_text = gateway._invoke_lambda_proxy, gateway._v2_request_body_is_text
    signature = inspect.signature(invoke)

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


if __name__ == "__main__":
    pass_compressed_bodies_unharmed(importlib.import_module("ministack.services.apigateway"))
    importlib.import_module("ministack.app").main()
