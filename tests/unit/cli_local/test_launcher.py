"""The correction of the embedded AWS: a compressed body reaches the function as it was sent."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from cli.local.ministack_launcher import pass_compressed_bodies_unharmed

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
