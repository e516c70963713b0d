"""Who is told what, when, and on which channel; and what people tell each other."""
