"""Tuan (团): serverless group buying. Start at `docs/architecture.md`."""

import gc

gc.set_threshold(50_000, 20, 50)
"""Looking for rings of garbage after every 700 new things takes a tenth of a start, which makes nothing but new things
that stay; and an answer makes hardly any rings."""
