"""The bodies that cost ingest most, and what they cost: `python -m tests.unit.ingest.costly` prints it.

A process of its own, since the most memory that a process ever had cannot be measured twice.
"""

import gzip
import json
import resource
import sys
import time
import zlib
from collections.abc import Callable

import orjson

from tests.builders import make_batch, make_gateway_event
from tests.unit.ingest.world import World


def multiply(context: object, count: int = 2500) -> bytes:
    return orjson.dumps(make_batch(*[{"userId": "u"}] * count, context=context))


def nest(depth: int, end: bytes = b"") -> bytes:
    return b"[" * depth + b"]" * depth + end


def make_bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"[" * 1_000_000) for _ in range(megabytes)) + packer.flush()


BODIES: dict[str, Callable[[], bytes]] = {
    "a large context over many tiny events": lambda: multiply({"x": "x" * 95_000}),
    "a context over the limit of an event": lambda: multiply({"x": "x" * 200_000}),
    "a huge context": lambda: multiply({"x": ["x"] * 2_000_000}),
    "a huge context over 200,000 events": lambda: multiply({"x": "x" * 95_000}, 200_000),
    "huge integrations": lambda: orjson.dumps(make_batch(*[{}] * 2500, integrations={"x": ["x"] * 90_000})),
    "a deep context": lambda: (
        b'{"context":{"x":[%b1]},"batch":[%b{}]}' % (nest(100, b",") * 4000, b"{}," * 2400)
    ),
    "empty lists": lambda: b'{"batch":[' + b"[]," * 3_300_000 + b"1]}",
    "small objects": lambda: b'{"batch":[{"x":[' + b'{"":0},' * 1_400_000 + b"1]}]}",
    "objects to the limit": lambda: (
        b'{"batch":[{"x":[' + b'{"":0},' * 499_900 + b'"ab",' * 1_200_000 + b"1]}]}"
    ),
    "and NaN": lambda: b'{"batch":[{"x":[' + b'{"":0},' * 499_900 + b'"ab",' * 1_200_000 + b"NaN]}]}",
    "and 2,500 events": lambda: (
        b'{"batch":[%bNaN]}' % (b'{"userId":"u","type":"page","x":[%b1]},' % (b'{"":0},' * 190) * 2499)
    ),
    "names": lambda: b'{"batch":[{%b}]}' % b",".join(b'"%x":0' % n for n in range(900_000)),
    "open lists": lambda: b"[" * 9_900_000,
    "open objects": lambda: b'{"":' * 499_000,
    "deep lists": lambda: b'{"batch":[%b1]}' % (nest(1000, b",") * 480),
    "deeper lists": lambda: b'{"batch":[%bNaN]}' % (nest(5000, b",") * 95),
    "escapes": lambda: b'{"batch":[{"x":"%b"}]}' % (b"\\u0001" * 1_600_000),
    "surrogates": lambda: b'{"batch":[{"x":"%b"}]}' % (b"\\ud800" * 1_600_000),
    "a long number": lambda: b'{"batch":[{"x":[%b,NaN]}]}' % (b"9" * 9_000_000),
    "many numbers": lambda: b'{"batch":[{"x":[%bNaN]}]}' % (b"7," * 4_900_000),
    "a long id": lambda: b'{"batch":[{"messageId":"%b"}]}' % (b"x" * 9_000_000),
    "bad UTF-8 at the end": lambda: b'{"batch":["%b\xff"]}' % ("😀".encode() * 2_400_000),
    "quotes that do not close": lambda: b'{"batch":["' + b'\\"' * 4_900_000,
    "a raw control character in a long text": lambda: b'{"batch":["%b\x01"]}' % ("😀".encode() * 2_400_000),
    "raw control characters": lambda: b'{"batch":[{"x":"%b"}]}' % (b"\x01" * 9_900_000),
    "raw control characters between texts": lambda: b'{"batch":[%b1]}' % (b'"",\x01' * 2_400_000),
    "texts beside a raw control character": lambda: b'{"batch":[%b"\x01"]}' % (b'"",' * 3_200_000),
    "bytes that are not UTF-8": lambda: b'{"batch":[{"x":"%b"}]}' % (b"\xe9" * 9_900_000),
    "invalid escapes": lambda: b'{"batch":[{"x":"%b"}]}' % (b"\\x" * 4_900_000),
    "quotes that do not close, and bad UTF-8": lambda: b'{"batch":["\xff' + b'\\"' * 4_900_000,
    "numbers beside an id that is one": lambda: (
        b'{"batch":[{"userId":1.5,"type":"page","x":[%b1]}]}' % (b"1.5," * 2_400_000)
    ),
    "long numbers beside an id that is one": lambda: (
        b'{"batch":[{"userId":1.5,"type":"page","x":[%b1]}]}' % (b"1234567890123456789," * 490_000)
    ),
    "long numbers in a list of ids": lambda: (
        b'{"batch":[{"userId":"u","type":"page","x":{"ids":[%b1]}}]}' % (b"123456789012345678901," * 440_000)
    ),
    "ids of many digits": lambda: b'{"batch":[%b1]}' % (b'{"userId":1e308,"type":"page"},' * 2_400),
    "an id of a million digits": lambda: b'{"batch":[{"userId":%b.0}]}' % (b"9" * 9_000_000),
    "times of white space": lambda: (
        b'{"batch":[%b{}]}' % (b'{"timestamp":"Fri Jan 1 00:00:00%bx"},' % (b" " * 140) * 2_400)
    ),
    "a blank id": lambda: (
        b'{"batch":[{"messageId":"%b","userId":"%b"}]}' % (b" " * 4_900_000, b" " * 4_900_000)
    ),
    "an id of punctuation": lambda: b'{"batch":[{"messageId":"%b"}]}' % (b"-" * 9_000_000),
    "a write key for each event": lambda: (
        b'{"batch":[%b1]}' % b"".join(b'{"writeKey":"%d"},' % n for n in range(2_499))
    ),
    "a gzip bomb of 200 MB": lambda: make_bomb(200),
    "a deflate bomb of 200 MB": lambda: zlib.compress(b"[" * 200_000_000, 9),
    "gzip members": lambda: gzip.compress(b"") * 200_000,
}


def read_peak() -> float:
    """The most memory that this process ever had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def measure() -> None:
    """One line a body: its name, the answer's status, CPU seconds, the peak so far over that at the start."""
    start = read_peak()
    for name, make in BODIES.items():
        request = make_gateway_event(make())
        began = time.process_time()
        status = World().serve(request).answer.status
        seconds = time.process_time() - began
        sys.stdout.write(json.dumps([name, status, seconds, read_peak() - start]) + "\n")


if __name__ == "__main__":
    measure()
