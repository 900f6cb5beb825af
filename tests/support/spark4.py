"""A pytest plugin for `make test-spark4`: the core's tests on the Spark of AWS Glue 6.0, with nothing of the local adapter.

ANSI is Spark 4's default; the zone is what every session of the lake has. There is no Hudi for Spark 4 in the registries,
so tables are not tested here: the pure functions are.
"""

import os
import sys
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Plain Spark of two cores, whose Python workers are this Python."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC -XX:-DontCompileHugeMethods")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    assert session.version.startswith("4.1.")
    assert session.conf.get("spark.sql.ansi.enabled") == "true"
    yield session
    session.stop()
