"""The parameters of each template: the contract between the services that plan notices and the texts that
tell them.

Values are strings ready to be read: money with its sign, times on the reader's wall clock, numbers bare, and
`link` an address that shows the whole story. A parameter of OPTIONAL may be the empty string, and the
sentence that holds it is then left out; any other must say something.
"""

from collections.abc import Mapping

MILESTONE = ("title", "joined", "target", "remaining", "link")
"""How far a group is, in whatever its target counts, so these are bare numbers or amounts without a noun."""

PARAMS: Mapping[str, tuple[str, ...]] = {
    "order_held": ("title", "amount", "pay_by", "link"),
    "order_paid": ("title", "amount", "closes_at", "link"),
    "order_expired": ("title", "link"),
    "order_cancelled": ("title", "amount", "arrives_by", "link"),
    "payment_reminder": ("title", "amount", "pay_by", "link"),
    "pickup_missing": ("title", "choose_by", "link"),
    "pickup_defaulted": ("title", "pickup_point", "link"),
    "milestone_half": MILESTONE,
    "milestone_most": MILESTONE,
    "milestone_one_more": MILESTONE,
    "milestone_reached": MILESTONE,
    "deadline_moved": ("title", "closes_at", "link"),
    "group_formed": ("title", "joined", "final_price", "link"),
    "group_failed": ("title", "amount", "method", "arrives_by", "alternative", "link"),
    "price_drop_refund": ("title", "amount", "final_price", "arrives_by", "link"),
    "late_money_refund": ("title", "amount", "arrives_by", "link"),
    "refund_done": ("title", "amount", "method", "link"),
    "stock_low": ("title", "item", "left", "link"),
    "sold_out": ("title", "item", "link"),
    "campaign_offer": ("title", "price", "closes_at", "link"),
}

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    # Cancelled before any money moved: there is nothing to pay back, and nothing is said about it.
    "order_cancelled": ("amount", "arrives_by"),
}
