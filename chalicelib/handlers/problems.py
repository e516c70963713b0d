"""Every refusal's HTTP status and its sentence, in Chinese and English: the one table.

A sentence says what to do. Names in braces are the refusal's facts; a fact that is not there reads as `…`.
"""
# ruff: noqa: E501 - one line a code, however long its sentences

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

DEFAULT_LANGUAGE = "zh"


class Problem(NamedTuple):
    """A line of the table."""

    status: int
    zh: str
    en: str


PROBLEMS: Mapping[str, Problem] = {
    # the request itself
    "bad_request": Problem(400, "请求无法识别，请检查后重发。", "The request cannot be read: check it and send it again."),
    "malformed_json": Problem(400, "请求体不是合法的 JSON，请检查后重发。", "The body is not valid JSON: mend it and send it again."),
    "unknown_field": Problem(400, "{path} 处的字段 {field} 不存在，请删去。", "There is no field {field} at {path}: leave it out."),
    "missing_field": Problem(400, "{path} 处缺少必填字段 {field}。", "The field {field} at {path} is required: add it."),
    "wrong_type": Problem(400, "{path} 的类型不对，应为 {expected}。", "{path} has the wrong type: send {expected}."),
    "out_of_bounds": Problem(400, "{path} 超出允许范围，应为 {expected}。", "{path} is out of bounds: send {expected}."),
    "bad_value": Problem(400, "{path} 的取值不可用，应为 {expected}。", "{path} has a value we cannot take: send {expected}."),
    "unknown_parameter": Problem(400, "查询参数 {field} 不存在，请删去。", "There is no query parameter {field}: leave it out."),
    "bad_parameter": Problem(400, "查询参数 {field} 不正确，应为 {expected}。", "The query parameter {field} is wrong: send {expected}."),
    "missing_parameter": Problem(400, "缺少查询参数 {field}。", "The query parameter {field} is required: add it."),
    "repeated_parameter": Problem(400, "查询参数 {field} 只能出现一次。", "Send the query parameter {field} once only."),
    "bad_cursor": Problem(400, "翻页游标无效，请从第一页重新开始。", "This cursor is not one we gave for this list: start again from the first page."),
    "key_required": Problem(400, "请在 Idempotency-Key 请求头中带上唯一的请求号。", "Send an Idempotency-Key header with a value of your own for this request."),
    "bad_key": Problem(400, "Idempotency-Key 须为 1 至 64 个可见 ASCII 字符。", "An Idempotency-Key is 1 to 64 visible ASCII characters."),
    "time_out_of_range": Problem(422, "时间须在 2000 年至 2199 年之间。", "Give a time between the years 2000 and 2199."),
    "not_signed_in": Problem(401, "请先登录，并在 Authorization 请求头中带上令牌。", "Sign in, and send the token in the Authorization header."),
    "bad_token": Problem(401, "登录已失效或令牌无效，请重新登录。", "The token is expired or not ours: sign in again."),
    "forbidden": Problem(403, "您的角色不能进行此操作，请换用有权限的账号。", "Your role does not allow this: use an account that has it."),
    "not_found": Problem(404, "没有找到，请检查地址。", "There is nothing here: check the address."),
    "method_not_allowed": Problem(405, "此地址不支持该方法。", "This address does not take that method."),
    "body_too_large": Problem(413, "请求体过大，最多 {most} 字节。", "The body is too large: at most {most} bytes."),
    "unsupported_media_type": Problem(415, "请以 application/json 发送请求体。", "Send the body as application/json."),
    "too_many_requests": Problem(429, "请求过于频繁，请稍候再发。", "Too many requests at once: send this one again in a moment."),
    "busy": Problem(503, "现在有些繁忙，请稍后用同一请求重试。", "We are busy: send the same request again in a moment."),
    "unavailable": Problem(503, "暂时无法处理，请稍后用同一请求重试。", "This does not work right now: send the same request again later."),
    "internal": Problem(500, "系统出错，已记录。请稍后重试，或凭编号 {id} 联系客服。", "Something broke on our side and is recorded. Try later, or quote {id} to support."),
    "key_reused": Problem(422, "此 Idempotency-Key 已用于另一个请求，请换一个。", "This Idempotency-Key was used for another request: take a new one."),
    "time_in_the_future": Problem(422, "该时间尚未到来，请填写实际发生的时间。", "That time is still to come: give the time at which it happened."),
    # products, and what a campaign may be
    # a group's feed and chats
    "media_not_https": Problem(422, "请填写以 https:// 开头的地址。", "Give an address that starts with https://."),
    "post_not_yours": Problem(403, "只能撤回自己发布的动态。", "You can take back only what you posted yourself."),
    "question_not_found": Problem(404, "没有这个提问，可能已被删除。", "There is no such question: it may have been removed."),
    "too_many_questions": Problem(429, "您在本团已有 {most} 个待回复的提问，请等待回复。", "You have {most} questions waiting in this group: wait for an answer first."),
    "wrong_chat_address": Problem(422, "机器人地址不对，应为 {host} 给出的完整 Webhook 地址。", "This is not a robot's address: copy the whole webhook address that {host} gave."),
    "too_many_chats": Problem(409, "一个活动最多 {most} 个群机器人，请先删除一个。", "A campaign has at most {most} chat robots: remove one first."),
    "file_not_uploaded": Problem(
        409, "文件尚未上传，请先用表单上传文件。", "The file has not been uploaded: use the form you were given first."
    ),
    "file_too_large": Problem(413, "文件过大，最多 {most_kib} KB。", "The file is too large: at most {most_kib} KB."),
    "wrong_file_type": Problem(
        422, "不支持这种文件，请上传 {types}。", "Files of this kind are not taken: bring one of {types}."
    ),
    "address_in_use": Problem(
        409, "还有订单要送到该地址，请收货后再删除。", "Goods are on their way to this address: remove it when they have arrived."
    ),
    "too_many_pictures": Problem(
        409, "一件商品最多 {most} 张图片，请先删除一张。", "A product has at most {most} pictures: remove one first."
    ),
    "review_needs_goods": Problem(
        409, "成团后才能评价。", "A review can be written once the group has formed: wait for it."
    ),
    "already_reviewed": Problem(
        409, "您已评价过该订单的这件商品，无需再评。", "You have reviewed this item of the order already: there is nothing left to do."
    ),
    "product_not_found": Problem(404, "没有找到该商品，请在您的商品列表中查看。", "There is no such product: see the list of your products."),
    "product_has_changed": Problem(409, "商品已被修改，请按第 {version} 版重新编辑。", "The product has changed meanwhile: read version {version} and edit again."),
    "currency_is_fixed": Problem(409, "商品的币种不能更改，请另建商品。", "A product's currency cannot change: make another product."),
    "sale_already_declared": Problem(409, "该时间的成交已申报过。", "A sale at that time is declared already: there is nothing left to do."),
    "campaign_not_found": Problem(404, "没有找到该活动，请从拼团大厅重新查找。", "There is no such campaign: look for it in the hall."),
    "campaign_has_changed": Problem(409, "活动草稿已被修改，请按第 {version} 版重新编辑。", "The draft has changed meanwhile: read version {version} and edit again."),
    "not_published": Problem(409, "活动尚未发布，请先发布。", "The campaign is not published: publish it first."),
    "method_not_offered": Problem(422, "不支持该付款方式，可选：{methods}。", "That payment method is not offered: choose one of {methods}."),
    "unknown_zone": Problem(422, "时区 {zone} 不存在，请使用如 Asia/Shanghai 的名称。", "There is no time zone {zone}: use a name such as Asia/Shanghai."),
    "unknown_currency": Problem(422, "不支持币种 {currency}，请使用如 CNY 的代码。", "We do not take {currency}: use a code such as CNY."),
    "price_out_of_range": Problem(422, "价格须大于零且不过大，请修改。", "The price must be above zero and not excessive: change it."),
    "stock_out_of_range": Problem(422, "{sku} 的库存或预留超出范围，预留不得多于库存。", "Stock or buffer of {sku} is out of range: the buffer cannot exceed the stock."),
    "tiers_out_of_order": Problem(422, "{sku} 的阶梯须按人数从少到多排列，且不重复。", "Order the price tiers of {sku} by rising participants, without repeats."),
    "tier_price_not_falling": Problem(422, "{sku} 的阶梯价须逐级降低，且低于原价。", "Each price tier of {sku} must be lower than the one before and than the list price."),
    "tier_needs_one_price": Problem(422, "每级阶梯须给出单价或折扣百分比之一。", "Give each tier a unit price or a percentage, not both."),
    "too_many_items": Problem(422, "一个活动最多 {most} 件商品。", "A campaign has at most {most} items."),
    "repeated_sku": Problem(422, "商品编码重复，请逐一区分。", "Two items share a SKU: make each one different."),
    "repeated_community": Problem(422, "社区重复，请删去一个。", "A community is listed twice: remove one."),
    "too_many_communities": Problem(422, "一个活动最多 {most} 个社区。", "A campaign has at most {most} communities."),
    "team_size_out_of_range": Problem(422, "拼团人数须在 {least} 至 {most} 之间。", "A team has {least} to {most} people."),
    "one_day_has_no_close": Problem(422, "单日活动自动于当天 24:00 结束，请勿另给截止时间。", "A one-day campaign ends at 24:00 of its day: leave out closes_at, and give opens_at."),
    "campaign_incomplete": Problem(422, "活动还不完整，请补充：{missing}。", "The campaign is not complete: add {missing}."),
    "no_sellable_stock": Problem(422, "没有可售库存，请增加库存或减少预留。", "No unit can be sold: raise the stock or lower the buffer."),
    "stock_below_target": Problem(422, "可售库存不够达到成团目标，请增加库存或降低目标。", "The stock cannot reach the target: raise the stock or lower the target."),
    "seats_below_target": Problem(422, "名额少于成团人数，请增加名额或降低目标。", "There are fewer seats than the target needs: raise the seats or lower the target."),
    "deadline_in_the_past": Problem(422, "截止时间已过，请选择将来的时间。", "The deadline is in the past: choose a later one."),
    "deadline_before_start": Problem(422, "截止时间须晚于开始时间。", "The deadline must be after the start."),
    "window_too_long": Problem(422, "活动最长 {days} 天，请缩短。", "A campaign lasts at most {days} days: shorten it."),
    "payment_window_out_of_range": Problem(422, "付款时限须在 1 分钟至 14 天之间。", "The payment window is one minute to 14 days."),
    "team_window_out_of_range": Problem(422, "拼团时限须在 10 分钟至 30 天之间。", "A team stays open for 10 minutes to 30 days."),
    "community_without_pickup_point": Problem(422, "社区 {community} 没有自提点，请添加。", "Community {community} has no pickup point: add one."),
    "no_pickup_point_for_all": Problem(422, "这类活动的参团人来自各处，请至少设置一个不限社区的自提点。", "Buyers of this kind of campaign come from anywhere: give at least one pickup point without a community."),
    "pickup_choice_before_close": Problem(422, "选择自提点的截止时间不能早于活动截止时间。", "Let the pickup point be chosen until the campaign closes, or later."),
    "earnest_over_limit": Problem(422, "定金最多为价格的 {most}%，请调低，或改收订金。", "An earnest is at most {most} % of the price: lower it, or ask for a down payment."),
    "deposit_too_small": Problem(422, "{sku} 按此比例算出的定金不足一分，请调高比例。", "This share of {sku} comes to nothing: raise it."),
    "balance_not_due": Problem(409, "该订单没有待付的尾款。", "No balance is asked for of this order: there is nothing to pay."),
    "group_called_off": Problem(409, "商家已取消该团，款项原路退回。", "The merchant has called this group off: all money goes back, there is nothing left to do."),
    "too_many_batches": Problem(409, "该团货批超过 {most} 个，请联系客服处理。", "This group has more than {most} batches: ask support."),
    "bad_tax_number": Problem(422, "税号不正确，请核对：18 位统一社会信用代码，或 15 位旧税号。", "The tax number is not right: check its 18 characters, or the 15 digits of an old one."),
    "nothing_to_invoice": Problem(409, "该订单尚未付清或没有可开票金额，成团并付清后再申请。", "There is nothing to invoice yet: ask when the group has formed and all is paid."),
    "invoice_issued": Problem(409, "发票已开具，不能再修改；如有错误请联系商家。", "The invoice has been issued: ask the merchant if something in it is wrong."),
    "invoice_not_found": Problem(404, "没有找到该发票，请从订单页申请。", "There is no such invoice: ask for one on the order's page."),
    "invoice_number_missing": Problem(422, "请填写发票号码。", "Give the invoice's number."),
    "red_number_missing": Problem(422, "更正已开发票须先红冲，请填写红字发票号码。", "What was issued is taken back by a red invoice first: give its number."),
    "nothing_to_correct": Problem(409, "没有已开的发票，无需红冲，请去掉红字发票号码。", "No invoice is in force: leave the red number out."),
    "too_many_invoices": Problem(409, "该订单的发票更正次数过多（最多 {most} 次），请联系客服。", "This order's invoice was corrected too often (at most {most} times): ask support."),
    "balances_open": Problem(409, "买家还在付尾款，到时限后再操作。", "Balances are still being paid: do it when their time is over."),
    "bad_month": Problem(422, "请填写月份，如 2026-11。", "Give a month, such as 2026-11."),
    "export_too_large": Problem(413, "超过 {most} 行，请按活动分别导出。", "More than {most} lines: export campaign by campaign."),
    "merchant_not_yours": Problem(403, "只能为自己的店铺开具结款单。", "You can draw a payout for your own shop only."),
    "payout_not_found": Problem(404, "没有找到该结款单。", "There is no such payout."),
    "payout_not_drawn": Problem(409, "结款单还在生成，请稍后再确认。", "This payout is still being drawn up: confirm it in a moment."),
    "payout_line_not_found": Problem(404, "结款单中没有该收款方。", "This payout has no line for that payee."),
    "already_confirmed": Problem(409, "该笔已按凭证 {reference} 确认，请核对。", "This line was confirmed before, with reference {reference}: check which is right."),
    "method_cannot_release": Problem(422, "{method} 不支持分账，请用结款单线下支付。", "{method} pays nobody out: use a payout by hand."),
    "too_many_payments": Problem(409, "该订单发起付款的次数过多（最多 {most} 次），请完成已发起的付款或联系客服。", "Too many payments were started for this order (at most {most}): finish one of them or ask support."),
    "reference_price_never_sold": Problem(422, "划线价须是真实成交过的价格，请改用有成交记录的价格。", "A reference price must be one at which it was really sold: use a price from its history."),
    "already_published": Problem(409, "活动已发布，条款不可再改。", "The campaign is published: its terms cannot change any more."),
    # joining, and the order
    "group_not_found": Problem(404, "没有找到该团，请从拼团大厅重新查找。", "There is no such group: look for it in the hall."),
    "share_not_found": Problem(404, "分享链接无效，请向分享人索取新的链接。", "This share link leads nowhere: ask for a new one."),
    "phone_not_verified": Problem(403, "请先验证手机号，再参团。", "Verify your phone number before you join."),
    "terms_not_accepted": Problem(409, "请阅读并接受第 {version} 版条款后再参团。", "Read and accept version {version} of the terms, then join."),
    "address_missing": Problem(422, "该活动送货上门，请选择收货地址。", "This campaign delivers: choose an address."),
    "not_started": Problem(409, "活动尚未开始，请到开始时间后再来。", "It has not started yet: come back when it opens."),
    "group_full": Problem(409, "该团名额已满，请看看其他团。", "This group is full: look for another one."),
    "sold_out": Problem(409, "{sku} 库存不足，请减少件数或选择其他商品。", "There is not enough of {sku} left: order fewer or something else."),
    "already_joined": Problem(409, "您已参加此团，请修改已有订单。", "You are in this group already: change the order you have."),
    "too_many_unpaid": Problem(409, "您已有 {most} 个未付款订单，请先付款或取消。", "You have {most} unpaid orders: pay or cancel one first."),
    "group_has_too_many_unpaid": Problem(409, "该团待付款名额已满（{most} 个），请稍后再试。", "This group has {most} unpaid seats, which is the most: try again in a while."),
    "not_a_team_campaign": Problem(409, "该活动不是拼团活动，请直接参团。", "This campaign has no teams: join its group."),
    "team_size_not_offered": Problem(422, "不支持该拼团人数，可选：{sizes}。", "That team size is not offered: choose one of {sizes}."),
    "change_one_thing": Problem(422, "请只修改件数或自提点之一。", "Change either the lines or the pickup point."),
    "order_has_changed": Problem(409, "订单已变动，请按第 {version} 版重新操作。", "The order has changed meanwhile: read version {version} and try again."),
    "too_late_to_choose": Problem(409, "自提点的选择已截止，请联系客服。", "It is too late to choose a pickup point: ask support."),
    "unknown_item": Problem(422, "活动中没有商品 {sku}，请重新选择。", "The campaign has no item {sku}: choose another."),
    "not_text": Problem(422, "文件须是 UTF-8 或 GB18030 编码的文本。", "The file must be text in UTF-8 or GB18030."),
    "file_is_empty": Problem(422, "文件是空的。", "The file is empty."),
    "not_a_table": Problem(422, "文件不是完整的 CSV 表格，请检查引号。", "The file is no complete CSV table: check its quotation marks."),
    "columns_missing": Problem(422, "第一行须有“商品名称”和“价格”两列。", "The first row must name the columns title and price."),
    "too_many_rows": Problem(422, "一次最多导入 {most} 行，请分成几个文件。", "At most {most} rows at once: split the file."),
    "not_an_amount": Problem(422, "“{text}”不是有效的金额，请填写如 12.50。", "{text} is not an amount: give one like 12.50."),
    "bad_line": Problem(422, "“{text}”这一行看不懂，请改正。", "The line {text} cannot be read: mend it."),
    "no_lines": Problem(422, "请至少选择一件商品。", "Choose at least one item."),
    "quantity_out_of_range": Problem(422, "{sku} 的件数须在 1 至 100000 之间。", "Order 1 to 100000 units of {sku}."),
    "over_the_limit": Problem(409, "超过每人限购数量 {limit}，请减少件数。", "This is over the limit of {limit} per buyer: order fewer."),
    "group_closed": Problem(409, "该团已截止，请看看其他正在进行的团。", "This group has closed: look for one that is open."),
    "rejoined_too_often": Problem(409, "您已多次退出并重新参团，最多 {most} 次。", "You have joined this group again too often: at most {most} times."),
    "pickup_not_offered": Problem(422, "该活动为送货，无需选择自提点。", "This campaign delivers: leave the pickup point out."),
    "unknown_address": Problem(422, "您没有编号为 {address} 的地址，请先在“我的地址”中添加。", "You have no address {address}: add it to your addresses first."),
    "unknown_pickup_point": Problem(422, "没有自提点 {pickup_point}，请从活动的自提点中选择。", "There is no pickup point {pickup_point} for this group: choose one of the campaign's."),
    "order_not_found": Problem(404, "没有找到该订单，请在“我的订单”中查看。", "There is no such order: see the list of your orders."),
    "order_not_held": Problem(409, "订单当前状态为 {state}，不能再做此修改。", "The order is {state}, so this can no longer be changed."),
    "payment_under_way": Problem(409, "付款正在进行，件数已锁定；请先完成付款，或取消后重新参团。", "A payment is under way and has frozen the lines: finish it, or cancel and join again."),
    # suppliers, leaders, receipts
    "supplier_price_without_supplier": Problem(422, "{sku} 写了供货价却没有供货商，请填写 supplier_id。", "{sku} has a supplier's price and no supplier: name the supplier."),
    "supplier_price_without_settlement": Problem(422, "{sku} 写了供货价，请同时填写结算规则 settlement。", "{sku} has a supplier's price: say how the group is settled, too (settlement)."),
    "purchase_not_found": Problem(404, "没有找到该采购单，请在“我的采购单”中查看。", "There is no such purchase order: see the list of yours."),
    "purchase_has_changed": Problem(409, "采购单已变更，请查看第 {number} 号后再确认。", "The purchase order has changed: read number {number} and acknowledge that."),
    "purchase_not_acknowledged": Problem(409, "请先确认采购单（第 {number} 号），再发货。", "Acknowledge the purchase order (number {number}) before you ship."),
    "promise_in_the_past": Problem(422, "承诺的时间已过，请填写将来的时间。", "That date has passed: promise one that is to come."),
    "promise_too_far": Problem(422, "承诺的时间太远，最多 {days} 天。", "That date is too far off: at most {days} days."),
    "too_many_lots": Problem(409, "一张采购单最多分 {most} 批发货。", "A purchase order is shipped in at most {most} lots."),
    "too_many_reports": Problem(409, "一张采购单最多上传 {most} 份报告。", "A purchase order takes at most {most} reports."),
    "unknown_destination": Problem(422, "采购单中没有去向 {destination}，请核对。", "The purchase order has no destination {destination}: check it."),
    "not_on_this_purchase": Problem(422, "采购单中没有商品 {sku}，请核对。", "The purchase order does not ask for {sku}: check it."),
    "more_than_asked_for": Problem(409, "{sku} 发货超出采购数量，还可发 {left} 件。", "That is more of {sku} than was asked for: {left} are left to ship."),
    "nothing_asked_for": Problem(409, "该团尚未成团，还没有采购单。", "The group has not formed: nothing has been asked for yet."),
    "not_a_leader": Problem(403, "您还不是审核通过的团长，请先申请。", "You are not an approved leader: apply first."),
    "leader_not_found": Problem(404, "没有该团长的申请，请核对编号。", "Nobody of that number has applied as a leader: check it."),
    "leader_suspended": Problem(409, "您的团长资格已暂停，请联系客服。", "You are suspended as a leader: ask support."),
    "leader_is": Problem(409, "该团长当前状态为 {state}，不能这样处理。", "The leader is {state}, so this cannot be decided."),
    "not_about_yourself": Problem(409, "不能为自己办理，请由他人处理。", "Nobody decides this about themselves: let somebody else do it."),
    "place_not_found": Problem(404, "没有找到该自提点，请核对编号。", "There is no such pickup place: check its number."),
    "place_has_changed": Problem(409, "自提点已被修改，请按第 {version} 版重新编辑。", "The place has changed meanwhile: read version {version} and edit that."),
    "place_closed": Problem(422, "自提点 {place} 暂不接收，请换一个。", "The place {place} takes nothing at present: choose another."),
    "too_many_places": Problem(409, "最多 {most} 个自提点，请使用已有的。", "At most {most} places are kept: use one of them."),
    "neighbour_not_found": Problem(404, "没有邻居 {neighbour}，或对方没有授权您代下单。", "No neighbour {neighbour} lets you order for them: ask them for their code."),
    "receipt_not_found": Problem(404, "没有去向 {destination} 的收货单，请核对。", "There is no receipt for {destination}: check it."),
    "receipt_has_changed": Problem(409, "收货单已有第 {number} 次记录，请查看后再更正。", "The receipt has {number} entries by now: read them, then correct it."),
    "receipt_does_not_add_up": Problem(422, "{sku} 的实收、缺少、损坏合计须为 {expected} 件。", "Received, short and damaged units of {sku} must make {expected} together."),
    "not_expected_here": Problem(422, "这里没有应到的商品 {sku}，请删去。", "No {sku} was expected here: leave it out."),
    "shortage_already_shared": Problem(409, "{sku} 的缺损 {shared} 件已分配并退款，不能再改少。", "{shared} missing units of {sku} have been shared out and paid back: there cannot be fewer now."),
    "too_many_corrections": Problem(409, "收货单最多更正 {most} 次，请联系客服。", "A receipt is corrected at most {most} times: ask support."),
    "not_yours_to_receive": Problem(403, "收货由该自提点的团长（没有团长时由商家）登记。", "The place's leader records this, or the merchant where there is none."),
    "choices_still_open": Problem(409, "买家还可更改自提点，请在截止后再登记收货。", "Buyers may still choose another point: record it when that has ended."),
    # money
    "already_paid": Problem(409, "订单已付款，无需再付。", "The order is paid already: there is nothing left to pay."),
    "too_late_to_pay": Problem(409, "付款时限已过，请重新参团。", "The time to pay is over: join again."),
    "amount_over_provider_limit": Problem(422, "金额超过该付款方式的单笔上限，请减少件数或换一种方式。", "The amount is over what this method takes at once: order fewer, or pay another way."),
    "amount_under_provider_limit": Problem(422, "金额低于该付款方式的单笔下限，请增加件数或换一种方式。", "The amount is under what this method takes: order more, or pay another way."),
    "currency_not_taken": Problem(422, "{method} 不支持币种 {currency}，请改用其他付款方式。", "{method} takes no {currency}: choose other methods or another currency."),
    "deadline_beyond_holds": Problem(422, "截止时间最晚为 {latest}，否则买家的预授权会先失效。", "The deadline can be {latest} at the latest, or the money held for buyers lapses before it is taken."),
    "payment_refused_by_provider": Problem(409, "付款方未受理，请换一种付款方式。", "The payment provider refused: choose another way to pay."),
    "payment_not_found": Problem(404, "没有找到该笔付款，请核对编号。", "There is no such payment: check its number."),
    "refund_not_found": Problem(404, "没有找到该笔退款，请核对编号。", "There is no such refund: check its number."),
    "not_confirmed_by_hand": Problem(409, "该笔款项由支付平台确认，无需人工处理。", "The provider confirms this one itself: nothing is to be done by hand."),
    "wrong_amount": Problem(422, "金额不符，请核对。", "The amount is not the one expected: check it."),
    "wrong_currency": Problem(422, "币种不符，应为 {expected}。", "The currency should be {expected}: check it."),
    "unknown_provider": Problem(404, "没有该付款平台，请检查地址。", "There is no such payment provider: check the address."),
    "bad_webhook": Problem(400, "回调内容无法识别，请检查格式。", "This report cannot be read: check its form."),
    # delivery
    "carrier_not_connected": Problem(422, "没有接入承运人 {carrier}，请换一个或手工填写运单号。", "There is no connection to the carrier {carrier}: choose another, or type its numbers in."),
    "not_yours_to_ship": Problem(403, "只有商家或分拣员能申请面单。", "Only the merchant or a sorter asks for waybills."),
    "batch_busy": Problem(409, "该批次正在处理，请稍后再试。", "The batch is being worked on: try again in a moment."),
    "waybill_not_found": Problem(404, "没有该面单，请核对单号。", "There is no such waybill: check its number."),
    "waybill_exists": Problem(409, "该订单已有面单 {number}。", "This order has the waybill {number} already."),
    "repeated_number": Problem(422, "单号重复，请逐一区分。", "This number is listed twice: each parcel has its own."),
    "routes_have_changed": Problem(409, "路由表已被修改，请按第 {version} 版重新编辑。", "The routing table has changed meanwhile: read version {version} and edit again."),
    "repeated_id": Problem(422, "编号重复，请逐一区分。", "Two lines share an id: make each one different."),
    "unknown_warehouse": Problem(422, "没有仓库 {warehouse}，请先在路由表中添加。", "There is no warehouse {warehouse} in the table: add it first."),
    "unknown_carrier": Problem(422, "没有承运人 {carrier}，请先在路由表中添加。", "There is no carrier {carrier}: add it first."),
    "same_warehouse": Problem(422, "改派的目的仓库与原仓库相同。", "That is the same warehouse: choose another one to send to."),
    "reroute_not_found": Problem(404, "没有编号为 {reroute} 的改派。", "There is no such command {reroute}."),
    "zone_not_served": Problem(422, "该地址不在配送范围内，请换一个地址。", "Nothing is delivered to that address: choose another one."),
    "repeated_zone": Problem(422, "配送片区重复，请删去一个。", "A delivery zone is listed twice: remove one."),
    "group_not_formed": Problem(409, "该团尚未成团，不能配送。", "The group has not formed: there is nothing to deliver."),
    "batch_not_found": Problem(404, "没有找到配送批次 {batch}，请查看您负责的批次。", "There is no delivery batch {batch} of yours: see the list of the group's batches."),
    "batch_finished": Problem(409, "该批次已全部交付，不能再改。", "This batch is handed over and takes nothing more."),
    "batch_goes_forward": Problem(409, "批次已到“{state}”，不能倒退。", "The batch is {state} already and does not go back."),
    "batch_skips": Problem(409, "批次现为“{state}”，下一步是“{next}”，不能跳过。", "The batch is {state}: the next step is {next}, and none is skipped."),
    "not_yours_to_move": Problem(403, "您的角色不能将批次改为“{state}”。", "Your role does not bring a batch to {state}."),
    "not_yours_to_hand_over": Problem(403, "只有团长、承运人或商家能交付货物。", "Only the leader, the carrier or the merchant hands goods over."),
    "pickup_choice_open": Problem(409, "买家还在选择自提点，到时限后再分拣。", "Buyers still choose their pickup points: sort when that is over."),
    "orders_not_fetched": Problem(409, "还有订单未取（如 {order}），不能结束批次。", "Some orders are not fetched yet ({order}, for one): the batch is not done."),
    "back_dated": Problem(422, "时间早于已有记录或过早，请填写实际时间。", "That is before what is recorded already, or too long ago: give the time at which it happened."),
    "promise_out_of_range": Problem(422, "预计时间须是将来一年之内的一段时间，先早后晚。", "Promise a range within the coming year, the earlier end first."),
    "position_impossible": Problem(422, "坐标不可能，请检查定位设备。", "That position is impossible: check the receiver."),
    "position_jumps": Problem(422, "距上次位置 {metres} 米，车辆不可能这么快，请检查定位设备。", "That is {metres} m from the last position, faster than any vehicle: check the receiver."),
    "batch_not_on_the_way": Problem(409, "批次不在途中（{state}），不收位置。", "The batch is not on the way ({state}), so it has no position."),
    "temperature_impossible": Problem(422, "温度读数不可能，请检查传感器。", "That temperature is impossible: check the sensor."),
    "too_many_photos": Problem(409, "一个批次最多 {most} 张照片。", "A batch takes at most {most} photos."),
    "order_not_to_hand_over": Problem(409, "订单状态为 {state}，没有可交付的货物。", "The order is {state}: there is nothing to hand over."),
    "batch_not_ready": Problem(409, "批次尚未到达（{state}），不能交付。", "The batch has not arrived ({state}): nothing can be handed over."),
    "wrong_pickup_code": Problem(422, "提货码不对，请再核对一次。", "That is not the pickup code: look at it again."),
    "code_locked": Problem(409, "提货码错误次数过多，已锁定，请联系商家。", "Too many wrong codes: this order is locked, ask its merchant."),
    "incident_not_found": Problem(404, "没有这起应急事件，请检查编号。", "There is no such incident: check its id."),
    "incident_closed": Problem(409, "该应急事件已解除，如有新情况请另行发起。", "This incident is closed: open another if something new happened."),
    "incident_not_lowered": Problem(409, "应急等级只升不降，当前为 {level} 级；处理完后请解除。", "An incident is only ever raised; it is at level {level}. Close it when it is over."),
    "not_at_this_level": Problem(409, "该措施须 {needed} 级应急方可采用，当前为 {level} 级。", "That is for level {needed}, and this incident is at {level}: raise it first."),
    "no_such_destination": Problem(422, "本团的货不送往 {destination}，请检查。", "No goods of this group go to {destination}: check it."),
    "no_batch_to_move": Problem(409, "没有尚未发出的批次可以换承运商。", "No batch is left that has not been sent: there is nothing to move."),
    "compensation_granted": Problem(409, "该事件已发放过补偿，不能改为其他金额。", "This incident has had its compensation: it cannot be granted another way."),
    "coupon_time_out_of_range": Problem(422, "优惠券有效期须在一年以内且晚于现在。", "Let the coupon end later than now and within a year."),
    "self_refund_not_open": Problem(409, "目前未开放自助退款，如有问题请联系商家。", "Nobody has opened refunds for this group: ask the merchant."),
    "order_not_refundable": Problem(409, "订单状态为 {state}，不能自助退款。", "The order is {state}: there is nothing to take back."),
    "already_shipped": Problem(409, "货已发出，不能再自助退款；收货后可申请售后。", "The goods have been sent: ask for after-sales help once they are there."),
    "task_not_found": Problem(404, "没有这项待办，请刷新列表。", "There is no such task in your list: look at the list again."),
    "offer_time_out_of_range": Problem(422, "答复期限须在一小时至十四天之内。", "Give buyers between an hour and fourteen days to answer."),
    "substitute_offered": Problem(409, "该商品已提供替代品 {title}，不能再改。", "{title} is offered for this item already: that stands."),
    "no_substitute_offered": Problem(404, "该商品没有替代方案，请检查。", "Nothing is offered instead of this item: check it."),
    "nothing_to_replace": Problem(409, "此订单没有需要替换的商品。", "This order has nothing of it to be replaced."),
    "already_answered": Problem(409, "您已答复（{answer}），不能再改。", "You have answered already ({answer}): that stands."),
    "offer_over": Problem(409, "答复期限已过，款项将原路退回。", "The time to answer is over: the money goes back to you."),
    "nothing_to_return": Problem(409, "该订单还没有交付的商品，不能退货。", "Nothing of this order has been handed over, so nothing can be sent back."),
    "return_under_way": Problem(409, "该订单已有一个退货在处理中（{id}），完成后可再申请。", "A return of this order is under way ({id}): ask again when it is over."),
    "too_many_returns": Problem(409, "一个订单最多申请 {most} 次退货。", "An order takes at most {most} returns."),
    "more_than_received": Problem(422, "{sku} 最多还可退 {left} 件，请修改数量。", "At most {left} of {sku} can still be sent back: change the quantity."),
    "return_too_late": Problem(409, "退货期限已过，如有问题请联系客服。", "The time for sending it back is over: ask support if something is wrong."),
    "return_excepted": Problem(409, "下单前已说明不支持无理由退货（{reason}）；如有质量问题，请选择相应原因。", "As you were told before paying, this cannot go back without a reason ({reason}). If it is at fault, say how."),
    "goods_not_intact": Problem(422, "无理由退货须商品完好，请确认后勾选。", "Without a reason, goods go back as they came: confirm that they are."),
    "return_not_found": Problem(404, "没有这个退货，请检查编号。", "There is no such return: check its id."),
    "return_not_waiting": Problem(409, "退货状态为 {state}，此步骤不适用，请刷新。", "The return is {state}: this is not its next step. Look at it again."),
    "reason_needed": Problem(422, "请写明质检不通过的原因，买家会看到。", "Say why the check failed: the buyer will read it."),
    "form_fields": Problem(422, "有 {count} 处需要修改，见标出的各项，其余内容已保留。", "Something has to be mended, marked below ({count}); all else is as you wrote it."),
    "real_name_not_offered": Problem(409, "本站尚未开通实名认证。", "Real names are not verified here."),
    "too_many_tries": Problem(429, "今天的认证次数已用完（{most} 次），请明天再试。", "That was the last of {most} tries today: try again tomorrow."),
    "already_handed_over": Problem(409, "该订单已取货，提货码只能用一次。", "This order is handed over already: a code works once."),
    # stages
    "unknown_profile": Problem(422, "没有该品类档案，可选：{profiles}。", "There is no such category profile: choose one of {profiles}."),
    "unknown_calendar": Problem(422, "没有日历 {calendar}，可选：{calendars}。", "There is no calendar {calendar}: choose one of {calendars}."),
    "bad_day": Problem(422, "日期 {day} 不可用，请写作 2026-10-01，且不要同时列为休息和上班。", "{day} cannot be used: write days like 2026-10-01, and none both off and worked."),
    "bad_plan": Problem(422, "履约计划不可用（{why}）：节点不得重复，预售与审核须在最前，其后至少有一个节点。", "The plan cannot be followed ({why}): no stage twice, presale and review first, and at least one stage after them."),
    "limit_out_of_range": Problem(422, "节点 {stage} 的时限超出范围，请修改。", "The limit of stage {stage} is out of range: change it."),
    "bad_stage_owner": Problem(422, "节点 {stage} 的负责人不可用，角色须为 {roles} 之一；除商家外须给出负责人。", "Stage {stage} needs an owner in one of these roles: {roles}; name a person unless it is the merchant."),
    "ship_date_before_close": Problem(422, "承诺发货时间须晚于截止时间。", "The promised shipping date must be after the close."),
    "stage_not_found": Problem(404, "没有节点 {stage}，请查看该团的节点。", "There is no stage {stage}: look at the group's stages."),
    "no_stages_yet": Problem(409, "该团尚未成团，还没有履约节点。", "This group has not formed, so it has no stages yet."),
    "not_your_stage": Problem(403, "节点 {stage} 不由您负责。", "Stage {stage} is not in your hands."),
    "journey_has_changed": Problem(409, "进度已被更新，请按第 {version} 版重新操作。", "The progress has changed meanwhile: read version {version} and try again."),
    "stage_finished": Problem(409, "节点 {stage} 已完成，不能再改。", "Stage {stage} is finished and cannot change any more."),
    "stage_out_of_order": Problem(409, "还没轮到节点 {stage}，请先完成 {first}。", "It is not the turn of stage {stage}: finish {first} first."),
    "stage_not_entered": Problem(409, "请先接手节点 {stage}，再更新或完成。", "Take up stage {stage} first, then update or finish it."),
    "promised_too_often": Problem(409, "该节点承诺次数过多（最多 {most} 次）。", "Too many times were promised for this stage (at most {most})."),
    "not_on_the_checklist": Problem(422, "清单中没有“{item}”。", "There is no {item} on the checklist."),
    "checklist_open": Problem(409, "清单尚未完成：{items}。", "The checklist is not done: {items}."),
    "papers_missing": Problem(409, "缺少文件：{papers}。", "Papers are missing: {papers}."),
    "nothing_to_acknowledge": Problem(409, "节点 {stage} 没有待确认的紧急提醒。", "Stage {stage} has no alert to acknowledge."),
    "nudged_lately": Problem(429, "刚刚催过，请等 {retry_after_s} 秒再催。", "It was asked about just now: wait {retry_after_s} seconds before asking again."),
    "journey_finished": Problem(409, "该团的节点已全部完成。", "All stages of this group are finished."),
    "no_review": Problem(409, "该团没有待审核的成团。", "This group does not wait for a review."),
    "verdict_given": Problem(409, "审核已有结论，不能更改。", "The review has been answered already and cannot change."),
    # people and operations
    "contact_not_found": Problem(404, "该用户没有留下联系方式。", "This person has left no contact: there is nothing to read."),
    "too_many_addresses": Problem(409, "最多保存 {most} 个地址，请使用已有地址。", "At most {most} addresses are kept: use one of them."),
    "too_long": Problem(422, "{field} 过长，最多 {most} 个字符。", "{field} is too long: at most {most} characters."),
    "not_parked": Problem(404, "没有搁置的该行，可能已恢复。", "No such row is parked: it may have been put back already."),
    "bad_hours": Problem(422, "时间须写作 HH:MM，例如 08:30。", "Write hours as HH:MM, for example 08:30."),
    # signing in
    "bad_phone": Problem(422, "手机号不正确，请检查；国外号码请以 + 加国家代码开头。", "That is not a phone number: check it, and begin with + and the country's code."),
    "code_sent_lately": Problem(429, "验证码刚刚发出，请等 {retry_after_s} 秒再要新的。", "A code was sent just now: wait {retry_after_s} seconds before asking for another."),
    "too_many_codes": Problem(429, "这个号码要验证码太频繁了，请过一会儿再试。", "Too many codes were sent to this number: try again later."),
    "too_many_log_ins": Problem(429, "登录过于频繁，请过一会儿再试。", "There were too many log-ins from here: try again later."),
    "code_expired": Problem(422, "验证码已失效，请重新获取。", "That code is no longer good: ask for a new one."),
    "wrong_code": Problem(422, "验证码不对，请再看一遍短信。", "That is not the code: look at the message again."),
    "form_expired": Problem(403, "页面已过期，请重新提交。", "This page was open too long: send it again."),
    "session_not_found": Problem(404, "没有这个登录设备，可能已退出。", "There is no such session: it may have ended already."),
    "second_factor_required": Problem(403, "此操作需要再次验证：请先取得并回填短信验证码，{minutes} 分钟内有效。", "Confirm this with a code first: ask for one at /me/codes and answer it; it holds for {minutes} minutes."),
    "orders_under_way": Problem(409, "还有订单在进行中，完成或取消后才能注销。", "Some orders are still under way: you can leave once they are done or cancelled."),
    "sales_under_way": Problem(409, "还有活动未结束或退款未完成，处理完后才能注销。", "Some of your sales or their refunds are still under way: you can leave once they are done."),
    "link_expired": Problem(403, "链接已失效，请重新获取。", "This link is no longer good: ask for a new one."),
    "too_many_confirmations": Problem(429, "一天最多发送 {most} 封确认邮件，请明天再试。", "At most {most} letters to confirm an address go out in a day: try again tomorrow."),
    "bad_signature": Problem(401, "签名无效或已过期，请检查密钥与时间。", "The signature is wrong or stale: check the secret and the clock."),
}  # fmt: skip

