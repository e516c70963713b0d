"""Pictures of every page, on a phone and on a desk, in both languages and both colours: `make screenshots`.

They land in .build/screenshots/, named PAGE-SIZE-LANGUAGE[-dark].png; the few that the README shows, as one first sees
them, in docs/pictures/ as well.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.domain.instants import HOUR, MINUTE, rfc3339
from chalicelib.domain.ports import RowKey
from chalicelib.domain.upkeep import MOST_STUMBLES
from tests.bed import Bed

from .conftest import ARGUMENTS, CHROMIUM, PHONE, signed_in
from .site import Site, public_at
from .town import Town, apple, built

OUT = Path(__file__).parents[2] / ".build" / "screenshots"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
IN_THE_README = {("hall", "phone"), ("group", "phone"), ("order-formed", "phone"), ("desk-board", "desk")}
DESK = {"viewport": {"width": 1200, "height": 820}, "device_scale_factor": 1}
LIN = "+8613800000001"

Pages = dict[str, str | Callable[[Any, Site], None]]
DeskPages = dict[str, tuple[str, dict[str, str]]]


def pages(site: Site, town: Town) -> Pages:
    """Name -> path, or what to do to get there. Merchants' and others' pages join by adding lines."""
    garden = town.groups["fruit.garden"]
    closes_at = rfc3339(town.bed.now + HOUR)
    town.offer("crab", title="阳澄湖大闸蟹 8 只", items=[apple(sku="crab", title="大闸蟹")], closes_at=closes_at)
    town.offer("rice", title="五常稻花香 10 斤", items=[apple(sku="rice", title="五常大米")], closes_at=closes_at)
    failed = town.join("lin", town.groups["crab"], "crab")
    formed = town.join("lin", town.groups["rice"], "rice", 2)
    for name in ("mei", "jun", "lan", "hua", "tao", "wei"):
        town.join(name, town.groups["rice"], "rice")
    town.bed.later(HOUR + MINUTE)
    held = town.join("lin", town.groups["market"], "egg-30", 2, pay=False)
    paid = town.join("lin", town.groups["fruit.river"], "apple-5kg")
    return {
        "hall": "/",
        "group": f"/g/{garden}",
        "group-items": f"/g/{town.groups['market']}",
        "group-full": f"/g/{town.groups['last']}",
        "share": f"/g/{garden}/share",
        "campaign-team": f"/c/{town.campaigns['tea']}",
        "order-held": f"/o/{held}",
        "order-paid": f"/o/{paid}",
        "order-failed": f"/o/{failed}",
        "order-formed": f"/o/{formed}",
        "group-formed": f"/g/{town.groups['rice']}",
        "orders": "/my/orders",
        "me": "/my",
        "contact": "/my/contact",
        "preferences": "/my/preferences",
        "notices": "/my/notices",
        "sessions": "/my/sessions",
        "account": "/my/account",
        "problem": "/g/gone",
    }


def desk_pages(site: Site, town: Town) -> DeskPages:
    """Who -> (their telephone, their pages): the merchant's desk, and those who serve."""
    bed = town.bed
    phones = {}
    for who, role in (("helper", "support"), ("watcher", "ops"), ("region", "manager")):
        phones[who] = f"+861390088{len(phones):04d}"
        bed.person(who, role, phone=phones[who])
    fruit, garden = town.campaigns["fruit"], town.groups["fruit.garden"]
    town.offer(
        "late", title="过了时限的荔枝团",
        items=[apple(sku="litchi", title="荔枝")], closes_at=rfc3339(bed.now + 10 * MINUTE),
        target={"measure": "participants", "at_least": 1}, manager_id="region",
        plan=[{"name": name, "limit": {"minutes": 15}, "checklist": ["冰袋", "纸箱"], "needs": ["qc_report"]}
              for name in ("stocking", "sorting", "delivery", "aftersales")],
    )  # fmt: skip
    town.offer(
        "review", title="等候审核的龙虾团", items=[apple(sku="crayfish", title="小龙虾")], review_minutes=24 * 60,
        closes_at=rfc3339(bed.now + 10 * MINUTE), target={"measure": "participants", "at_least": 1},
    )  # fmt: skip
    town.offer(
        "back", title="砂糖橘，不满意可退", items=[apple(sku="mandarin", title="砂糖橘 5 斤")], return_exception=None,
        closes_at=rfc3339(bed.now + 10 * MINUTE), target={"measure": "participants", "at_least": 1},
    )  # fmt: skip
    buyers = {who: town.join(who, town.groups["back"], "mandarin", 2) for who in ("lan", "hua", "tao")}
    town.join("mei", town.groups["late"], "litchi")
    town.join("jun", town.groups["review"], "crayfish")
    bed.later(40 * MINUTE)
    stocking = f"/groups/{town.groups['late']}/stages/stocking"
    version = town.ok("POST", f"{stocking}/enter", {"version": 1}, who="merchant")["version"]
    promise = {"version": version, "latest": rfc3339(bed.now + HOUR), "why": "冷库排队"}
    town.ok("POST", f"{stocking}/promises", promise, who="merchant")
    town.ok("POST", f"{stocking}/ticks", {"item": "冰袋"}, who="merchant")
    product = town.ok("GET", f"/campaigns/{fruit}/own", who="merchant")["items"][0]["product_id"]
    body = {"title": "新疆吐鲁番葡萄干", "category": "零食", "currency": "CNY", "list_price_minor": 2990}
    town.ok("POST", "/products", body, who="merchant", key="raisins")
    draft = town.ok("POST", "/campaigns", {"title": "草稿：葡萄干团购"}, who="merchant", key="draft")["id"]
    sent_back(town, buyers)
    oranges = town.ok("GET", f"/campaigns/{town.campaigns['back']}/own", who="merchant")["items"][0]["product_id"]
    said = {"sku": "mandarin", "stars": 2, "text": "有几个发霉了，不过商家处理得快"}
    town.ok("POST", f"/orders/{buyers['hua']}/reviews", said, who="hua")
    link = town.ok("POST", f"/groups/{town.groups['market']}/share", who="lan")["code"]
    town.join("tao", town.groups["market"], "egg-30", share=link)
    key = RowKey(f"GROUP#{town.groups['market']}", "GROUP")
    for _ in range(MOST_STUMBLES):
        wiring.world().store.stumble(key, "Broken: 演示", bed.now)
    return {
        "merchant": (phone_of(town, "merchant"), {
            "desk": "/desk", "desk-products": "/desk/products", "desk-product": f"/desk/products/{product}",
            "desk-new-product": "/desk/products/new", "desk-draft": f"/desk/campaigns/{draft}",
            "desk-terms": f"/desk/campaigns/{draft}/terms?plan=1",
            "desk-new-campaign": "/desk/campaigns/new", "desk-board": f"/desk/c/{fruit}",
            "desk-days": f"/desk/c/{fruit}/days", "desk-orders": f"/desk/c/{fruit}/orders",
            "desk-stock": f"/desk/c/{fruit}/stock", "desk-group": f"/desk/g/{garden}", "desk-trade": "/desk/trade",
            "desk-returns": "/desk/returns",
            "work": "/work", "work-group": f"/work/{town.groups['late']}",
            "work-review": f"/work/{town.groups['review']}",
        }),
        "lan": (phone_of(town, "lan"), {
            "order-returned": f"/o/{buyers['lan']}", "coupons": "/my/coupons", "real-name": "/my/real-name",
            "solvency": f"/c/{town.campaigns['back']}/solvency?entry={buyers['lan']}.p1"}),
        "helper": (phones["helper"], {"support": "/support?person=lin",
            "reviews": f"/support/reviews?product={oranges}", "look": f"/look?group={garden}"}),
        "watcher": (phones["watcher"], {"ops": "/ops", "look-empty": "/look"}),
        "region": (phones["region"], {"manage": "/manage", "look-late": f"/look?group={town.groups['late']}"}),
    }  # fmt: skip


