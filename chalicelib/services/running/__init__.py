"""The clocks, what they wake, and what keeps the shown numbers true."""
