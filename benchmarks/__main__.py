"""`make bench`: measures every stage, prints a table, writes `.local/bench.json`."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import first_events
from benchmarks.contracts import copy_with_contract
from benchmarks.events import load_events
from benchmarks.layer import build_functions
from benchmarks.stages import CONTRACTS, DELIVERY, FULL, KEY, SHIPPED, STAGES
from cli.build import write_workspace_layer
from sluice.ingest.keys import digest_key

PROJECT = Path(__file__).parent.parent
RESULT = PROJECT / ".local" / "bench.json"
COLD_STARTS = 5


def bench(
    events: Annotated[Path | None, typer.Option(help="Events, one JSON object a line.", exists=True)] = None,
    stage: Annotated[list[str] | None, typer.Option(help="Only this stage; may be repeated.")] = None,
) -> None:
    """Events per CPU-second of each stage, one core, the shipped handlers with everything on."""
    unknown = set(stage or ()) - set(STAGES)
    if unknown:
        raise typer.BadParameter(f"there is no stage {', '.join(unknown)}; stages: {', '.join(STAGES)}")
    console = Console()
    figures: dict[str, Any] = {}
    with run_endpoint() as url, tempfile.TemporaryDirectory() as folder:
        workspaces = {name: PROJECT / name for name in (SHIPPED, FULL, CONTRACTS, DELIVERY)}
        if events:
            workspaces[CONTRACTS] = copy_with_contract(
                workspaces[CONTRACTS], Path(folder) / "contracts", load_events(events)
            )
        environments = {
            name: make_environment(Path(folder) / str(n), url, workspace)
            for n, (name, workspace) in enumerate(workspaces.items())
        }
        for name in stage or STAGES:
            with console.status(f"measuring {name} …"):
                path = str(events.absolute()) if events else ""
                environment = environments[STAGES[name].workspace] | {"SLUICE_SYNC": STAGES[name].sync}
                output = run_python("benchmarks.stages", [name, url, path], environment)
                figures[name] = orjson.loads(output)
        with console.status("measuring cold starts …"):
            cold = {} if stage else measure_cold_starts(Path(folder), environments[FULL])
    print_figures(console, figures)
    console.print(
        f"this machine: orjson.loads {calibrate(load_events(events)):.1f} µs an event in lists of 100; "
        "compare figures of machines by it"
    )
    if cold:
        print_cold_starts(console, cold)
    RESULT.parent.mkdir(exist_ok=True)
    result = figures | ({"cold_starts": cold} if cold else {})
    RESULT.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    console.print(f"written to {RESULT.relative_to(PROJECT)}")


def measure_cold_starts(folder: Path, environment: dict[str, str]) -> dict[str, dict[str, float]]:
    """Medians for each function as it is deployed, and without bytecode."""
    environment = environment | {"SLUICE_SYNC": first_events.SYNC}
    events = orjson.loads(run_python("benchmarks.first_events", [], environment))
    workspace = environment["PYTHONPATH"].split(os.pathsep)[0]
    medians = {}
    for label, with_bytecode in (("", True), (", without bytecode", False)):
        build = folder / f"build{label}"
        build_functions(build, with_bytecode=with_bytecode)
        for function, event in events.items():
            (build / f"{function}.json").write_bytes(orjson.dumps(event))
            paths = [str(build / function), str(build / "CommonLayer/python"), workspace]
            seen = environment | {"PYTHONPATH": os.pathsep.join(paths)}
            starts = [start_cold(build / function, seen) for _ in range(COLD_STARTS)]
            medians[function + label] = {
                name: round(statistics.median(start[name] for start in starts)) for name in starts[0]
            }
    return medians


def calibrate(events: list[dict[str, Any]]) -> float:
    """CPU µs an event of parsing a list of 100, the best of twenty: what no stage can do without."""
    body = orjson.dumps(events[:100])
    seconds = []
    for _ in range(20):
        start = time.process_time()
        for _ in range(20):
            orjson.loads(body)
        seconds.append(time.process_time() - start)
    return min(seconds) / 20 / len(events[:100]) * 1e6


@contextmanager
def run_endpoint() -> Iterator[str]:
    """The counting endpoint, in a process of its own until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.endpoint"], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the endpoint has no output")
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


