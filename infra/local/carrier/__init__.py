"""A carrier that is not there: a local server with the manners of real ones."""
