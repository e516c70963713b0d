"""The Chalice app: registers the blueprints, and nothing else."""

from chalice.app import Chalice

from chalicelib.handlers import (
    authorize,
    challenge,
    changes,
    edge,
    http_batches,
    http_campaigns,
    http_groups,
    http_leaders,
    http_log_in,
    http_ops,
    http_orders,
    http_payments,
    http_people,
    http_products,
    http_public,
    http_routing,
    http_stages,
    http_supply,
    http_webhooks,
    pages_buying,
    pages_desk,
    pages_drafts,
    pages_goods,
    pages_hall,
    pages_lead,
    pages_login,
    pages_me,
    pages_merchant,
    pages_orders,
    pages_products,
    pages_supply,
    pages_trade,
    tick,
    wake,
)

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

app = Chalice(app_name="tuan", debug=False)
app.api.binary_types = ["application/octet-stream", "image/png", "multipart/form-data", SPREADSHEET]
app.register_middleware(edge.at_the_door, "http")

for blueprint in (
    authorize.bp,
    http_public.bp,
    http_products.bp,
    http_campaigns.bp,
    http_groups.bp,
    http_orders.bp,
    http_batches.bp,
    http_stages.bp,
    http_routing.bp,
    http_payments.bp,
    http_people.bp,
    http_log_in.bp,
    http_supply.bp,
    http_leaders.bp,
    http_ops.bp,
    http_webhooks.bp,
    pages_hall.bp,
    pages_buying.bp,
    pages_me.bp,
    pages_login.bp,
    pages_drafts.bp,
    pages_goods.bp,
    pages_merchant.bp,
    pages_products.bp,
    pages_orders.bp,
    pages_trade.bp,
    pages_desk.bp,
    pages_supply.bp,
    pages_lead.bp,
    challenge.bp,
    tick.bp,
    changes.bp,
    wake.bp,
):
    app.register_blueprint(blueprint)
