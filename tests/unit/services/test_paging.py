"""A page's token is one that was given out, or refused in the service's own words."""

import base64
from collections.abc import Callable

import pytest

from lakehouse_local.services.athena import pages
from lakehouse_local.services.dms import common
from lakehouse_local.services.glue import calls
from lakehouse_local.services.service import AwsError

ITEMS = list(range(25))
PAGED: dict[str, Callable[[str], object]] = {
    "athena": lambda token: pages.page(ITEMS, {"NextToken": base64.urlsafe_b64encode(token.encode()).decode()}, 5),
    "dms": lambda token: common.paged("Items", ITEMS, {"Marker": token.removeprefix("at:")}),
    "glue": lambda token: calls.paged({"NextToken": token.removeprefix("at:")}, "Items", ITEMS),
}


@pytest.mark.parametrize("service", PAGED)
def test_a_token_that_was_never_given_out_is_refused(service: str) -> None:
    """Not a number, a digit that is none, more digits than Python makes a number of: none is an internal failure."""
    page = PAGED[service]
    page("at:20")
    for token in ("at:x", "at:\u00b2", "at:-1", f"at:{'9' * 5000}"):
        with pytest.raises(AwsError):
            page(token)
