"""Log-in by code under attack (X9): guessing, flooding a phone, flooding from one address, and reading the table."""

import re

import pytest

from chalicelib import wiring
from chalicelib.domain import session as rules
from chalicelib.domain.instants import DAY, HOUR, MINUTE, SECOND
from chalicelib.domain.refusals import Refused
from chalicelib.services.people import log_in
from tests.integration.shop import Shop, rows

NOON = 1_795_000_000_000
PHONE, KEY = "+8613800001111", "a key of the tests"


def refused(work: object, *given: object, **named: object) -> Refused:
    with pytest.raises(Refused) as caught:
        work(*given, **named)  # type: ignore[operator]
    return caught.value


# ----------------------------------------------------------------- the rules


@pytest.mark.req("X9")
def test_a_code_is_spent_after_five_guesses() -> None:
    """Also for the right one, which comes sixth."""
    code = rules.code_sent(None, "who", "right", NOON)
    for _ in range(rules.MOST_TRIES):
        code, right = rules.code_tried(code, "wrong", NOON + SECOND)
        assert not right
    _, right = rules.code_tried(code, "right", NOON + 2 * SECOND)
    assert not right


@pytest.mark.req("X9")
def test_a_code_is_good_once_and_not_for_long() -> None:
    code = rules.code_sent(None, "who", "right", NOON)
    left, right = rules.code_tried(code, "right", NOON + SECOND)
    assert right and not rules.code_tried(left, "right", NOON + 2 * SECOND)[1]
    assert not rules.code_tried(code, "right", NOON + rules.CODE_LIFE)[1]


@pytest.mark.req("X9")
def test_codes_to_one_phone_are_few() -> None:
    """A minute apart, five an hour, ten a day; each refusal says when it is worth trying again."""
    code, now, sent = rules.code_sent(None, "who", "h", NOON), NOON, [NOON]
    assert refused(rules.code_sent, code, "who", "h", NOON + 1).facts["retry_after_s"] == 60
    while now < NOON + DAY - 1:
        now += MINUTE
        try:
            code = rules.code_sent(code, "who", "h", now)
            sent.append(now)
        except Refused as refusal:
            now += refusal.facts["retry_after_s"] * SECOND - MINUTE
        hour = [at for at in code.sent_at if at > now - HOUR]
        assert len(hour) <= rules.MOST_CODES_AN_HOUR
    assert len([at for at in sent if at < NOON + DAY]) == rules.MOST_CODES_A_DAY


@pytest.mark.req("X9")
def test_one_address_begins_forty_log_ins_an_hour_and_no_more() -> None:
    brake = None
    for number in range(rules.MOST_STARTS_AN_HOUR):
        brake = rules.begun(brake, "address", NOON + number)
    assert refused(rules.begun, brake, "address", NOON + HOUR - 1).code == "too_many_log_ins"
    assert rules.begun(brake, "address", NOON + HOUR).at[0] == NOON + 1


# ----------------------------------------------------------------- on the bed


def code_in(shop: Shop, phone: str = PHONE) -> str:
    (text,) = [one.text for one in shop.bed.sent() if one.to == phone][-1:]
    found = re.search(r"\d{6}", text)
    assert found is not None
    return found[0]


@pytest.mark.req("X9")
def test_a_thousand_guesses_open_nothing_and_the_right_code_not_any_more(own: Shop) -> None:
    world = wiring.world()
    log_in.send_code(world, PHONE, key=KEY, now=own.bed.now)
    right = code_in(own)
    guesses = [f"{number:06d}" for number in range(1_000) if f"{number:06d}" != right]
    opened = [guess for guess in guesses[:50] if log_in.check_code(world, PHONE, guess, key=KEY, now=own.bed.now)]
    assert opened == []
    assert not log_in.check_code(world, PHONE, right, key=KEY, now=own.bed.now)
    assert refused(log_in.send_code, world, PHONE, key=KEY, now=own.bed.now).code == "code_sent_lately"


@pytest.mark.req("X9")
@pytest.mark.req("X5")
def test_the_table_knows_neither_the_phone_nor_the_code_nor_the_address(own: Shop) -> None:
    world = wiring.world()
    log_in.start(world, PHONE, "203.0.113.77", key=KEY, now=own.bed.now)
    code = code_in(own)
    written = str([row for row in rows(own.bed).values() if row["kind"]["S"] in ("login_code", "brake")])
    assert "login_code" in written and "brake" in written
    for secret in (PHONE[1:], code, "203.0.113.77"):
        assert secret not in written
    assert code not in "".join(own.bed.log) and PHONE[3:] not in "".join(own.bed.log)
