"""One stage, measured in a process of its own: `python -m benchmarks.stages NAME URL FILE` prints its JSON.

The handlers are the deployed ones, over the real botocore; only the far end is the loopback endpoint.
"""

import importlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from benchmarks.events import load_events

KEY = "benchmark"  # opens the sources of these runs and nothing else
SHIPPED = "benchmarks/workspace_shipped"  # the syncs that ship, without contract and function
FULL = "benchmarks/workspace"
CONTRACTS = "benchmarks/workspace_contracts"  # the syncs that ship, and a contract
DELIVERY = "benchmarks/workspace_delivery"  # a destination that answers after 20 ms


@dataclass(frozen=True)
class Stage:
    """Where a stage's function is, and the workspace it runs with. Imported in the stage's own process."""

    module: str
    function: str
    workspace: str = SHIPPED
    arguments: dict[str, int] = field(default_factory=dict)
    sync: str = "mapped"  # whose delivery function it is


STAGES = {
    "ingest_1": Stage("ingest", "bench_ingest", arguments={"size": 1}),
    "ingest_20": Stage("ingest", "bench_ingest", arguments={"size": 20}),
    "ingest_100": Stage("ingest", "bench_ingest", arguments={"size": 100}),
    "router_3_syncs": Stage("router", "bench_router"),
    "router_3_syncs_all": Stage("router", "bench_full_fanout", FULL),
    "router_contracts": Stage("router", "bench_router", CONTRACTS),
    "mapping_15_parsed": Stage("mapping", "bench_parsed"),
    "mapping_15_bytes": Stage("mapping", "bench_bytes"),
    "mapping_liquid": Stage("mapping", "bench_liquid"),
    "delivery_map": Stage("delivery", "bench_delivery_map", FULL),
    "delivery_http": Stage("delivery", "bench_delivery_http", FULL),
    "function_500": Stage("functions", "bench_function"),
    "delivery_single": Stage("delivery", "bench_single", DELIVERY, sync="single"),
    "bare_single": Stage("bare", "bench_single", DELIVERY, sync="single"),
    "delivery_batch_100": Stage("delivery", "bench_batches", DELIVERY, sync="batches"),
    "bare_batch_100": Stage("bare", "bench_batches", DELIVERY, sync="batches"),
    "contracts_worst": Stage("worst_contracts", "bench_worst"),
    "filters_5": Stage("filters", "bench_filters"),
}


def main(stage: str, url: str, path: str) -> None:
    """Measures one stage against the endpoint at `url`, with the events of a file where one is named."""
    chosen = STAGES[stage]
    bench = getattr(importlib.import_module(f"benchmarks.{chosen.module}"), chosen.function)
    figures = bench(load_events(Path(path) if path else None), url, **chosen.arguments)
    os.write(3, orjson.dumps(figures))  # standard output belongs to the handlers' metrics


if __name__ == "__main__":
    main(*sys.argv[1:])
