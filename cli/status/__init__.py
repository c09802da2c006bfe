"""`sluice status`: what came in, what became of it, and what waits, by source and by sync.

series      CloudWatch's metrics over a range of time
queues      what waits now, breakers, pauses
overview    both put together
report      80 columns of text, or JSON
commands    status
"""

from cli.status.commands import status

__all__ = ["status"]
