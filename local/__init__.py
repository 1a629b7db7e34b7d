"""An AWS account on this machine, for the demo and the tests. Never deployed."""
