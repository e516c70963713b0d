"""What notices say: one file per language, and one table of the parameters each template takes."""
