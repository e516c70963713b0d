"""What the documents show, made by the code they describe."""
