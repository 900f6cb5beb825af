"""Bronze files with thousands of damaged lines: each row becomes a change, goes to quarantine with a reason, or both."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from chaos.share import SHARE
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_core.bronze import Bronze, debezium, dms
from lakehouse_core.contracts import CONTRACTS

LINES = max(1_000, round(50_000 * SHARE))
ORDER = CONTRACTS["order_item"]
PIECES = (
    "",
    '"',
    ",",
    "\\N",
    "\\U",
    "\x00",
    "\ufeff",
    "é",
    "9" * 40,
    "-1",
    "{",
    "}",
    ":",
    "null",
    "'",
    "\\",
    "\t",
    "e",
)
CELLS = {
    "bigint": "17",
    "integer": "3",
    "numeric": "12.50",
    "boolean": "true",
    "timestamptz": "2026-01-02 03:04:05.000006",
    "date": "2026-01-02",
}


def _cell(source_type: str) -> str:
    return next((text for name, text in CELLS.items() if source_type.startswith(name)), "text")


def _damaged(line: str, dice: random.Random) -> str:
    """The line with one to three pieces put into it, taken out of it, or doubled; line ends stay apart."""
    for _ in range(dice.randint(1, 3)):
        at, length = dice.randrange(len(line) + 1), dice.choice((0, 1, 1, 5))
        line = line[:at] + dice.choice((*PIECES, line[at : at + length] * 2)) + line[at + length :]
    return line.replace("\n", " ").replace("\r", " ")


def _change(number: int, dice: random.Random) -> str:
    cells = [_cell(column.source_type) for column in ORDER.columns]
    cells[ORDER.column_names.index(ORDER.key)] = str(number)
    head = [dice.choice("IUD"), ORDER.table, ORDER.schema, "2026-01-02 03:04:05.000006"]
    return ",".join([*head, *cells, "9" * 35, r"\N", f"00000000000000FF.{number:08X}"])


def _event(number: int, dice: random.Random) -> str:
    row = {column.name: _cell(column.source_type) for column in ORDER.columns} | {ORDER.key: number}
    source = {"schema": ORDER.schema, "table": ORDER.table, "lsn": number, "ts_us": 1_767_000_000_000_000}
    headers = [{"key": "lakehouse.position", "value": f"00000000000000FF.{number:08X}"}]
    value = {"before": None, "after": row, "source": source, "op": dice.choice("cud"), "transaction": None}
    return json.dumps({"key": {ORDER.key: number}, "headers": headers, "value": value})


def _dms(spark: SparkSession, path: Path) -> tuple[DataFrame, Bronze]:
    schema = dms.transaction_schema([ORDER])
    raw = spark.read.options(**dms.READ_OPTIONS).schema(schema).csv(str(path)).withColumn("_file", F.lit("f"))
    mine = raw.where((F.col("_c1") == ORDER.table) & (F.col("_c2") == ORDER.schema))
    return mine, dms.transaction_rows(raw, ORDER, 1)


def _debezium(spark: SparkSession, path: Path) -> tuple[DataFrame, Bronze]:
    raw = spark.read.options(**debezium.READ_OPTIONS).text(str(path)).withColumn("_file", F.lit("f"))
    return raw, debezium.rows(raw, ORDER, 1)


Reader = Callable[[SparkSession, Path], tuple[DataFrame, Bronze]]


@pytest.mark.parametrize(("write", "reader"), [(_change, _dms), (_event, _debezium)], ids=["dms", "debezium"])
def test_no_row_goes_unaccounted(
    spark: SparkSession, tmp_path: Path, write: Callable[[int, random.Random], str], reader: Reader
) -> None:
    """A damaged row is never dropped in silence, and never an exception."""
    dice = random.Random(5)  # noqa: S311
    path = tmp_path / "lines.gz"
    lines = "\n".join(_damaged(write(number, dice), dice) for number in range(LINES))
    path.write_bytes(gzip.compress(lines.encode("utf-8", "surrogatepass")))
    raw, bronze = reader(spark, path)
    unaccounted = bronze.parsed.where(F.col("_op").isNull() & F.col("_rule").isNull()).count()
    ignored = sum(row["rows"] for row in debezium.ignored(raw).collect()) if reader is _debezium else 0
    assert bronze.parsed.count() + ignored == raw.count()
    assert unaccounted == 0
    # Both outcomes are met, or nothing was tried.
    assert bronze.quarantine.count() > LINES / 10
    assert bronze.changes.where("_op <> 'Q'").count() > LINES / 20
    assert bronze.quarantine.where("reason is null or rule is null").count() == 0
