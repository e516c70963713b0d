"""Measurements: what a path costs, how fast it is, and what a crowd does to it. `make bench` runs them all."""
