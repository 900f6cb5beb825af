"""Tables of both formats, on the file system and on S3."""

import pytest
from pyspark.sql import SparkSession

from lakehouse_core.ports import TableFormat
from lakehouse_core.tables import FORMATS, format_named


@pytest.fixture(params=FORMATS)
def tables(request: pytest.FixtureRequest, spark: SparkSession) -> TableFormat:
    """Each table format in turn."""
    return format_named(request.param, spark)
