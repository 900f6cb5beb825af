"""A lake as jobs see it: S3 and the Data Catalog of moto, the session that AWS Glue would have."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from dms_files import DmsTask
from pyspark.sql import SparkSession

from lakehouse_aws.session import configure
from lakehouse_aws.storage import S3Storage
from lakehouse_aws.world import World
from lakehouse_core.contracts import Naming
from lakehouse_core.tables import format_named
from lakehouse_local.environment import S3Part
from lakehouse_local.providers.s3_client import client
from lakehouse_local.spark.session import connect

Worlds = Callable[..., World]


@pytest.fixture(scope="module")
def worlds(spark: SparkSession, s3_server: S3Part) -> Iterator[Worlds]:
    """Makes a lake of a name and a format, empty, its databases made as Terraform makes them."""
    connect(spark, s3_server)
    # In Glue, s3:// is EMR's own file system.
    hadoop: Any = spark.sparkContext._jsc.hadoopConfiguration()
    hadoop.set("fs.s3.impl", "org.apache.hadoop.fs.s3a.S3AFileSystem")
    glue = aws(s3_server, "glue")

    def make(suffix: str, table_format: str, run_id: str = "jr_1") -> World:
        naming = Naming(suffix=suffix, environment=suffix)
        s3 = client(s3_server)
        for layer in ("bronze", "silver", "gold"):
            s3.create_bucket(
                Bucket=naming.bucket(layer), CreateBucketConfiguration={"LocationConstraint": s3_server.region}
            )
            glue.create_database(DatabaseInput={"Name": naming.database(layer)})
        configure(spark, table_format)
        return World(spark, S3Storage(s3), glue, naming, format_named(table_format, spark), run_id)

    yield make
    hadoop.unset("fs.s3.impl")


def aws(part: S3Part, service: str, **keys: str) -> Any:
    """A boto3 client of moto."""
    given = {"aws_access_key_id": part.access_key, "aws_secret_access_key": part.secret_key} | keys
    return boto3.session.Session().client(service, endpoint_url=part.endpoint, region_name=part.region, **given)


@pytest.fixture(scope="module")
def tasks(s3_server: S3Part) -> Callable[[World], DmsTask]:
    """A DMS task that writes into a lake's bronze."""
    return lambda world: DmsTask(client(s3_server), world.naming.bucket("bronze"))


@pytest.fixture
def as_run() -> Callable[[World, str], World]:
    """The same lake, seen by another run."""
    return lambda world, run_id: replace(world, run_id=run_id)
