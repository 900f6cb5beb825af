"""The rules against what the seed planted: every defect is found, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core import quality, silver
from lakehouse_core.contracts import CONTRACTS, Column, Contract
from source_app.database import setup


def _value(column: Column) -> SparkColumn:
    """A cell of COPY's text format as the contract's type; the seed's texts need no more than their backslashes."""
    text = F.regexp_replace(F.col(column.name), r"\\\\", r"\\")
    if column.may_be_unsent and not column.nullable:
        text = F.coalesce(text, F.lit(""))  # Spark's CSV reader takes an empty cell for NULL too
    return text.cast(column.spark_type).alias(column.name)


def _cleaned(spark: SparkSession, file: Path, columns: tuple[str, ...], contract: Contract) -> DataFrame:
    """The entity as silver cleans it, out of the seed's own file."""
    raw = spark.read.csv(
        str(file),
        schema=", ".join(f"{name} string" for name in columns),
        sep="\t",
        quote="",
        escape="",
        nullValue="\\N",
        emptyValue="",
    )
    return silver.CLEAN[contract.entity](raw.select(*map(_value, contract.columns)))


def test_every_rule_finds_what_was_planted_and_nothing_else(
    spark: SparkSession, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Precision and recall are 1 for every rule of every contract at scale small."""
    setup()
    from source_app.generate.cache import seed_files  # noqa: PLC0415  Django's models load after its settings

    files = seed_files(tmp_path, "small", 7, lambda *_: None)
    frames = {
        entity: _cleaned(spark, files.copy_file(contract.table), files.columns[contract.table], contract)
        for entity, contract in CONTRACTS.items()
    }
    found: dict[str, list[int]] = {}
    for row in quality.failures(frames, CONTRACTS).collect():
        found.setdefault(row["rule"], []).append(row["key"])
    planted = {rule: [row["id"] for row in rows] for rule, rows in json.loads(files.manifest.read_text()).items()}
    scores = quality.score(found, planted)
    for each in scores:
        line = f"{each.rule}: {each.planted} planted, precision {each.precision:.3f}, recall {each.recall:.3f}"
        record_property("score", line)
    assert {scored.rule for scored in scores} == {rule.id for one in CONTRACTS.values() for rule in one.rules}
    assert {scored.rule: (scored.precision, scored.recall) for scored in scores} == {
        scored.rule: (1.0, 1.0) for scored in scores
    }
