"""Me: how I am reached and told. And support, who may read a contact for a reason that is recorded."""

from chalice.app import Blueprint

from ..domain.person import Hours
from ..services.delivering import where
from ..services.people import close_account, contact, preferences, real_name, second_factor
from . import edge
from .edge import BUYER, OPS, SUPPORT, Call, route
from .shapes.people import (
    AddressAdded,
    AddressInput,
    CodeAnswer,
    CodeAsked,
    ConsentInput,
    ContactCard,
    ContactInput,
    ContactRead,
    ContactReadPage,
    MyNotice,
    MyPreferences,
    NoticePage,
    PreferencesInput,
    RealNameInput,
    RealNameShown,
    StandingInput,
    WhyQuery,
)
from .shapes.where import WhereAnswer, WhereLine
from .shapes.words import PageQuery

bp = Blueprint(__name__)

MOST_ORDERS = 10


@route(bp, "GET", "/me/contact", answer=ContactCard, roles=BUYER, summary="My phone, e-mail and addresses")
def my_contact(call: Call[None, None]) -> ContactCard:
    return ContactCard.of(contact.read_mine(call.world, call.caller, now=call.now))


@route(
    bp,
    "PUT",
    "/me/contact",
    body=ContactInput,
    answer=ContactCard,
    roles=BUYER,
    summary="Saves my e-mail; the phone is the verified one of my log-in",
    refusals=("too_long", "too_many_confirmations"),
)
def save_contact(call: Call[ContactInput, None]) -> ContactCard:
    contact.save_mine(call.world, call.caller, email=call.body.email, now=call.now)
    return ContactCard.of(contact.read_mine(call.world, call.caller, now=call.now))


@route(
    bp,
    "POST",
    "/me/addresses",
    body=AddressInput,
    answer=AddressAdded,
    status=201,
    roles=BUYER,
    summary="Adds an address; orders name it by its id",
    refusals=("too_many_addresses", "too_long"),
)
def add_address(call: Call[AddressInput, None]) -> AddressAdded:
    return AddressAdded(id=contact.add_address(call.world, call.caller, call.body.to_domain(), now=call.now))


@route(
    bp,
    "DELETE",
    "/me/addresses/{address_id}",
    status=204,
    roles=BUYER,
    summary="Removes an address of mine, unless goods are on their way to it",
    refusals=("address_in_use",),
)
def remove_address(call: Call[None, None], address_id: str) -> None:
    contact.remove_address(call.world, call.caller, address_id)


@route(bp, "GET", "/me/preferences", answer=MyPreferences, roles=BUYER, summary="How I want to be told")
def my_preferences(call: Call[None, None]) -> MyPreferences:
    return MyPreferences.of(preferences.read(call.world, call.caller))


@route(
    bp,
    "PUT",
    "/me/preferences",
    body=PreferencesInput,
    answer=MyPreferences,
    roles=BUYER,
    summary="Sets language, channels, hours and opt-outs, all anew",
    refusals=("unknown_zone", "bad_hours"),
)
def save_preferences(call: Call[PreferencesInput, None]) -> MyPreferences:
    wanted = call.body
    saved = preferences.save(
        call.world,
        call.caller,
        language=wanted.language,
        zone=wanted.zone,
        channels=wanted.channels,
        hours=Hours(start=wanted.hours.start, end=wanted.hours.end) if wanted.hours else None,
        opted_out=wanted.opted_out,
    )
    return MyPreferences.of(saved)


@route(bp, "GET", "/me/real-name", answer=RealNameShown, roles=BUYER, summary="My real-name status (实名认证)")
def my_real_name(call: Call[None, None]) -> RealNameShown:
    return RealNameShown.of(preferences.read(call.world, call.caller), offered=real_name.offered(call.world))


@route(
    bp,
    "POST",
    "/me/real-name",
    body=RealNameInput,
    answer=RealNameShown,
    roles=BUYER,
    summary="Has my name checked by the verifier; only its answer is kept",
    refusals=("real_name_not_offered", "too_many_tries"),
)
def verify_real_name(call: Call[RealNameInput, None]) -> RealNameShown:
    asked = call.body
    known = real_name.verify(call.world, call.caller, name=asked.name, number=asked.number, now=call.now)
    return RealNameShown.of(known, offered=True)


