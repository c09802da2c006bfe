"""What talks to AWS and to destinations: one small class a service, built by `sluice.bootstrap`.

Each has a fake in `tests/fakes` that runs the same contract tests.
"""
