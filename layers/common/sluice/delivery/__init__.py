"""Delivery: the last stage. A sync's packs come in from its queue, requests go out to its destination, and
every item ends delivered, waiting for another attempt, or dead with its reason.

`deliver` runs one invocation; `pack_work` maps, `calls` sends, `classify` reads the answers, `schedule` says
when to try again, `settle` and `dead_letters` write what is left.
"""
