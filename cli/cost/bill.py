"""A bill: dollars by hop. What was not measured is None and stays out of the sums."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MONTH_SECONDS = 30 * 24 * 3600
type Dollars = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Bill:
    """`pipeline` and `additions` are for `seconds` in which `events` came in; `fixed` and `idle` for a month.

    `fixed` has to be paid beside the others, `idle` is what a month without any event costs (some of which is
    in the others too). `basis` says in a sentence where the counts are from, `notes` what else to know.
    """

    title: str
    basis: str
    events: float | None
    seconds: float
    pipeline: Dollars
    additions: Dollars
    fixed: Mapping[str, float]
    idle: Mapping[str, float]
    notes: tuple[str, ...] = ()

    @property
    def months(self) -> float:
        """How often its time goes into a month."""
        return MONTH_SECONDS / self.seconds

    def compute_month(self) -> float:
        """Dollars for a month at this rate, everything included."""
        return (add(self.pipeline.values()) + add(self.additions.values())) * self.months + sum(
            self.fixed.values()
        )

    def compute_million(self, dollars: float | None) -> float | None:
        """Dollars per million events of what was paid in its time."""
        return None if dollars is None or not self.events else dollars / self.events * 1e6


def add(dollars: Iterable[float | None]) -> float:
    return sum(each for each in dollars if each is not None)
