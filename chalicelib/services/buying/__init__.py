"""From joining to the verdict: seats, orders, groups and their deadline."""
