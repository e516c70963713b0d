"""Tuan (团): serverless group buying. Start at `docs/architecture.md`."""
