"""The pages in a real browser, against the whole system in one process."""
