"""`sluice tail`: the last events of the sources with their verdicts, and those that come.

reading  rows of the stack's table, by source and time
choose   which of them are shown
show     one event, one line or two
"""
