"""Contracts: which events a source may send, and what is in them (seeds 000 and 001, "Data contracts").

standard   what every event may have, whatever a contract declares
shape      the parts of a JSON Schema: which look at the same value, which at a field or an item of it
document   one schema with the components that it refers to
validator  draft 7 in linear time, without the network
declared   which fields a schema declares, at every depth
messages   what is said of a broken schema, for a bounded price
definition one declared event: its schema, and what a violation does
compile    the contracts of every source, as a function from an event to an outcome
outcome    what that function answers
"""
