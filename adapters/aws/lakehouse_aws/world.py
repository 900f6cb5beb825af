"""What a job run needs of the world, from its arguments: Glue's Spark, S3, the Data Catalog, a clock."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from pyspark import SparkContext
from pyspark.sql import SparkSession

from lakehouse_aws.errors import ArgumentInvalid
from lakehouse_aws.lease import Clock
from lakehouse_aws.session import CONF, configure
from lakehouse_aws.storage import S3Storage
from lakehouse_core import intake
from lakehouse_core.blueprint import STANDARD, Blueprint
from lakehouse_core.contracts import Contract, Naming
from lakehouse_core.errors import LakehouseError
from lakehouse_core.extensions import extended
from lakehouse_core.ports import TableFormat
from lakehouse_core.tables import format_named

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

ARGUMENTS = ("JOB_NAME", "project", "environment", "suffix", "table_format")
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    # Checksums only where an operation demands them: not every S3 understands the newer default.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    # Works with every endpoint, a local one without a name server included.
    s3={"addressing_style": "path"},
)


@dataclass(frozen=True)
class World:
    """One run's surroundings; ``run_id`` is Glue's own and names the run as a writer, ``blueprint`` what the lake consists of."""

    spark: SparkSession
    storage: S3Storage
    glue: "GlueClient"
    naming: Naming
    format: TableFormat
    run_id: str
    clock: Clock = time.time
    blueprint: Blueprint = STANDARD

    def place(self, contract: Contract) -> intake.Place:
        """Where an entity's silver tables are."""
        return intake.place(contract, self.naming.database("silver"), self.root("silver"))

    def root(self, layer: str) -> str:
        """A layer's bucket as a URI."""
        return f"s3://{self.naming.bucket(layer)}"


@contextmanager
def job(argv: Sequence[str], *names: str) -> Iterator[tuple[World, Mapping[str, str]]]:
    """A Glue job's frame: its arguments, its context, and its commit at the end if nothing went wrong.

    ``--extensions`` names functions of modules that the job installs (``module:function``, blank between several), which
    add tables, columns, rules and marts, as LAKEHOUSE_EXTENSIONS does locally.

    An error of ours ends the run with one line: Glue shows the last one as the run's ErrorMessage.
    """
    # The modules are there in Glue alone, or on a local job's path.
    from awsglue.context import GlueContext  # noqa: PLC0415
    from awsglue.job import Job  # noqa: PLC0415
    from awsglue.utils import GlueArgumentError, getResolvedOptions  # noqa: PLC0415

    try:
        given: dict[str, Any] = getResolvedOptions(list(argv), [*ARGUMENTS, *names])
    except GlueArgumentError as error:
        sys.exit(f"argument-invalid: {error}; needed are --{', --'.join((*ARGUMENTS[1:], *names))}")
    context = GlueContext(SparkContext.getOrCreate())
    work = Job(context)
    work.init(given["JOB_NAME"], given)
    try:
        table_format = one_of("table_format", given["table_format"], tuple(CONF))
        spark = configure(context.spark_session, table_format)
        world = World(
            spark=spark,
            storage=S3Storage(boto3.client("s3", config=_CONFIG)),
            glue=boto3.client("glue", config=_CONFIG),
            naming=Naming(given["project"], given["environment"], given["suffix"]),
            format=format_named(table_format, spark),
            run_id=option(argv, "--JOB_RUN_ID") or given["JOB_NAME"],
            blueprint=extended((option(argv, "--extensions") or "").split()),
        )
        yield world, given
    except LakehouseError as error:
        sys.exit(f"{error.code}: {error.message}" + (f" (try: {error.hint})" if error.hint else ""))
    work.commit()


def one_of(name: str, value: str, there: Sequence[str]) -> str:
    """The value; ArgumentInvalid if it is none of those that there are."""
    if value not in there:
        raise ArgumentInvalid(f"--{name} {value}: there are {', '.join(there)}", hint=f"--{name} {there[0]}")
    return value


def option(argv: Sequence[str], name: str) -> str | None:
    """The value of an option that Glue passes and getResolvedOptions does not give."""
    return next((value for option, value in pairwise(argv) if option == name), None)
