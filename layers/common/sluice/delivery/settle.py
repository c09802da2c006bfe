"""Writing down what became of the packs, in the order that loses nothing: dead letters to the archive, the
delivery log, dead letters to the DLQ, new packs to the queue; only then may a message be acknowledged.

A crash between two steps repeats them for that pack; a step that fails fails its own pack only. Where letters
cannot be written, their items alone go back to the queue: what was delivered is not sent again.
"""

from collections.abc import Mapping, Sequence

from sluice.delivery.dead_letters import dump_letter, letter_attributes, name_letters
from sluice.delivery.log import name_object
from sluice.delivery.ports import Places, Ports
from sluice.delivery.remains import Remains
from sluice.outages import GIVEN_UP, find_delay, hold, is_over
from sluice.routing.archive import archive_lines


class Settlement:
    """Settles packs by a key that tells them apart; `failed` must be sent again, for the reason given.

    `trouble` says what went wrong with those that are settled nevertheless.
    """

    def __init__(self, ports: Ports, places: Places) -> None:
        self._ports, self._places = ports, places
        self.failed: dict[str, str] = {}
        self.trouble: dict[str, str] = {}

    def settle(self, remains: Mapping[str, Remains]) -> None:
        self.failed.update({key: left.stuck for key, left in remains.items() if left.stuck})
        self._archive_letters(remains)
        self._write_log(remains)
        self._send_letters(remains)
        self._send_packs(remains)
        self._send_revived(remains)

    def _archive_letters(self, remains: Mapping[str, Remains]) -> None:
        for key, left in remains.items():
            if left.letters and not self._ports.archive.put(name_letters(left.letters), left.archived):
                self.trouble[key] = "the archive did not take its dead letters"
                left.revive(range(len(left.letters)))

    def _write_log(self, remains: Mapping[str, Remains]) -> None:
        """To Firehose; what that does not take, as one object to where Firehose would have put it."""
        packs = [(key, lines) for key, left in remains.items() if (lines := left.lines + left.dead_lines)]
        if not packs:
            return
        refused = sorted(archive_lines([lines for _, lines in packs], self._ports.log.put))
        direct = b"".join(line for at in refused for line in packs[at][1])
        if direct and not self._ports.archive.put(name_object(direct, self._ports.now()), direct):
            for key in (packs[at][0] for at in refused):
                self.trouble[key] = "neither Firehose nor S3 took its delivery log"
                remains[key].revive(range(len(remains[key].letters)))
                remains[key].keep_lines()

    def _send_letters(self, remains: Mapping[str, Remains]) -> None:
        letters = [
            (key, place, letter) for key, left in remains.items() for place, letter in enumerate(left.letters)
        ]
        if not letters:
            return
        unsent = self._ports.queues.send(
            self._places.dlq_url,
            [dump_letter(letter) for _, _, letter in letters],
            attributes=[letter_attributes(letter) for _, _, letter in letters],
        )
        places: dict[str, set[int]] = {}
        for key, place, _ in (letters[index] for index in unsent):
            places.setdefault(key, set()).add(place)
        for key, refused in places.items():
            self.trouble[key] = "the DLQ did not take its dead letters"
            remains[key].revive(refused)

    def _send_packs(self, remains: Mapping[str, Remains]) -> None:
        packs = [
            (key, left, body, delay)
            for key, left in remains.items()
            if key not in self.failed
            for body, delay in left.packs
        ]
        refused = self._send(packs, [{}] * len(packs))
        again = [packs[index] for index in refused]
        unsent = self._send(again, [{}] * len(again))
        self._fail([again[index][0] for index in unsent], "the queue did not take its new packs")

    def _send_revived(self, remains: Mapping[str, Remains]) -> None:
        """As `sluice.outages` does it with whole messages."""
        now = self._ports.now()
        for key, left in remains.items():
            if key in self.failed or not left.revived:
                continue
            held = hold(left.held, now)
            over = is_over(held, now)
            packs = [(key, left, body, 0 if over else find_delay(held)) for body in left.revived]
            if over:
                unsent = self._send(packs, [GIVEN_UP] * len(packs), self._places.dlq_url)
            else:
                unsent = self._send(packs, [held.attributes] * len(packs))
            if unsent:
                self._fail([key], "no queue took what is left of it")

    def _send(
        self,
        packs: Sequence[tuple[str, Remains, str, int]],
        attributes: Sequence[Mapping[str, str]],
        queue_url: str | None = None,
    ) -> list[int]:
        """Indexes of the packs that the queue did not take."""
        if not packs:
            return []
        return self._ports.queues.send(
            queue_url or self._places.queue_url,
            [body for _, _, body, _ in packs],
            delays=[delay for _, _, _, delay in packs],
            attributes=attributes,
            groups=[left.group for _, left, _, _ in packs],
        )

    def _fail(self, keys: Sequence[str], why: str) -> None:
        self.failed.update(dict.fromkeys(keys, why))
