"""The pages as they are packaged: from the zip, behind the local engine's gateway, codes by its user pool."""

import json
import re
import urllib.request
from typing import Any

import pytest

from infra.local.stack import LocalStack

PHONE = "+8613900000077"


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
        page.goto(f"{stack.url}/my/contact")
        assert PHONE in page.inner_text("main")
        page.goto(f"{stack.url}/my/account")
        page.check("[name=sure]")
        page.click("main .danger")
        assert "Your account is closed" in page.inner_text("[role=status]")
        pool = stack.client("cognito-idp").list_users(UserPoolId=stack.outputs["UserPoolId"])["Users"]
        assert pool == []


def sent_code(stack: LocalStack) -> str:
    with urllib.request.urlopen(f"{stack.endpoint_url}/_ministack/sns/sms-messages") as said:
        messages = json.load(said)["sms_messages"][PHONE]
    found = re.search(r"验证码(\d{6})", messages[-1]["Message"])
    assert found
    return found[1]
