"""The bars' marker."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "bar(id): the bar of what must be shown that this test measures")
