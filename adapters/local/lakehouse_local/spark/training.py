"""The representative job whose classes the archive holds: run as a process of its own by :mod:`.cds`."""

import sys
from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse_core.ports import Table
from lakehouse_core.tables import FORMATS, format_named
from lakehouse_local.settings import from_environment
from lakehouse_local.spark.session import session


def job(spark: SparkSession, folder: Path) -> None:
    """Write, merge and read a table of each format, and read and write CSV and Parquet."""
    rows = spark.range(100).select(
        "id",
        F.lpad(F.col("id").cast("string"), 8, "0").alias("_position"),
        F.col("id").cast("decimal(12,2)").alias("amount"),
        F.timestamp_seconds("id").alias("at"),
        F.array(F.lit("a")).alias("tags"),
    )
    csv = str(folder / "csv")
    rows.drop("tags").write.csv(csv, compression="gzip")
    spark.read.csv(csv, schema=rows.drop("tags").schema).groupBy("amount").count().collect()
    for name in FORMATS:
        tables = format_named(name, spark)
        table = Table("training", "training", str(folder / name), "id", "_position")
        tables.overwrite(table, rows)
        tables.merge(table, rows.where("id < 10"))
        tables.read(table).groupBy("amount").agg(F.sum("id"), F.max("at")).orderBy("amount").collect()


def main() -> None:
    """Run the job in the folder that the command line names, and wait until the JVM has written its archive."""
    folder = Path(sys.argv[1])
    spark = session(replace(from_environment(), home=folder / "home"), None, "lakehouse-training")
    job(spark, folder)
    gateway = spark.sparkContext._gateway  # noqa: SLF001  # the JVM writes the archive as it ends, after spark.stop()
    spark.stop()
    gateway.proc.stdin.close()  # type: ignore[union-attr]
    gateway.proc.wait()  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
