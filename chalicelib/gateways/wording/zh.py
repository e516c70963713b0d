"""中文通知:(邮件标题、短信、邮件)。说清发生了什么、意味着什么、接下来怎样。"""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str, str]] = {
    "order_held": (
        "已为您留位:{title}",
        "「{title}」已为您留位,请在{pay_by}前支付{amount},逾期名额会让给别人。{link}",
        "您好,\n\n"
        "「{title}」已为您留好位置。请在{pay_by}前支付{amount};逾期未付,名额会自动让出,不收任何费用。\n\n"
        "付款与进度:{link}",
    ),
    "order_paid": (
        "付款成功:{title}",
        "已收到「{title}」的付款{amount}。{closes_at}截止,不成团全额退款。进度:{link}",
        "您好,\n\n"
        "已收到您为「{title}」支付的{amount},您已正式参团。本团{closes_at}截止:成团后所有人同享最终价,"
        "多付的差价会退给您;不成团则全额原路退回。\n\n"
        "随时查看进度:{link}",
    ),
    "order_expired": (
        "订单已关闭:{title}",
        "「{title}」未在时限内付款,订单已关闭,未收取费用。若您刚刚付过款,会重新入团或原路退回。{link}",
        "您好,\n\n「{title}」的订单未在时限内付款,已经关闭,名额已让出,没有收取任何费用。若您刚刚付过款:"
        "还有名额时我们会为您重新入团,否则款项原路退回。\n\n"
        "仍想参加?看看现在的情况:{link}",
    ),
    "order_cancelled": (
        "订单已取消:{title}",
        "「{title}」的订单已取消。[{amount}将原路退回,最迟{arrives_by}到账。]{link}",
        "您好,\n\n"
        "按您的要求,「{title}」的订单已取消,名额已让出。[已付的{amount}将原路退回,最迟{arrives_by}到账。"
        "]\n\n订单详情:{link}",
    ),
    "payment_reminder": (
        "待付款提醒:{title}",
        "「{title}」还差一步:请在{pay_by}前支付{amount},逾期名额会让出。{link}",
        "您好,\n\n您在「{title}」的位置还留着,尚未付款。请在{pay_by}前支付{amount};逾期订单会自动关闭,"
        "不收任何费用。\n\n去付款:{link}",
    ),
    "pickup_missing": (
        "请选择自提点:{title}",
        "「{title}」还没有选自提点,请在{choose_by}前选好,逾期将为您指定一个。{link}",
        "您好,\n\n「{title}」还缺一项:您在哪里提货?请在{choose_by}前选好自提点;逾期我们会为您指定一个,"
        "并告诉您是哪里。\n\n去选择:{link}",
    ),
    "pickup_defaulted": (
        "已为您指定自提点:{title}",
        "「{title}」的自提点已为您定为{pickup_point}。若不方便请尽快联系我们。{link}",
        "您好,\n\n"
        "因为到时限仍未选择,「{title}」的自提点已为您定为:{pickup_point}。若不方便,请尽快联系我们。\n\n"
        "订单详情:{link}",
    ),
    "milestone_half": (
        "过半了:{title}",
        "「{title}」进度过半:{joined}/{target},还差{remaining}。叫上邻居更快成团:{link}",
        "您好,\n\n"
        "好消息,「{title}」的进度已经过半:{joined}/{target},还差{remaining}。把链接发给邻居,成团更快。\n"
        "\n进度:{link}",
    ),
    "milestone_most": (
        "就快成团了:{title}",
        "「{title}」已达{joined}/{target},只差{remaining}就成团。{link}",
        "您好,\n\n"
        "「{title}」就快成团了:{joined}/{target},只差{remaining}。再邀请几位,大家一起享受团购价。\n\n"
        "进度:{link}",
    ),
    "milestone_one_more": (
        "只差最后一步:{title}",
        "「{title}」已达{joined}/{target},只差{remaining}!转给一位朋友就成团:{link}",
        "您好,\n\n「{title}」已达{joined}/{target},只差{remaining}就成团!转给一位朋友,也许就是他。\n\n进度:{link}",
    ),
    "milestone_reached": (
        "达到目标:{title}",
        "「{title}」已达成团目标({joined}/{target},还差{remaining})。截止前价格还可能更低:{link}",
        "您好,\n\n"
        "「{title}」已达到成团目标:{joined}/{target},还差{remaining}。截止时按已付款人数最后确认;"
        "在此之前参团的人越多,价格可能越低。\n\n"
        "进度:{link}",
    ),
    "deadline_moved": (
        "截止时间有变:{title}",
        "「{title}」的截止时间改为{closes_at}。您的订单不受影响。{link}",
        "您好,\n\n"
        "「{title}」的截止时间改为{closes_at}。您的订单照旧有效,无需操作;是否成团将在新的时间判定。\n\n"
        "详情:{link}",
    ),
    "group_formed": (
        "成团了:{title}",
        "「{title}」成团了!{joined}人参团,您的最终价{final_price},多付的会退给您。接下来备货,进度:{link}",
        "您好,\n\n"
        "「{title}」成团了,共{joined}人参团!您的最终价是{final_price},若您付得更多,差价会原路退回。"
        "接下来我们开始备货,每一步都会告诉您。\n\n"
        "进度:{link}",
    ),
    "group_formed_balance": (
        "成团了,请付尾款:{title}",
        "「{title}」成团了!{joined}人参团,最终价{final_price},已付{deposit}抵扣,请在{balance_by}前付尾款{balance}。{link}",
        "您好,\n\n"
        "「{title}」成团了,共{joined}人参团!您的最终价是{final_price},已付的{deposit}全部抵扣,"
        "请在{balance_by}前支付尾款{balance}。逾期未付,订单关闭,已付部分按您接受的条款处理。\n\n"
        "付尾款:{link}",
    ),
    "balance_reminder": (
        "尾款待付:{title}",
        "「{title}」的尾款{balance}请在{balance_by}前支付,逾期订单关闭。{link}",
        "您好,\n\n「{title}」还差尾款{balance},请在{balance_by}前支付。逾期未付,订单关闭,已付部分按您接受的条款处理。"
        "\n\n付尾款:{link}",
    ),
    "balance_paid": (
        "尾款已付:{title}",
        "已收到「{title}」的尾款{balance},款项已付清。进度:{link}",
        "您好,\n\n已收到您为「{title}」支付的尾款{balance},款项已全部付清,接下来只等收货。\n\n进度:{link}",
    ),
    "earnest_forfeited": (
        "尾款逾期,订单已关闭:{title}",
        "「{title}」的尾款未在{balance_by}前支付,订单已关闭,定金{deposit}按条款不予退还。若您已按时付款,款项与定金会退回。{link}",
        "您好,\n\n「{title}」的尾款未在{balance_by}前支付,订单已关闭。按您参团时接受的条款,定金{deposit}不予退还。"
        "若您其实已按时付款,款项到账后会连同定金一并原路退回。\n\n详情:{link}",
    ),
    "down_payment_back": (
        "尾款逾期,订金退回:{title}",
        "「{title}」的尾款未在{balance_by}前支付,订单已关闭,订金{deposit}原路退回。{link}",
        "您好,\n\n「{title}」的尾款未在{balance_by}前支付,订单已关闭。您付的订金{deposit}将全额原路退回,无需操作。"
        "\n\n退款进度:{link}",
    ),
    "group_called_off": (
        "商家取消了:{title}",
        "很抱歉,商家取消了「{title}」,您已付的款项全额原路退回,无需操作。{link}",
        "您好,\n\n很抱歉,商家取消了「{title}」。您已付的款项将全额原路退回,无需操作。\n\n退款进度:{link}",
    ),
    "earnest_doubled": (
        "定金双倍返还:{title}",
        "商家取消了「{title}」,除退回定金外,还须另付您{amount}(定金双倍返还),由商家转账。{link}",
        "您好,\n\n商家取消了「{title}」。按定金规则,商家除退回定金外,还须另付您同等金额{amount},由商家直接转账给您。"
        "\n\n进度:{link}",
    ),
    "doubled_paid": (
        "双倍定金已付:{title}",
        "商家已转账{amount},「{title}」的定金双倍返还已完成。{link}",
        "您好,\n\n商家已确认向您转账{amount},「{title}」的定金双倍返还已完成。如未收到,请联系客服。\n\n详情:{link}",
    ),
    "invoice_requested": (
        "有买家申请发票:{title}",
        "「{title}」有买家申请发票,金额{amount},请开具:{link}",
        "您好,\n\n「{title}」有买家申请发票,金额{amount}。请开具后登记发票号码并上传文件。\n\n去处理:{link}",
    ),
    "invoice_to_correct": (
        "发票需红冲:{title}",
        "「{title}」有一张已开发票的订单发生退款,请红冲,并按{amount}重开:{link}",
        "您好,\n\n「{title}」有一张已开发票的订单后来发生了退款。请开具红字发票冲销,并按现金额{amount}重新开具(为零则只需红冲)。"
        "\n\n去处理:{link}",
    ),
    "invoice_issued": (
        "发票已开具:{title}",
        "「{title}」的发票已开具,金额{amount},点此查看:{link}",
        "您好,\n\n「{title}」的发票已开具,金额{amount}。\n\n查看与下载:{link}",
    ),
    "invoice_corrected": (
        "发票已更正:{title}",
        "「{title}」的发票已红冲更正,现金额{amount}:{link}",
        "您好,\n\n因退款,「{title}」原发票已红冲,现发票金额为{amount}。\n\n查看与下载:{link}",
    ),
    "group_failed": (
        "未能成团,全额退款:{title}",
        "「{title}」未成团,{amount}将全额退回{method},最迟{arrives_by}到账。也可看看:{alternative}。{link}",
        "您好,\n\n很遗憾,「{title}」没有凑够人数,未能成团。您支付的{amount}将全额退回{method},"
        "最迟{arrives_by}到账,无需任何操作。\n\n"
        "您也许会喜欢:{alternative}\n\n"
        "退款进度:{link}",
    ),
    "group_failed_hold": (
        "未能成团,未曾扣款:{title}",
        "「{title}」未成团。您的{amount}只是预授权,现已解除,未曾扣款。也可看看:{alternative}。{link}",
        "您好,\n\n很遗憾,「{title}」没有凑够人数,未能成团。您的{amount}只是由银行预授权,从未扣款;"
        "现已解除,银行会在几天内显示。\n\n"
        "您也许会喜欢:{alternative}\n\n"
        "订单详情:{link}",
    ),
    "hold_released": (
        "未曾扣款:{title}",
        "「{title}」的付款到得太晚,未能入团。{amount}只是预授权,现已解除,未曾扣款。{link}",
        "您好,\n\n您为「{title}」授权{amount}时,名额已没有或团已截止,未能入团。款项只是由银行预授权,现已解除,"
        "未曾扣款。\n\n订单详情:{link}",
    ),
    "order_lapsed": (
        "扣款未成功:{title}",
        "「{title}」预授权的{amount}未能扣款,您的订单已失效,未曾扣款。{link}",
        "您好,\n\n银行为「{title}」预授权的{amount}多次尝试仍未能扣款,您的订单已失效,未曾扣款。\n\n订单详情:{link}",
    ),
    "chargeback": (
        "银行退单:{title}",
        "买家的银行撤回了为「{title}」支付的{amount},请查看该团资金。{link}",
        "您好,\n\n买家的银行撤回了为「{title}」支付的{amount},已在该团资金中记为退单。"
        "如有异议,请及时在支付平台申诉。\n\n该团:{link}",
    ),
    "chargeback_won": (
        "退单已判回:{title}",
        "银行为「{title}」撤回的{amount}已退还给我们。{link}",
        "您好,\n\n银行为「{title}」撤回的{amount}已退还给我们。\n\n该团:{link}",
    ),
    "price_drop_refund": (
        "成团了,价格更低,差价退给您:{title}",
        "「{title}」成团了!最终价降到{final_price},差价{amount}将原路退回,最迟{arrives_by}到账。{link}",
        "您好,\n\n「{title}」成团了!参团的人多了,您的最终价降到{final_price}。您多付的{amount}将原路退回,"
        "最迟{arrives_by}到账,无需任何操作。\n\n"
        "退款进度:{link}",
    ),
    "late_money_refund": (
        "付款已退回:{title}",
        "「{title}」的付款到得太晚,未能入团。{amount}将原路退回,最迟{arrives_by}到账。{link}",
        "您好,\n\n您为「{title}」支付的{amount}到账时,名额已没有或团已截止,未能入团。款项将全额原路退回,"
        "最迟{arrives_by}到账,无需任何操作。\n\n"
        "退款进度:{link}",
    ),
    "refund_done": (
        "退款已完成:{title}",
        "「{title}」的退款{amount}已退回{method},请留意到账。{link}",
        "您好,\n\n"
        "「{title}」的退款{amount}已退回{method},请留意到账。若几天后仍未看到,请带上订单联系我们。\n\n"
        "详情:{link}",
    ),
    "stock_low": (
        "库存不多:{title}",
        "「{title}」的{item}只剩{left}件,如可补货请尽快调整。{link}",
        "您好,\n\n"
        "您的活动「{title}」中,{item}只剩{left}件。售完后新的买家将无法参团;如可补货请尽快调整。\n\n"
        "活动详情:{link}",
    ),
    "sold_out": (
        "已售完:{title}",
        "「{title}」的{item}已售完,新的买家暂时无法购买。{link}",
        "您好,\n\n您的活动「{title}」中,{item}已售完,已有订单不受影响,新的买家暂时无法购买。\n\n活动详情:{link}",
    ),
    "batch_sorted": (
        "已分拣:{title}",
        "「{title}」已分拣装箱,送往{place}[,预计{earliest}至{latest}到]。{link}",
        "您好,\n\n「{title}」的货已分拣装箱,将送往{place}。[预计{earliest}至{latest}之间到达。]\n\n随时查看:{link}",
    ),
    "batch_in_transit": (
        "已发车:{title}",
        "「{title}」已发车,送往{place}[,预计{earliest}至{latest}到]。{link}",
        "您好,\n\n「{title}」的货已在路上,正送往{place}。[预计{earliest}至{latest}之间到达。]\n\n"
        "查看位置与预计时间:{link}",
    ),
    "batch_ready": (
        "货到了:{title}",
        "「{title}」已到{place},请凭订单页的提货码取货。{link}",
        "您好,\n\n「{title}」的货已到{place}。取货时请出示订单页上的提货码;提货码只告诉交货的人。\n\n"
        "提货码在这里:{link}",
    ),
    "batch_promise": (
        "到货时间有变:{title}",
        "「{title}」的到货时间有变[:预计{earliest}至{latest}到{place}]。{link}",
        "您好,\n\n「{title}」的到货时间有变。[新的预计时间是{earliest}至{latest},地点{place}。]"
        "以前说过的时间都留在订单页上。\n\n查看:{link}",
    ),
    "incident_opened": (
        "{level}级应急：{title}",
        "「{title}」启动{level}级应急：{text}。{link}",
        "您好，\n\n「{title}」已启动{level}级应急响应：{text}\n\n查看并处理：{link}",
    ),
    "incident_closed": (
        "应急解除：{title}",
        "「{title}」的{level}级应急已解除：{text}。{link}",
        "您好，\n\n「{title}」的{level}级应急响应已解除：{text}\n\n查看：{link}",
    ),
    "self_refund_open": (
        "您可以自助退款：{title}",
        "很抱歉，「{title}」出了问题。发货前您可一键自助退款，愿意等待则无需操作。{link}",
        "您好，\n\n很抱歉，「{title}」出了问题。在您的货发出之前，您可以一键自助退款，款项原路退回；"
        "如果愿意继续等待，则无需任何操作。\n\n您的订单：{link}",
    ),
    "coupon_given": (
        "补偿您{amount}：{title}",
        "因「{title}」给您添麻烦，补偿{amount}优惠券一张，满{min_spend}可用，{until}前有效。{link}",
        "您好，\n\n因「{title}」给您带来的不便，我们补偿您一张优惠券：在该商家消费满{min_spend}减{amount}，"
        "限用一次，{until}前有效。\n\n您的订单：{link}",
    ),
    "return_asked": (
        "买家申请退货：{title}",
        "「{title}」有买家申请退货：{items}。收到退回的商品后请质检。{link}",
        "您好，\n\n「{title}」有买家申请退货：{items}。收到退回的商品后，请在两天内完成质检，逾期视为通过。\n\n处理：{link}",
    ),
    "return_received": (
        "退货已收到：{title}",
        "「{title}」商家已收到您退回的{items}，{by}前完成质检。{link}",
        "您好，\n\n商家已收到您退回的{items}（「{title}」），将在{by}前完成质检，逾期视为通过。\n\n退货进度：{link}",
    ),
    "return_passed": (
        "质检已通过，退款{amount}：{title}",
        "「{title}」退货质检已通过，{amount}原路退回，最迟{arrives_by}到账。{link}",
        "您好，\n\n您退回的商品（「{title}」）质检已通过，{amount}原路退回，最迟{arrives_by}到账。\n\n退货进度：{link}",
    ),
    "return_failed": (
        "退货质检未通过：{title}",
        "「{title}」退货质检未通过：{reason}。如有异议请联系客服。{link}",
        "您好，\n\n您退回的商品（「{title}」）质检未通过，原因：{reason}。如有异议，请联系客服。\n\n退货进度：{link}",
    ),
    "return_lapsed": (
        "退货已关闭：{title}",
        "「{title}」{items}未在期限内退回，退货申请已关闭。{link}",
        "您好，\n\n「{title}」的{items}没有在期限内退回，退货申请已关闭。如果您已寄出，请联系客服。\n\n您的订单：{link}",
    ),
    "share_rewarded": (
        "分享奖励{amount}：{title}",
        "有人通过您的分享参加了「{title}」，奖励您{amount}优惠券，满{min_spend}可用，{until}前有效。{link}",
        "您好，\n\n有人通过您的分享参加了「{title}」并已付款，奖励您一张优惠券：在该商家消费满{min_spend}减{amount}，"
        "限用一次，{until}前有效。若该订单未成，优惠券随之失效。\n\n{link}",
    ),
    "share_reward_voided": (
        "分享奖励失效：{title}",
        "经您分享参加「{title}」的一个订单未成，{amount}优惠券随之失效。{link}",
        "您好，\n\n经您分享参加「{title}」的一个订单未成，为它发放的{amount}优惠券随之失效。\n\n{link}",
    ),
    "substitute_offered": (
        "缺货，换一种可以吗：{title}",
        "「{title}」的{item}断货，可换{substitute}。请在{until}前答复，不换或未答复即退款。{link}",
        "您好，\n\n很抱歉，「{title}」的{item}断货，可为您换成{substitute}。请在{until}前答复；"
        "不换或未答复，该商品款项将原路退回。\n\n答复：{link}",
    ),
    "substitute_refunded": (
        "{amount}退给您：{title}",
        "「{title}」的{item}缺货，{amount}将原路退回，最迟{arrives_by}到账。{link}",
        "您好，\n\n「{title}」的{item}缺货，{amount}将原路退回，最迟{arrives_by}到账。\n\n您的订单：{link}",
    ),
    "message_budget_spent": (
        "消息预算已用完：{title}",
        "「{title}」的{budget}条消息预算已用完，此后只发款项通知与提醒。{link}",
        "您好，\n\n「{title}」的{budget}条消息预算已用完。款项通知与提醒照常发送，其他消息不再发出。\n\n查看：{link}",
    ),
    "batch_temperature": (
        "温度超限:{title}",
        "「{title}」往{place}的货{at}测得{degrees}℃,超出{kept}的限度,请立即处理。{link}",
        "您好,\n\n「{title}」送往{place}的货在{at}测得{degrees}℃,已超出其温层({kept})的限度。"
        "请立即联系承运人,并决定这批货能否交付。\n\n查看:{link}",
    ),
    "waybill_trouble": (
        "承运人未受理或退回:{title}",
        "「{title}」送往{place}的货,承运人未受理或退回({reason}),请处理。{link}",
        "您好,\n\n「{title}」送往{place}的货,承运人未受理或已退回,原因:{reason}。请换承运人或联系买家。\n\n查看:{link}",
    ),
    "capacity_short": (
        "{day}运力或仓容将不足:{place}",
        "{place}在{day}已排{orders}单,每日上限{capacity}单,即将或已经排满。备用:{fallback}。{link}",
        "您好,\n\n{place}在{day}已排{orders}单,每日上限{capacity}单,即将或已经排满;排不下的批次转到备用仓或留在待派队列。备用:{fallback}。"
        "现在改派还来得及。\n\n查看与改派:{link}",
    ),
    "uncollected": (
        "请来取货:{title}",
        "「{title}」还在{place}等您来取,请带上提货码。{link}",
        "您好,\n\n「{title}」已到{place},您还没有来取。逾期将按活动规则处理,请尽快取货。\n\n提货码:{link}",
    ),
    "uncollected_returned": (
        "逾期未取,已退回:{title}",
        "「{title}」逾期未取,货已退回[,{amount}将原路退还,最迟{arrives_by}到账]。{link}",
        "您好,\n\n「{title}」逾期未取,按活动规则货已退回。[扣除运费后的{amount}将原路退还,最迟{arrives_by}到账。]\n\n"
        "订单详情:{link}",
    ),
    "uncollected_forfeited": (
        "逾期未取:{title}",
        "「{title}」逾期未取,按活动规则不再保留,也不退款。{link}",
        "您好,\n\n「{title}」逾期未取。按您参团时接受的活动规则,货不再保留,也不退款。如有疑问,请联系客服。\n\n"
        "订单详情:{link}",
    ),
    "review_wanted": (
        "请审核成团:{title}",
        "「{title}」已达成团目标,请在{until}前审核;逾期未审自动通过。{link}",
        "您好,\n\n「{title}」已达成团目标,正等待您审核。请在{until}前通过或驳回;逾期未审将自动通过,随即开始备货。\n\n查看:{link}",
    ),
    "stage_turn": (
        "轮到您了:{title}·{stage}",
        "「{title}」进入{stage}环节,由您负责,请在{due}前完成。{link}",
        "您好,\n\n「{title}」已进入{stage}环节,由您负责。请先接手,随时更新进度,并在{due}前完成。\n\n查看:{link}",
    ),
    "stage_due_soon": (
        "即将到期:{title}·{stage}",
        "「{title}」的{stage}环节将于{due}到期,请尽快完成或更新进度。{link}",
        "您好,\n\n「{title}」的{stage}环节将于{due}到期。请尽快完成;若需要更多时间,请给出承诺时间,买家会看到。\n\n查看:{link}",
    ),
    "stage_overdue": (
        "已超时:{title}·{stage}",
        "「{title}」的{stage}环节已超过时限{due},请立即处理并更新进度。{link}",
        "您好,\n\n「{title}」的{stage}环节已超过时限{due}。请立即处理并更新进度,否则将通知区域负责人。\n\n查看:{link}",
    ),
    "stage_late": (
        "超时预警:{title}·{stage}",
        "「{title}」的{stage}环节自{due}起超时,仍未完成,请督促。{link}",
        "您好,\n\n「{title}」的{stage}环节自{due}起超时,负责人仍未完成。请督促处理;若继续延误,将启用备用方案(如已设置)。\n\n查看:{link}",
    ),
    "stage_fallback": (
        "已启用备用方案:{title}·{stage}",
        "「{title}」的{stage}环节持续超时,已启用备用方案:{fallback}。{link}",
        "您好,\n\n「{title}」的{stage}环节持续超时,系统已启用备用方案:{fallback}。后续订单将按备用方案处理。\n\n查看:{link}",
    ),
    "stage_urgent": (
        "紧急,请确认:{title}·{stage}",
        "紧急:「{title}」的{stage}环节(时限{due})需要您立即确认,否则将联系下一位负责人。{link}",
        "您好,\n\n「{title}」的{stage}环节出现紧急情况(时限{due})。请立即确认您已接手;若未确认,将联系下一位负责人。\n\n确认:{link}",
    ),
    "stage_nudged": (
        "团长催单:{title}·{stage}",
        "团长在催「{title}」的{stage}环节(时限{due}),请更新进度。{link}",
        "您好,\n\n团长在催「{title}」的{stage}环节(时限{due})。请更新进度,您的答复时间会被记录。\n\n更新:{link}",
    ),
    "stage_unsaid_today": (
        "今日进度未更新:{title}·{stage}",
        "「{title}」的{stage}环节今天还没有更新进度,请补上。{link}",
        "您好,\n\n按约定,进度须在每天18点前更新。「{title}」的{stage}环节今天还没有更新,请补上。\n\n更新:{link}",
    ),
    "stages_unsaid_today": (
        "今日有环节未更新",
        "您负责的团今天有环节到18点仍未更新进度,其中有「{title}」。{link}",
        "您好,\n\n您负责的团今天有环节到18点仍未更新进度,其中有「{title}」。负责人均已收到提醒。\n\n查看:{link}",
    ),
    "stage_silent": (
        "多日没有消息:{title}·{stage}",
        "「{title}」的{stage}环节已{days}天没有消息,页面已如实显示,请尽快更新。{link}",
        "您好,\n\n「{title}」的{stage}环节已经{days}天没有任何消息,进度页面已向买家如实说明。请尽快更新。\n\n更新:{link}",
    ),
    "late_compensation": (
        "延误补偿:{title}",
        "「{title}」的{stage}环节超时,我们按订单金额的{share}补偿您一张优惠券。{link}",
        "您好,\n\n很抱歉,「{title}」的{stage}环节没有按时完成。我们按您订单金额的{share}补偿一张优惠券,订单页可以看到,无需操作。\n\n查看订单与最新进度:{link}",
    ),
    "eta_moved": (
        "预计时间有变:{title}",
        "「{title}」预计送达时间改为{expected}前,进度:{link}",
        "您好,\n\n「{title}」的预计送达时间有变,现在预计在{expected}前送达。时间变动的经过都在进度页上。\n\n查看进度:{link}",
    ),
    "purchase_issued": (
        "采购单:{title}",
        "「{title}」已成团,需要您备货{units}件,请在{answer_by}前确认:{link}",
        "您好,\n\n"
        "「{title}」已成团,需要您备货共{units}件。请查看采购单并在{answer_by}前确认,同时告知何时备齐。\n\n"
        "采购单:{link}",
    ),
    "purchase_amended": (
        "采购单有变更:{title}",
        "「{title}」的采购单有变更(第{number}号),请在{answer_by}前确认:{link}",
        "您好,\n\n「{title}」的采购单有变更,变更编号为{number}。请查看并在{answer_by}前确认。\n\n采购单:{link}",
    ),
    "purchase_withdrawn": (
        "采购单已撤回:{title}",
        "「{title}」的采购单已撤回(第{number}号),请勿再发货。{link}",
        "您好,\n\n「{title}」的采购单已撤回,编号为{number}。不再需要备货,也请勿发货。\n\n采购单:{link}",
    ),
    "purchase_unanswered": (
        "采购单尚未答复:{title}",
        "「{title}」的采购单(第{number}号)应在{answer_by}前答复,至今没有回音,请尽快处理。{link}",
        "您好,\n\n"
        "「{title}」的采购单(第{number}号)应在{answer_by}前答复,至今没有回音。买家在等,请今天处理。\n\n"
        "详情:{link}",
    ),
    "purchase_escalated": (
        "供应商没有答复:{title}",
        "「{title}」的采购单(第{number}号)过了{answer_by}仍无人答复,请您介入:{link}",
        "您好,\n\n"
        "「{title}」的采购单(第{number}号)应在{answer_by}前答复。供应商和商家都已提醒,仍无结果,请您介入。\n\n"
        "详情:{link}",
    ),
    "purchase_promised": (
        "备货时间已承诺:{title}",
        "供应商承诺「{title}」的货{ready_at}备齐。{link}",
        "您好,\n\n供应商承诺「{title}」的货{ready_at}备齐。此前的承诺都有记录。\n\n详情:{link}",
    ),
    "lot_shipped": (
        "货已发出:{title}",
        "供应商已为「{title}」发出{sent}件,共需{units}件。{link}",
        "您好,\n\n供应商已为「{title}」发出{sent}件,共需{units}件。\n\n详情:{link}",
    ),
    "place_over_capacity": (
        "{place}放不下:{title}",
        "「{title}」有{orders}单要送到{place},该点每天只能放{capacity}单,请提前安排。{link}",
        "您好,\n\n"
        "「{title}」有{orders}单要送到{place},该点每天只能放{capacity}单。请分几天提货,或另开自提点。\n\n"
        "详情:{link}",
    ),
    "order_short": (
        "有货没到,款项退给您:{title}",
        "「{title}」到货不足,您少了{items},{amount}将原路退回,最迟{arrives_by}到账。{link}",
        "您好,\n\n"
        "很抱歉,「{title}」到货不足。按参团时写明的规则,您少了{items}。{amount}将原路退回,最迟{arrives_by}到账,"
        "无需任何操作。\n\n"
        "订单与分配结果:{link}",
    ),
    "ordered_for_you": (
        "团长替您下单了:{title}",
        "团长替您参加了「{title}」,请在{pay_by}前付款{amount}。若您不同意,可直接取消:{link}",
        "您好,\n\n"
        "按您的授权,团长替您参加了「{title}」。请在{pay_by}前付款{amount},逾期名额自动释放,不会扣款。"
        "若您不同意,可在订单页取消,并在“我的”页面收回授权。\n\n"
        "订单:{link}",
    ),
    "leader_approved": (
        "您已成为团长:{community}",
        "您已通过审核,成为{community}的团长。请添加自提点:{link}",
        "您好,\n\n您已通过审核,成为{community}的团长。添加自提点后,商家就可以把货送到您那里。\n\n我的自提点:{link}",
    ),
    "leader_refused": (
        "团长申请结果:{community}",
        "您在{community}的团长申请未通过,可再次申请:{link}",
        "您好,\n\n感谢您申请成为{community}的团长。这次未通过,您可以再次申请。\n\n我的申请:{link}",
    ),
    "leader_suspended": (
        "团长资格已暂停:{community}",
        "您在{community}的团长资格已暂停,请联系客服了解情况:{link}",
        "您好,\n\n您在{community}的团长资格已暂停,暂时不会有新货送到您的自提点。请联系客服了解情况。\n\n详情:{link}",
    ),
    "feed_digest": (
        "团购动态：{title}",
        "{title}今日有{count}条新动态：{latest} {link}",
        "您好,\n\n{title}今日有{count}条新动态，最新一条：{latest}\n\n查看全部：{link}",
    ),
    "question_answered": (
        "您的提问有了回复：{title}",
        "关于「{title}」的提问，回复如下：{answer} {link}",
        "您好,\n\n您关于「{title}」的提问已有回复：\n\n{answer}\n\n查看：{link}",
    ),
    "team_hour": (
        "{title}",
        "「{title}」最近一小时售出{units}件，累计{joined}人参团[，为目标的{share}][，按目前速度预计{ending}人]。{link}",
        "「{title}」最近一小时售出{units}件，累计{joined}人参团[，为目标的{share}][，按目前速度预计{ending}人]。{link}",
    ),
    "email_confirm": (
        "请确认您的邮箱",
        "请打开确认您的邮箱:{link}",
        "您好,\n\n您重新填写了邮箱,而此前发往它的邮件被退回或投诉过。请打开下面的链接并确认,之后订单与退款通知才会再发到这里:\n\n"
        "{link}\n\n链接七天内有效。如果不是您本人填写,请忽略这封邮件。",
    ),
    "where_order": (
        "订单进度:{title}",
        "「{title}」{status}。[预计{earliest}至{latest}到货。]详情:{link}",
        "您好,\n\n「{title}」{status}。[预计{earliest}至{latest}到货。]\n\n详情:{link}",
    ),
    "where_none": (
        "没有进行中的订单",
        "您没有进行中的订单。全部订单:{link}",
        "您好,\n\n您没有进行中的订单。\n\n全部订单:{link}",
    ),
    "sms_unknown": (
        "已收到您的短信",
        "已收到,客服会尽快答复。查订单请回复“订单”,退订请回复“退订”。{link}",
        "您好,\n\n已收到您的短信,客服会尽快答复。查订单请回复“订单”,退订请回复“退订”。\n\n{link}",
    ),
    "sms_stopped": (
        "已退订",
        "已退订推广与进度类短信;付款、退款、取货提醒仍会发送。通知设置:{link}",
        "您好,\n\n已为您退订推广与进度类短信;付款、退款、取货提醒仍会发送。\n\n通知设置:{link}",
    ),
    "campaign_offer": (
        "新团上线:{title}",
        "【团】「{title}」{price}起,{closes_at}截止,邻居一起买更便宜。{link} 拒收请回复R",
        "您好,\n\n新团上线:「{title}」,{price}起,{closes_at}截止。人越多价越低,不成团全额退款。\n\n"
        "去看看:{link}\n\n不想再收到这类邮件?在该页面的通知设置里一键退订。",
    ),
}
