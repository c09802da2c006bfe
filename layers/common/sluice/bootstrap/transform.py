"""TransformFunction: the workspace's functions, and the parameters that they may read."""

import os
import time
from functools import cache
from importlib.resources import files
from pathlib import Path

from sluice.adapters.clients import build_client
from sluice.adapters.function_process import FunctionProcess, limit_memory
from sluice.adapters.parameters import FunctionParameters
from sluice.bootstrap.memory import settle_memory


@cache
def build_process() -> FunctionProcess:
    """One a container."""
    settle_memory()
    if megabytes := os.environ.get(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
    ):  # only where this process is the function's
        limit_memory(int(megabytes))
    parameters = FunctionParameters(
        lambda: build_client("ssm", connect_timeout=1, read_timeout=1.5, max_attempts=1),
        os.environ["SLUICE_STACK"],
        time.monotonic,
    )
    return FunctionProcess(Path(str(files("sluice_workspace"))) / "functions", parameters, os.environ)
