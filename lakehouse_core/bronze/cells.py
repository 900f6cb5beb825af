r"""Typing of text cells, whatever layout they came in: a value, or the reason why there is none.

Nothing is left to Spark's own leniency: a text must match the type's pattern as PostgreSQL prints it *and* pass
``try_cast``, which follows ANSI rules whether ``spark.sql.ansi.enabled`` is set or not. So NaN, infinity, BC, 24:00:00,
too many digits and a finer scale are reasons, never NULLs or rounded values.
"""

import re
from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts.envelope import BUSINESS_TIME, FILE, OLD_KEY, OP, POSITION, UNSENT, Op
from lakehouse_core.contracts.model import Column, Contract

NULL = r"\N"
NOT_SENT = r"\U"

RULE = "_rule"
REASON = "_reason"
RAW = "_raw"
KEY = "_key"

_DAY = r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PATTERNS = {
    "bigint": r"-?[0-9]{1,19}",
    "integer": r"-?[0-9]{1,10}",
    "boolean": "true|false",
    "date": _DAY,
    "timestamptz": _DAY + r" [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?",
}
_TYPES = {"integer": "int"}
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_LOOKS_LIKE_A_MARKER = r"\A\\+[NU]\z"


@dataclass(frozen=True)
class Bronze:
    """What raw rows of one table mean.

    ``changes`` is an envelope frame (one row per change, a key change is two), ``quarantine`` one row per raw row
    that could not be taken as it is (entity, key, _position, rule, reason, raw, _file; raw is a JSON array of the
    cells). A quarantined row whose key and position are known is also a change, with ``_op`` Q.
    Both are views of ``parsed`` (one row per raw row): persist that, and the text is parsed once.
    """

    parsed: DataFrame
    changes: DataFrame
    quarantine: DataFrame


@dataclass(frozen=True)
class Cells:
    """Where things are in a raw row: cell names, and expressions over them.

    ``shape`` holds if the row has the right number of cells; ``ops`` are the operations the layout may carry;
    ``raw`` names the cells that are kept as text when the row goes to quarantine. ``fault`` names a
    cell in which the layout says itself what is wrong with a row (a struct of rule and reason, NULL if nothing is); that
    comes before all else. ``old_key_name`` is what a reason calls the old key (None: ``BI_<key>``).
    """

    op: Expression
    clock: str
    values: tuple[str, ...]
    old_key: str | None
    position: Expression
    shape: Expression
    ops: tuple[Op, ...]
    raw: tuple[str, ...]
    fault: str | None = None
    old_key_name: str | None = None


def bronze_of(raw: DataFrame, contract: Contract, cells: Cells) -> Bronze:
    """Type every cell of the raw rows and part good rows from bad ones; lazy, no action."""
    parsed = _parsed(_judged(_typed(raw, contract, cells), contract, cells), contract)
    return Bronze(parsed, _changes(parsed, contract, splits=cells.old_key is not None), _quarantine(parsed, contract))


def _typed(raw: DataFrame, contract: Contract, cells: Cells) -> DataFrame:
    """Each cell as its type (NULL where it is not of it), beside the cells themselves."""
    old_key = F.lit(None).cast("bigint")
    if cells.old_key is not None:
        old_key = _value(contract.column(contract.key), cells.old_key)
    return raw.select(
        *cells.raw,
        *(() if cells.fault is None else (cells.fault,)),
        F.coalesce(cells.op, F.lit("")).alias(OP),
        cells.position.alias(POSITION),
        _value(Column("_", "timestamptz"), cells.clock).alias(BUSINESS_TIME),
        old_key.alias(OLD_KEY),
        cells.shape.alias("_shape"),
        *(_value(column, cell).alias(column.name) for column, cell in zip(contract.columns, cells.values, strict=True)),
        F.col(FILE),
    )


