"""The real services over the real store, interleaved at every outside call by a seeded dice, with faults.

`python -m tests.simulation --seeds 5000 --jobs 2` plays histories; a seed that breaks a promise prints the one line
that replays it. Same seed, same trace.
"""