@route(
    bp,
    "POST",
    "/me/consents",
    body=ConsentInput,
    answer=MyPreferences,
    roles=BUYER,
    summary="A yes or no to marketing on one channel, kept with its text and time",
)
def give_consent(call: Call[ConsentInput, None]) -> MyPreferences:
    word = call.body
    saved = preferences.consent(
        call.world,
        call.caller,
        channel=word.channel,
        text_version=word.text_version,
        given=word.given,
        now=call.now,
    )
    return MyPreferences.of(saved)


@route(
    bp,
    "GET",
    "/me/where",
    answer=WhereAnswer,
    roles=BUYER,
    summary="Where my orders are (我的订单到哪了): each that is to come, as data and as a sentence",
)
def where_are_my_orders(call: Call[None, None]) -> WhereAnswer:
    found = where.where(call.world, call.caller.id, MOST_ORDERS, call.now)
    return WhereAnswer(items=[WhereLine.of(one, call.world, call.language) for one in found])


@route(bp, "GET", "/me/notices", query=PageQuery, answer=NoticePage, roles=BUYER, summary="What I was told")
def my_notices(call: Call[None, PageQuery]) -> NoticePage:
    start = call.opened(call.query.cursor)
    page = preferences.notices(call.world, call.caller, limit=call.query.limit, start=start)
    return NoticePage(items=[MyNotice.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "POST",
    "/me/codes",
    answer=CodeAsked,
    status=201,
    roles=BUYER,
    summary="Sends me a one-time code, to confirm what cannot be undone",
    refusals=("phone_not_verified", "code_sent_lately", "too_many_codes", "bad_phone"),
)
def ask_for_code(call: Call[None, None]) -> CodeAsked:
    return CodeAsked(challenge=second_factor.ask(call.world, call.caller))


@route(
    bp,
    "POST",
    "/me/codes/answer",
    body=CodeAnswer,
    status=204,
    roles=BUYER,
    summary="Answers the code; sensitive acts are open for ten minutes, under this token",
    refusals=("phone_not_verified", "wrong_code", "code_expired"),
)
def answer_code(call: Call[CodeAnswer, None]) -> None:
    said = call.body
    second_factor.answer(
        call.world, call.caller, said.challenge, said.code, call.token, key=edge.secrets()["cursor_key"], now=call.now
    )


@route(
    bp,
    "POST",
    "/me/erasure",
    status=204,
    roles=BUYER,
    summary="Erases my contact data and my log-in; what I bought stays on the books under a number",
    refusals=("orders_under_way", "sales_under_way"),
    fresh=True,
)
def erase_me(call: Call[None, None]) -> None:
    close_account.close_account(call.world, call.caller, now=call.now)


@route(
    bp,
    "GET",
    "/people/{person_id}/contact",
    query=WhyQuery,
    answer=ContactCard,
    roles=SUPPORT,
    summary="A person's contact, for a reason that is recorded with the read",
    refusals=("contact_not_found",),
    fresh=True,
)
def person_contact(call: Call[None, WhyQuery], person_id: str) -> ContactCard:
    found = contact.read_for_support(call.world, call.caller, person_id, why=call.query.why, now=call.now)
    return ContactCard.of(found)


@route(
    bp,
    "GET",
    "/people/{person_id}/contact/reads",
    query=PageQuery,
    answer=ContactReadPage,
    roles=SUPPORT | OPS,
    summary="Who read a person's contact, when and why",
)
def contact_reads(call: Call[None, PageQuery], person_id: str) -> ContactReadPage:
    start = call.opened(call.query.cursor)
    page = contact.reads(call.world, person_id, limit=call.query.limit, start=start)
    return ContactReadPage(items=[ContactRead.of(row) for row in page.rows], next=call.sealed(page.next))


@route(
    bp,
    "PUT",
    "/people/{person_id}/standing",
    body=StandingInput,
    status=204,
    roles=SUPPORT,
    summary="Marks somebody as a VIP, or no more; recorded in the audit log",
)
def set_standing(call: Call[StandingInput, None], person_id: str) -> None:
    preferences.set_vip(call.world, call.caller, person_id, call.body.vip, now=call.now)
