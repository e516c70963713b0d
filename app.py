"""The Chalice app: registers the blueprints, and nothing else."""

from importlib import import_module
from importlib.util import find_spec

from chalice.app import Chalice

from chalicelib.handlers import edge

HANDLERS = ("authorize", "tick", "changes", "wake")

app = Chalice(app_name="tuan", debug=False)
app.api.binary_types = ["application/octet-stream", "image/png"]
app.register_middleware(edge.at_the_door, "http")

for name in HANDLERS:
    if find_spec(f"chalicelib.handlers.{name}"):
        app.register_blueprint(import_module(f"chalicelib.handlers.{name}").bp)
