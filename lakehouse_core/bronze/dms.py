r"""The DMS wire: what a CSV row means.

Definition of the wire: AWS DMS, "Using Amazon S3 as a target", with these settings: Rfc4180, IncludeOpForFullLoad,
a timestamp column, CsvNullValue ``\N``, CsvNoSupValue ``\U``, and three trailing columns from table mappings:
AR_H_CHANGE_SEQ, BI_<key> (the key before an update that changed it) and AR_H_STREAM_POSITION.

A text that itself looks like a marker (backslashes, then N or U) carries one more backslash on the wire.

Every function takes the all-string frame that ``spark.read.options(**READ_OPTIONS).schema(...).csv(...)`` gives,
with a column ``_file`` added by the caller, and returns a :class:`~lakehouse_core.bronze.cells.Bronze`.
Spark reads an object of 0 bytes and a gzip of nothing as no rows, and bytes that are not UTF-8 as U+FFFD, without
an error: whoever lists the objects checks sizes, hashes and row counts before.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse_core.bronze.cells import Bronze, Cells, bronze_of
from lakehouse_core.contracts.envelope import FILE, Op, Phase, position
from lakehouse_core.contracts.model import Contract

CORRUPT = "_corrupt"
"""Holds the text of a row with too few or too many cells, in layouts where every row has the same width."""

READ_OPTIONS = MappingProxyType(
    {
        "header": "false",
        "quote": '"',
        "escape": '"',
        "multiLine": "true",
        # No cell can be NUL (PostgreSQL has none), so no text is taken for NULL: a cell is NULL in Spark only if
        # nothing at all stood there, and "" stays ''. Both mean the empty text; NULL is \N.
        "nullValue": "\u0000",
        "encoding": "UTF-8",
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": CORRUPT,
    }
)
HEADER_READ_OPTIONS = MappingProxyType(
    # With enforceSchema off Spark compares each file's header with the schema and refuses another order or name.
    {**READ_OPTIONS, "header": "true", "enforceSchema": "false"}
)

_FAULT, _MISSING = "_fault", "_missing"
_STREAM_POSITION = r"\A[0-9A-F]{16}\.[0-9A-F]{8}\z"
_CHANGE_SEQUENCE = r"\A[0-9]{35}\z"
_LOAD_OPS = (Op.INSERT,)
_CHANGE_OPS = (Op.INSERT, Op.UPDATE, Op.DELETE, Op.TRUNCATE)


Columns = Sequence[str]
"""The columns that a table's files have, in order; () if they are exactly its contract's.

What they have beyond the contract is left alone. Rows that lack a column of the contract go to quarantine.
"""


def load_schema(contract: Contract, columns: Columns = (), *, stream_position: bool = True) -> StructType:
    """The schema of LOAD files: Op, timestamp, the columns, the trailing columns, and ``_corrupt``; all text."""
    width = len(columns or contract.columns)
    return _strings([*_numbered(2 + width + _trailing(stream_position)), CORRUPT])


def transaction_schema(contracts: Iterable[Contract], widest: int = 0, *, stream_position: bool = True) -> StructType:
    """The schema of CDC_TXN files, wide enough for a row of the widest table and one cell too many; all text.

    ``widest`` is the number of columns of the widest table, where it has more than its contract.
    """
    widest = max(widest, *(len(contract.columns) for contract in contracts))
    return _strings(_numbered(4 + widest + _trailing(stream_position) + 1))


def table_schema(
    contract: Contract, timestamp_column: str, columns: Columns = (), *, stream_position: bool = True
) -> StructType:
    """The schema of a table's own change files, under the names that their header must have; all text."""
    beyond_dms = [f"BI_{contract.key}", "AR_H_STREAM_POSITION"] if stream_position else []
    names = columns or contract.column_names
    return _strings(["Op", timestamp_column, *names, "AR_H_CHANGE_SEQ", *beyond_dms, CORRUPT])


def load_rows(raw: DataFrame, contract: Contract, epoch: int, load_lsn: int, columns: Columns = ()) -> Bronze:
    """Type the rows of a full load; all stand at one position, that of the snapshot.

    Args:
        raw: LOAD files read with :func:`load_schema` (those with a header: with :data:`HEADER_READ_OPTIONS` and
            :func:`table_schema`), and ``_file``.
        contract: the table's contract.
        epoch: the load's epoch.
        load_lsn: the LSN at which the snapshot is consistent.
        columns: those of the files (:data:`Columns`).
    """
    missing = _missing(contract, columns)
    raw = _with_missing(_by_number(raw), contract, missing)
    cells = Cells(
        op=F.col("_c0"),
        clock="_c1",
        values=_values(contract, columns, first=2),
        old_key=None,
        position=F.lit(position(epoch, Phase.LOAD, load_lsn, 0)),
        shape=F.col(CORRUPT).isNull(),
        ops=_LOAD_OPS,
        raw=_kept([name for name in raw.columns if name.startswith("_c") and name != CORRUPT], missing),
        fault=_FAULT if missing else None,
    )
    return bronze_of(raw, contract, cells)


