"""Puts each function together, once a container: environment, compiled workspace, AWS clients, core.

The only place that reads the environment. One module a function, so that a cold start imports its own parts.
"""
