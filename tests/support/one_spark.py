"""The one Spark of a test process: the product's own session, with both table formats and S3A.

There can be only one JVM per process, so every suite that needs Spark takes this fixture into its conftest.
"""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse_local import settings as settings_module
from lakehouse_local.settings import Settings
from lakehouse_local.spark.session import session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The session; it ends with the process."""
    return session(small(tmp_path_factory.mktemp("spark")), None, "lakehouse-tests")


def small(home: Path) -> Settings:
    """Settings of a small Spark in a throw-away home, with the machine's cache."""
    cache = settings_module.from_environment().cache
    return Settings(home=home, cache=cache, spark_master="local[2]", driver_memory="1g")
