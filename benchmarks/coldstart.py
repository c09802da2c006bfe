"""A fresh process: the import of a function and its first answer. Writes milliseconds as JSON.

Run as `python -S -P -B coldstart.py EVENT FIGURES`, which are two files. Like Lambda, the process
finds modules in the layers and the function's folder only, and writes no bytecode.
"""

import time

started = time.perf_counter()

import json  # noqa: E402 - the interpreter's own start is not measured
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

event = json.loads(Path(sys.argv[1]).read_bytes())
before = time.process_time()

from app import handler  # noqa: E402 - what is measured

imported = time.process_time()


class Context:
    aws_request_id = function_name = "benchmark"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


answer = handler(event, Context())
figures = {
    "import_cpu_ms": (imported - before) * 1000,
    "cpu_ms": (time.process_time() - before) * 1000,
    "ms": (time.perf_counter() - started) * 1000,
}
if answer.get("statusCode", 200) != 200 or answer.get("batchItemFailures"):
    sys.exit(f"the first event was answered {answer}")
Path(sys.argv[2]).write_text(json.dumps(figures))
