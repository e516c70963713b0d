"""Chalice blueprints: parse, call one service, map the answer. Event handlers import no HTTP code."""
