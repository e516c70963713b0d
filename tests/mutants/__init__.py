"""Guards taken out one line at a time, each of which a named test must notice (B31): `mutants.toml` lists them."""
