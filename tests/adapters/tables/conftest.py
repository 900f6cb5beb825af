"""Tables of both formats, Hudi's in both table types, on the file system and on S3."""

from typing import NamedTuple

import pytest
from pyspark.sql import SparkSession

from lakehouse_core.ports import TableFormat
from lakehouse_core.tables import FORMATS, format_named


class Variant(NamedTuple):
    """A table format, and whether its tables are merged on read."""

    format: str
    merge_on_read: bool = False


@pytest.fixture(
    params=[*map(Variant, FORMATS), Variant("hudi", merge_on_read=True)],
    ids=lambda each: f"{each.format}{'-merge-on-read' if each.merge_on_read else ''}",
)
def variant(request: pytest.FixtureRequest) -> Variant:
    """Each kind of table in turn."""
    found: Variant = request.param
    return found


@pytest.fixture
def tables(variant: Variant, spark: SparkSession) -> TableFormat:
    """The kind's table format."""
    return format_named(variant.format, spark)
