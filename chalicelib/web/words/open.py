"""Open books, coupons, and what support takes from the pages."""

from .text import Texts

TEXTS: Texts = {
    "solvency.title": ("资金公示", "Where the money is"),
    "solvency.link": ("资金公示", "Where the money is"),
    "solvency.lead": (
        "买家付的每一分钱，或已退回，或已结算，或仍由持牌机构代管。任何人都可以自己核算。",
        "Every cent that buyers paid was given back, paid out, or is still held. Anybody can add it up for themselves.",
    ),
    "solvency.paid": ("已付", "Paid"),
    "solvency.refunded": ("已退", "Refunded"),
    "solvency.charged_back": ("银行退单", "Charged back"),
    "solvency.released": ("已结算", "Paid out"),
    "solvency.held": ("代管中", "Held"),
    "solvency.again": ("自己核算", "Add it up yourself"),
    "solvency.formula": (
        "代管中 = 已付 − 已退 − 银行退单 − 已结算",
        "Held = paid − refunded − charged back − paid out",
    ),
    "solvency.step_read": (
        "读取全部记录（分页，每页的 next 是下一页的 cursor 参数）：",
        "Read all rows, page by page (`next` of a page is the `cursor` of the one after it):",
    ),
    "solvency.json": ("JSON 数据", "the data as JSON"),
    "solvency.step_add": (
        "按种类把金额相加（负数表示退回来的）：截至上述时间共 {n} 条，应与上面的数字一致。",
        ("Add the amounts up by kind, negative ones too: {n} row as of the time above gives these figures.",
         "Add the amounts up by kind, negative ones too: {n} rows as of the time above give these figures."),
    ),
    "solvency.step_own": (
        "每条记录只显示其编号的散列值；用订单页或接口中的付款或退款编号即可找到自己的那条。",
        "Rows carry a hash of their number and no name. With the number of your payment you find your own.",
    ),
    "solvency.entry": ("付款或退款编号（订单号加 .p1 等）", "Number of a payment or refund (the order’s with .p1)"),
    "solvency.find": ("查找", "Find it"),
    "solvency.hash": ("这一条记录的标识是 {hash}", "It is the row {hash}"),
    "solvency.rows": ("记录", "Rows"),
    "solvency.when": ("时间", "When"),
    "solvency.what": ("种类", "What"),
    "solvency.amount": ("金额", "Amount"),
    "solvency.row": ("标识", "Row"),
    "solvency.none": ("还没有资金记录。", "No money has moved yet."),
    "moderate.title": ("评价管理", "Reviews to moderate"),
    "moderate.lead": (
        "只有客服可以隐藏评价，须写明原因；操作记入审计日志，商家无此权限。",
        "Only support can hide a review, with a reason; it is written into the audit log. The merchant cannot.",
    ),
    "moderate.product": ("商品编号", "The product’s id"),
    "moderate.show": ("查看评价", "Show its reviews"),
    "moderate.hide": ("隐藏", "Hide"),
    "moderate.reason": ("隐藏原因", "Why"),
    "moderate.was_hidden": ("已隐藏：{why}", "Hidden: {why}"),
    "said.hidden": ("已隐藏。", "It is hidden."),
    "coupons.title": ("优惠券", "Coupons"),
    "coupons.none": ("还没有优惠券。", "No coupons yet."),
    "coupons.state.open": ("可使用", "good"),
    "coupons.state.used": ("已使用", "used"),
    "coupons.state.voided": ("已失效（订单未成）", "void: the order came to nothing"),
    "coupons.state.expired": ("已过期", "expired"),
    "coupons.cause.incident": ("为给您添的麻烦", "for your trouble"),
    "coupons.cause.share": ("分享奖励", "for sharing"),
    "coupons.min_spend": ("满 {amount} 可用", "from {amount} on"),
    "coupons.until": ("{when} 前有效", "Good until {when}"),
    "share.reward": (
        "每有一位通过您的链接参团并付款，您得一张 {amount} 优惠券（最多 {n} 张）。若该订单未成，优惠券随之失效。",
        ("For whoever joins by your link and pays you get a coupon of {amount}, {n} at most. If their order comes to "
         "nothing, so does the coupon.",
         "For each who joins by your link and pays you get a coupon of {amount}, {n} at most. If their order comes to "
         "nothing, so does the coupon."),
    ),
}  # fmt: skip