def _judged(typed: DataFrame, contract: Contract, cells: Cells) -> DataFrame:
    """Add the rule that a row breaks (NULL if none) and why."""
    op = F.col(OP)
    carries_row = op.isin(str(Op.INSERT), str(Op.UPDATE))
    faults = [_fault(column, cell, op) for column, cell in zip(contract.columns, cells.values, strict=True)]
    old_key_fault = F.lit(None).cast("string")
    if cells.old_key is not None:
        old = F.col(cells.old_key)
        named = (op == Op.UPDATE) & old.isNotNull() & ~old.isin("", NULL)
        name = cells.old_key_name or f"BI_{contract.key}"
        old_key_fault = F.when(named & F.col(OLD_KEY).isNull(), _quoted(name, old, contract.column(contract.key)))
    clock = F.col(cells.clock)
    clock_fault = F.when(F.col(BUSINESS_TIME).isNull(), _quoted("timestamp", clock, Column("_", "timestamptz")))
    typing = F.concat_ws("; ", clock_fault, old_key_fault, *(F.when(carries_row, fault) for fault in faults))
    known = op.isin(*(str(each) for each in cells.ops))
    keyless = F.col(contract.key).isNull() & (op != Op.TRUNCATE)
    key_cell = cells.values[contract.column_names.index(contract.key)]
    verdicts = (
        (~F.col("_shape"), "shape", F.lit("the row has too few or too many cells")),
        (~known, "op_known", F.concat(F.lit("Op: "), _shown(op), F.lit(f" is none of {', '.join(cells.ops)}"))),
        (keyless, "key_present", _quoted(contract.key, F.col(key_cell), contract.column(contract.key))),
        (F.col("_typing") != "", "typed", F.col("_typing")),
    )
    rule = reason = F.lit(None).cast("string")
    for broken, name, why in reversed(verdicts):
        rule = F.when(broken, F.lit(f"{contract.entity}.{name}")).otherwise(rule)
        reason = F.when(broken, why).otherwise(reason)
    if cells.fault is not None:
        own = F.col(cells.fault)
        rule = F.when(own.isNotNull(), F.concat(F.lit(f"{contract.entity}."), own["rule"])).otherwise(rule)
        reason = F.when(own.isNotNull(), own["reason"]).otherwise(reason)
    text = F.to_json(F.array(*(F.col(cell) for cell in cells.raw)))
    return (
        typed.withColumn("_typing", typing)
        .withColumns({RULE: rule, REASON: reason})
        .withColumn(RAW, F.when(F.col(RULE).isNotNull(), text))
        .withColumn("_not_sent", _not_sent(contract, cells))
    )


def _parsed(judged: DataFrame, contract: Contract) -> DataFrame:
    """One row per raw row: the envelope it becomes (``_op`` NULL if none) and what is wrong with it."""
    bad = F.col(RULE).isNotNull()
    # The cells of a row of the wrong width may be anybody's: neither its key nor its position is trusted.
    addressed = F.col("_shape") & F.col(contract.key).isNotNull()
    op = F.when(~bad, F.col(OP)).when(addressed, F.lit(str(Op.QUARANTINE)))
    whole = ~bad & F.col(OP).isin(str(Op.INSERT), str(Op.UPDATE))
    moved = (F.col(OP) == Op.UPDATE) & (F.col(OLD_KEY) != F.col(contract.key)) & F.col("_shape")
    nothing = F.array().cast("array<string>")
    return judged.select(
        op.alias(OP),
        F.when(F.col("_shape"), F.col(POSITION)).alias(POSITION),
        F.col(BUSINESS_TIME),
        F.when(whole, F.col("_not_sent")).otherwise(nothing).alias(UNSENT),
        F.when(moved, F.col(OLD_KEY)).alias(OLD_KEY),
        F.when(F.col("_shape") & (F.col(OP) != Op.TRUNCATE), F.col(contract.key)).alias(KEY),
        *(F.when(whole, F.col(name)).alias(name) for name in contract.column_names if name != contract.key),
        RULE,
        REASON,
        RAW,
        FILE,
    )


def _changes(parsed: DataFrame, contract: Contract, *, splits: bool) -> DataFrame:
    """The envelope rows; an update that changed the key is D of the old key and I of the new one."""
    rows = parsed.where(F.col(OP).isNotNull())
    leaving: Expression = F.expr("false")
    if splits:
        halves = F.when(F.col(OLD_KEY).isNotNull(), F.array(F.expr("true"), F.expr("false")))
        rows = rows.withColumn("_leaving", F.explode(F.coalesce(halves, F.array(F.expr("false")))))
        leaving = F.col("_leaving")
    arriving = ~leaving & (F.col(OP) == Op.UPDATE) & F.col(OLD_KEY).isNotNull()
    op = F.when(leaving, F.lit(str(Op.DELETE))).when(arriving, F.lit(str(Op.INSERT))).otherwise(F.col(OP))
    return rows.select(
        *(
            F.when(leaving, F.col(OLD_KEY)).otherwise(F.col(KEY)).alias(name)
            if name == contract.key
            else F.when(~leaving, F.col(name)).alias(name)
            for name in contract.column_names
        ),
        op.alias(OP),
        POSITION,
        BUSINESS_TIME,
        F.when(leaving, F.array().cast("array<string>")).otherwise(F.col(UNSENT)).alias(UNSENT),
        F.when(arriving, F.col(OLD_KEY)).alias(OLD_KEY),
        FILE,
    )


