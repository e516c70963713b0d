"""Promises 5 and 6 on what was read back: everyone is told once and as they wish, and nobody's data leaks."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from chalicelib.domain.person import Channel
from chalicelib.gateways.texts import Wording

from .player import address
from .record import Record, ms
from .script import MINUTE, Person, Script
from .stack import Instant, Json, Message

SLOTS = (time(12), time(17), time(22))
COURTESY = ("milestone_half", "milestone_most", "milestone_one_more", "milestone_reached")
TOLD_OF_BATCHES = {"sorted": "batch_sorted", "in_transit": "batch_in_transit", "ready": "batch_ready"}
REMINDERS = ("payment_reminder", "pickup_missing", "pickup_defaulted")
OPENLY = re.compile(r"^/me/contact$|^/people/[^/]+/contact\?")
"""The only places where contact data may be read: one's own, and support's with a reason."""

BEFORE, BEHIND = "\ue000", "\ue001"
"""Mark a link's id in a text; no text holds these characters."""


def told_what_happened(record: Record) -> Iterator[str]:
    """For each thing that happened to an order, exactly one notice on each channel its buyer wants."""
    for who, stories in record.orders.items():
        person = record.script.people[who]
        for story in stories:
            about, key = story["order"]["id"], record.group_of(story)
            mine = [n for n in record.notices[who] if n["about"] == about]
            wanted = what_to_tell(story)
            for template in sorted(wanted.keys() | {n["template"] for n in mine} - set(REMINDERS)):
                for channel in ("sms", "email"):
                    there = [n for n in mine if (n["template"], n["channel"]) == (template, channel)]
                    right = wanted[template] if channel in person.channels else 0
                    if len(there) != right:
                        yield f"{who} has {len(there)} {channel} notices “{template}” about {key}; {right} are right"
            yield from arrived(record, who, mine)


def what_to_tell(story: Json) -> Counter[str]:
    happened = Counter(step["what"] for step in story["timeline"] if not step["expected"])
    wanted: Counter[str] = Counter()
    for template in ("order_held", "order_paid", "order_expired", "order_cancelled"):
        wanted[template] = happened[template]
    order, verdict = story["order"], story["verdict"]
    dropped = any(refund["cause"] == "price_drop" for refund in story["refunds"])
    if verdict is not None and order["state"] == "paid":
        held = any(p["state"] in ("authorised", "captured", "voided") and p["paid_at"] for p in story["payments"])
        failed = "group_failed_hold" if held else "group_failed"
        wanted[failed if not verdict["formed"] else "price_drop_refund" if dropped else "group_formed"] += 1
    wanted["refund_done"] = sum(refund["stage"] == "succeeded" for refund in story["refunds"])
    wanted["late_money_refund"] = sum(refund["cause"] in ("late", "duplicate") for refund in story["refunds"])
    for state, template in TOLD_OF_BATCHES.items():
        wanted[template] = sum(step["state"] == state for step in (story["delivery"] or {}).get("history", []))
    wanted["order_short"] = sum(refund["cause"] == "shortage" for refund in story["refunds"])
    paid_at = order["paid_at"] if order["state"] == "paid" else None
    late = [p for p in story["payments"] if p["state"] == "voided" and p["paid_at"] not in (None, paid_at)]
    wanted["hold_released"] = len(late) if "order_cancelled" not in happened else 0
    wanted["pickup_defaulted"] = int(order["pickup_defaulted"])
    return +wanted


def arrived(record: Record, who: str, notices: list[Json]) -> Iterator[str]:
    """Every notice is out, but for those that wait for their hours, and e-mail to somebody who gave none."""
    person = record.script.people[who]
    for notice in notices:
        waits = notice["state"] == "planned" and not within(record.script, person, notice["template"], record.ended_at)
        nowhere = notice["state"] == "suppressed" and notice["channel"] == "email" and not person.email
        if notice["state"] != "sent" and not waits and not nowhere and notice["template"] not in REMINDERS:
            yield f"{who} should have “{notice['template']}” by {notice['channel']}, which is {notice['state']}"


def reminded_in_slots(record: Record) -> Iterator[str]:
    """An unpaid order is reminded at 12, 17 and 22 o'clock, once a slot, and never once it is over (N3)."""
    for who, stories in record.orders.items():
        person = record.script.people[who]
        for story in stories:
            key = record.group_of(story)
            begins, ends = held_from_to(story)
            reminders = [
                n
                for n in record.notices[who]
                if n["about"] == story["order"]["id"] and n["template"] == "payment_reminder"
            ]
            slots = len(slots_between(record.script, begins, ends))
            for channel in person.channels:
                events = [n["event"] for n in reminders if n["channel"] == channel]
                if len(events) != slots or len(set(events)) != len(events):
                    yield f"{who} has {len(events)} reminders by {channel} for {key}; held through {slots} slots"
            for notice in reminders:
                if notice["sent_at"] is not None and ms(notice["sent_at"]) > ends + slack(record):
                    clock = record.script.day.clock(ms(notice["sent_at"]))
                    yield f"{who} was reminded at {clock} to pay for {key}, which was no longer to be paid"


def held_from_to(story: Json) -> tuple[Instant, Instant]:
    """Until it was paid, expired or cancelled: whichever came first."""
    steps = [(ms(step["at"]), step["what"]) for step in story["timeline"] if not step["expected"]]
    begins = min(at for at, what in steps if what == "order_held")
    ends = [at for at, what in steps if what in ("order_paid", "order_expired", "order_cancelled") and at >= begins]
    return begins, min([*ends, ms(story["order"]["pay_by"])])


