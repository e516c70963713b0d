"""A browser, a site and a town. Where there is no Chromium the tests of this folder are skipped, and say so."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.services.people import sessions
from tests.bed import Bed

from .site import Site, public_at
from .town import Town, built

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
LEFT_OUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch",
)  # fmt: skip
"""A third of a browser's work, for an address bar that nobody sees and processes that nobody uses, and below what
Playwright leaves out itself: a later list stands for all of them."""

ARGUMENTS = ["--no-sandbox", f"--disable-features={','.join(LEFT_OUT)}"]
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM:
        return
    skip = pytest.mark.skip(
        reason="no Chromium here (Debian: apt install chromium), so the pages were not tried in one"
    )
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Bed.made() as bed, Site(bed).open() as opened:
        public_at(opened.url)
        yield opened


@pytest.fixture(scope="module")
def town(site: Site) -> Town:
    return built(site.bed)


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """`visit(language="en", scripts=False)` is a reader with a browser of their own, on a phone by default."""
    contexts = []

    def arrive(language: str = "zh-CN", scripts: bool = True, **over: Any) -> Any:
        context = browser.new_context(
            **{**PHONE, **over}, locale=language, java_script_enabled=scripts, timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(45_000)
        contexts.append(context)
        page = context.new_page()
        page.wrong = []
        page.on("console", lambda said: page.wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        return page

    yield arrive
    for context in contexts:
        context.close()


def signed_in(page: Any, site: Site, phone: str) -> None:
    """As `log_in` leaves a browser, for stories that are about something else: no form, no code, no waiting."""
    token = sessions.open_session(wiring.world(), site.bed.people.caller(phone), "tests", now=site.bed.now)
    page.context.add_cookies([{"name": "tuan_s", "value": token, "url": site.origin, "httpOnly": True}])


def log_in(page: Any, site: Site, phone: str) -> None:
    """From whatever page asks for it, or from the menu. The code is looked for when the page that asks for it is
    there, however long a busy machine takes."""
    if not page.locator("#phone").count():
        page.goto(f"{site.url}/login")
    page.fill("#phone", phone.removeprefix("+86"))
    page.click("main button")
    page.wait_for_selector("#code", timeout=120_000)
    page.fill("#code", site.code(phone))
    page.click("main button")
