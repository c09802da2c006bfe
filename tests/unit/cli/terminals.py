"""How a command finds itself at a terminal."""

TERMINAL = {"TTY_COMPATIBLE": "1", "TERM": "dumb"}
"""The environment of one with 80 columns and no colours, for `CliRunner`."""