def make_environment(folder: Path, url: str, workspace: Path) -> dict[str, str]:
    """What the handlers see: the defaults of template.yaml, and AWS on loopback."""

    def send_to_endpoint(compiled: dict[str, Any]) -> dict[str, Any]:
        for source in compiled["sources"].values():
            source["keys"].append({"id": "benchmark", "sha256": digest_key(KEY), "revoked": False})
        for destination in compiled["destinations"].values():
            if "url" in destination["settings"]:
                destination["settings"]["url"] = url + urlsplit(destination["settings"]["url"]).path
        return compiled

    write_workspace_layer(workspace, folder, send_to_endpoint)
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(folder / "python"), str(PROJECT)]),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "POWERTOOLS_SERVICE_NAME": "benchmark",
        "POWERTOOLS_METRICS_NAMESPACE": "Sluice",
        "SLUICE_STACK": "sluice",
        "SLUICE_INGEST_QUEUE_URL": f"{url}/000000000000/sluice-ingest",
        "SLUICE_CONTROL_TABLE": "control",
        "SLUICE_DEDUP_TABLE": "dedup",
        "SLUICE_DEDUP_WINDOW_HOURS": "24",
        "SLUICE_EVENT_STREAM": "events",
        "SLUICE_TAIL_TABLE": "tail",
        "SLUICE_TAIL_EVENTS_PER_MINUTE": "20",
        "SLUICE_DELIVERY_STREAM": "deliveries",
        "SLUICE_ARCHIVE_BUCKET": "archive",
        "SLUICE_QUEUE_URL": f"{url}/000000000000/sluice-Mapped",
        "SLUICE_DLQ_URL": f"{url}/000000000000/sluice-Mapped-dlq",
        "SLUICE_ALLOW_PRIVATE_DESTINATIONS": "true",
        "SLUICE_MAX_REQUEST_BYTES": "10000000",
        "SLUICE_MAX_EVENTS": "2500",
        "SLUICE_MAX_DEPTH": "64",
        "SLUICE_MAX_EVENT_BYTES": "98304",
        "SLUICE_MAX_NORMALISED_BYTES": "20000000",
        "SLUICE_MAX_NORMALISED_RATIO": "20",
        "SLUICE_TRUSTED_PROXY_HOPS": "0",
    }


def run_python(module: str, arguments: list[str], environment: dict[str, str]) -> bytes:
    """What a module run as a script wrote to descriptor 3; its own output is shown only where it failed."""
    reading, writing = os.pipe()
    moved = f"import os, runpy, sys; os.dup2({writing}, 3); sys.argv = sys.argv[1:]; "
    code = moved + "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
    process = subprocess.run(
        [sys.executable, "-c", code, module, *arguments],
        env=environment,
        cwd=PROJECT,
        pass_fds=[writing],
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        output = pipe.read()
    if process.returncode or not output:
        raise SystemExit(f"{module} {arguments} failed:\n{process.stderr[-4000:]}")
    return output


def start_cold(function: Path, environment: dict[str, str]) -> dict[str, float]:
    """The figures of a fresh process for the event in `function`.json; see coldstart.py."""
    event, figures = function.with_suffix(".json"), function.with_suffix(".figures.json")
    script = [sys.executable, "-S", "-P", "-B", PROJECT / "benchmarks/coldstart.py", event, figures]
    process = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    if process.returncode:
        raise SystemExit(f"the cold start of {function.name} failed:\n{process.stderr[-4000:]}")
    measured: dict[str, float] = orjson.loads(figures.read_bytes())
    return measured


def print_figures(console: Console, figures: dict[str, dict[str, float]]) -> None:
    table = Table("stage", "events per CPU-second", "µs per event", "events a second", "ms per KB")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, figure in figures.items():
        wall = f"{figure['events_per_s']:,}" if "events_per_s" in figure else ""
        per_kb = f"{figure['ms_per_kb']:.1f}" if "ms_per_kb" in figure else ""
        cpu = f"{figure['events_per_cpu_s']:,}", f"{figure['us_per_event']:.1f}"
        table.add_row(name, *cpu, wall, per_kb)
    console.print(table)


def print_cold_starts(console: Console, cold: dict[str, dict[str, float]]) -> None:
    table = Table("cold start", "import, ms of CPU", "to the first answer, ms of CPU", "ms")
    for column in table.columns[1:]:
        column.justify = "right"
    for function, figure in cold.items():
        table.add_row(function, *(f"{figure[name]:.0f}" for name in ("import_cpu_ms", "cpu_ms", "ms")))
    console.print(table)


if __name__ == "__main__":
    typer.run(bench)
