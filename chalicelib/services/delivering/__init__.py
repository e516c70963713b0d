"""Batches on their way to people: routing, carriers, hand-over, returns."""
