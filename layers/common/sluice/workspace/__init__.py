"""The workspace: everything an operator edits. models.py defines it, compile.py makes what runs of it,
runtime.py is how the functions see it."""
