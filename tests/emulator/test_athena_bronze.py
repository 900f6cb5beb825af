"""The questions to bronze that Terraform ships: on files of a real capture, and on bad cells, Athena says what Spark says."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from athena_client import succeed
from aws_endpoint import Endpoint, until
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse_core.contracts import Naming
from lakehouse_local.capture import engine, manifest
from lakehouse_local.capture.dms import POC_WIRE
from lakehouse_local.capture.source import CaptureSource
from lakehouse_local.environment import PostgresPart
from lakehouse_local.storage import S3Storage
from source_app import seeding

QUERIES = Path(__file__).parents[2] / "infra" / "terraform" / "modules" / "query" / "bronze"
BRONZE = Naming().bucket("bronze")
DATABASE = Naming().database("bronze")
BAD = ("x", r"\N", "", "1.5", "2026-13-01 00:00:00.000000", "12345678901234567890")
"""Cells that a column of most types cannot have; one row of each."""

Questions = Callable[[str], dict[str, str]]


def empty(storage: S3Storage) -> None:
    """Other modules have the bucket before and after."""
    for key in list(storage.keys(BRONZE, "")):
        storage.delete(BRONZE, key)


@pytest.fixture(scope="module")
def athena(
    endpoint: Endpoint,
    glue: Any,
    module_postgres: PostgresPart,
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """A full load of a small source and a file of bad rows for each table: crawled for Athena, as views for Spark."""
    folder = tmp_path_factory.mktemp("bronze")
    storage = S3Storage(endpoint.s3)
    empty(storage)
    seeding.seed(module_postgres.dsn, "small", 7, folder, lambda *_: None)
    engine.full_load(CaptureSource(module_postgres.dsn, module_postgres.capture_dsn), storage, BRONZE, POC_WIRE)
    (load,) = manifest.read_chain(storage, BRONZE)
    for table, entry in load.tables.items():
        if not entry.load_rows:
            continue
        name = table.removeprefix("public.")
        below = f"dms-data/public/{name}/"
        lines = (",".join(["I", "2026-01-01 00:00:00.000000", *[cell] * len(entry.columns)]) for cell in BAD)
        storage.put(BRONZE, f"{below}LOAD0000000F.csv.gz", gzip.compress("".join(f"{x}\n" for x in lines).encode()))
        (folder / name).mkdir()
        for number, key in enumerate(storage.keys(BRONZE, below)):
            (folder / name / f"{number}.csv.gz").write_bytes(storage.get(BRONZE, key))
        names = [f"col{number}" for number in range(2 + len(entry.columns))]
        frame = spark.read.csv(
            str(folder / name), schema=", ".join(f"{each} string" for each in names), escape='"', nullValue="\0"
        )
        # As OpenCSVSerDe has them: an empty cell is the empty text, and \N has lost its backslash.
        frame = frame.select(
            *(
                F.coalesce(F.when(F.col(each) == r"\N", "N").otherwise(F.col(each)), F.lit("")).alias(each)
                for each in names
            )
        )
        frame.createOrReplaceTempView(name)
    glue.create_database(DatabaseInput={"Name": DATABASE})
    glue.create_classifier(
        CsvClassifier={"Name": "shipped", "Delimiter": ",", "ContainsHeader": "ABSENT", "Serde": "OpenCSVSerDe"}
    )
    glue.create_crawler(
        Name="shipped-bronze",
        Role="lakehouse-poc-dev-glue-role",
        DatabaseName=DATABASE,
        Targets={"S3Targets": [{"Path": f"s3://{BRONZE}/dms-data/public/"}]},
        Classifiers=["shipped"],
        Configuration=json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 4}}),
    )
    glue.start_crawler(Name="shipped-bronze")
    until(lambda: glue.get_crawler(Name="shipped-bronze")["Crawler"]["State"] == "READY")
    yield endpoint.client("athena")
    empty(storage)
    glue.delete_crawler(Name="shipped-bronze")
    glue.delete_classifier(Name="shipped")
    glue.delete_database(Name=DATABASE)


@pytest.mark.parametrize("name", sorted(file.stem for file in QUERIES.glob("*.sql")))
def test_spark_and_athena_count_the_same(athena: Any, spark: SparkSession, name: str) -> None:
    """Rows, keys, and the cells of each column that are not of its type."""
    text = (QUERIES / f"{name}.sql").read_text()
    columns, row = succeed(athena, text.replace("${bronze}", DATABASE), DATABASE).rows()
    answered = dict(zip(columns, row, strict=True))
    # Spark 3.5 has no TRY and no json_parse; a text that is no JSON has no root.
    plain = re.sub(r"TRY\(json_parse\((\w+)\)\)", r"get_json_object(\1, '$')", text.replace('"${bronze}".', ""))
    (on_spark,) = spark.sql(sqlglot.transpile(plain, read="athena", write="spark")[0]).collect()
    assert answered == {each: str(value) for each, value in on_spark.asDict().items()}
    assert int(answered["rows_read"] or 0) > len(BAD)
    assert any(int(value or 0) for column, value in answered.items() if str(column).startswith("bad_"))
