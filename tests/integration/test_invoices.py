"""Invoices (O17): asked for by the buyer once all is paid, issued by the merchant, corrected when money goes back."""

import re

import boto3
import pytest

from chalicelib.domain.instants import HOUR

from .shop import Shop, everything, rows
from .test_deposits import EARNEST, pay_balance, started
from .test_supply_pages import Reader

COMPANY = {"kind": "company", "title": "厦门某某科技有限公司", "tax_number": "91350100M000100Y43"}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
BUCKET = "tuan-bed-files"


@pytest.mark.req("O17")
def test_an_invoice_is_for_the_final_price_and_corrected_when_money_goes_back(own: Shop) -> None:
    merchant = own.merchant = own.person("merchant", roles=("merchant",), contact=True)
    offer, (mei, li, _) = started(own, EARNEST)
    path = f"/orders/{mei.id}/invoice"

    def refused(method: str, path: str, body: object, who: str) -> tuple[int, str]:
        answer = own.bed.call(method, path, body, who=who)
        return answer.status, answer.json["code"]

    own.close(offer.group)
    assert refused("PUT", path, COMPANY, mei.who) == (409, "nothing_to_invoice"), "the balance is still to come"
    pay_balance(own, mei)
    assert refused("PUT", path, {**COMPANY, "tax_number": "91350100M000100Y44"}, mei.who) == (422, "bad_tax_number")
    assert refused("PUT", path, COMPANY, li.who) == (404, "order_not_found")
    own.ok("PUT", path, {"kind": "personal", "title": "梅小姐"}, who=mei.who)
    asked = own.ok("PUT", path, COMPANY, who=mei.who)
    assert (asked["state"], asked["kind"], asked["amount_minor"]) == ("requested", "company", 1600)
    own.bed.later(HOUR)
    assert own.told(merchant, "invoice_requested")
    assert [one["order_id"] for one in own.pages("/invoices", who=merchant)] == [mei.id]
    assert refused("GET", path, None, li.who) == (404, "invoice_not_found")
    assert own.ok("GET", f"{path}/made-out-to", who=merchant)["title"] == COMPANY["title"]
    assert any(one["why"] == f"invoice {mei.id}" for one in reads(own, mei.who)), "reading it is on record"
    core, vault = everything(own.bed)
    assert COMPANY["title"] not in str(core) + str(vault) and COMPANY["tax_number"] not in str(core)

    form = own.ok("POST", f"{path}/file", who=merchant)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=form["key"], Body=PDF)
    paper = {"number": "24117000000012345678", "on": "2026-11-22", "key": form["key"]}
    assert refused("POST", f"{path}/issue", {**paper, "number": ""}, merchant) == (422, "invoice_number_missing")
    for _ in range(2):
        own.ok("POST", f"{path}/issue", paper, who=merchant)
    shown = own.ok("GET", path, who=mei.who)
    (one,) = shown["issued"]
    assert (shown["state"], one["amount_minor"], bool(one["link"])) == ("issued", 1600, True)
    assert refused("PUT", path, COMPANY, mei.who) == (409, "invoice_issued")

    incident = {"what": "quality", "level": 3, "text": "霉变"}
    own.ok("POST", f"/groups/{offer.group}/incidents", incident, who=merchant, key=own.key())
    own.ok("POST", f"/orders/{mei.id}/self-refund", who=mei.who)
    own.bed.later(HOUR)
    late = own.ok("GET", path, who=mei.who)
    assert (late["state"], late["amount_minor"]) == ("to_correct", 0) and own.told(merchant, "invoice_to_correct")
    assert refused("POST", f"{path}/issue", {"number": "2"}, merchant) == (422, "red_number_missing")
    for _ in range(2):
        own.ok("POST", f"{path}/issue", {"red_number": "24117000000000000001", "red_on": "2026-11-23"}, who=merchant)
    gone = own.ok("GET", path, who=mei.who)
    assert (gone["state"], gone["issued"][0]["red_number"]) == ("cancelled", "24117000000000000001")
    own.bed.later(HOUR)
    assert own.told(mei.who, "invoice_issued") and own.told(mei.who, "invoice_corrected")


def reads(shop: Shop, buyer: str) -> list[dict[str, str]]:
    found = rows(shop.bed, "tuan-bed-vault")
    return [
        {"why": row["why"]["S"]} for (pk, _), row in found.items() if pk == f"reads#invoices:{buyer}" and "why" in row
    ]


@pytest.mark.req("O17")
def test_it_is_asked_for_and_issued_by_pages_and_listed_as_a_sheet(own: Shop) -> None:
    offer = own.offer(target={"measure": "participants", "at_least": 1}, hours=2)
    mei = own.buy(offer.group)
    own.close(offer.group)
    buyer, merchant = Reader(own, mei.who, "buyer"), Reader(own, own.merchant, "merchant")
    page = f"/o/{mei.id}/invoice"
    assert page.removeprefix("/") in buyer.get(f"/o/{mei.id}").text
    wrong = buyer.post(page, page, kind="company", title="某公司", tax_number="123")
    assert wrong.status == 422 and "税号不正确" in wrong.text and "某公司" in wrong.text
    assert (
        buyer.post(page, page, kind="company", title=COMPANY["title"], tax_number=COMPANY["tax_number"]).status == 303
    )
    assert "待开票" in buyer.get(page).text
    desk = merchant.get("/desk/invoices")
    assert desk.status == 200 and COMPANY["title"] not in desk.text and mei.id in desk.text
    one = f"/desk/invoices/{mei.id}"
    assert COMPANY["title"] in merchant.get(one).text and COMPANY["tax_number"] in merchant.get(one).text
    own_form = re.sub(r'<form class="panel".*?</form>', "", merchant.get(one).text, flags=re.DOTALL)
    sent = merchant.send(one, own_form, mei.id, number="24117000000012345679", on="2026-11-22")
    assert sent.status == 303
    assert "24117000000012345679" in buyer.get(page).text
    sheet = merchant.get("/desk/invoices.csv")
    assert sheet.status == 200 and "24117000000012345679" in sheet.text and COMPANY["title"] not in sheet.text
    assert merchant.get("/desk/invoices", "en").status == 200 and buyer.get(page, "en").status == 200
