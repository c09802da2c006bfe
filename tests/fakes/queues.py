"""SQS in memory, with a clock that tests move: delays, visibility, receive counts, redrive."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sluice.messages import Message, read_held
from sluice.quoted import Quoted


@dataclass
class Stored:
    id: str
    body: str
    attributes: dict[str, str]
    visible_at: float
    group: str = ""
    receive_count: int = 0
    receipt_handle: str = ""
    sent_at: float = 0.0

    @property
    def reason(self) -> str:
        return self.attributes.get("reason", "")

    def as_message(self) -> Message:
        """As Lambda hands it over."""
        attributes = {name: {"stringValue": text} for name, text in self.attributes.items()}
        return Message(
            self.id, self.receipt_handle, self.receive_count, self.body, self.group, read_held(attributes)
        )


@dataclass
class FakeQueues:
    """`refuse` says which bodies a queue does not take; `clock` is in seconds.

    While it is `unheard`, it takes everything and its answers are lost.
    """

    clock: Callable[[], float] = lambda: 0.0
    refuse: Callable[[str, str], bool] = lambda _url, _body: False
    visibility: float = 360
    unheard: bool = False
    messages: dict[str, list[Stored]] = field(default_factory=dict)
    made: int = 0

    def send(
        self,
        queue_url: str,
        bodies: Sequence[str | Quoted],
        *,
        delays: Sequence[int] | None = None,
        attributes: Sequence[Mapping[str, str]] | None = None,
        groups: Sequence[str] | None = None,
        timeout: float | None = None,
    ) -> list[int]:
        failed = []
        for index, given in enumerate(bodies):
            body = given.text if isinstance(given, Quoted) else given
            if self.refuse(queue_url, body):
                failed.append(index)
                continue
            self.made += 1
            delay = delays[index] if delays else 0
            assert type(delay) is int
            assert 0 <= delay <= 900
            told = dict(attributes[index]) if attributes else {}
            assert len(told) <= 10
            assert all(told.values())
            group = groups[index] if groups else ""
            stored = Stored(f"m{self.made}", body, told, self.clock() + delay, group, sent_at=self.clock())
            self.messages.setdefault(queue_url, []).append(stored)
        return list(range(len(bodies))) if self.unheard else failed

    def send_all(
        self,
        messages: Mapping[str, Sequence[str | Quoted]],
        *,
        groups: Mapping[str, Sequence[str]] | None = None,
        timeout: float | None = None,
    ) -> dict[str, list[int]]:
        return {
            url: self.send(url, bodies, groups=(groups or {}).get(url)) for url, bodies in messages.items()
        }

    def receive(
        self, queue_url: str, limit: int = 10, *, visibility: float | None = None, wait: int = 0
    ) -> list[Stored]:
        """What is visible now; invisible afterwards, for `visibility` seconds."""
        hidden = self.visibility if visibility is None else visibility
        now, taken = self.clock(), []
        for message in self.messages.get(queue_url, []):
            if message.visible_at <= now and len(taken) < limit:
                message.receive_count += 1
                message.receipt_handle = f"{message.id}-{message.receive_count}"
                message.visible_at = now + hidden
                taken.append(message)
        return taken

    def delete(self, queue_url: str, receipt_handles: Sequence[str]) -> list[int]:
        held = self.messages.get(queue_url, [])
        known = {message.receipt_handle for message in held} - {""}
        self.messages[queue_url] = [m for m in held if m.receipt_handle not in receipt_handles]
        return [at for at, handle in enumerate(receipt_handles) if handle not in known]

    def set_visibility(self, queue_url: str, seconds: Mapping[str, int]) -> list[int]:
        held = {m.receipt_handle: m for m in self.messages.get(queue_url, []) if m.receipt_handle}
        for handle in seconds.keys() & held.keys():
            held[handle].visible_at = self.clock() + seconds[handle]
        return [at for at, handle in enumerate(seconds) if handle not in held]
