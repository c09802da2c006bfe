"""Where one local stack lives: its ports, folders and switches, read once from the environment."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.local.errors import LocalStackError

PROJECT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
STACK_NAME = "sluice-local"


@dataclass(frozen=True)
class LocalSettings:
    """Everything a local stack is started with; two stacks with other ports and folders do not meet."""

    port: int = 4566
    sink_port: int = 4570
    workspace: Path = PROJECT / "workspace"
    folder: Path = PROJECT / ".local"
    auth: bool = False
    """Enforce the functions' IAM policies."""
    built: bool = False
    """Deploy the result of `sam build` instead of the sources."""
    fault_proxy: str = ""
    """Where handlers send their AWS calls instead of straight to the emulator."""

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sink_url(self) -> str:
        return f"http://127.0.0.1:{self.sink_port}"

    @property
    def stack_file(self) -> Path:
        return self.folder / "stack.json"

    @property
    def pump_file(self) -> Path:
        """Up to where the pump has read the functions' logs."""
        return self.folder / "pump.json"

    @property
    def temporary_folder(self) -> Path:
        return self.folder / "tmp"

    @property
    def architecture(self) -> str:
        """Lambda's name for this machine, so that built wheels can run here."""
        return "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


def read_settings(environment: Mapping[str, str] = os.environ) -> LocalSettings:
    """Settings from `SLUICE_*`; a relative folder starts at the project's root. A bad value is an error."""
    return LocalSettings(
        port=read_port(environment, "SLUICE_PORT", 4566),
        sink_port=read_port(environment, "SLUICE_SINK_PORT", 4570),
        workspace=PROJECT / (environment.get("SLUICE_WORKSPACE") or "workspace"),
        folder=PROJECT / (environment.get("SLUICE_LOCAL_DIR") or ".local"),
        auth=read_switch(environment, "SLUICE_AUTH"),
        built=read_switch(environment, "SLUICE_BUILT"),
        fault_proxy=environment.get("SLUICE_FAULT_PROXY", ""),
    )


def read_port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise LocalStackError(f"{name} must be a port number, not {text!r}")
    return int(text)


def read_switch(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").strip().lower() in {"1", "true", "yes", "on"}
