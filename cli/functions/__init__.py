"""`sluice functions`: event functions, run on this machine as they are deployed."""
