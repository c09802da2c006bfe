"""One stage, measured in a process of its own: `python -m benchmarks.stages NAME URL FILE` prints its JSON.

The handlers are the deployed ones, over the real botocore; only the far end is the loopback endpoint.
"""

import importlib
import os
import sys
from pathlib import Path

import orjson

from benchmarks.events import load_events

# Stage: module, function, arguments. A module is imported where its stage is measured.
STAGES: dict[str, tuple[str, str, dict[str, int]]] = {
    "ingest_1": ("ingest", "bench_ingest", {"size": 1}),
    "ingest_20": ("ingest", "bench_ingest", {"size": 20}),
    "ingest_100": ("ingest", "bench_ingest", {"size": 100}),
    "router_3_syncs": ("router", "bench_router", {}),
    "delivery_map": ("delivery", "bench_delivery_map", {}),
    "delivery_http": ("delivery", "bench_delivery_http", {}),
}


def main(stage: str, url: str, path: str) -> None:
    """Measures one stage against the endpoint at `url`, with the events of a file where one is named."""
    module, function, arguments = STAGES[stage]
    bench = getattr(importlib.import_module(f"benchmarks.{module}"), function)
    figures = bench(load_events(Path(path) if path else None), url, **arguments)
    os.write(3, orjson.dumps(figures))  # standard output belongs to the handlers' metrics


if __name__ == "__main__":
    main(*sys.argv[1:])
