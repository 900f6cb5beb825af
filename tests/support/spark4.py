"""A pytest plugin for `make test-spark4`: the core's and the jobs' tests on the Spark of AWS Glue 6.0.

ANSI is Spark 4's default; the zone and the rest is what every session of the lake has. There is no Hudi for Spark 4 in
the registries: its tests are named as skipped until there is.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse_aws.session import CONF
from lakehouse_local import settings
from lakehouse_local.spark import jars, java

JARS = jars.JarSet(
    coordinates=(
        "io.delta:delta-spark_4.1_2.13:4.1.0",
        "org.apache.hadoop:hadoop-aws:3.4.2",
        "software.amazon.awssdk:s3:2.29.52",
        "software.amazon.awssdk:s3-transfer-manager:2.29.52",
        "software.amazon.awssdk:sts:2.29.52",
    ),
    excluded="software.amazon.awssdk:bundle",
    lock=Path(__file__).parents[2] / "requirements" / "spark4-jars.lock",
)
_HUDI = "there is no Hudi bundle for Spark 4 in the package registries"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the tests of Hudi as skipped."""
    for item in items:
        if "hudi" in item.nodeid:
            item.add_marker(pytest.mark.skip(reason=_HUDI))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Spark of two cores with Delta, whose Python workers are this Python."""
    cache = settings.from_environment().cache
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["JAVA_HOME"] = str(java.find(cache).home)
    builder = SparkSession.builder.master("local[2]")
    for name, value in {
        **CONF["delta"],
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": java.OPTIONS,
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars.ensure(cache, print, wanted=JARS))),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": tmp_path_factory.mktemp("warehouse").as_uri(),
        "spark.driver.memory": "2g",
        "spark.ui.enabled": "false",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    assert session.version.startswith("4.1.")
    assert session.conf.get("spark.sql.ansi.enabled") == "true"
    yield session
    session.stop()
