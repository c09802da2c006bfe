"""Content-Encoding: what is unpacked, what is plain already, and what is answered 415."""

import gzip
import zlib

import orjson
import pytest

from tests.builders import make_batch

DATA = orjson.dumps(make_batch())


def deflate_raw(data, wbits=-15):
    packer = zlib.compressobj(6, wbits=wbits)
    return packer.compress(data) + packer.flush()


BODIES = {
    "deflate": zlib.compress(DATA),
    "Deflate": zlib.compress(DATA, 0),
    "x-deflate": zlib.compress(DATA, 9),
    "x-gzip": gzip.compress(DATA),
    "gzip, identity": gzip.compress(DATA),
    "identity": DATA,
    "gzip,deflate": zlib.compress(gzip.compress(DATA)),
    "deflate, gzip": gzip.compress(zlib.compress(DATA)),
    "gzip, gzip": gzip.compress(gzip.compress(DATA)),
    "utf-8": DATA,
    "": zlib.compress(DATA),
    " ": gzip.compress(DATA),
}


@pytest.mark.parametrize("wbits", range(9, 16))
@pytest.mark.parametrize("encoding", ["deflate", ""])
def test_deflate_may_have_a_window_of_any_size(world, encoding, wbits):
    body = deflate_raw(DATA, wbits)
    assert world.send(body, headers={"content-encoding": encoding}).status == 200
    assert world.events[0]["messageId"] == "m-1"


@pytest.mark.parametrize("encoding", BODIES)
def test_a_body_is_unpacked(world, encoding):
    assert world.send(BODIES[encoding], headers={"content-encoding": encoding}).status == 200
    assert world.events[0]["messageId"] == "m-1"


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_deflate_may_have_no_header(world, level):
    packer = zlib.compressobj(level, wbits=-15)
    body = packer.compress(DATA) + packer.flush()
    assert world.send(body, headers={"content-encoding": "deflate"}).status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x-gzip", "gzip, deflate", "gzip, gzip"])
@pytest.mark.parametrize("body", [DATA, b"\n " + DATA, b"\xef\xbb\xbf" + DATA, gzip.compress(DATA)])
def test_a_body_that_a_gateway_unpacked_already_is_taken(world, encoding, body):
    assert world.send(body, headers={"content-encoding": encoding}).status == 200


@pytest.mark.parametrize("encoding", ["br", "zstd", "BR", "gzip, br", "compress", "nonsense"])
@pytest.mark.parametrize("body", [DATA, b"\x28\xb5\x2f\xfd", gzip.compress(DATA)])
def test_an_encoding_that_is_not_supported_is_415_with_its_name(world, encoding, body):
    answer = world.send(body, headers={"content-encoding": encoding})
    assert (answer.status, answer.json["code"], world.bodies) == (415, "unsupported_encoding", [])
    assert repr(encoding.split(", ")[-1].lower()) in answer.json["message"]
    assert answer.headers["Accept-Encoding"] == "gzip, deflate"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("encoding", ["\x00", "\ud800", "x" * 9999, "é", ",".join(["gzip"] * 99)])
def test_a_hostile_encoding_is_answered_in_few_plain_words(world, encoding):
    answer = world.send(DATA, headers={"content-encoding": encoding})
    assert answer.status == 415
    assert len(answer.data) < 300
    assert answer.data.isascii()


@pytest.mark.parametrize(
    "body", [zlib.compress(DATA)[:-9], b"\x00nonsense", b"x\x9cnonsense", deflate_raw(DATA)[:-5]]
)
def test_broken_deflate_is_400(world, body):
    answer = world.send(body, headers={"content-encoding": "deflate"})
    assert (answer.status, answer.json["code"]) == (400, "invalid_deflate")


@pytest.mark.parametrize("encoding", ["deflate", "deflate, deflate", "gzip, deflate", ""])
def test_a_deflate_bomb_is_413(world, encoding):
    body = zlib.compress(zlib.compress(b" " * 20_000_000) if "," in encoding else b" " * 20_000_000)
    assert world.send(body, headers={"content-encoding": encoding}).status == 413
