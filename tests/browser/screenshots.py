"""Pictures of every page, on a phone and on a desk, in both languages and both colours: `make screenshots`.

They land in .build/screenshots/, named PAGE-SIZE-LANGUAGE[-dark].png.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib.domain.instants import HOUR, MINUTE, rfc3339
from tests.bed import Bed

from .conftest import CHROMIUM, PHONE, log_in
from .site import Site, public_at
from .town import Town, apple, built

OUT = Path(__file__).parents[2] / ".build" / "screenshots"
DESK = {"viewport": {"width": 1200, "height": 820}, "device_scale_factor": 1}
LIN = "+8613800000001"

Pages = dict[str, str | Callable[[Any, Site], None]]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="names that contain this")
    parser.add_argument("--quick", action="store_true", help="phone, Chinese, light only")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        raise SystemExit("no Chromium here (Debian: apt install chromium)")
    OUT.mkdir(parents=True, exist_ok=True)
    with Bed.made() as bed, Site(bed).open() as site, sync_playwright() as playwright:
        public_at(site.url)
        town = built(bed)
        wanted = {name: how for name, how in pages(site, town).items() if options.only in name}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for look in LOOKS[:1] if options.quick else LOOKS:
            size, language, colour = look
            frame = PHONE if size == "phone" else DESK
            context = browser.new_context(**frame, locale=language, color_scheme=colour, timezone_id="Asia/Shanghai")
            page = context.new_page()
            ending = f"{size}-{language[:2]}" + ("-dark" if colour == "dark" else "")
            guest(page, site, town, ending, options.only)
            bed.later(61_000)
            log_in(page, site, LIN)
            for name, how in wanted.items():
                page.goto(site.url + how) if isinstance(how, str) else how(page, site)
                shoot(page, name, ending)
            context.close()
        browser.close()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}")


LOOKS = (
    ("phone", "zh-CN", "light"),
    ("desk", "zh-CN", "light"),
    ("phone", "en-GB", "dark"),
    ("desk", "en-GB", "light"),
)


def guest(page: Any, site: Site, town: Town, ending: str, only: str) -> None:
    """What somebody sees who is not signed in."""
    for name, path in {"guest-group": f"/g/{town.groups['fruit.garden']}", "login": "/login"}.items():
        if only in name:
            page.goto(site.url + path)
            shoot(page, name, ending)


def shoot(page: Any, name: str, ending: str) -> None:
    page.wait_for_timeout(150)
    page.screenshot(path=OUT / f"{name}-{ending}.png", full_page=True)


if __name__ == "__main__":
    main()
