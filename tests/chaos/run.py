"""One run: a stack of its own behind a fault proxy, the storm, healing, waiting, the account."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.local.clients import make_client
from cli.local.observe import script_sink
from tests.chaos.conservation import Balance, balance
from tests.chaos.gather import IDS, call_sink, count_waiting, gather, read_tally, redrive_ingest
from tests.chaos.plan import SYNCS, Plan, plan_poison
from tests.chaos.sender import Sender
from tests.chaos.storm import Storm
from tests.e2e.fault_proxy import FaultProxy, running_proxy
from tests.e2e.stacks import LocalStack, find_free_ports, new_stack

WORKSPACE = Path(__file__).with_name("workspace")
# What a killed router had in hand comes back after these seconds, not after six of its timeouts. The queues
# of syncs stay as they are deployed: a pack that comes back while it waits behind others is delivered twice.
ROUTER_REDELIVERY_SECONDS = "60"
ROUTERS = 3
PROGRESS_SECONDS = 10.0


@dataclass
class Result:
    """What the run found; `waiting` are messages that were still on their way at the deadline."""

    balances: dict[str, Balance]
    reasons: dict[str, Counter[str]]
    waiting: int
    copies: int
    refusals: int
    faults: int
    kills: int
    redriven: int

    @property
    def holds(self) -> bool:
        return not self.waiting and all(found.holds for found in self.balances.values())


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)  # noqa: T201


@contextmanager
def stormy_stack() -> Iterator[tuple[LocalStack, FaultProxy]]:
    """A stack of the run's own whose functions reach AWS through a fault proxy; it is gone afterwards."""
    stack = new_stack("chaos", WORKSPACE)
    [port] = find_free_ports(1)
    with running_proxy(port, f"http://127.0.0.1:{stack.port}", stack.folder) as proxy:
        try:
            stack.up("--fault-proxy", proxy.url)
            yield stack, proxy
        finally:
            stack.down()


def run(plan: Plan, settle_seconds: float) -> Result:
    """Carries the plan out. Raises where it could not be carried out: that proves nothing either way."""
    say("starting a stack behind the fault proxy …")
    with stormy_stack() as (stack, proxy):
        facts = stack.facts
        prepare(facts, plan)
        with Storm(stack, proxy, plan.steps).raging() as storm, ThreadPoolExecutor(1) as background:
            say(f"the storm begins: {len(plan.steps)} steps")
            sender = Sender(facts, lambda: storm.share)
            sending = background.submit(sender.send_all, plan.requests)
            try:
                while not (sending.done() and storm.is_over):
                    report(facts, sender, f"step {storm.done} of {len(plan.steps)}, {storm.kills} killed")
                    wait_for(lambda: sending.done() and storm.is_over, PROGRESS_SECONDS)
                    if storm.trouble:
                        raise RuntimeError("the storm broke off") from storm.trouble[0]
            finally:
                sender.stop.set()
            sending.result()
        faults = proxy.count_all_faults()
        heal(facts)
        say("everything is healed: waiting for what is still on its way …")
        redriven = settle(facts, sender, settle_seconds)
        evidence, reasons = gather(facts, sender.accepted, plan.blocked)
        return Result(
            balances={sync: balance(found) for sync, found in evidence.items()},
            reasons=reasons,
            waiting=count_waiting(facts),
            copies=sender.copies,
            refusals=sender.refusals,
            faults=faults,
            kills=storm.kills,
            redriven=redriven,
        )


def prepare(facts: dict[str, Any], plan: Plan) -> None:
    """Destinations by the plan; what a killed function had comes back soon; few routers on few cores."""
    call_sink(facts, "PUT", "/_tally", {"ids": IDS})
    call_sink(facts, "PUT", "/_script", plan_poison())
    for destination, answers in plan.answers.items():
        script_sink(facts, f"/{destination}/*", answers)
    sqs = make_client("sqs", facts["endpoint_url"])
    sqs.set_queue_attributes(
        QueueUrl=facts["ingest_queue"], Attributes={"VisibilityTimeout": ROUTER_REDELIVERY_SECONDS}
    )
    make_client("lambda", facts["endpoint_url"]).update_event_source_mapping(
        UUID=facts["resources"]["RouterMapping"], ScalingConfig={"MaximumConcurrency": ROUTERS}
    )


def heal(facts: dict[str, Any]) -> None:
    """Destinations answer 200 but for what they never take; the storm has taken its rules back itself."""
    for destination in SYNCS.values():
        script_sink(facts, f"/{destination}/*", [])


def settle(facts: dict[str, Any], sender: Sender, seconds: float) -> int:
    """Waits until nothing is on its way, or for so long; the packs that were redriven to ingest."""
    deadline, redriven = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        redriven += (again := redrive_ingest(facts))
        if not again and count_waiting(facts) == 0:
            break
        report(facts, sender, f"{count_waiting(facts)} messages on their way")
        wait_for(lambda: count_waiting(facts) == 0, min(PROGRESS_SECONDS, deadline - time.monotonic()))
    return redriven


def report(facts: dict[str, Any], sender: Sender, where: str) -> None:
    taken = ", ".join(f"{name} {len(read_tally(facts, name)[0]):,}" for name in SYNCS.values())
    say(f"{where}; sent {sender.copies:,}; taken by {taken}")


def wait_for(condition: Any, seconds: float) -> None:
    """Until the condition holds, for so long at most."""
    deadline = time.monotonic() + seconds
    while not condition() and (left := deadline - time.monotonic()) > 0:
        threading.Event().wait(min(0.5, left))
