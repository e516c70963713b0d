"""What a message's link leads to."""

import pytest

from chalicelib.domain.links import page_path


@pytest.mark.req("N1")
@pytest.mark.parametrize(
    ("resource", "page"),
    [
        ("/groups/g1", "/g/g1"),
        ("/orders/o1", "/o/o1"),
        ("/supply/g1-p1", "/supply/g1-p1"),
        ("/lead/r/g1/point.gate", "/lead/r/g1/point.gate"),
        ("/lead", "/lead"),
        ("/desk/g/g1", "/desk/g/g1"),
        ("/work/g1", "/work/g1"),
        ("/work", "/work"),
        ("/nowhere/x", "/"),
    ],
)
def test_a_link_leads_to_the_page_of_what_it_names(resource: str, page: str) -> None:
    assert page_path(resource) == page
