"""The Chalice app: registers the blueprints, and nothing else."""

from chalice.app import Chalice

from chalicelib.handlers import (
    authorize,
    changes,
    edge,
    http_campaigns,
    http_groups,
    http_ops,
    http_orders,
    http_payments,
    http_people,
    http_products,
    http_public,
    http_webhooks,
    tick,
    wake,
)

app = Chalice(app_name="tuan", debug=False)
app.api.binary_types = ["application/octet-stream", "image/png"]
app.register_middleware(edge.at_the_door, "http")

for blueprint in (
    authorize.bp,
    http_public.bp,
    http_products.bp,
    http_campaigns.bp,
    http_groups.bp,
    http_orders.bp,
    http_payments.bp,
    http_people.bp,
    http_ops.bp,
    http_webhooks.bp,
    tick.bp,
    changes.bp,
    wake.bp,
):
    app.register_blueprint(blueprint)
