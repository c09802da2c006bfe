"""Archive lines of several packs, joined into as few Firehose records as fit: each is billed by 5 KB."""

from collections.abc import Callable, Sequence

from sluice.packs import cut

RECORD_BYTES = 900 * 1024  # Firehose takes 1,000 KiB

type PutRecords = Callable[[Sequence[bytes]], Sequence[int]]


def archive_lines(packs: Sequence[Sequence[bytes]], put: PutRecords) -> set[int]:
    """Writes every pack's lines (each ends in a line feed); the indexes of the packs that miss one.

    `put` takes records and answers the indexes of those that failed.
    """
    lines = [line for pack in packs for line in pack]
    owners = [at for at, pack in enumerate(packs) for _ in pack]
    slices = list(cut([len(line) for line in lines], max_bytes=RECORD_BYTES))
    failed = put([b"".join(lines[part]) for part in slices])
    return {owner for at in failed for owner in owners[slices[at]]}
