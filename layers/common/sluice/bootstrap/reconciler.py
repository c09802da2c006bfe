"""The reconciler over the stack's archive bucket."""

import os
from functools import cache

from sluice.adapters.archive_lines import ArchiveLines
from sluice.adapters.clients import build_client
from sluice.reconciling.reconcile import Reconciler
from sluice.workspace.runtime import load_compiled


@cache
def build_reconciler() -> Reconciler:
    """One a container."""
    archive = ArchiveLines(build_client("s3", read_timeout=30), os.environ["SLUICE_ARCHIVE_BUCKET"])
    return Reconciler(load_compiled(), archive, one_in=int(os.environ["SLUICE_CONSERVATION_SAMPLE"]))
