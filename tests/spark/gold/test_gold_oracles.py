"""Each mart against an independent definition in SQL over the source tables."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import duckdb
import pytest
from gold_support import Inputs, assert_same_rows, oracle

from lakehouse_core.gold import MARTS, Mart


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_mart_equals_sql_on_the_source(
    mart: Mart,
    business: Inputs,
    source: duckdb.DuckDBPyConnection,
    built: Callable[..., list[dict[str, Any]]],
    as_of: datetime,
) -> None:
    """The mart has the oracle's rows, values and types, one per key."""
    expected = oracle(source, mart, as_of)
    assert len({tuple(row[c] for c in mart.key) for row in expected}) == len(expected) > 0
    assert_same_rows(expected, built(mart, business, as_of))
