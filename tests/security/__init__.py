"""Attacks, and what must stay secret."""
