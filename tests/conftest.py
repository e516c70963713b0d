"""What holds for every test."""

from hypothesis import HealthCheck, settings

settings.register_profile("tuan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tuan")
"""How long an example takes is the machine's business: on a busy one the same example would fail now and then."""
