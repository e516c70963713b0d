"""Who somebody is, how to reach them, and what they may do."""
