"""Whether the account lets the stack's functions run as many at once as their mappings ask for."""

from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from cli.stack import Stack


@dataclass(frozen=True, slots=True)
class Concurrency:
    """`account` is how many functions the account runs at once, `wanted` what the mappings may use of it."""

    account: int
    wanted: int

    @property
    def is_short(self) -> bool:
        """Ingest needs one at least, and has no mapping."""
        return self.wanted >= self.account


def read_concurrency(stack: Stack, of_syncs: Iterable[int]) -> Concurrency | None:
    """The account's limit, None where it cannot be read: a stand-in has none, a reader may lack the right."""
    if stack.is_local or "RouterMapping" not in stack.resources:
        return None
    client = stack.client("lambda")
    try:
        limits = client.get_account_settings()["AccountLimit"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"):
            return None
        raise
    router = client.get_event_source_mapping(UUID=stack.resources["RouterMapping"])
    wanted = count_concurrency(router) + sum(of_syncs)
    return Concurrency(limits["ConcurrentExecutions"], wanted)


def count_concurrency(mapping: dict[str, object]) -> int:
    """The MaximumConcurrency of an event source mapping, 0 where it has none."""
    scaling = mapping.get("ScalingConfig")
    most = scaling.get("MaximumConcurrency") if isinstance(scaling, dict) else None
    return most if isinstance(most, int) else 0
