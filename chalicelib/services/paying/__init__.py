"""Money in, money back, money let out, and the books."""
