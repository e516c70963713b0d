"""What an SMS to us means (N12)."""

import pytest

from chalicelib.domain.text_in import Meaning, meaning


@pytest.mark.req("N12")
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("我的订单到哪了？", Meaning.WHERE), ("WHERE is my parcel", Meaning.WHERE), ("还没发货吗", Meaning.WHERE),
        ("stop", Meaning.STOP), (" 退订。", Meaning.STOP), ("R", Meaning.STOP), ("【拒收】", Meaning.STOP),
        ("please stop sending pears", Meaning.OTHER), ("不要退订", Meaning.OTHER), ("", Meaning.OTHER),
        ("苹果能换成梨吗", Meaning.OTHER),
    ],
)  # fmt: skip
def test_a_word_alone_stops_and_a_question_is_known_by_its_words(text: str, meant: Meaning) -> None:
    assert meaning(text) is meant
