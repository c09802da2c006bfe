import orjson
from hypothesis import given
from hypothesis import strategies as st

from sluice.quoted import Quoted, escape

TEXT = st.text(st.characters(codec="utf-8"))


@given(st.lists(TEXT))
def test_escaped_parts_join_to_the_escaped_whole(parts):
    literal = b'"' + b"".join(escape(part.encode()) for part in parts) + b'"'
    assert orjson.loads(literal) == "".join(parts)


def test_a_quoted_text_reads_back():
    assert Quoted(b'"a\\"b"', 3).text == 'a"b'
