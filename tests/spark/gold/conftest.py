"""Inputs for the marts: small cases as rows, and a generated business as files that Spark and DuckDB both read."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from gold_business import AS_OF, generate, load_csv, write_csv
from gold_support import VERSIONED, VIEWS, Case, Inputs, comparable, in_key_order, silver
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

from lakehouse_core.contracts import contract
from lakehouse_core.gold import Mart

_TECHNICAL = [
    StructField("_op", StringType()),
    StructField("_position", StringType()),
    StructField("_business_time", TimestampType()),
]


@pytest.fixture(scope="session")
def frame(spark: SparkSession) -> Callable[..., DataFrame]:
    """Make an input by name from rows given as mappings; columns that a case is not about are NULL."""

    def make(name: str, *rows: Mapping[str, Any]) -> DataFrame:
        if name.endswith("_version"):
            fields = [*contract(name.removesuffix("_version")).spark_schema.fields, *_TECHNICAL]
        else:
            fields = list(contract(name).spark_schema.fields)
        schema = StructType([StructField(field.name, field.dataType) for field in fields])
        unknown = {column for row in rows for column in row} - set(schema.names)
        assert not unknown, f"{name} has no {unknown}"
        return silver(name, spark.createDataFrame([tuple(row.get(c) for c in schema.names) for row in rows], schema))

    return make


@pytest.fixture(scope="session")
def built() -> Callable[..., list[dict[str, Any]]]:
    """Build a mart and give its rows in the order of their keys."""

    def run(mart: Mart, inputs: Inputs, as_of: datetime) -> list[dict[str, Any]]:
        result = mart.build(**{name: inputs[name] for name in mart.inputs}, as_of=as_of)
        assert tuple(result.columns) == (*mart.key, *(measure.column for measure in mart.measures))
        return in_key_order(mart, [comparable(row.asDict()) for row in result.collect()])

    return run


@pytest.fixture(scope="session")
def business_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated business, a CSV file per table."""
    folder = tmp_path_factory.mktemp("business")
    write_csv(generate(customers=120), folder)
    return folder


@pytest.fixture(scope="session")
def source(business_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The business in DuckDB: the eight source tables and the five version tables; Parquet files appear beside it."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for file in load_csv(connection, business_folder):
            connection.execute(f"copy {file.stem} to '{file.with_suffix('.parquet')}' (format parquet)")
        yield connection


@pytest.fixture(scope="session")
def business(spark: SparkSession, business_folder: Path, source: duckdb.DuckDBPyConnection) -> Inputs:
    """The same business as the inputs of the marts."""
    assert source.execute("select count(*) > 0 from core_order").fetchone() == (True,)
    return read_inputs(spark, business_folder)


def read_inputs(spark: SparkSession, folder: Path) -> Inputs:
    """Readers' views and versions over the Parquet files of a folder."""
    views = {view: silver(view, spark.read.parquet(str(folder / f"{contract(view).table}.parquet"))) for view in VIEWS}
    versions = {f"{name}_version": spark.read.parquet(str(folder / f"{name}_version.parquet")) for name in VERSIONED}
    return {name: table.cache() for name, table in (views | versions).items()}


@pytest.fixture
def elsewhere(spark: SparkSession) -> Iterator[None]:
    """Settings that must not matter: the lenient dialect, and a session in New York."""
    settings = {"spark.sql.ansi.enabled": "false", "spark.sql.session.timeZone": "America/New_York"}
    before = {name: spark.conf.get(name) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.fixture
def check(
    frame: Callable[..., DataFrame], built: Callable[..., list[dict[str, Any]]], elsewhere: None
) -> Callable[[Case], None]:
    """Run a hand-made case: the mart of its rows has exactly the rows that the case expects, in the columns it names."""
    del elsewhere

    def run(case: Case) -> None:
        inputs = {name: frame(name, *case.given.get(name, ())) for name in case.mart.inputs}
        rows = built(case.mart, inputs, case.as_of)
        assert [tuple(row[column] for column in case.columns) for row in rows] == list(case.expected)

    return run


@pytest.fixture(scope="session")
def as_of() -> datetime:
    """The generated business's last moment."""
    return AS_OF
