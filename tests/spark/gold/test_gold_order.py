"""Gold follows from what its inputs hold, not from the order in which they hold it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from gold_support import Inputs
from pyspark.sql import functions as F

from lakehouse_core.gold import MARTS, Mart


@pytest.mark.slow
@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_the_order_of_rows_does_not_matter(
    mart: Mart, business: Inputs, built: Callable[..., list[dict[str, Any]]], as_of: datetime
) -> None:
    """Changes that were taken in differently stand elsewhere in silver's files; the mart is the same."""
    shuffled = {name: business[name].orderBy(F.rand(7)).repartition(3) for name in mart.inputs}
    assert built(mart, shuffled, as_of) == built(mart, business, as_of)
