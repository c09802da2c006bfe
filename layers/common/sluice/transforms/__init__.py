"""Event functions: what an operator's Python makes of events, after contracts and before filters.

On the router's side, which trusts nothing that comes back:

transform   batches, bisecting, what a pack may cost
protocol    the request and the answer as JSON
results     returned events become outcomes: valid, measured, each with its id
outcomes    what became of one event

On the side of TransformFunction, where the operator's code runs (`sluice.adapters.function_process`):

returned    which event each returned one comes from
source      what can be said of a function's file without running it
"""
