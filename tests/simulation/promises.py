"""What must be true once everything has come to rest: rows, provider and messages compared with each other."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chalicelib.domain import group as groups
from chalicelib.domain import journey as journeys
from chalicelib.domain import ledger, pricing, settlement
from chalicelib.domain.batch import WAY, Batch, BatchState
from chalicelib.domain.campaign import Campaign, Terms
from chalicelib.domain.deposit import DepositKind
from chalicelib.domain.destination import destination_of, wants_goods
from chalicelib.domain.group import Group, Part, Slice
from chalicelib.domain.hand_over import MOST_TRIES
from chalicelib.domain.instants import HOUR, MINUTE, SECOND
from chalicelib.domain.journey import Duty, Journey
from chalicelib.domain.ledger import Entry, EntryState, Kind, RefundStage
from chalicelib.domain.notice import Notice, NoticeState
from chalicelib.domain.order import CALLED_OFF, DEFAULTED, Order, OrderState
from chalicelib.domain.person import Urgency
from chalicelib.domain.receipt import Receipt
from chalicelib.domain.supply import Demand, PurchaseOrder, totals
from chalicelib.domain.upkeep import Parked
from chalicelib.domain.writes import Row
from chalicelib.services.buying.close import count_of
from chalicelib.services.paying.settle import EVERY
from chalicelib.store.rows import from_image, key_of

from .faults import Fault
from .story import Said
from .town import Town

VERDICT_NOTICES = ("group_formed", "group_failed", "group_failed_hold", "group_formed_balance", "price_drop_refund")
SKEW = 2 * SECOND


@dataclass
class Rest:
    """All rows, decoded."""

    town: Town
    said: list[Said]

    def __post_init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.terms: dict[str, Campaign] = {}
        self.orders: dict[str, Order] = {}
        self.entries: dict[str, Entry] = {}
        self.notices: list[Notice] = []
        self.parked: list[Parked] = []
        self.parts: dict[tuple[str, int], Part] = {}
        self.slices: list[Slice] = []
        self.journeys: dict[str, Journey] = {}
        self.duties: list[Duty] = []
        self.demands: dict[str, Demand] = {}
        self.purchases: list[PurchaseOrder] = []
        self.receipts: list[Receipt] = []
        self.batches: dict[tuple[str, str], Batch] = {}
        for item in self.town.table.rows():
            match row := from_image(item):
                case Group():
                    self.groups[row.id] = row
                case Terms():
                    self.terms[row.campaign_id] = row.campaign
                case Order():
                    self.orders[row.id] = row
                case Entry():
                    self.entries[row.id] = row
                case Notice():
                    self.notices.append(row)
                case Parked():
                    self.parked.append(row)
                case Part():
                    self.parts[row.group_id, row.number] = row
                case Slice():
                    self.slices.append(row)
                case other:
                    self._of_the_way(other)

    def _of_the_way(self, row: Row) -> None:
        if isinstance(row, Journey):
            self.journeys[row.group_id] = row
        elif isinstance(row, Duty):
            self.duties.append(row)
        elif isinstance(row, Demand):
            self.demands[row.group_id] = row
        elif isinstance(row, PurchaseOrder):
            self.purchases.append(row)
        elif isinstance(row, Receipt):
            self.receipts.append(row)
        elif isinstance(row, Batch):
            self.batches[row.group_id, row.destination] = row

    def orders_of(self, group: Group) -> list[Order]:
        return [order for order in self.orders.values() if order.group_id == group.id]

    def broken(self) -> list[str]:
        checks = (
            self.closed, self.counted, self.resolved, self.money, self.sagas, self.payees, self.refunds,
            self.disputes,
            self.let_out, self.answers, self.told, self.sent, self.nothing_waits, self.on_their_way,
            self.asked_for, self.shared_out, self.delivered,
        )  # fmt: skip
        return [what for check in checks for what in check()]

    # ------------------------------------------------------------- groups

    def closed(self) -> Iterator[str]:
        for group in self.groups.values():
            if group.closes_at + SKEW < self.town.now:
                if group.verdict is None or group.resolved_at is None or group.due_at is not None:
                    yield f"group {group.id} is {group.state.value} and not resolved long after its deadline"
                elif not group.returned:
                    yield f"group {group.id} kept what it did not sell"

    def counted(self) -> Iterator[str]:
        """The paid set is what was counted, and the verdict follows from it."""
        for group in self.groups.values():
            verdict = group.verdict
            if verdict is None:
                continue
            paid = [order for order in self.orders_of(group) if order.state is OrderState.PAID]
            paid += [replace(order, state=OrderState.PAID) for order in self.orders_of(group) if lapsed_late(order)]
            count = groups.total([count_of(order) for order in paid])
            if (count.participants, count.units, count.amount_minor) != (
                verdict.participants,
                dict(verdict.units),
                verdict.amount_minor,
            ):
                yield f"group {group.id} counted {verdict}, but the paid orders are {count}"
            target = groups.target_of(self.terms[group.campaign_id], group.team_size)
            rejected = group.review is not None and group.review.approved is False
            if verdict.formed != (groups.reached(target, count) >= target.at_least and not rejected):
                yield f"group {group.id} formed={verdict.formed} with {count} for {target}"
            if group.sealed_at is not None and group.sealed_at < group.closes_at - SKEW and (
                group.team_size is None or count.participants + self.lost_in_calling(group) < group.team_size
            ):  # fmt: skip
                yield f"group {group.id} was closed early and short"
            held = [order.id for order in self.orders_of(group) if order.state is OrderState.HELD]
            if held:
                yield f"group {group.id} has a verdict and still holds {held}"

    def lost_in_calling(self, group: Group) -> int:
        """Those who made it full, and whose held money could not be taken when it was called for before the verdict."""
        if group.called is None:
            return 0
        return sum(
            order.state is OrderState.EXPIRED and order.steps[-1].state == "lapsed" for order in self.orders_of(group)
        )

    def resolved(self) -> Iterator[str]:
        for group in self.groups.values():
            if group.verdict is None:
                continue
            for order in self.orders_of(group):
                if order.state is OrderState.PAID and not self.is_resolved(order):
                    yield f"paid order {order.id} of a closed group is not resolved"
                if order.state is not OrderState.PAID and order.resolution is not None and not lapsed_late(order):
                    yield f"order {order.id} is {order.state.value} and was resolved as {order.resolution}"

    def is_resolved(self, order: Order) -> bool:
        """By a word on the order, or by the refund of a failed group, after which nobody writes the order again."""
        return order.resolution is not None or f"{order.captured_id}.failed" in self.entries

    def delivered(self) -> Iterator[str]:
        """A batch went forward, each step once, and told so; goods changed hands once, and after they had arrived."""
        for batch in self.batches.values():
            states = tuple(move.state for move in batch.moves)
            if states != WAY[1 : len(states) + 1] or batch.state is not WAY[len(states)]:
                yield f"batch {batch.destination} of {batch.group_id} went {states} and is {batch.state}"
            if batch.owed:
                yield f"batch {batch.destination} of {batch.group_id} still owes {batch.owed}"
        for order in self.orders.values():
            steps = sum(step.state == "handed_over" for step in order.steps)
            if steps != (order.handed_at is not None):
                yield f"order {order.id} was handed over {steps} times"
            if order.handed_at is not None and not self.arrived(order):
                yield f"order {order.id} was handed over before it arrived"
            if order.code_tries > MOST_TRIES:
                yield f"order {order.id} was tried {order.code_tries} times"

    def arrived(self, order: Order) -> bool:
        group = self.groups[order.group_id]
        batch = self.batches.get((group.id, destination_of(order, group, self.terms[group.campaign_id])))
        return batch is not None and batch.state in (BatchState.READY, BatchState.HANDED_OVER)

    def on_their_way(self) -> Iterator[str]:
        """Whatever formed has its journey, and no other; it is in the right hands, and its words are told (S1, S5)."""
        formed = {group.id for group in self.groups.values() if group.verdict and group.verdict.formed}
        if formed != self.journeys.keys():
            yield f"formed are {sorted(formed)}, on their way {sorted(self.journeys)}"
        told = {(notice.about, notice.event, notice.person_id) for notice in self.notices}
        lines = {(duty.person_id, duty.group_id, duty.stage, duty.late) for duty in self.duties}
        for journey in self.journeys.values():
            terms = self.terms[journey.campaign_id]
            wanted = journeys.duties(journey, terms).values()
            mine = {line for line in lines if line[1] == journey.group_id}
            if mine != {(duty.person_id, duty.group_id, duty.stage, duty.late) for duty in wanted}:
                yield f"the stage of {journey.group_id} is in the lists {mine}"
            if journey.owed:
                yield f"journey {journey.group_id} still owes {journey.owed}"
            for stage, planned in zip(journey.stages, terms.plan, strict=True):
                owner = journeys.owner_of(journey, planned)
                began = stage.since is not None and planned.name not in journeys.BEFORE_FORMING
                if began and (journey.group_id, f"{stage.name}.turn", owner) not in told:
                    yield f"the owner of {stage.name} of {journey.group_id} never heard that it is their turn"
                if stage.broken_at is not None and (journey.group_id, f"{stage.name}.overdue", owner) not in told:
                    yield f"the owner of {stage.name} of {journey.group_id} never heard that it is late"

    def asked_for(self) -> Iterator[str]:
        """Whatever formed is asked for once: neither more nor less than was paid for, from the right suppliers (S4)."""
        for group in self.groups.values():
            wanted: Counter[str] = Counter()
            for order in self.orders_of(group):
                if wants_goods(order):
                    wanted.update(_coming(order))
            formed = group.verdict is not None and group.verdict.formed
            purchases = [one for one in self.purchases if one.group_id == group.id]
            demand = self.demands.get(group.id)
            if formed is not (demand is not None and demand.done == demand.number):
                yield f"group {group.id} is {group.state.value}, and its demand is {demand}"
            asked = sum((Counter(totals(one.units)) for one in purchases), Counter())
            if formed and asked != +wanted:
                yield f"group {group.id} needs {wanted} and asks for {asked}"
            told = {(notice.about, notice.template) for notice in self.notices}
            for one in purchases:
                if one.owed or ((one.id, "purchase_issued") not in told and one.supplier_id != one.merchant_id):
                    yield f"purchase order {one.id} was never told, or still owes {one.owed}"

    def shared_out(self) -> Iterator[str]:
        """What did not come is missing for somebody once, by all rounds together, and each was told (S9)."""
        for receipt in self.receipts:
            if receipt.latest is None:
                continue
            group, terms = self.groups[receipt.group_id], self.terms[receipt.campaign_id]
            short: Counter[str] = Counter()
            for order in self.orders_of(group):
                if destination_of(order, group, terms) == receipt.destination:
                    short.update(order.short)
            if +short != +Counter(receipt.settled):
                yield f"{receipt.group_id} {receipt.destination} has shared {receipt.settled}, and {short} is missing"
            if receipt.sharing:
                yield f"{receipt.group_id} {receipt.destination} is still being shared"
        told = {notice.about for notice in self.notices if notice.template in ("order_short", "substitute_refunded")}
        for order in self.orders.values():
            if order.short and order.id not in told:
                yield f"nobody told {order.id} that it is short of {order.short}"

    # ------------------------------------------------------------- money

    def kept(self, entry: Entry) -> int:
        """What of a payment stays: the final price of an order that its group sold, or all of it while nobody knows."""
        order = self.orders[entry.order_id]
        if order.deposit_minor and order.resolution != "failed":
            return self.kept_of_two(order, entry)
        if order.state is not OrderState.PAID or order.captured_id != entry.id:
            return 0
        verdict = self.groups[order.group_id].verdict
        if verdict is None:
            return order.amount_minor
        came = {sku: units - order.short.get(sku, 0) for sku, units in order.lines.items()}
        fee = order.fee_minor if any(came.values()) else 0
        return pricing.amount(came, verdict.prices) + fee if verdict.formed else 0

    def kept_of_two(self, order: Order, entry: Entry) -> int:
        """Of a deposit and its balance: both when both were paid; of a deposit alone, an earnest, and never a down
        payment; but also an earnest goes back where the balance had been paid in time."""
        deposit = self.terms[order.campaign_id].deposit
        if order.state is not OrderState.PAID or deposit is None or order.resolution == CALLED_OFF:
            return 0
        if entry.id == order.balance_id:
            return entry.amount_minor
        if entry.id != order.captured_id:
            return 0
        lost = order.resolution == DEFAULTED
        returned = deposit.kind is DepositKind.DOWN_PAYMENT or any(step.state == "earnest_back" for step in order.steps)
        return 0 if lost and returned else order.deposit_minor

    def balances(self) -> Iterator[str]:
        """Each deposit has come to its end: paid up, defaulted on, or given back, and an earnest doubled once (O4)."""
        for order in self.orders.values():
            if order.owes_balance and (order.balance_by or 0) + HOUR < self.town.now:
                yield f"order {order.id} still owes a balance"
            formed = order.resolution == "formed" and order.deposit_minor > 0
            if formed is not (order.balance_id is not None) and order.resolution != CALLED_OFF:
                yield f"order {order.id} is {order.resolution} with the balance {order.balance_id}"
            doubled = f"{order.captured_id}.{Kind.DOUBLED.value}" in self.entries
            deposit = self.terms[order.campaign_id].deposit
            earnest = deposit is not None and deposit.kind is DepositKind.EARNEST
            if doubled is not (order.resolution == CALLED_OFF and earnest):
                yield f"order {order.id} is {order.resolution}, and its earnest {'' if doubled else 'not '}doubled"

    def money(self) -> Iterator[str]:
        """By the provider's own list: whatever came is kept for goods sold, or went back once."""
        state = self.town.provider.state
        back: dict[str, list[int]] = defaultdict(list)
        for refund in state.refunds.values():
            if refund.status != "failed":
                back[refund.payment_ref].append(refund.amount_minor)
        for payment in state.payments.values():
            taken = {"paid": payment.amount_minor, "captured": payment.captured_minor or 0}.get(payment.status, 0)
            entry = self.entries.get(f"{payment.key}.stray") or self.entries[payment.key]
            if not taken:
                if back[payment.ref]:
                    yield f"{payment.key} was never paid and was refunded"
                if payment.status == "authorised" or entry.state is EntryState.AUTHORISED:
                    yield f"{payment.key} is {payment.status} at the buyer's bank, and we say {entry.state.value}"
                continue
            if entry.taken_minor != taken:
                yield f"{taken} of {payment.key} came, and {entry.id} is {entry.state.value}: {entry.taken_minor}"
                continue
            withdrawn = self.orders[entry.order_id].withdrawn_at is not None
            wanted = taken - (0 if withdrawn else self.kept(entry))
            parked = any(e.payment_id == entry.id and e.stage is RefundStage.PARKED for e in self.entries.values())
            if sum(back[payment.ref]) != wanted and not (parked and sum(back[payment.ref]) < wanted):
                yield f"{payment.key}: {taken} came, {back[payment.ref]} went back, {wanted} should"
            if len(back[payment.ref]) > 1 and not (withdrawn or self.orders[entry.order_id].short):
                yield f"{payment.key} was refunded more than once: {back[payment.ref]}"

    def disputes(self) -> Iterator[str]:
        """What a bank took back, or gave back, is on the books once."""
        state = self.town.provider.state
        theirs = Counter((one.ref, Kind.CHARGEBACK, one.amount_minor) for one in state.disputes.values())
        theirs += Counter(
            (one.ref, Kind.CHARGEBACK_WON, one.amount_minor)
            for one in state.disputes.values()
            if one.won_at_ms is not None
        )
        kinds = (Kind.CHARGEBACK, Kind.CHARGEBACK_WON)
        ours = Counter((e.provider_ref, e.kind, e.amount_minor) for e in self.entries.values() if e.kind in kinds)
        if ours != theirs:
            yield f"banks took {theirs}, and the books say {ours}"

    def let_out(self) -> Iterator[str]:
        """All of an order's money that nobody got back is let out once its time has come; until then, a share."""
        entries: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries.values():
            entries[entry.order_id].append(entry)
        for order in self.orders.values():
            terms = self.terms[order.campaign_id]
            mine = entries[order.id]
            payments = settlement.payments_of(order, mine)
            if terms.settlement is None or not payments or settlement.never(order):
                continue
            taken_back = sum(one.amount_minor for one in mine if one.kind is Kind.CHARGEBACK)
            out = sum(settlement.released(payments, mine).values())
            left = settlement.sums(payments, mine).left
            stage = settlement.stage_of(order, terms, self.town.now - EVERY - MINUTE)
            most = (0, left * terms.settlement.first_bp // settlement.BP, left)[order.settled]
            if (
                order.settled < stage
                or (order.settled == settlement.DONE and not left <= out <= left + taken_back)
                or out > most + taken_back
            ):
                yield f"{out} of {left} is let out of {order.id} at {order.settled}, and it should be at {stage}"

    def sagas(self) -> Iterator[str]:
        """No hold is still to be taken or let go."""
        for entry in self.entries.values():
            if entry.kind in (Kind.CAPTURE, Kind.VOID) and entry.state is EntryState.PENDING:
                yield f"{entry.id} is still {entry.stage}: {entry.reason}"

    def payees(self) -> Iterator[str]:
        """What payees were given is with the provider as it is in the ledger, to the cent."""
        ours: Counter[str] = Counter()
        for entry in self.entries.values():
            if entry.kind in ledger.RELEASES and entry.stage is not None:
                if entry.state is EntryState.POSTED:
                    ours[entry.payee_id] += entry.amount_minor * (-1 if entry.kind is Kind.REVERSAL else 1)
                elif entry.stage is not RefundStage.BY_HAND:
                    yield f"{entry.id} is still {entry.stage}: {entry.reason}"
        theirs: Counter[str] = Counter()
        for one in self.town.provider.state.released.values():
            theirs[one.account.removeprefix("a-payee:")] += -one.amount_minor if one.of else one.amount_minor
        if +ours != +theirs:
            yield f"payees have {dict(theirs)}, and the books say {dict(ours)}"

    def refunds(self) -> Iterator[str]:
        """Ours and theirs agree, and no second refund was even tried."""
        theirs = Counter(r.key for r in self.town.provider.state.refunds.values() if r.status == "succeeded")
        for entry in self.entries.values():
            if entry.kind is not Kind.REFUND:
                continue
            paid_back = sum(theirs[f"{entry.id}.{attempt}"] for attempt in range(1, entry.attempt + 1))
            if entry.state is EntryState.POSTED and paid_back != 1:
                yield f"refund {entry.id} is posted, and was paid back {paid_back} times"
            if entry.state is EntryState.PENDING and (entry.stage is not RefundStage.PARKED or paid_back):
                yield f"refund {entry.id} is still {entry.stage} and was paid back {paid_back} times"
            if entry.reason in ("more_than_paid", "key_reused", "not_paid"):
                yield f"refund {entry.id} was refused with {entry.reason}"

    # ------------------------------------------------------------- what people were told

    def answers(self) -> Iterator[str]:
        """Nobody was told "joined" without an order; the same key always heard the same."""
        receipts: dict[tuple[str, str], str] = {}
        for said in self.said:
            if said.what not in ("join", "team") or said.answer is None:
                continue
            order = self.orders.get(said.answer.order_id)
            if order is None or said.key not in order.receipts:
                yield f"{said.who} was told joined under {said.key}, and there is no such order"
            first = receipts.setdefault((said.who, said.key), repr(said.answer.receipt))
            if first != repr(said.answer.receipt):
                yield f"{said.who} heard two answers under {said.key}"

    def told(self) -> Iterator[str]:
        """Each change that concerns a person is owed a word, and the word exists."""
        planned: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for notice in self.notices:
            planned[notice.about][notice.template, notice.channel.value] += 1
        for order in self.orders.values():
            yield from self._told_of_order(order, planned[order.id])
        for entry in self.entries.values():
            if entry.owed:
                yield f"entry {entry.id} still owes {entry.owed}"
            done = entry.kind is Kind.REFUND and entry.state is EntryState.POSTED
            if done and not planned[entry.order_id]["refund_done", "email"]:
                yield f"buyer of {entry.order_id} never heard that {entry.id} is back"

    def _told_of_order(self, order: Order, planned: Counter[tuple[str, str]]) -> Iterator[str]:
        if order.owed:
            yield f"order {order.id} still owes {order.owed}"
        if lapsed_late(order) and not planned["order_lapsed", "sms"]:
            yield f"buyer of {order.id} never heard that it lapsed"
        if order.state is OrderState.PAID and self.groups[order.group_id].verdict is not None:
            verdicts = [name for template, name in planned.elements() if template in VERDICT_NOTICES]
            if sorted(verdicts) != ["email", "sms"]:
                yield f"buyer of {order.id} was told the verdict on {verdicts}"
        if len(order.receipts) > 1:
            return  # joined again before it was told: the older words are not owed any more
        steps = {step.state for step in order.steps}
        for state, template in (("held", "order_held"), ("paid", "order_paid"), ("expired", "order_expired")):
            if state in steps and not planned[template, "sms"]:
                yield f"buyer of {order.id} never heard {template}"

    def sent(self) -> Iterator[str]:
        """Money at least once and once without a fault; courtesy at most once (B24)."""
        times = Counter(notice for notice, *_ in self.town.messages.sent)
        for notice in self.notices:
            key = key_of(notice)
            count, faults = times[key.pk, key.sk], self.town.faults_of(f"{key.pk}|{key.sk}")
            if notice.urgency is Urgency.COURTESY and count > 1:
                yield f"courtesy {key} was sent {count} times"
            if count > 1 + len(faults):
                yield f"notice {key} was sent {count} times with faults {faults}"
            if notice.state is NoticeState.SENT and count == 0:
                yield f"notice {key} is marked sent and never was"
            if notice.state in (NoticeState.PLANNED, NoticeState.SENDING):
                yield f"notice {key} is still {notice.state.value}"
            if notice.urgency is Urgency.MONEY and count == 0 and notice.state is not NoticeState.FAILED:
                yield f"money notice {key} is {notice.state.value} and never went out"
            withheld = notice.urgency is not Urgency.MONEY and notice.state is NoticeState.SUPPRESSED
            if not faults and not withheld and notice.state is not NoticeState.SENT:
                yield f"notice {key} met no fault and is {notice.state.value}: {notice.reason}"

    # ------------------------------------------------------------- nothing is forgotten

    def nothing_waits(self) -> Iterator[str]:
        for item in self.town.table.rows():
            if "due_at" in item and int(item["due_at"]["N"]) <= self.town.now:
                yield f"{item['pk']['S']} {item['sk']['S']} is due since {item['due_at']['N']}"
        for parked in self.parked:
            yield f"{parked.pk} {parked.sk} is parked: {parked.reason}"
        for what, about in self.town.loud.said:
            if what in ("row_stumbled", "row_parked", "message_unreadable", "record_unreadable"):
                yield f"{what}: {about}"


def lapsed_late(order: Order) -> bool:
    """It was counted, and its hold could not be taken after the verdict."""
    return order.state is OrderState.EXPIRED and order.resolution == "lapsed"


__all__ = ["Fault", "Rest"]


def _coming(order: Order) -> Counter[str]:
    """What its buyer still waits for: a line offered something else for is that, or nothing."""
    coming: Counter[str] = Counter()
    for sku, units in order.lines.items():
        answer = order.swaps.get(sku, "accepted")
        if answer == "accepted":
            coming[order.instead.get(sku, sku)] += units
    return coming
