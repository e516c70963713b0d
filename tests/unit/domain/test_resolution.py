"""What a verdict means for one order: said by its row, or by the group's failure and the refund."""

from dataclasses import replace

import pytest

from chalicelib.domain import ledger, resolution
from chalicelib.domain.group import Group, GroupState
from chalicelib.domain.order import Order, OrderState

from . import given as story


def ended(*, formed: bool) -> Group:
    given = replace(story.verdict(story.terms(), 0), formed=formed)
    return replace(story.group(), state=GroupState.FORMED if formed else GroupState.FAILED, verdict=given)


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    ("order", "group", "said"),
    [
        (story.order(OrderState.PAID), ended(formed=False), "failed"),
        (story.order(OrderState.PAID), ended(formed=True), None),
        (story.order(OrderState.PAID), story.group(), None),
        (story.order(OrderState.PAID), None, None),
        (story.order(OrderState.CANCELLED), ended(formed=False), None),
        (story.order(OrderState.PAID, resolution="price_drop"), ended(formed=False), "price_drop"),
    ],
)
def test_a_failed_group_says_of_its_paid_orders_what_they_do_not_say_themselves(
    order: Order, group: Group | None, said: str | None
) -> None:
    seen = resolution.in_group(order, group)
    assert seen.resolution == said
    assert (seen.resolved_at is not None) is (said == "failed"), "from when the verdict was given"


def test_an_order_of_a_failed_group_is_written_only_where_something_waits_for_it() -> None:
    order, money = story.order(OrderState.PAID), story.captured()
    assert not resolution.waits(order, money)
    assert resolution.waits(replace(order, due_at=story.NOON), money), "its timer would remind of a pickup"
    assert resolution.waits(replace(order, deposit_minor=100), money), "a balance would be asked for"
    held = ledger.authorised(story.payment(), provider_ref="pi_1", at=story.NOON, now=story.NOON)
    assert resolution.waits(order, held), "it may be captured meanwhile"
