"""`sluice status`: what came in, what became of it, and what waits, by source and by sync.

series      CloudWatch's metrics over a range of time
expected    the metrics that a stack may have, by name
queues      what waits now, breakers, pauses
ages        the oldest event that waits; how old the figures are
alarms      the alarms that are on
overview    all put together
report      80 columns of text, or JSON
commands    status
"""

from cli.status.commands import status

__all__ = ["status"]
