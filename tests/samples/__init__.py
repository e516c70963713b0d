"""Rows as every version of the code wrote them: `rows/KIND.SHAPE.json`. What was written once stays readable.

`python -m tests.samples` adds what is missing: one row of each kind, in its shape of today, from a played day.
It never touches a sample that is there, because rows of that shape are out in the world.
"""
