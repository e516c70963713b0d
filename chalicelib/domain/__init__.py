"""The rules: standard library only; no clock, no randomness, no I/O. Time and ids come in as arguments."""
