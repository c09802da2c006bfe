"""Events per CPU-second of every stage: `make bench`."""
