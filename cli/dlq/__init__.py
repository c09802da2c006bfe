"""`sluice dlq`: what died, why, and back again.

queues      the dead-letter queues of a stack
messages    what lies in one: single-event letters and whole packs, as lines of one form
sweep       every message of a queue once; what is not taken is there again afterwards
selection   which letters a redrive is about
redrive     receive → send → delete
archived    letters in `dead/`
looking     the commands list, show, export
editing     the command edit
redriving   the command redrive
"""

from cli.dlq.commands import app

__all__ = ["app"]
