"""A text in the editor of the person at the terminal."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cli.stack import CommandError


def edit_text(text: str, *, suffix: str, environment: Mapping[str, str] = os.environ) -> str:
    """What `$VISUAL` or `$EDITOR` (else vi) leaves of the text, in a file that only this user can read.

    Raises CommandError where the editor cannot be started or fails.
    """
    editor = environment.get("VISUAL") or environment.get("EDITOR") or "vi"
    hint = 'set EDITOR to a command that ends when you close the file: EDITOR=nano, EDITOR="code --wait"'
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"event{suffix}"
        path.write_text(text, "utf-8")
        try:
            ended = subprocess.run([*shlex.split(editor), str(path)], check=False)
            edited = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise CommandError(f"the editor {editor!r} does not work: {error}", hint) from error
    if ended.returncode:
        raise CommandError(f"the editor {editor!r} failed: exit status {ended.returncode}", hint)
    return edited
