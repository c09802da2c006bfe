"""The JSON of the few large AWS calls, written by orjson instead of the standard library.

botocore spends most of a 1 MiB call on `json.dumps`. Its event system lets a handler see the parameters
before they are serialised and the request before it is signed: what is sent, signed, retried and parsed
stays botocore's. The result is the same JSON, with UTF-8 where the standard library writes escapes.
"""

from __future__ import annotations

from typing import Any, Protocol

import orjson
import pybase64

from sluice.quoted import Quoted

LARGE_CALLS = {"sqs": ("SendMessageBatch",), "firehose": ("PutRecordBatch",)}
KEPT = "sluice_parameters"


class Client(Protocol):
    """Any boto3 client."""

    @property
    def meta(self) -> Any: ...


def write_json_fast(client: Client) -> None:
    """Has the large calls of this client serialised by orjson; it needs `parameter_validation=False`."""
    service = client.meta.service_model.service_id.hyphenize()
    for operation in LARGE_CALLS.get(service, ()):
        client.meta.events.register(f"provide-client-params.{service}.{operation}", keep_parameters)
        client.meta.events.register(f"before-call.{service}.{operation}", write_body)


def keep_parameters(params: dict[str, Any], context: dict[str, Any], **_: object) -> dict[str, Any]:
    """Leaves botocore's own serialiser nothing to do."""
    context[KEPT] = params
    return {}


def write_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    params["body"] = orjson.dumps(context.pop(KEPT), default=_encode, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def _encode(value: object) -> object:
    if isinstance(value, Quoted):
        return orjson.Fragment(value.literal)
    if isinstance(value, bytes):
        return orjson.Fragment(b'"%b"' % pybase64.b64encode(value))
    raise TypeError(f"{type(value).__name__} is not a parameter of an AWS call")
