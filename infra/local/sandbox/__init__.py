"""A payment provider for laptops and tests, with the manners, good and bad, of real ones."""
