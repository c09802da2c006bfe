"""The corrections of the embedded AWS: what reaches the function is what API Gateway would hand on."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from cli.local.ministack_launcher import pass_compressed_bodies_unharmed, tell_how_the_client_came

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