def transaction_rows(
    raw: DataFrame, contract: Contract, epoch: int, columns: Columns = (), *, stream_position: bool = True
) -> Bronze:
    """Type the rows of one table out of CDC_TXN files, in which tables of different widths alternate.

    A row has the right width exactly if its position (never empty) stands at its place and nothing after it.

    Args:
        raw: CDC_TXN files read with :func:`transaction_schema`, and ``_file``.
        contract: the contract of the table whose rows are taken; the others are left alone.
        epoch: the epoch of the changes.
        columns: as in :func:`load_rows`.
        stream_position: False for what AWS DMS itself writes: the last column is AR_H_CHANGE_SEQ, which orders the
            changes then (its positions compare only among themselves and with loads), and the key that a row had
            before an update is not there, since DMS has before-images for Kinesis and Kafka only.
    """
    mine = (F.col("_c1") == contract.table) & (F.col("_c2") == contract.schema)
    return _change_rows(raw.where(mine), contract, epoch, columns, first=4, stream_position=stream_position)


def table_rows(
    raw: DataFrame, contract: Contract, epoch: int, columns: Columns = (), *, stream_position: bool = True
) -> Bronze:
    """Type the rows of a table's own change files.

    Args:
        raw: the files read with :data:`HEADER_READ_OPTIONS` and :func:`table_schema`, and ``_file``.
        contract: the table's contract.
        epoch: the epoch of the changes.
        columns: as in :func:`load_rows`.
        stream_position: as in :func:`transaction_rows`.
    """
    return _change_rows(_by_number(raw), contract, epoch, columns, first=2, stream_position=stream_position)


def transaction_tables(raw: DataFrame) -> DataFrame:
    """How many rows of CDC_TXN files belong to which table, so that rows of tables without a contract are seen.

    Shape: one row per (schema, table) as written; columns schema, table (text, NULL where the row was cut), rows.
    """
    return raw.groupBy(F.col("_c2").alias("schema"), F.col("_c1").alias("table")).agg(F.count("*").alias("rows"))


def _change_rows(
    raw: DataFrame, contract: Contract, epoch: int, columns: Columns, *, first: int, stream_position: bool
) -> Bronze:
    missing = _missing(contract, columns)
    raw = _with_missing(raw, contract, missing)
    after = first + len(columns or contract.columns)
    end = after + _trailing(stream_position)
    all_cells = [name for name in raw.columns if name.startswith("_c") and name != CORRUPT]
    order_cell = F.col(f"_c{end - 1}")
    shape = order_cell.rlike(_STREAM_POSITION if stream_position else _CHANGE_SEQUENCE)
    for surplus in all_cells[end:]:
        shape &= F.col(surplus).isNull()
    if CORRUPT in raw.columns:
        shape &= F.col(CORRUPT).isNull()
    shape = F.coalesce(shape, F.expr("false"))
    cells = Cells(
        op=F.col("_c0"),
        clock=f"_c{first - 1}",
        values=_values(contract, columns, first=first),
        old_key=f"_c{after + 1}" if stream_position else None,
        position=F.when(shape, F.concat(F.lit(f"{epoch:04d}.{Phase.CHANGE:d}."), order_cell)),
        shape=shape,
        ops=_CHANGE_OPS,
        raw=_kept(all_cells[: end + 1], missing),
        fault=_FAULT if missing else None,
    )
    return bronze_of(raw, contract, cells)


def _missing(contract: Contract, columns: Columns) -> list[str]:
    """The contract's columns that the files lack."""
    return [name for name in contract.column_names if columns and name not in columns]


def _kept(cells: Sequence[str], missing: Sequence[str]) -> tuple[str, ...]:
    """The cells that quarantine keeps, and the one that stands for what is missing if anything is."""
    return (*cells, _MISSING) if missing else tuple(cells)


def _with_missing(raw: DataFrame, contract: Contract, missing: Sequence[str]) -> DataFrame:
    """The rows, and if they lack a column, what stands for it and the fault that this is."""
    if not missing:
        return raw
    told = f"{contract.schema}.{contract.table} had no column {', '.join(missing)} when the row was written"
    with_row = F.col("_c0").isin(str(Op.INSERT), str(Op.UPDATE))
    fault = F.when(with_row, F.struct(F.lit("columns_present").alias("rule"), F.lit(told).alias("reason")))
    return raw.withColumns({_MISSING: F.lit(None).cast("string"), _FAULT: fault})


def _values(contract: Contract, columns: Columns, *, first: int) -> tuple[str, ...]:
    """The cells of the contract's columns, in its order."""
    names = tuple(columns or contract.column_names)
    return tuple(f"_c{first + names.index(name)}" if name in names else _MISSING for name in contract.column_names)


def _by_number(raw: DataFrame) -> DataFrame:
    """The cells of files with one row width under the names ``_c0``, ``_c1`` ..., whatever their header calls them."""
    named = [name for name in raw.columns if name not in (CORRUPT, FILE)]
    return raw.select(*(F.col(f"`{name}`").alias(f"_c{index}") for index, name in enumerate(named)), CORRUPT, FILE)


def _trailing(stream_position: bool) -> int:  # noqa: FBT001 - private, always named by its only meaning
    return 3 if stream_position else 1


def _numbered(width: int) -> list[str]:
    return [f"_c{index}" for index in range(width)]


def _strings(names: Iterable[str]) -> StructType:
    return StructType([StructField(name, StringType()) for name in names])


__all__ = [
    "CORRUPT",
    "HEADER_READ_OPTIONS",
    "READ_OPTIONS",
    "Bronze",
    "load_rows",
    "load_schema",
    "table_rows",
    "table_schema",
    "transaction_rows",
    "transaction_schema",
    "transaction_tables",
]
