"""A destination that answers as a test says, and remembers what it was asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from sluice.destinations.declaration import Request, Response

type Answer = Response | Exception | int
type Script = Callable[[Request], Answer]


@dataclass
class Call:
    request: Request
    auth: dict[str, str]
    timeout: float

    @property
    def ids(self) -> list[str]:
        return [item.message_id for item, _ in self.request.entries]


@dataclass
class FakeVendor:
    """`script` answers with a response, a status, or an error to raise; `took` are the ids it accepted."""

    script: Script = lambda _request: 200
    calls: list[Call] = field(default_factory=list)
    took: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __call__(self, request: Request, auth: Mapping[str, str], timeout: float) -> Response:
        with self.lock:
            self.calls.append(Call(request, dict(auth), timeout))
            answer = self.script(request)
            if isinstance(answer, Exception):
                raise answer
            response = answer if isinstance(answer, Response) else Response(answer)
            if 200 <= response.status < 300:
                self.took += self.calls[-1].ids
        return response
