"""What goes over the wire, and nothing else: strict shapes of requests, allow-listed shapes of answers."""
