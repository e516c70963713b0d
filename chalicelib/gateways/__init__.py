"""The rest of the world: payments, SMS, e-mail, identity, vault, queue, wording, logs.

Each implements a port of `domain.ports`. Making one costs nothing: clients, connections and heavy imports
wait for the first call, because a function that never calls a gateway should not pay for it when it starts.
Every outward call has a time limit, and what can go wrong out there comes back as an outcome or as trouble
with a name.
"""
