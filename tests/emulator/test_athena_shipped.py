"""The questions to gold that Terraform ships: each gives on Spark what it gives through Athena."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from athena_client import BUCKET, succeed
from aws_endpoint import Endpoint
from gold_business import AS_OF, generate, load_csv, write_csv
from gold_support import oracle_sql
from pyspark.sql import SparkSession

from lakehouse_core.gold import MARTS

QUERIES = Path(__file__).parents[2] / "infra" / "terraform" / "modules" / "query" / "gold"
DATABASE = "shipped_gold"
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
HIVE = {"varchar": "string", "integer": "int", "timestamp with time zone": "timestamp"}
READ = {
    "bigint": int,
    "integer": int,
    "double": float,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "timestamp": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
}
NOTHING = {"mrr_adds_up"}
"""Queries whose rows would be a mistake of the marts."""


@pytest.fixture(scope="module")
def gold(
    endpoint: Endpoint, glue: Any, s3_client: Any, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Every mart of a generated business, made by its oracle: in the catalog for Athena, as a view for Spark."""
    folder = tmp_path_factory.mktemp("business")
    write_csv(generate(customers=120), folder)
    glue.create_database(DatabaseInput={"Name": DATABASE})
    with duckdb.connect() as source:
        source.execute("set TimeZone = 'UTC'")
        load_csv(source, folder)
        for mart in MARTS:
            place = folder / f"{mart.name}.parquet"
            source.execute(f"copy ({oracle_sql(mart.name, AS_OF)}) to '{place}' (format parquet)")
            kinds = source.execute(f"describe select * from '{place}'").fetchall()
            s3_client.put_object(Bucket=BUCKET, Key=f"shipped/{mart.name}/1.parquet", Body=place.read_bytes())
            columns = [{"Name": name, "Type": HIVE.get(kind.lower(), kind.lower())} for name, kind, *_ in kinds]
            descriptor = {"Columns": columns, "Location": f"s3://{BUCKET}/shipped/{mart.name}/", **PARQUET}
            table = {"Name": mart.name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": descriptor}
            glue.create_table(DatabaseName=DATABASE, TableInput=table)
            spark.read.parquet(str(place)).createOrReplaceTempView(mart.name)
    yield endpoint.client("athena")
    glue.delete_database(Name=DATABASE)


def through_athena(athena: Any, sql: str) -> list[tuple[Any, ...]]:
    """The rows as values."""
    query = succeed(athena, sql, DATABASE)
    readers = [READ.get(kind, Decimal if kind.startswith("decimal") else str) for _, kind, *_ in query.columns()]
    return [
        tuple(None if text is None else read(text) for read, text in zip(readers, row, strict=True))
        for row in query.rows()[1:]
    ]


def on_spark(spark: SparkSession, sql: str) -> list[tuple[Any, ...]]:
    """The rows of the same text in Spark's dialect; instants in UTC and to the millisecond, which is all that Athena has."""
    (translated,) = sqlglot.transpile(sql, read="athena", write="spark")
    return [
        tuple(
            cell.astimezone(UTC).replace(microsecond=cell.microsecond // 1000 * 1000)
            if isinstance(cell, datetime)
            else cell
            for cell in row
        )
        for row in spark.sql(translated).collect()
    ]


@pytest.mark.parametrize("name", sorted(file.stem for file in QUERIES.glob("*.sql")))
def test_spark_and_athena_agree(gold: Any, spark: SparkSession, name: str) -> None:
    """Row for row, in the order that the query asks for; and its first two lines say what it asks and gives."""
    text = (QUERIES / f"{name}.sql").read_text()
    question, shape, *_ = text.splitlines()
    assert question.startswith("-- ")
    assert question.endswith("?")
    assert shape.startswith("-- Gives ")
    answered = through_athena(gold, text.replace("${gold}", DATABASE))
    assert answered == on_spark(spark, text.replace('"${gold}".', ""))
    assert (answered == []) == (name in NOTHING)
