"""Why an event is taken or not, and where each mapped field came from: for people, never on an event's way.

The engine itself decides: `filters.py` asks a compiled filter for every condition, `mappings.py` a compiled
source for every value. What is explained here can therefore not differ from what is done.
"""
