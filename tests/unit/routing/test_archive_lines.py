from hypothesis import given, settings
from hypothesis import strategies as st

from sluice.routing import archive
from sluice.routing.archive import RECORD_BYTES, archive_lines

LINES = st.lists(st.lists(st.integers(0, RECORD_BYTES // 2)), max_size=8)


def make_packs(sizes):
    """Packs of lines of these sizes, each line told apart by its first bytes."""
    return [
        [b"%d-%d" % (at, n) + b"x" * size + b"\n" for n, size in enumerate(pack)]
        for at, pack in enumerate(sizes)
    ]


@settings(max_examples=30, deadline=None)
@given(LINES)
def test_every_line_is_in_exactly_one_record_in_order(sizes):
    packs, written = make_packs(sizes), []
    assert archive_lines(packs, lambda records: written.extend(records) or []) == set()
    assert b"".join(written).splitlines(keepends=True) == [line for pack in packs for line in pack]
    assert all(record.endswith(b"\n") and len(record) <= RECORD_BYTES for record in written)


@settings(max_examples=30, deadline=None)
@given(LINES, st.data())
def test_exactly_the_packs_with_a_line_in_a_failed_record_fail(sizes, data):
    packs, lost = make_packs(sizes), []

    def put(records):
        failed = data.draw(st.lists(st.sampled_from(range(len(records))), unique=True)) if records else []
        lost.extend(line for at in failed for line in records[at].splitlines(keepends=True))
        return failed

    failed = archive_lines(packs, put)
    assert failed == {at for at, pack in enumerate(packs) if any(line in lost for line in pack)}


def test_small_lines_share_a_record():
    packs = make_packs([[1000] * 50] * 4)
    sizes = []
    archive.archive_lines(packs, lambda records: sizes.extend(map(len, records)) or [])
    assert len(sizes) == 1
