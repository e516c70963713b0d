"""A region file is right, or says what is wrong with it: every mistake, its place, and what to write instead."""

import shutil
from pathlib import Path

import pytest

from infra import regions
from infra.regions import REGIONS, BadRegion
from tests.infra.templates import Template

GOOD = (REGIONS / "eu-central-1.toml").read_text()


def read(text: str, folder: Path) -> regions.Cell:
    (folder / "here.toml").write_text(text)
    return regions.read("here", folder)


@pytest.mark.parametrize("name", regions.names())
def test_the_files_we_keep_are_right(name: str) -> None:
    cell = regions.read(name)
    for stage in cell.stages:
        assert cell.settings(stage)["OperatorEmail"]


@pytest.mark.req("issue-7.1")
@pytest.mark.parametrize(
    ("what_is_right", "what_is_wrong", "says"),
    [
        ('account = "123456789012"', 'account = "1234"', "account: “1234” is no account number: write its 12 digits"),
        ('region = "eu-central-1"', 'region = "eu-central-9"', "region: AWS has no “eu-central-9”"),
        ('zone = "Europe/Berlin"', 'zone = "Europe/Bärlin"', "zone: there is no time zone “Europe/Bärlin”"),
        ('currency = "EUR"', 'currency = "EURO"', "currency: “EURO” is none we take"),
        ('locales = ["en", "zh"]', 'locales = ["de"]', "locales: we have no words in “de”"),
        ('locales = ["en", "zh"]', "locales = []", "locales: name at least one"),
        ('"22:00", "08:00"', '"22:00", "25:00"', "quiet_hours: “25:00” is no time"),
        ('"22:00", "08:00"', '"22:00"', "quiet_hours"),
        ('identity = "cognito"', 'identity = "ldap"', "identity"),
        ("https://tuan.example\"", "http://tuan.example\"", "contact.public_url"),
        ("https://tuan.example\"", "https://tuan.example/shop\"", "contact.public_url"),
        ("hello@tuan.example", "hello", "contact.email_from: “hello” is no address"),
        ('sms_sender = "TUAN"', 'sms_sender = "TUANTUANTUAN"', "contact.sms_sender"),
        ('providers = ["transfer"]', 'providers = ["cash"]', "payments.providers: there is no gateway for “cash”"),
        ('providers = ["transfer"]', "providers = []", "payments.providers: name at least one"),
        ('transfer_account = "Tuan GmbH, DE00', 'transfer_account = "" #', "payments.transfer_account"),
        ("operators@tuan.example", "operators", "alarms.contact: “operators” is no e-mail address"),
        ("request_burst = 4000", "request_burst = 40", "limits.request_burst: must not be below"),
        ("worker_concurrency = 50", "worker_concurrency = 900", "limits.worker_concurrency"),
        ("budget_usd_per_month = 500", "budget_usd_per_month = -1", "limits.budget_usd_per_month"),
        ("log_days = 30", "log_days = 31", "limits.log_days: CloudWatch keeps no logs for 31 days"),
        ('shift = "Canary10Percent5Minutes"', 'shift = "Slowly"', "stages.prod.shift: “Slowly”"),
        ("bake_minutes = 10", "bake_minutes = 999", "stages.prod.bake_minutes"),
        ("protected = true", "protected = true\npassword_login = true", "stages.prod.password_login"),
        ("protected = true", 'protected = true\nsandbox_url = "https://x"', "must not take play money"),
        ("[stages.prod]", "[stages.local]", "stages.local: a name of 2 to 21"),
        ("log_days = 30", "log_days = 30\nlog_weeks = 4", "log_weeks"),
        ('currency = "EUR"', "", "currency"),
        ('currency = "EUR"', "currency = ", "here.toml"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(what_is_right: str, what_is_wrong: str, says: str, tmp_path: Path) -> None:
    assert what_is_right in GOOD
    with pytest.raises(BadRegion) as found:
        read(GOOD.replace(what_is_right, what_is_wrong, 1), tmp_path)
    assert says in str(found.value)
    assert "here.toml" in str(found.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadRegion) as found:
        read(GOOD.replace('"EUR"', '"EURO"').replace("log_days = 30", "log_days = 31"), tmp_path)
    assert len(str(found.value).splitlines()) == 2


def test_a_file_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(BadRegion, match="there are: ap-southeast-1, cn-north-1, eu-central-1"):
        regions.read("mars-1")


def test_every_setting_is_a_parameter_of_a_template(
    app_template: Template, data_template: Template, identity_template: Template
) -> None:
    """A setting that no template declares would be dropped without a word."""
    declared = {name for one in (app_template, data_template, identity_template) for name in one["Parameters"]}
    assert set(regions.read("eu-central-1").settings("prod")) <= declared


@pytest.mark.req("issue-7.5")
def test_traces_are_switched_by_the_stage(app_template: Template, tmp_path: Path) -> None:
    assert read(GOOD, tmp_path).settings("prod")["Tracing"] == "PassThrough"
    traced = read(GOOD.replace("protected = true", "protected = true\ntraced = true", 1), tmp_path)
    assert traced.settings("prod")["Tracing"] == "Active"
    functions = [one for one in app_template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
    assert {str(one["Properties"]["Tracing"]) for one in functions} == {"{'Ref': 'Tracing'}"}


def test_a_stage_may_have_a_budget_of_its_own(tmp_path: Path) -> None:
    shutil.copy(REGIONS / "eu-central-1.toml", tmp_path / "here.toml")
    cell = regions.read("here", tmp_path)
    assert (cell.settings("prod")["BudgetUsd"], cell.settings("scratch")["BudgetUsd"]) == ("500", "20")