UNNAMED = Problem(400, "无法按此请求办理，请修改后重试。", "This cannot be done as asked: change the request.")

TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求有误", "Bad request"),
    401: ("未登录", "Not signed in"),
    403: ("没有权限", "Not allowed"),
    404: ("没有找到", "Not found"),
    405: ("方法不支持", "Method not allowed"),
    409: ("与当前状态冲突", "Conflict with the current state"),
    413: ("请求过大", "Request too large"),
    415: ("媒体类型不支持", "Unsupported media type"),
    422: ("内容无法接受", "Cannot be accepted"),
    429: ("请求过于频繁", "Too many requests"),
    500: ("系统错误", "Internal error"),
    503: ("暂不可用", "Temporarily unavailable"),
}

_STANDARD = frozenset({"type", "title", "status", "code", "detail"})


def problem(code: str, facts: Mapping[str, Any], language: str) -> tuple[int, dict[str, Any]]:
    """(status, members of an RFC 9457 document). Every code has its line: a test reads the sources for it."""
    line = PROBLEMS.get(code, UNNAMED)
    zh = language == "zh"
    title = TITLES.get(line.status)
    document: dict[str, Any] = {
        "type": f"urn:tuan:problem:{code}",
        "title": title[0 if zh else 1] if title else HTTPStatus(line.status).phrase,
        "status": line.status,
        "code": code,
        "detail": (line.zh if zh else line.en).format_map(_Shown(facts, zh)),
    }
    document.update((name, value) for name, value in facts.items() if name not in _STANDARD)
    return line.status, document


SPELLED: Mapping[str, tuple[str, ...]] = {
    "stage": ("stage.",),
    "first": ("stage.",),
    "state": ("batch.", "order.state.", "state."),
    "next": ("batch.",),
    "method": ("method.",),
    "methods": ("method.",),
}
"""Facts that are words of ours: a sentence shows them as the pages do, under these keys; beside it they stay as they
are, for programs. A stage that a merchant named is shown by that name."""


class _Shown(dict[str, Any]):
    """Facts as a sentence shows them: in the reader's words, lists joined, what is missing as an ellipsis."""

    def __init__(self, facts: Mapping[str, Any], zh: bool) -> None:
        comma = "、" if zh else ", "
        several = {name: value if isinstance(value, list | tuple) else (value,) for name, value in facts.items()}
        super().__init__((name, comma.join(_word(name, one, zh) for one in ones)) for name, ones in several.items())

    def __missing__(self, name: str) -> str:
        return "…"


def _word(name: str, value: Any, zh: bool) -> str:
    from ..web.words import TEXTS

    found = (TEXTS[prefix + str(value)] for prefix in SPELLED.get(name, ()) if prefix + str(value) in TEXTS)
    return next((str(texts[0 if zh else 1]) for texts in found), str(value))
