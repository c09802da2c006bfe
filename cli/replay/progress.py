"""How far a replay is: `.local/replays/<id>.json`, written anew after every call of SQS.

Noted are the objects of the archive that are under way and how many of the packs made of them were sent. A
resume makes the same packs of the same objects and leaves out that many. So it repeats no more than the packs
of one call: those that SQS had taken when the replay was interrupted before it could note them. Which lines
the earlier objects had is in `<id>.taken` (`taken.py`).
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.replay.plan import Plan
from cli.stack import CommandError


@dataclass(slots=True)
class Progress:
    """`after` is the last object that is done, `under_way` those of the current window, `sent` its packs that
    were sent. `taken` and `packs` count events and packs since the replay began."""

    plan: Plan
    path: Path
    after: str = ""
    under_way: list[str] = field(default_factory=list)
    sent: int = 0
    taken: int = 0
    packs: int = 0
    finished: bool = False

    @property
    def taken_path(self) -> Path:
        """The file of the lines that were taken so far."""
        return self.path.with_suffix(".taken")

    def save(self) -> None:
        """A reader, and a resume after a crash, sees the file whole: as it was, or as it is."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        told: dict[str, Any] = {
            "plan": self.plan.to_json(),
            "after": self.after,
            "under_way": self.under_way,
            "sent": self.sent,
            "taken": self.taken,
            "packs": self.packs,
            "finished": self.finished,
        }
        written = self.path.with_suffix(".new")
        with written.open("w") as file:
            json.dump(told, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        written.replace(self.path)


def load_progress(folder: Path, run: str) -> Progress:
    """Raises CommandError where there is no replay of this id."""
    path = folder / f"{run}.json"
    try:
        raw = json.loads(path.read_text())
        plan = Plan.from_json(raw.pop("plan"))
        return Progress(plan, path, **raw)
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in folder.glob("*.json"))) or "none"
        raise CommandError(f"there is no replay {run}; known here: {known}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path.name} does not say how far the replay is: {error!r}") from error
