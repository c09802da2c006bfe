"""Small compiled workspaces, as far as the template reads them."""

from typing import Any

from sluice.workspace.models import Alarms


def make_sync(name: str = "Plain", **over: Any) -> dict[str, Any]:
    return {
        "name": name,
        "destination": "crm",
        "max_concurrency": 10,
        "timeout": 60,
        "paused": False,
        "retired": False,
        "alarms": Alarms().model_dump(),
        **over,
    }


def make_workspace(**syncs: dict[str, Any]) -> dict[str, Any]:
    """Syncs by slug; underscores stand for hyphens."""
    return {"syncs": {slug.replace("_", "-"): sync for slug, sync in syncs.items()}}
