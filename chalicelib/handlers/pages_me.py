"""Pages of a person about themselves: how they are reached and told, where they are signed in, and leaving."""

from typing import Any

from chalice.app import Blueprint

from ..domain.incident import Coupon
from ..domain.instants import Instant
from ..domain.person import Channel, Hours, consented
from ..domain.refusals import Refused
from ..services.fulfilling import incidents
from ..services.people import close_account, contact, log_in, preferences, real_name, sessions
from .edge import secrets
from .page import BUYER, Ask, Gone, Shown, page
from .pages_buying import notices
from .pages_login import code_asked
from .shapes.people import AddressInput, ConsentInput, ContactInput, PreferencesInput, RealNameInput

bp = Blueprint(__name__)

A_PAGE = 30
CONSENT_TEXT = "marketing_v1"
"""Which wording of the question (words/account.py, `consent.text`) an answer belongs to."""

ZONES = (
    "Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Europe/Berlin",
    "Europe/London", "America/New_York", "America/Los_Angeles", "Australia/Sydney", "UTC",
)  # fmt: skip


@page(bp, "GET", "/my", roles=BUYER)
def me_page(ask: Ask) -> Shown:
    return Shown("me.html", {"contact": contact.read_mine(ask.world, ask.caller, now=ask.now)})


@page(bp, "GET", "/my/coupons", roles=BUYER)
def coupons_page(ask: Ask) -> Shown:
    found = incidents.coupons_of(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    values = {
        "coupons": [coupon_line(one, ask.now) for one in found.rows],
        "next": ask.sealed(found.next),
        "zone": preferences.read(ask.world, ask.caller).zone,
    }
    return Shown("coupons.html", values)


def coupon_line(one: Coupon, now: Instant) -> dict[str, Any]:
    state = "voided" if one.voided_at else "used" if one.used_at else "expired" if now >= one.expires_at else "open"
    return {
        "amount_minor": one.amount_minor,
        "min_spend_minor": one.min_spend_minor,
        "currency": one.currency,
        "cause": one.cause,
        "expires_at": one.expires_at,
        "state": state,
        "open": state == "open",
    }


@page(bp, "GET", "/my/real-name", roles=BUYER)
def real_name_page(ask: Ask) -> Shown:
    known = preferences.read(ask.world, ask.caller)
    return Shown("real_name.html", {"known": known, "offered": real_name.offered(ask.world)})


@page(bp, "POST", "/my/real-name", roles=BUYER, again=real_name_page)
def real_name_checked(ask: Ask) -> Gone:
    asked = ask.read(RealNameInput, {name: ask.form.one(name) for name in ("name", "number")})
    known = real_name.verify(ask.world, ask.caller, name=asked.name, number=asked.number, now=ask.now)
    return Gone("/my/real-name", said=f"real_name_{known.real_name.value}")


@page(bp, "GET", "/my/contact", roles=BUYER)
def contact_page(ask: Ask) -> Shown:
    known = contact.read_mine(ask.world, ask.caller, now=ask.now)
    wishes = preferences.read(ask.world, ask.caller)
    values = {
        "contact": known,
        "fields": tuple(AddressInput.__struct_fields__),
        "shut": {channel.value: wishes.shut_for.get(channel, "") for channel in wishes.suppressed},
        "letter": Channel.EMAIL in wishes.given_at,
    }
    return Shown("contact.html", values)


@page(bp, "POST", "/my/contact", roles=BUYER, again=contact_page)
def contact_saved(ask: Ask) -> Gone:
    body = ask.read(ContactInput, {"email": ask.form.one("email") or None})
    contact.save_mine(ask.world, ask.caller, email=body.email, now=ask.now)
    return Gone("/my/contact", said="saved")


@page(bp, "POST", "/my/contact/code", roles=BUYER, again=contact_page)
def phone_asked(ask: Ask) -> Shown:
    """A code to one's own phone; answering it is a log-in like any, and proves that SMS arrive."""
    phone = ask.world.identity.phone_of(ask.caller.id)
    if phone is None:
        raise Refused("phone_not_verified")
    return code_asked(ask, phone, log_in.start(ask.world, phone, ask.address, key=secrets()["cursor_key"], now=ask.now))


@page(bp, "POST", "/my/addresses", roles=BUYER, again=contact_page)
def address_added(ask: Ask) -> Gone:
    given = {name: ask.form.one(name) for name in AddressInput.__struct_fields__}
    body = ask.read(AddressInput, given)
    contact.add_address(ask.world, ask.caller, body.to_domain(), now=ask.now)
    return Gone("/my/contact", said="saved")


@page(bp, "POST", "/my/addresses/remove", roles=BUYER, again=contact_page)
def address_removed(ask: Ask) -> Gone:
    contact.remove_address(ask.world, ask.caller, ask.form.one("address"))
    return Gone("/my/contact", said="saved")


@page(bp, "GET", "/my/preferences", roles=BUYER)
def preferences_page(ask: Ask) -> Shown:
    known = preferences.read(ask.world, ask.caller)
    values = {
        "known": known,
        "channels": [channel.value for channel in Channel],
        "zones": sorted({*ZONES, known.zone}),
        "consented": {channel.value: consented(known, channel) for channel in Channel},
    }
    return Shown("preferences.html", values)


@page(bp, "POST", "/my/preferences", roles=BUYER, again=preferences_page)
def preferences_saved(ask: Ask) -> Gone:
    form = ask.form
    start, end = form.one("start"), form.one("end")
    given = {
        "language": form.one("language"),
        "zone": form.one("zone"),
        "channels": form.all("channels"),
        "opted_out": [channel.value for channel in Channel if channel.value not in form.all("courtesy")],
        "hours": {"start": start, "end": end} if start or end else None,
    }
    wanted = ask.read(PreferencesInput, given)
    preferences.save(
        ask.world,
        ask.caller,
        language=wanted.language,
        zone=wanted.zone,
        channels=wanted.channels,
        hours=Hours(start=wanted.hours.start, end=wanted.hours.end) if wanted.hours else None,
        opted_out=wanted.opted_out,
    )
    return Gone("/my/preferences", said="saved")


@page(bp, "POST", "/my/consents", roles=BUYER, again=preferences_page)
def consent_given(ask: Ask) -> Gone:
    given = {"channel": ask.form.one("channel"), "text_version": CONSENT_TEXT, "given": ask.form.one("given")}
    word = ask.read(ConsentInput, given)
    preferences.consent(
        ask.world, ask.caller, channel=word.channel, text_version=word.text_version, given=word.given, now=ask.now
    )
    return Gone("/my/preferences", said="saved")


@page(bp, "GET", "/my/notices", roles=BUYER)
def notices_page(ask: Ask) -> Shown:
    rows = preferences.notices(ask.world, ask.caller, limit=A_PAGE, start=ask.opened())
    return Shown("notices.html", {"notices": notices(ask, rows.rows), "next": ask.sealed(rows.next)})


@page(bp, "GET", "/my/sessions", roles=BUYER)
def sessions_page(ask: Ask) -> Shown:
    return Shown("sessions.html", {"sessions": sessions.mine(ask.world, ask.caller, now=ask.now)})


@page(bp, "POST", "/my/sessions/revoke", roles=BUYER, again=sessions_page)
def session_revoked(ask: Ask) -> Gone:
    sessions.revoke(ask.world, ask.caller, ask.form.one("session"))
    return Gone("/my/sessions", said="revoked")


@page(bp, "POST", "/my/sessions/others", roles=BUYER, again=sessions_page)
def others_revoked(ask: Ask) -> Gone:
    sessions.revoke_all(ask.world, ask.caller, but=ask.session.id if ask.session else None)
    return Gone("/my/sessions", said="revoked")


@page(bp, "GET", "/my/account", roles=BUYER)
def account_page(ask: Ask) -> Shown:
    return Shown("account.html")


@page(bp, "POST", "/my/account/close", roles=BUYER, again=account_page)
def account_closed(ask: Ask) -> Gone:
    close_account.close_account(ask.world, ask.caller, now=ask.now)
    ask.sign_out()
    return Gone("/", said="account_closed")
