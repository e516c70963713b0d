"""What a formed group needs of its suppliers, what came, and what is missing."""
