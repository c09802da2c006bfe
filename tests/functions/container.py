"""A container of a function as Lambda makes it: the workspace's layer on its path, and nothing remembered."""

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest


def start_container(
    function: str, workspace: Mapping[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first invocation of `functions/<function>/app.py`, with a compiled workspace."""
    package = folder / "sluice_workspace"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "workspace.json").write_bytes(orjson.dumps(workspace))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Sluice")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", function)
    forget_container(function)


def forget_container(function: str) -> None:
    """The next invocation is the first of its container."""
    for name in (f"functions.{function}.app", "sluice_workspace"):
        sys.modules.pop(name, None)
    for module in (f"sluice.bootstrap.{function}", "sluice.workspace.runtime"):
        for name, value in vars(importlib.import_module(module)).items():
            if name.startswith(("build_", "load_")) and hasattr(value, "cache_clear"):
                value.cache_clear()
