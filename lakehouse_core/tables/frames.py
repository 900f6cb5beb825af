"""What both formats ask of a frame before they store it."""

import re
from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from lakehouse_core.errors import CommitUnknown, ContractBroken, TableMissing
from lakehouse_core.ports import Commit, Table


def nullable(frame: DataFrame) -> DataFrame:
    """The same rows with every column (and what is inside it) nullable.

    A table's first frame fixes its schema. "Never NULL" is the contract's business: a tombstone that comes later
    has NULL in columns that the first frame never left empty, and the formats would refuse it.
    """
    # A CASE without ELSE is nullable to the analyzer, and the optimizer removes it again.
    return frame.select(
        [F.when(F.lit(True), F.col(f"`{f.name}`").cast(_nullable(f.dataType))).alias(f.name) for f in frame.schema]  # noqa: FBT003
    )


def clustered(frame: DataFrame, table: Table) -> DataFrame:
    """The rows as a clustered table stores them: those of one group (its key up to the first dash) together, in order."""
    return frame.repartition(F.substring_index(table.key, "-", 1)).sortWithinPartitions(table.key)


def stored_bytes(frame: DataFrame) -> int:
    """The bytes of the files that a table's frame would read."""
    spark = frame.sparkSession
    jvm: Any = spark._jvm  # noqa: SLF001 - Python has no word for a file's size
    hadoop: Any = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
    paths = [jvm.org.apache.hadoop.fs.Path(file) for file in frame.inputFiles()]
    return sum(int(path.getFileSystem(hadoop).getFileStatus(path).getLen()) for path in paths)


def require(frame: DataFrame, *columns: str, table: Table) -> None:
    """Raise ContractBroken where the frame lacks a column that the table's merge needs."""
    if lacking := [name for name in columns if name not in frame.columns]:
        raise ContractBroken(
            f"the frame for table {table.name} lacks {', '.join(lacking)}; it has {', '.join(frame.columns)}",
            hint=f"every row needs its key {table.key} and, to be merged, its ordering {table.ordering}",
        )


def require_like(frame: DataFrame, stored: StructType, *, table: Table) -> None:
    """Raise ContractBroken where a merge would lose a stored column or change its type; further columns are added."""
    types = {field.name: field.dataType.simpleString() for field in frame.schema}
    wanted = {field.name: field.dataType.simpleString() for field in stored}
    wrong = [
        f"{name} {kind} ({types[name]} was given)" if name in types else f"{name} {kind} (missing)"
        for name, kind in wanted.items()
        if types.get(name) != kind
    ]
    if wrong:
        raise ContractBroken(
            f"the frame for table {table.name} does not fit what is stored; expected {', '.join(wrong)}",
            hint="give the frame every column of the table in its type; overwrite the table to change its schema",
        )


_TWICE = "two rows for key "
_KEY = re.compile(rf"lakehouse: {_TWICE}(\S+)")


def one_per_key(frame: DataFrame, table: Table) -> DataFrame:
    """The same rows; computing them fails where two have one key (:func:`named` makes the error ours).

    Left to themselves, Hudi keeps the row with the greater ordering value without a word, and Delta inserts both.
    """
    key = F.col(f"`{table.key}`")
    twice = F.count("*").over(Window.partitionBy(key)) > 1
    failure = F.raise_error(F.concat(F.lit(f"lakehouse: {_TWICE}"), key.cast("string")))
    return frame.withColumn(table.key, F.when(twice, failure.cast(frame.schema[table.key].dataType)).otherwise(key))


def named(table: Table, write: Callable[[], object]) -> None:
    """Write, and raise ContractBroken where that failed for two rows of one key."""
    try:
        write()
    except Exception as error:
        # Spark wraps what an expression raised in errors of its own, as many deep as the format has layers.
        if found := _KEY.search(str(error)):
            raise ContractBroken(
                f"the frame for table {table.name} has {_TWICE}{table.key} = {found[1]}; expected one row per key",
                hint=f"keep the row with the greatest {table.ordering} of each key, e.g. lakehouse_core.cdc.newest",
            ) from None
        raise


def ordering_of(table: Table) -> str:
    """The ordering column; ContractBroken for a table that was declared without one."""
    if table.ordering is None:
        raise ContractBroken(
            f"table {table.name} has no ordering column, so a merge could not tell new from old",
            hint="overwrite it whole, or declare Table.ordering",
        )
    return table.ordering


def missing(table: Table) -> TableMissing:
    """The error for a table that was never written."""
    return TableMissing(f"table {table.name} has never been written at {table.location}", hint="lakehouse run")


def known(commit: str, history: list[Commit], table: Table) -> Commit:
    """The commit of that id; CommitUnknown with what there is otherwise."""
    for candidate in history:
        if candidate.id == commit:
            return candidate
    there = f"{history[0].id} to {history[-1].id}" if history else "none"
    raise CommitUnknown(
        f"table {table.name} has no readable commit {commit!r}; there are {len(history)}: {there}",
        hint=f"lakehouse history {table.name}; older commits are gone once the table was cleaned",
    )


def _nullable(kind: DataType) -> DataType:
    if isinstance(kind, StructType):
        return StructType([StructField(f.name, _nullable(f.dataType)) for f in kind])
    if isinstance(kind, ArrayType):
        return ArrayType(_nullable(kind.elementType))
    if isinstance(kind, MapType):
        return MapType(kind.keyType, _nullable(kind.valueType))
    return kind


def remove(spark: SparkSession, table: Table) -> Any:
    """Delete the table's folder; its Hadoop path."""
    jvm: Any = spark._jvm  # noqa: SLF001 - pyspark has no way to delete a file
    path = jvm.org.apache.hadoop.fs.Path(table.location)
    context: Any = spark.sparkContext
    path.getFileSystem(context._jsc.hadoopConfiguration()).delete(path, True)  # noqa: FBT003, SLF001
    return path
