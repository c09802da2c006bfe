"""TransformFunction on this machine: the deployed handler in its own process, with the deployed limits."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from cli.build import PACKAGE
from sluice.transforms.protocol import Reply

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 10  # the function's timeout in template.yaml
MEGABYTES = 512  # and its memory
_CHILD = """\
import json, sys
from functions.transform.app import handler
call = json.load(sys.stdin)
answer = handler(call, None)
with open(int(sys.argv[1]), "w") as pipe:
    json.dump(answer, pipe)
"""


@dataclass(slots=True)
class Sandbox:
    """A workspace's layer, and what its functions wrote: their log lines, and the last traceback.

    `secrets` are values by environment variable. Every call has a fresh process.
    """

    layer: Path
    secrets: Mapping[str, str]
    log: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0

    def call_all(self, payloads: Sequence[bytes]) -> list[Reply]:
        return [self.call(payload) for payload in payloads]

    def call(self, payload: bytes) -> Reply:
        """As Lambda would answer.

        All goes through files: no answer and no output is too long for a pipe, and what the function leaves
        running holds nothing open.
        """
        self.calls += 1
        with (
            TemporaryFile() as given,
            TemporaryFile() as answer,
            TemporaryFile() as out,
            TemporaryFile() as err,
        ):
            given.write(payload)
            given.seek(0)
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(answer.fileno())],
                env=self._environment(),
                cwd=self.layer,
                pass_fds=[answer.fileno()],
                stdin=given,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            try:
                status = child.wait(SECONDS)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            self._read_log(_read(out))
            if status is None:
                return Reply(crash=f"it did not end, and its process was ended after {SECONDS} s")
            if status or not (told := _read(answer)):
                said = _read(err).decode(errors="replace").strip().splitlines()
                return Reply(crash=f"its process died (exit status {status}) {' '.join(said[-1:])}".strip())
            return Reply(payload=told)

    def _environment(self) -> dict[str, str]:
        """As little as Lambda gives: nothing of the person's own environment but where Python is."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join([str(self.layer / PACKAGE.parent), str(PROJECT)]),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEGABYTES),
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONUNBUFFERED": "1",  # what a process printed before it was killed is in its log
            "SLUICE_STACK": "sluice",
            "POWERTOOLS_METRICS_NAMESPACE": "Sluice",
            "POWERTOOLS_SERVICE_NAME": "transform",
            **self.secrets,
        }

    def _read_log(self, out: bytes) -> None:
        """The functions' lines; the handler's metrics are left out."""
        for line in out.decode(errors="replace").splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                told = {"level": "INFO", "message": line}
            if isinstance(told, dict) and "_aws" not in told:
                self.log.append(told)


def _read(file: IO[bytes]) -> bytes:
    """All of a file that somebody else wrote."""
    file.seek(0)
    return file.read()
