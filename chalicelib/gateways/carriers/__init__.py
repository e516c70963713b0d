"""Carriers: each a gateway of its own, behind ports.Carrier."""
