"""A day of group buying as a readable file, played against the system and checked against its promises."""
