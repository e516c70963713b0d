"""The stages of a formed group, who is late, and what is done about it."""