def phone_of(town: Town, who: str) -> str:
    phone = town.bed.people.phone_of(who)
    assert phone is not None
    return phone


def sent_back(town: Town, buyers: dict[str, str]) -> None:
    """A return at each step: passed and being paid back, received, and asked for."""
    batch = f"/groups/{town.groups['back']}/batches"
    town.ok("POST", batch, who="merchant")
    for state in ("sorted", "in_transit", "ready"):
        town.ok("POST", f"{batch}/point.gate/state", {"to": state}, who="merchant")
    for who, order in buyers.items():
        code = town.ok("GET", f"/orders/{order}", who=who)["delivery"]["pickup_code"]
        lines = {"orders": [{"order_id": order, "code": code}]}
        town.ok("POST", f"{batch}/point.gate/hand-overs", lines, who="merchant")
        wanted = {"lines": {"mandarin": 1}, "why": "quality", "text": "有三个已经发霉"}
        one = town.ok("POST", f"/orders/{order}/returns", wanted, who=who, key="back")["id"]
        if who != "tao":
            town.ok("POST", f"/returns/{one}/received", who="merchant")
        if who == "lan":
            town.ok("POST", f"/returns/{one}/check", {"passed": True}, who="merchant")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="names that contain one of these (a,b)")
    parser.add_argument("--quick", action="store_true", help="phone, Chinese, light only")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        raise SystemExit("no Chromium here (Debian: apt install chromium)")
    OUT.mkdir(parents=True, exist_ok=True)
    PICTURES.mkdir(exist_ok=True)
    with Bed.made() as bed, Site(bed).open() as site, sync_playwright() as playwright:
        public_at(site.url)
        town = built(bed)
        wanted = {name: how for name, how in pages(site, town).items() if asked_for(options.only, name)}
        others = desk_pages(site, town)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for look in LOOKS[:1] if options.quick else LOOKS:
            size, language, colour = look
            frame = PHONE if size == "phone" else DESK
            context = browser.new_context(**frame, locale=language, color_scheme=colour, timezone_id="Asia/Shanghai")
            page = context.new_page()
            ending = f"{size}-{language[:2]}" + ("-dark" if colour == "dark" else "")
            guest(page, site, town, ending, options.only)
            signed_in(page, site, LIN)
            for name, how in wanted.items():
                page.goto(site.url + how) if isinstance(how, str) else how(page, site)
                shoot(page, name, ending)
            context.close()
            for phone, shown in others.values():
                context = browser.new_context(
                    **frame, locale=language, color_scheme=colour, timezone_id="Asia/Shanghai"
                )
                page = context.new_page()
                signed_in(page, site, phone)
                for name, how in shown.items():
                    if asked_for(options.only, name):
                        page.goto(f"{site.url}{how}")
                        shoot(page, name, ending)
                context.close()
        browser.close()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}")


LOOKS = (
    ("phone", "zh-CN", "light"),
    ("desk", "zh-CN", "light"),
    ("phone", "en-GB", "dark"),
    ("desk", "en-GB", "light"),
    ("phone", "en-GB", "light"),
)


def asked_for(only: str, name: str) -> bool:
    return any(part in name for part in only.split(","))


def guest(page: Any, site: Site, town: Town, ending: str, only: str) -> None:
    """What somebody sees who is not signed in."""
    for name, path in {"guest-group": f"/g/{town.groups['fruit.garden']}", "login": "/login"}.items():
        if asked_for(only, name):
            page.goto(site.url + path)
            shoot(page, name, ending)


def shoot(page: Any, name: str, ending: str) -> None:
    page.wait_for_timeout(150)
    if (name, ending.partition("-")[0]) in IN_THE_README and not ending.endswith("-dark"):
        page.screenshot(path=PICTURES / f"{name}-{ending[-2:]}.png")
    page.screenshot(path=OUT / f"{name}-{ending}.png", full_page=True)


if __name__ == "__main__":
    main()
