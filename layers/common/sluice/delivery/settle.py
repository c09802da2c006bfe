"""Writing down what became of the packs, in the order that loses nothing: dead letters to the archive, the
delivery log, dead letters to the DLQ, new packs to the queue; only then may a message be acknowledged.

A crash between two steps repeats them for that pack; a step that fails fails its own pack only.
"""

from collections.abc import Mapping, Sequence

from sluice.delivery.dead_letters import dump_letter, letter_attributes, name_letters
from sluice.delivery.log import name_object
from sluice.delivery.ports import Places, Ports
from sluice.delivery.remains import Remains
from sluice.routing.archive import archive_lines


class Settlement:
    """Settles packs by a key that tells them apart; `failed` must be received again, for the reason given."""

    def __init__(self, ports: Ports, places: Places) -> None:
        self._ports, self._places = ports, places
        self.failed: dict[str, str] = {}

    def settle(self, remains: Mapping[str, Remains]) -> None:
        self._archive_letters(remains)
        self._write_log(remains)
        self._send_letters(remains)
        self._send_packs(remains)

    def _archive_letters(self, remains: Mapping[str, Remains]) -> None:
        for key, left in remains.items():
            if left.letters and not self._ports.archive.put(name_letters(left.letters), left.archived):
                self.failed[key] = "the archive did not take its dead letters"

    def _write_log(self, remains: Mapping[str, Remains]) -> None:
        """To Firehose; what that does not take, as one object to where Firehose would have put it."""
        packs = [(key, left.lines) for key, left in remains.items() if key not in self.failed and left.lines]
        if not packs:
            return
        refused = sorted(archive_lines([lines for _, lines in packs], self._ports.log.put))
        direct = b"".join(line for at in refused for line in packs[at][1])
        if direct and not self._ports.archive.put(name_object(direct, self._ports.now()), direct):
            self._fail([packs[at][0] for at in refused], "neither Firehose nor S3 took its delivery log")

    def _send_letters(self, remains: Mapping[str, Remains]) -> None:
        letters = [
            (key, letter)
            for key, left in remains.items()
            if key not in self.failed
            for letter in left.letters
        ]
        if not letters:
            return
        unsent = self._ports.queues.send(
            self._places.dlq_url,
            [dump_letter(letter) for _, letter in letters],
            attributes=[letter_attributes(letter) for _, letter in letters],
        )
        self._fail([letters[index][0] for index in unsent], "the DLQ did not take its dead letters")

    def _send_packs(self, remains: Mapping[str, Remains]) -> None:
        packs = [
            (key, body, delay, left.group)
            for key, left in remains.items()
            if key not in self.failed
            for body, delay in left.packs
        ]
        if not packs:
            return
        unsent = self._ports.queues.send(
            self._places.queue_url,
            [body for _, body, _, _ in packs],
            delays=[delay for _, _, delay, _ in packs],
            groups=[group for _, _, _, group in packs],
        )
        self._fail([packs[index][0] for index in unsent], "the queue did not take its new packs")

    def _fail(self, keys: Sequence[str], why: str) -> None:
        self.failed.update(dict.fromkeys(keys, why))
