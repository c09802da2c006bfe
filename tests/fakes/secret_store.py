"""Secrets in memory; what was read stays cached until it is read fresh."""

from dataclasses import dataclass, field

from sluice.errors import AwsUnavailable, RetryLater
from sluice.reasons import Reason


@dataclass
class FakeSecretStore:
    secrets: dict[str, str] = field(default_factory=dict)
    cached: dict[str, str] = field(default_factory=dict)
    fresh_reads: int = 0
    broken: bool = False

    def read(self, reference: str, *, fresh: bool = False) -> str:
        self.fresh_reads += fresh
        if fresh or reference not in self.cached:
            if self.broken:
                raise AwsUnavailable(reference)
            if reference not in self.secrets:
                raise RetryLater(Reason.SECRET_UNAVAILABLE, reference)
            self.cached[reference] = self.secrets[reference]
        return self.cached[reference]
