"""The beds of the integration tests: the scenes here are stories like theirs."""

from tests.integration.conftest import own, shared, shop

__all__ = ["own", "shared", "shop"]
