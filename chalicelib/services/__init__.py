"""Use cases, one verb a file: load, decide, commit. Each takes the world, who asks, what they ask, and `now`."""