def slots_between(script: Script, begins: Instant, ends: Instant) -> list[Instant]:
    first = script.day.moment(begins)
    clocks = [
        round(datetime.combine(first.date() + timedelta(days=days), slot, first.tzinfo).timestamp() * 1000)
        for days in range((ends - begins) // 86_400_000 + 2)
        for slot in SLOTS
    ]
    return [clock for clock in clocks if begins < clock < ends]


def slack(record: Record) -> Instant:
    """How much of the story passes between deciding to send and having sent."""
    return max(2_000, record.patience_ms // 10)


def sent_is_what_was_planned(record: Record) -> Iterator[str]:
    """Messages and notices are one to one, in words: each told once on its channel, in its language, in its hours."""
    left = Counter((m.channel, m.to, squeezed(m.text)) for m in record.messages)
    patterns = [(who, notice, expected(record, who, notice)) for who, mine in record.notices.items() for notice in mine]
    wanted: Counter[tuple[str, str, str]] = Counter()
    for who, notice, pattern in patterns:
        if notice["state"] == "sent":
            channel, to = notice["channel"], recipient(record, who, notice["channel"])
            found = next((one for one in left if one[:2] == (channel, to) and pattern.fullmatch(one[2])), None)
            if found is None:
                yield f"“{notice['template']}” never reached {who} by {channel} in {notice['language']}"
            else:
                wanted[found] += 1
    for (channel, to, text), count in left.items():
        if count != wanted[channel, to, text]:
            times = f"{count} times and should {wanted[channel, to, text]} times"
            yield f"{person_at(record, channel, to) or to} was sent “{text[:40]}” by {channel} {times}"


def expected(record: Record, who: str, notice: Json) -> re.Pattern[str]:
    """The words, in the person's language whatever the notice says. A link leads to a page whose address holds the
    id; where the page lives is not the checker's concern."""
    params = {name: linked(value) if value.startswith("/") else value for name, value in notice["params"].items()}
    language = record.script.people[who].language
    text = Wording().text(notice["template"], params, language, Channel(notice["channel"]))[1]
    return re.compile(re.escape(squeezed(text)).replace(BEFORE, r"\S*").replace(BEHIND, r"\S*"))


def linked(path: str) -> str:
    """`/orders/ID` by its id; a page without one, such as the hall, is any address."""
    _, _, *ids = path.split("/")
    return BEFORE + (ids[-1] if ids else "") + BEHIND


def squeezed(text: str) -> str:
    return " ".join(text.split())


def recipient(record: Record, who: str, channel: str) -> str:
    phone, mail = record.script.contact(who)
    return phone if channel == "sms" else mail or ""


def person_at(record: Record, channel: str, to: str) -> str | None:
    return next((who for who in record.script.people if recipient(record, who, channel) == to), None)


def as_they_wish(record: Record) -> Iterator[str]:
    for message in record.messages:
        who = person_at(record, message.channel, message.to)
        if who is None:
            yield f"a message went to {message.to}, who is nobody"
            continue
        person = record.script.people[who]
        template = template_of(record, who, message)
        if message.channel not in person.channels:
            yield f"{who} does not want {message.channel} and was sent “{template}” by it"
        if template in COURTESY and message.channel in person.opted_out:
            yield f"{who} opted out of {message.channel} and was sent “{template}” by it"
        early, late = message.at - slack(record), message.at
        if not any(within(record.script, person, template, at) for at in (early, late)):
            yield f"{who} was sent “{template}” at {record.script.day.clock(message.at)}, outside their hours"


def template_of(record: Record, who: str, message: Message) -> str:
    text = squeezed(message.text)
    for notice in record.notices.get(who, []):
        if notice["channel"] == message.channel and expected(record, who, notice).fullmatch(text):
            return str(notice["template"])
    return "?"


def within(script: Script, person: Person, template: str, at: Instant) -> bool:
    """A person's own hours hold for everything; without any, courtesy keeps from 22 to 8 o'clock."""
    clock = script.day.moment(at).time()
    if person.hours:
        start, end = map(time.fromisoformat, person.hours)
        return start <= clock < end if start <= end else clock >= start or clock < end
    return template not in COURTESY or time(8) <= clock < time(22)


def failure_has_a_way_out(record: Record) -> Iterator[str]:
    """A failure names how the money comes back, by when, and something else that is really there (R2, R10)."""
    for who, notices in record.notices.items():
        for notice in notices:
            if notice["template"] not in ("group_failed", "group_failed_hold"):
                continue
            params = notice["params"]
            charged = ("method", "arrives_by") if notice["template"] == "group_failed" else ()
            if not all(params.get(name) for name in ("amount", *charged)):
                yield f"{who} was not told how the money comes back: {params}"
            if record.alternatives.get(params.get("alternative", "")) != 200:
                yield f"{who} was offered {params.get('alternative')!r}, which is not there"


def data_stays_home(record: Record) -> Iterator[str]:
    secrets = [(who, secret) for who in record.script.people for secret in secrets_of(record.script, who)]
    for heard in record.calls:
        if OPENLY.search(heard.path):
            continue
        for who, secret in secrets:
            if secret in heard.text or secret.encode("unicode_escape").decode() in heard.text:
                what = f"{heard.method} {heard.path}"
                yield f"the answer to {what} (asked by {heard.who or 'anyone'}) gives away “{secret}” of {who}"


def secrets_of(script: Script, who: str) -> list[str]:
    phone, mail = script.contact(who)
    home = address(script, who)
    return [phone.removeprefix("+86"), *([mail] if mail else []), home["room"], home["community"], home["recipient"]]


def reads_are_recorded(record: Record) -> Iterator[str]:
    for person, who, why in record.wanted_reads:
        reads = record.contact_reads.get(person, [])
        if not any(read["why"] == why and read["reader"] != "notices" for read in reads):
            yield f"that {who} read how to reach {person} is not on record"


__all__ = ["MINUTE"]