def _quarantine(parsed: DataFrame, contract: Contract) -> DataFrame:
    return parsed.where(F.col(RULE).isNotNull()).select(
        F.lit(contract.entity).alias("entity"),
        F.col(KEY).alias("key"),
        POSITION,
        F.col(RULE).alias("rule"),
        F.col(REASON).alias("reason"),
        F.col(RAW).alias("raw"),
        FILE,
    )


def _value(column: Column, cell: str) -> Expression:
    """The cell as the column's type; NULL for a marker and for what is not of the type."""
    text = F.col(cell)
    pattern = _pattern(column)
    if pattern is None:
        # Both an unquoted nothing and "" are the empty text.
        plain = F.when(text.startswith("\\") & text.rlike(_LOOKS_LIKE_A_MARKER), F.expr(f"substring({cell}, 2)"))
        return F.when(text.isNull() | ~text.isin(NULL, NOT_SENT), F.coalesce(plain, text, F.lit("")))
    if column.source_type == "timestamptz":
        value = _instant(cell)
    else:
        target = _TYPES.get(column.source_type, column.source_type.replace("numeric", "decimal"))
        value = F.expr(f"try_cast({cell} as {target})")
    return F.when(text.rlike(rf"\A(?:{pattern})\z"), value)


def _instant(cell: str) -> Expression:
    """The instant of a text that has no zone and is UTC, whatever the session's zone is.

    By way of the time since 1970: Spark compiles two regular expressions for each text that ends in a zone.
    """
    since = f"try_cast({cell} as timestamp_ntz) - timestamp_ntz'1970-01-01 00:00:00'"
    return F.expr(f"timestamp_seconds(cast(cast({since} as interval second) as decimal(18,6)))")


def _pattern(column: Column) -> str | None:
    """What PostgreSQL prints for values of the type; None if every text is one."""
    if numeric := _NUMERIC.fullmatch(column.source_type):
        precision, scale = int(numeric[1]), int(numeric[2])
        fraction = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
        return rf"-?[0-9]{{1,{max(1, precision - scale)}}}{fraction}"
    return _PATTERNS.get(column.source_type)


def _fault(column: Column, cell: str, op: Expression) -> Expression:
    """Why the cell cannot stand in the column of an inserted or updated row; NULL if it can."""
    text = F.col(cell)
    missing = F.lit(f"{column.name}: not sent")
    sent_by_nobody = (op == Op.INSERT) if column.may_be_unsent else F.expr("true")
    fault = F.when((text == NOT_SENT) & sent_by_nobody, missing)
    if not column.nullable:
        fault = fault.when(text == NULL, F.lit(f"{column.name}: NULL where a value is required"))
    if _pattern(column) is None:
        return fault
    untyped = F.col(column.name).isNull() & (text.isNull() | ~text.isin(NULL, NOT_SENT))
    return fault.when(untyped, _quoted(column.name, text, column))


def _not_sent(contract: Contract, cells: Cells) -> Expression:
    names = [
        F.when(F.col(cell) == NOT_SENT, F.lit(column.name))
        for column, cell in zip(contract.columns, cells.values, strict=True)
        if column.may_be_unsent
    ]
    return F.array_compact(F.array(*names)) if names else F.array().cast("array<string>")


def _quoted(name: str, text: Expression, column: Column) -> Expression:
    return F.concat(F.lit(f"{name}: "), _shown(text), F.lit(f" is no {column.source_type}"))


def _shown(text: Expression) -> Expression:
    """At most 60 characters of a text, in quotation marks."""
    return F.concat(F.lit("'"), F.substring(F.coalesce(text, F.lit("")), 1, 60), F.lit("'"))
