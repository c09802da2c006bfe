"""`sluice contracts`: a contract drafted from what came in, and a changed one tried on it.

infer    archived events become the draft of a contract
profile  what the values of one field have in common
trial    contracts over archived events: what was decided then, what would be now
"""

from cli.contracts.commands import app

__all__ = ["app"]
