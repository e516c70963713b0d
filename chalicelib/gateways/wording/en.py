"""Notices in English: (subject, SMS, e-mail). What happened, what it means, what happens next."""
# ruff: noqa: E501 - one line a sentence, however long

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str, str]] = {
    "order_held": (
        "Your place is held: {title}",
        'Your place in "{title}" is held. Pay {amount} by {pay_by}, or it goes to someone else. {link}',
        "Hello,\n\n"
        'your place in "{title}" is held. Please pay {amount} by {pay_by}; after that it is given up, '
        "and nothing is charged.\n\n"
        "Pay and follow the group: {link}",
    ),
    "order_paid": (
        "Payment received: {title}",
        'We have your {amount} for "{title}". It closes {closes_at}; if it fails you get everything back. {link}',
        "Hello,\n\n"
        'we have received {amount} for "{title}": you are in. The group closes {closes_at}. If it forms, '
        "everyone pays the final price and you get back what you paid above it; if not, you get "
        "everything back.\n\n"
        "Follow the group: {link}",
    ),
    "order_expired": (
        "Order closed: {title}",
        'Your order for "{title}" was not paid in time and is closed; nothing was charged. If you have '
        "just paid, you are seated again or paid back. {link}",
        "Hello,\n\n"
        'your order for "{title}" was not paid in time, so it is closed and its place given up. Nothing '
        "was charged. If you have just paid: while there is room we seat you again, otherwise the money "
        "goes back the way it came.\n\n"
        "Still want to join? See how it stands: {link}",
    ),
    "order_cancelled": (
        "Order cancelled: {title}",
        'Your order for "{title}" is cancelled.[ {amount} goes back the way it came, by {arrives_by}.] {link}',
        "Hello,\n\n"
        'as you asked, your order for "{title}" is cancelled and its place given up.[ The {amount} you '
        "paid goes back the way it came and arrives by {arrives_by}.]\n\n"
        "Your order: {link}",
    ),
    "payment_reminder": (
        "Still to be paid: {title}",
        'Your place in "{title}" is still held. Pay {amount} by {pay_by}, or it is given up. {link}',
        "Hello,\n\n"
        'your place in "{title}" is still held, and not yet paid. Please pay {amount} by {pay_by}; after '
        "that the order closes by itself, and nothing is charged.\n\n"
        "Pay: {link}",
    ),
    "pickup_missing": (
        "Where will you pick up? {title}",
        'Please choose a pickup point for "{title}" by {choose_by}, or we choose one for you. {link}',
        "Hello,\n\n"
        'one thing is missing for "{title}": where will you pick it up? Please choose by {choose_by}; '
        "after that we choose a point for you and tell you which.\n\n"
        "Choose: {link}",
    ),
    "pickup_defaulted": (
        "Your pickup point: {title}",
        'Your pickup point for "{title}" is now {pickup_point}. If that does not suit you, tell us soon. {link}',
        "Hello,\n\n"
        'as none was chosen in time, your pickup point for "{title}" is now: {pickup_point}. If that '
        "does not suit you, please tell us soon.\n\n"
        "Your order: {link}",
    ),
    "milestone_half": (
        "Halfway there: {title}",
        '"{title}" is halfway: {joined} of {target}, {remaining} to go. Neighbours make it faster: {link}',
        "Hello,\n\n"
        'good news: "{title}" is halfway there, with {joined} of {target} and {remaining} to go. Pass '
        "the link to your neighbours and it forms sooner.\n\n"
        "Follow the group: {link}",
    ),
    "milestone_most": (
        "Nearly there: {title}",
        '"{title}" has {joined} of {target}: only {remaining} to go. {link}',
        "Hello,\n\n"
        '"{title}" is nearly there: {joined} of {target}, only {remaining} to go. A few more, and '
        "everyone gets the group price.\n\n"
        "Follow the group: {link}",
    ),
    "milestone_one_more": (
        "One last step: {title}",
        '"{title}" has {joined} of {target}: just {remaining} more! Pass it to a friend: {link}',
        "Hello,\n\n"
        '"{title}" has {joined} of {target} and needs just {remaining} more! Pass it to a friend: '
        "perhaps that is all it takes.\n\n"
        "Follow the group: {link}",
    ),
    "milestone_reached": (
        "Target reached: {title}",
        '"{title}" reached its target ({joined} of {target}, {remaining} to go). The price may still drop: {link}',
        "Hello,\n\n"
        '"{title}" has reached its target: {joined} of {target}, {remaining} to go. It is confirmed at '
        "the close, from the orders that are paid; until then, more people may bring a lower price.\n\n"
        "Follow the group: {link}",
    ),
    "deadline_moved": (
        "New deadline: {title}",
        '"{title}" now closes {closes_at}. Your order stays as it is. {link}',
        "Hello,\n\n"
        '"{title}" now closes {closes_at}. Your order stays as it is and you need not do anything; '
        "whether the group forms is decided then.\n\n"
        "Details: {link}",
    ),
    "group_formed": (
        "It's on: {title}",
        '"{title}" is on! {joined} joined; your final price is {final_price}, anything above it comes back. {link}',
        "Hello,\n\n"
        '"{title}" is on: {joined} people joined! Your final price is {final_price}; if you paid more, '
        "the difference goes back the way it came. Now the goods are ordered, and we tell you every "
        "step.\n\nFollow it: {link}",
    ),
    "group_formed_balance": (
        "It's on, and the balance is due: {title}",
        '"{title}" is on! {joined} joined. Price {final_price}, paid {deposit}; pay {balance} by {balance_by}. {link}',
        "Hello,\n\n"
        '"{title}" is on: {joined} people joined! Your final price is {final_price}; the {deposit} you paid count '
        "towards it. Please pay the balance of {balance} by {balance_by}. After that the order closes, and what you "
        "paid is dealt with as the terms say that you accepted.\n\nPay the balance: {link}",
    ),
    "balance_reminder": (
        "The balance is due: {title}",
        'The balance of {balance} for "{title}" is due by {balance_by}; after that the order closes. {link}',
        "Hello,\n\n"
        'the balance of {balance} for "{title}" is still open. Please pay it by {balance_by}; after that the order '
        "closes, and what you paid is dealt with as the terms say that you accepted.\n\nPay the balance: {link}",
    ),
    "balance_paid": (
        "Balance received: {title}",
        'We have your balance of {balance} for "{title}": all is paid. {link}',
        'Hello,\n\nwe have received your balance of {balance} for "{title}". All is paid; now it is up to us.\n\n'
        "Follow it: {link}",
    ),
    "earnest_forfeited": (
        "Balance not paid, order closed: {title}",
        'The balance for "{title}" was not paid by {balance_by}: the order is closed, the earnest of {deposit} is '
        "kept. If you did pay in time, both come back. {link}",
        'Hello,\n\nthe balance for "{title}" was not paid by {balance_by}, so the order is closed. By the terms you '
        "accepted, the earnest of {deposit} is not paid back. If you did pay in time, your payment and the earnest "
        "come back as soon as it arrives.\n\nDetails: {link}",
    ),
    "down_payment_back": (
        "Balance not paid, your money comes back: {title}",
        'The balance for "{title}" was not paid by {balance_by}: the order is closed, your {deposit} come back. {link}',
        'Hello,\n\nthe balance for "{title}" was not paid by {balance_by}, so the order is closed. The {deposit} you '
        "paid come back in full, the way you paid; there is nothing to do.\n\nFollow the refund: {link}",
    ),
    "group_called_off": (
        "Called off: {title}",
        'We are sorry: the merchant has called off "{title}". All you paid comes back; nothing to do. {link}',
        'Hello,\n\nwe are sorry: the merchant has called off "{title}". Everything you paid comes back the way you '
        "paid it; there is nothing to do.\n\nFollow the refund: {link}",
    ),
    "earnest_doubled": (
        "Your earnest comes back double: {title}",
        'The merchant called off "{title}" and owes you {amount} on top of your earnest, by transfer. {link}',
        'Hello,\n\nthe merchant has called off "{title}". Besides giving your earnest back, the merchant owes you the '
        "same amount again, {amount}, and transfers it to you.\n\nFollow it: {link}",
    ),
    "doubled_paid": (
        "The second part of your earnest is paid: {title}",
        'The merchant has transferred {amount} to you for "{title}": your earnest came back double. {link}',
        'Hello,\n\nthe merchant says that {amount} were transferred to you for "{title}": your earnest has come back '
        "double. If it has not arrived, please ask support.\n\nDetails: {link}",
    ),
    "invoice_requested": (
        "An invoice is asked for: {title}",
        'A buyer in "{title}" asks for an invoice of {amount}. Please issue it: {link}',
        'Hello,\n\na buyer in "{title}" asks for an invoice of {amount}. Please issue it, then enter its number and '
        "upload the file.\n\nTo the list: {link}",
    ),
    "invoice_to_correct": (
        "An invoice needs a red one: {title}",
        'Money went back on an invoiced order of "{title}": cancel it by a red invoice, the new amount is {amount}: '
        "{link}",
        'Hello,\n\nmoney has gone back on an order of "{title}" that was invoiced. Please take that invoice back by a '
        "red-letter one, and issue a new one of {amount} (none where nothing is left).\n\nTo the list: {link}",
    ),
    "invoice_issued": (
        "Your invoice: {title}",
        'Your invoice of {amount} for "{title}" has been issued: {link}',
        'Hello,\n\nyour invoice of {amount} for "{title}" has been issued.\n\nSee and download it: {link}',
    ),
    "invoice_corrected": (
        "Your invoice was corrected: {title}",
        'Your invoice for "{title}" was taken back by a red one; it is now {amount}: {link}',
        'Hello,\n\nbecause money went back to you, the invoice for "{title}" was taken back by a red one. It is now '
        "{amount}.\n\nSee and download it: {link}",
    ),
    "group_failed": (
        "Not enough people, full refund: {title}",
        '"{title}" did not form. Your {amount} goes back to {method} by {arrives_by}. You may like: '
        "{alternative}. {link}",
        "Hello,\n\n"
        'we are sorry: not enough people joined "{title}", so it did not form. The full {amount} goes '
        "back to {method} and arrives by {arrives_by}; you need not do anything.\n\n"
        "You may like: {alternative}\n\n"
        "Your refund: {link}",
    ),
    "group_failed_hold": (
        "Not enough people, nothing charged: {title}",
        '"{title}" did not form. Your {amount} was only held, and the hold is let go: nothing was charged. You may '
        "like: {alternative}. {link}",
        "Hello,\n\n"
        'we are sorry: not enough people joined "{title}", so it did not form. Your {amount} was only held by your '
        "bank and never charged; the hold is let go now, and your bank shows it within a few days.\n\n"
        "You may like: {alternative}\n\n"
        "Your order: {link}",
    ),
    "hold_released": (
        "Nothing was charged: {title}",
        'Your payment for "{title}" came too late to join. The {amount} was only held and is let go: nothing was '
        "charged. {link}",
        "Hello,\n\n"
        'when your {amount} for "{title}" was authorised, there was no place left or the group had closed. It was '
        "only held by your bank and is let go now; nothing was charged.\n\n"
        "Your order: {link}",
    ),
    "order_lapsed": (
        "Your payment could not be taken: {title}",
        'The {amount} held for "{title}" could not be taken, so your order has lapsed. Nothing was charged. {link}',
        "Hello,\n\n"
        'the {amount} that your bank held for "{title}" could not be taken, although we tried again for a while. '
        "Your order has lapsed; nothing was charged.\n\n"
        "Your order: {link}",
    ),
    "chargeback": (
        "A bank took money back: {title}",
        "A buyer's bank took {amount} back that was paid for \"{title}\". See the group's money. {link}",
        "Hello,\n\n"
        "a buyer's bank took {amount} back that was paid for \"{title}\". It stands in the group's money as a "
        "chargeback; answer it at the payment provider in time if you contest it.\n\n"
        "The group: {link}",
    ),
    "chargeback_won": (
        "A chargeback was decided for you: {title}",
        'The {amount} that a bank had taken back for "{title}" has returned to us. {link}',
        "Hello,\n\n"
        'the {amount} that a buyer\'s bank had taken back for "{title}" has returned to us.\n\n'
        "The group: {link}",
    ),
    "price_drop_refund": (
        "Formed, at a lower price, and money back: {title}",
        '"{title}" has formed! You pay {final_price}: {amount} goes back the way it came, by {arrives_by}. {link}',
        "Hello,\n\n"
        '"{title}" has formed! Because more people joined, you pay {final_price} in the end. The {amount} '
        "you paid above it goes back the way it came and arrives by {arrives_by}; you need not do "
        "anything.\n\nYour refund: {link}",
    ),
    "late_money_refund": (
        "Your payment goes back: {title}",
        'Your payment for "{title}" came too late to join. {amount} goes back the way it came, by {arrives_by}. {link}',
        "Hello,\n\n"
        'when your {amount} for "{title}" arrived, there was no place left or the group had closed. The '
        "full amount goes back the way it came and arrives by {arrives_by}; you need not do anything.\n\n"
        "Your refund: {link}",
    ),
    "refund_done": (
        "Refunded: {title}",
        '{amount} for "{title}" has been paid back to {method}. {link}',
        "Hello,\n\n"
        '{amount} for "{title}" has been paid back to {method}. If you do not see it in a few days, '
        "write to us with your order at hand.\n\n"
        "Details: {link}",
    ),
    "stock_low": (
        "Running low: {title}",
        'Only {left} of {item} left in "{title}". If you can restock, do it soon. {link}',
        "Hello,\n\n"
        'in your campaign "{title}" only {left} of {item} are left. When they are gone nobody else can '
        "join; if you can restock, do it soon.\n\n"
        "Your campaign: {link}",
    ),
    "sold_out": (
        "Sold out: {title}",
        '{item} in "{title}" is sold out; new buyers have to wait. {link}',
        "Hello,\n\n"
        '{item} in your campaign "{title}" is sold out. Orders already placed are safe; new buyers '
        "cannot order it for now.\n\n"
        "Your campaign: {link}",
    ),
    "batch_sorted": (
        "Packed: {title}",
        "{title} is packed for {place}[, expected {earliest} to {latest}]. {link}",
        "Hello,\n\nyour goods from {title} are packed and will go to {place}. [They are expected between {earliest} "
        "and {latest}.]\n\nFollow them: {link}",
    ),
    "batch_in_transit": (
        "On the way: {title}",
        "{title} is on its way to {place}[, expected {earliest} to {latest}]. {link}",
        "Hello,\n\nyour goods from {title} are on their way to {place}. [They are expected between {earliest} and "
        "{latest}.]\n\nPosition and time: {link}",
    ),
    "batch_ready": (
        "It is here: {title}",
        "{title} is at {place}. Bring the pickup code from your order's page: {link}",
        "Hello,\n\nyour goods from {title} are at {place}. Show the pickup code on your order's page when you fetch "
        "them, and give it to nobody else.\n\nThe code: {link}",
    ),
    "batch_promise": (
        "Another time: {title}",
        "{title} comes at another time[: {earliest} to {latest} at {place}]. {link}",
        "Hello,\n\nthe time of {title} has changed. [It is now expected between {earliest} and {latest} at {place}.] "
        "What was said before stays on your order's page.\n\nSee: {link}",
    ),
    "incident_opened": (
        "Level {level} incident: {title}",
        'Level {level} incident at "{title}": {text}. {link}',
        'Hello,\n\nthere is an incident of level {level} at "{title}": {text}\n\nSee what can be done about it: {link}',
    ),
    "incident_closed": (
        "Incident over: {title}",
        'The level {level} incident at "{title}" is over: {text}. {link}',
        'Hello,\n\nthe incident of level {level} at "{title}" is over: {text}\n\nSee: {link}',
    ),
    "self_refund_open": (
        "You may take your money back: {title}",
        'Something went wrong with "{title}". Until your goods are sent you may take your money back yourself. {link}',
        "Hello,\n\n"
        'we are sorry: something went wrong with "{title}". As long as your goods have not been sent, you may take '
        "your money back yourself, in one step. If you would rather wait, you need do nothing.\n\nYour order: {link}",
    ),
    "coupon_given": (
        "{amount} for your trouble: {title}",
        'For the trouble with "{title}" you get {amount} off from {min_spend} on, until {until}. {link}',
        "Hello,\n\n"
        'for the trouble with "{title}" you get a coupon: {amount} off a purchase of {min_spend} or more from the same '
        "merchant, to be used once, until {until}.\n\nYour order: {link}",
    ),
    "return_asked": (
        "A buyer sends something back: {title}",
        '"{title}": a buyer sends back {items}. Please check the goods when they arrive. {link}',
        "Hello,\n\n"
        'a buyer of "{title}" sends back {items}. When the goods have arrived, please check them within two days: '
        "after that they count as passed.\n\nDeal with it: {link}",
    ),
    "return_received": (
        "Your return has arrived: {title}",
        '"{title}": {items} came back and will be checked by {by}. {link}',
        "Hello,\n\n"
        'the merchant has received what you sent back ({items}, of "{title}") and checks it by {by}. If they say '
        "nothing by then, it has passed.\n\nYour return: {link}",
    ),
    "return_passed": (
        "QC passed, {amount} goes back to you: {title}",
        '"{title}": your return passed the check. {amount} goes back the way you paid, by {arrives_by}. {link}',
        "Hello,\n\n"
        'what you sent back of "{title}" has passed the check. {amount} goes back the way you paid and is there by '
        "{arrives_by} at the latest.\n\nYour return: {link}",
    ),
    "return_failed": (
        "Your return failed the check: {title}",
        '"{title}": your return failed the check: {reason}. If you disagree, ask support. {link}',
        "Hello,\n\n"
        'what you sent back of "{title}" has failed the check: {reason}. If you disagree, ask support.\n\n'
        "Your return: {link}",
    ),
    "return_lapsed": (
        "Your return is closed: {title}",
        '"{title}": {items} did not come back in time, so the return is closed. {link}',
        "Hello,\n\n"
        '{items} of "{title}" did not come back in time, so the return is closed. If you have sent it, ask support.'
        "\n\nYour order: {link}",
    ),
    "share_rewarded": (
        "{amount} for sharing: {title}",
        'Somebody joined "{title}" by your link: {amount} off from {min_spend} on, until {until}. {link}',
        "Hello,\n\n"
        'somebody joined "{title}" by your link and has paid. You get a coupon: {amount} off a purchase of {min_spend} '
        "or more from the same merchant, to be used once, until {until}. If their order comes to nothing, so does the "
        "coupon.\n\nThe group: {link}",
    ),
    "share_reward_voided": (
        "A reward has lapsed: {title}",
        'An order that came to "{title}" by your link has ended; your coupon of {amount} ends with it. {link}',
        "Hello,\n\n"
        'an order that came to "{title}" by your link has come to nothing, and the coupon of {amount} that you got for '
        "it ends with it.\n\nThe group: {link}",
    ),
    "substitute_offered": (
        "Will you take another: {title}",
        '"{item}" of "{title}" has run out. Take {substitute} instead? Say so until {until}, or get it refunded. {link}',
        "Hello,\n\n"
        'we are sorry: "{item}" of "{title}" has run out. Instead you may have {substitute}. Please say until {until} '
        "whether you take it. If you do not, or say nothing, the money for it goes back to you.\n\nAnswer: {link}",
    ),
    "substitute_refunded": (
        "{amount} goes back: {title}",
        'For "{item}" of "{title}", {amount} goes back to you by {arrives_by}. {link}',
        'Hello,\n\nfor "{item}" of "{title}", which has run out, {amount} goes back to you by {arrives_by}.\n\n'
        "Your order: {link}",
    ),
    "message_budget_spent": (
        "Message budget spent: {title}",
        'The {budget} messages of "{title}" are spent. Only what concerns money and reminders still go out. {link}',
        'Hello,\n\nthe {budget} messages that "{title}" may send out of courtesy are spent. What concerns money, and '
        "reminders, still go out; everything else is held back.\n\nSee: {link}",
    ),
    "batch_temperature": (
        "Temperature out of range: {title}",
        "{title} for {place}: {degrees} C at {at}, out of range for {kept}. Please act now. {link}",
        "Hello,\n\nthe goods of {title} for {place} were at {degrees} C at {at}, which is out of range for {kept}. "
        "Call the carrier, and decide whether they may be handed over.\n\nSee: {link}",
    ),
    "waybill_trouble": (
        "The carrier says no: {title}",
        "The carrier refused or brought back {title} for {place} ({reason}). Please settle it: {link}",
        "Hello,\n\nthe carrier refused or brought back the goods of {title} for {place}: {reason}. Use another carrier, or "
        "call the buyer.\n\nSee: {link}",
    ),
    "capacity_short": (
        "Too much for {place} on {day}",
        "{place} has {orders} orders for {day} and takes {capacity}: it is full, or soon will be. Fallback: {fallback}. {link}",
        "Hello,\n\n{place} has {orders} orders for {day}, and takes {capacity} a day. Its fallback is {fallback}: what finds "
        "no room goes there, or waits in your queue. "
        "There is still time to move some there.\n\nLook and move: {link}",
    ),
    "uncollected": (
        "Please fetch it: {title}",
        "{title} still waits for you at {place}. Bring your pickup code: {link}",
        "Hello,\n\nyour goods from {title} still wait for you at {place}. Please fetch them soon: after that the "
        "campaign's rule applies.\n\nThe code: {link}",
    ),
    "uncollected_returned": (
        "Not fetched, returned: {title}",
        "{title} was not fetched and went back[; {amount} is on its way to you, by {arrives_by}]. {link}",
        "Hello,\n\nnobody fetched {title} in time, so it went back as the campaign's rule says. [We pay back {amount}, "
        "less the delivery fee, by {arrives_by}.]\n\nYour order: {link}",
    ),
    "uncollected_forfeited": (
        "Not fetched: {title}",
        "{title} was not fetched in time and is no longer kept; by its rule nothing is paid back. {link}",
        "Hello,\n\nnobody fetched {title} in time. By the rule you accepted it is no longer kept, and nothing is paid "
        "back. Ask support if something is wrong.\n\nYour order: {link}",
    ),
    "review_wanted": (
        "Please review: {title}",
        '"{title}" has reached its target. Approve or reject it by {until}; after that it is approved by itself. {link}',
        'Hello,\n\n"{title}" has reached its target and waits for your review. Please approve or reject it by {until}; after that it is approved by itself and fulfilment begins.\n\nSee: {link}',
    ),
    "stage_turn": (
        "Your turn: {title}, {stage}",
        '"{title}" is now at: {stage}. It is yours; please finish by {due}. {link}',
        'Hello,\n\n"{title}" has come to the stage "{stage}", which is yours. Please take it up, keep the progress up to date, and finish by {due}.\n\nSee: {link}',
    ),
    "stage_due_soon": (
        "Due soon: {title}, {stage}",
        '"{title}", {stage}: due {due}. Please finish, or say how it goes. {link}',
        'Hello,\n\nthe stage "{stage}" of "{title}" is due {due}. Please finish it soon; if you need longer, promise a time, which buyers will see.\n\nSee: {link}',
    ),
    "stage_overdue": (
        "Overdue: {title}, {stage}",
        '"{title}", {stage}: was due {due}. Please see to it now and update the progress. {link}',
        'Hello,\n\nthe stage "{stage}" of "{title}" was due {due}. Please see to it now and update the progress; otherwise the regional manager is told.\n\nSee: {link}',
    ),
    "stage_late": (
        "Running late: {title}, {stage}",
        '"{title}", {stage}: overdue since {due} and not finished. Please step in. {link}',
        'Hello,\n\nthe stage "{stage}" of "{title}" has been overdue since {due}, and its owner has not finished it. Please step in; if it stays late, its fallback is switched on, where there is one.\n\nSee: {link}',
    ),
    "stage_fallback": (
        "Fallback switched on: {title}, {stage}",
        '"{title}", {stage}: still late, so the fallback is on: {fallback}. {link}',
        'Hello,\n\nthe stage "{stage}" of "{title}" stayed late, so its fallback has been switched on: {fallback}. What follows goes that way.\n\nSee: {link}',
    ),
    "stage_urgent": (
        "Urgent, please confirm: {title}, {stage}",
        'URGENT: "{title}", {stage} (due {due}). Confirm now that you are on it, or the next contact is asked. {link}',
        'Hello,\n\nthe stage "{stage}" of "{title}" (due {due}) needs you urgently. Please confirm now that you are on it; otherwise the next contact is asked.\n\nConfirm: {link}',
    ),
    "stage_nudged": (
        "A leader asks: {title}, {stage}",
        'A leader asks how "{title}", {stage} (due {due}) is going. Please update. {link}',
        'Hello,\n\na leader asks about the stage "{stage}" of "{title}" (due {due}). Please update the progress; how long you take to answer is measured.\n\nUpdate: {link}',
    ),
    "stage_unsaid_today": (
        "No update today: {title}, {stage}",
        '"{title}", {stage}: nothing was said today. Please update the progress. {link}',
        'Hello,\n\nprogress is to be updated by 18:00 each day. Nothing was said today about the stage "{stage}" of "{title}": please add it.\n\nUpdate: {link}',
    ),
    "stages_unsaid_today": (
        "Stages without an update today",
        'Some stages you answer for had no update by 18:00 today, "{title}" among them. {link}',
        'Hello,\n\nsome stages you answer for had no update by 18:00 today, "{title}" among them. Their owners have been reminded.\n\nSee: {link}',
    ),
    "stage_silent": (
        "Nothing said for days: {title}, {stage}",
        '"{title}", {stage}: nothing said for {days} days, and its page says so. Please update. {link}',
        'Hello,\n\nnothing has been said about the stage "{stage}" of "{title}" for {days} days, and its page tells buyers so. Please update it.\n\nUpdate: {link}',
    ),
    "late_compensation": (
        "For the delay: {title}",
        '"{title}" ran late ({stage}). {share} of your order is yours as a coupon. {link}',
        'Hello,\n\nwe are sorry: "{title}" did not keep its time ({stage}). You get {share} of your order as a coupon. It stands on your order; there is nothing to do.\n\nYour order and how it stands: {link}',
    ),
    "eta_moved": (
        "New expected time: {title}",
        '"{title}" is now expected by {expected}. How it stands: {link}',
        'Hello,\n\nwhen "{title}" arrives has changed: it is now expected by {expected}. How that came about is on its page.\n\nSee: {link}',
    ),
    "purchase_issued": (
        "Purchase order: {title}",
        'The group "{title}" has formed and needs {units} units from you. Please answer by {answer_by}: {link}',
        "Hello,\n\n"
        'the group "{title}" has formed and needs {units} units from you. Please look at the purchase order and '
        "acknowledge it by {answer_by}; say then when the goods will be ready.\n\n"
        "Purchase order: {link}",
    ),
    "purchase_amended": (
        "Purchase order changed: {title}",
        'The purchase order for "{title}" has changed (no. {number}). Please acknowledge it by {answer_by}: {link}',
        "Hello,\n\n"
        'the purchase order for "{title}" has changed; the amendment has the number {number}. Please look at it and '
        "acknowledge it by {answer_by}.\n\n"
        "Purchase order: {link}",
    ),
    "purchase_withdrawn": (
        "Purchase order withdrawn: {title}",
        'The purchase order for "{title}" is withdrawn (no. {number}): please send nothing for it. {link}',
        "Hello,\n\n"
        'the purchase order for "{title}" is withdrawn with the number {number}: nothing is asked for any more, and '
        "nothing has to be sent.\n\n"
        "Purchase order: {link}",
    ),
    "purchase_unanswered": (
        "No answer yet: {title}",
        'The purchase order for "{title}" (no. {number}) was to be answered by {answer_by} and is not. {link}',
        "Hello,\n\n"
        'the purchase order for "{title}" (no. {number}) was to be answered by {answer_by}, and there is no answer '
        "yet. Buyers are waiting: please see to it today.\n\n"
        "Details: {link}",
    ),
    "purchase_escalated": (
        "Supplier silent: {title}",
        'Nobody has answered the purchase order for "{title}" (no. {number}), due {answer_by}. Please step in: {link}',
        "Hello,\n\n"
        'the purchase order for "{title}" (no. {number}) was due to be answered by {answer_by}. Supplier and merchant '
        "have been reminded without effect; please step in.\n\n"
        "Details: {link}",
    ),
    "purchase_promised": (
        "Goods promised: {title}",
        'The supplier promises the goods for "{title}" for {ready_at}. {link}',
        "Hello,\n\n"
        'the supplier promises the goods for "{title}" for {ready_at}. Earlier promises stay on record.\n\n'
        "Details: {link}",
    ),
    "lot_shipped": (
        "Goods on their way: {title}",
        'The supplier has sent {sent} of {units} units for "{title}". {link}',
        'Hello,\n\nthe supplier has now sent {sent} of {units} units for "{title}".\n\nDetails: {link}',
    ),
    "place_over_capacity": (
        "More than {place} holds: {title}",
        '"{title}" brings {orders} orders to {place}, which holds {capacity} a day. Please make room. {link}',
        "Hello,\n\n"
        '"{title}" brings {orders} orders to {place}, which holds {capacity} a day. Please spread the pickup over '
        "more days, or open another place.\n\n"
        "Details: {link}",
    ),
    "order_short": (
        "Part of your order did not arrive: {title}",
        'Of "{title}", {items} did not arrive for you. {amount} goes back by {arrives_by}. {link}',
        "Hello,\n\n"
        'we are sorry: fewer goods arrived for "{title}" than were ordered. You go without {items}, by the rule that '
        "was stated when you joined. {amount} goes back the way it came and arrives by {arrives_by}; you need not do "
        "anything.\n\n"
        "Your order, and how it was shared: {link}",
    ),
    "ordered_for_you": (
        "Ordered for you: {title}",
        'Your leader has ordered "{title}" for you. {amount} is to be paid by {pay_by}. Not agreed? Cancel: {link}',
        "Hello,\n\n"
        'as you allowed, your leader has ordered "{title}" for you. {amount} is to be paid by {pay_by}; after that the '
        "place is given up and nothing is charged. If this was not agreed, cancel it there, and take the permission "
        "back on the page of your account.\n\n"
        "Your order: {link}",
    ),
    "leader_approved": (
        "You are a leader now: {community}",
        "You have been approved as a leader in {community}. Add your pickup places: {link}",
        "Hello,\n\n"
        "you have been approved as a leader in {community}. Add your pickup places, and merchants can bring goods "
        "there.\n\n"
        "Your places: {link}",
    ),
    "leader_refused": (
        "Your application: {community}",
        "Your application as a leader in {community} was not accepted. You may apply again: {link}",
        "Hello,\n\n"
        "thank you for applying as a leader in {community}. It was not accepted this time; you may apply again.\n\n"
        "Your application: {link}",
    ),
    "leader_suspended": (
        "Suspended as a leader: {community}",
        "You have been suspended as a leader in {community}. Please ask support what to do: {link}",
        "Hello,\n\n"
        "you have been suspended as a leader in {community}: new goods are not brought to your places for now. Please "
        "ask support what to do.\n\n"
        "Details: {link}",
    ),
    "feed_digest": (
        "News from your groups: {title}",
        'News from {title}: {count} today, the latest "{latest}". {link}',
        "Hello,\n\nthere is news from {title}: {count} today. The latest begins: {latest}\n\nRead on: {link}",
    ),
    "question_answered": (
        "Your question is answered: {title}",
        'On your question about "{title}": {answer} {link}',
        'Hello,\n\nyour question about "{title}" has been answered:\n\n{answer}\n\nSee: {link}',
    ),
    "team_hour": (
        "{title}",
        '"{title}": {units} sold in the last hour, {joined} people so far[ ({share} of the target)][, heading for {ending}]. {link}',
        '"{title}": {units} sold in the last hour, {joined} people so far[ ({share} of the target)][, heading for {ending}]. {link}',
    ),
    "email_confirm": (
        "Please confirm your e-mail address",
        "Please confirm your e-mail address: {link}",
        "Hello,\n\n"
        "you have given us your e-mail address again, after messages to it had bounced or been reported. Open the link "
        "and say yes, and notices about your orders and refunds come here again:\n\n"
        "{link}\n\n"
        "The link works for seven days. If this was not you, ignore this e-mail.",
    ),
    "where_order": (
        "Your order: {title}",
        '"{title}": {status}.[ Expected between {earliest} and {latest}.] {link}',
        'Hello,\n\n"{title}": {status}.[ Expected between {earliest} and {latest}.]\n\nYour order: {link}',
    ),
    "where_none": (
        "No orders under way",
        "You have no orders under way. All orders: {link}",
        "Hello,\n\nyou have no orders under way.\n\nAll orders: {link}",
    ),
    "sms_unknown": (
        "We have your message",
        "Thank you, somebody will answer soon. Reply ORDER to see where it is, STOP for fewer messages. {link}",
        "Hello,\n\nthank you for your message, somebody will answer soon. Reply ORDER to see where your order is, "
        "STOP for fewer messages.\n\n{link}",
    ),
    "sms_stopped": (
        "Stopped",
        "No more offers or progress by SMS. Payments, refunds and pickups are still told. Settings: {link}",
        "Hello,\n\nno more offers or progress come by SMS. Payments, refunds and pickups are still told."
        "\n\nSettings: {link}",
    ),
    "campaign_offer": (
        "New group: {title}",
        '【Tuan】"{title}" from {price}, until {closes_at}: cheaper with your neighbours. {link} Reply R to stop',
        "Hello,\n\n"
        'a new group: "{title}" from {price}, until {closes_at}. The more join, the lower the price; if '
        "it does not form you get everything back.\n\n"
        "Have a look: {link}\n\n"
        "No more of these? One click in the notice settings of that page.",
    ),
}
