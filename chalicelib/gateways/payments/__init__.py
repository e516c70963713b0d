"""Payment providers behind one port. Each answers with an Outcome; only a forged webhook raises."""
