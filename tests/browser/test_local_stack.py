"""The pages as they are packaged: from the zip, behind the local engine's gateway, codes by its user pool."""

import json
import re
import urllib.request
from base64 import b64decode
from typing import Any

import pytest

from infra.local.people import PEOPLE, enrol
from infra.local.stack import LocalStack

PHONE = "+8613900000077"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A picture of one pixel."""


@pytest.mark.local
@pytest.mark.req("X1")
def test_log_in_by_a_code_of_the_user_pool(visit: Any) -> None:
    with LocalStack("pages", fresh=True) as stack:
        page = visit("en-GB")
        page.set_default_timeout(30_000)
        page.goto(stack.url)  # without the slash at its end
        page.click("nav >> text=Log in")
        page.fill("#phone", PHONE)
        page.click("main button")
        assert f"{stack.endpoint_url}/_ministack/sns/sms-messages" in page.inner_text(".note")
        code = sent_code(stack)
        page.fill("#code", "000000" if code != "000000" else "111111")
        page.click("main button")
        assert "That is not the code" in page.inner_text("[role=alert]")
        page.fill("#code", code)
        page.click("main button")
        assert "You are logged in" in page.inner_text("[role=status]")
        pictures_come_and_are_seen(stack, visit, page)
        page.goto(f"{stack.url}/my/contact")
        assert PHONE in page.inner_text("main")
        page.goto(f"{stack.url}/my/account")
        page.check("[name=sure]")
        page.click("main .danger")
        assert "Your account is closed" in page.inner_text("[role=status]")
        pool = stack.client("cognito-idp").list_users(UserPoolId=stack.outputs["UserPoolId"])["Users"]
        assert PHONE not in str(pool)


def pictures_come_and_are_seen(stack: LocalStack, visit: Any, page: Any) -> None:
    """With the function's own rights, past the pages' policy, from the bucket itself."""
    enrol(stack.client("cognito-idp"), stack.outputs)
    merchant = next(person for person in PEOPLE if person.name == "merchant")
    desk = visit("en-GB", viewport={"width": 1200, "height": 900}, is_mobile=False, has_touch=False)
    desk.set_default_timeout(30_000)
    desk.goto(f"{stack.url}/login")
    desk.fill("#phone", merchant.phone.removeprefix("+86"))
    desk.click("main button")
    desk.fill("#code", sent_code(stack, merchant.phone))
    desk.click("main button")
    desk.goto(f"{stack.url}/desk/products/new")
    desk.fill("#title", "Pear")
    desk.fill("#price", "5")
    desk.click("main form button")
    picture = {"name": "pear.png", "mimeType": "image/png", "buffer": b64decode(DOT)}
    desk.set_input_files("#file", [picture])
    desk.click("#pictures form[enctype] button")
    assert desk.locator("#pictures img").count() == 1, desk.inner_text("main")[:200]
    for _ in range(100):
        if desk.evaluate("document.querySelector('#pictures img').naturalWidth > 0"):
            break
        desk.wait_for_timeout(100)
    assert desk.evaluate("document.querySelector('#pictures img').naturalWidth") == 1
    assert desk.wrong == []


def sent_code(stack: LocalStack, phone: str = PHONE) -> str:
    with urllib.request.urlopen(f"{stack.endpoint_url}/_ministack/sns/sms-messages") as said:
        messages = json.load(said)["sms_messages"][phone]
    found = re.search(r"验证码(\d{6})", messages[-1]["Message"])
    assert found
    return found[1]
