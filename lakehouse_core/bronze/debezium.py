r"""The Debezium wire: what a line of change events means.

A line is one Kafka record as a sink writes it to S3 (Aiven's S3 sink with ``format.output.type=jsonl`` and
``format.output.fields=key,headers,value``; ADR 0008)::

    {"key": {"id": 7}, "headers": [{"key": "...", "value": ...}], "value": {"before": ..., "after": ..., "op": "c", ...}}

``value`` is the envelope of Debezium's PostgreSQL connector (2.x and 3.x); key and value may each stand in Kafka's
``{"schema": ..., "payload": ...}``. Definition of its fields: Debezium, "Data change events". Expected are
``decimal.handling.mode`` string or precise (:class:`Handling`) and ``time.precision.mode`` adaptive, adaptive_time_microseconds
or microseconds, which agree on the contracts' types. JSON's own type is not looked at: 5 and "5" are the same cell.

=========================================  =====================================================================
record                                     becomes
=========================================  =====================================================================
``c``, ``r``                               I, of the change phase and of the load phase
``c`` with ``__debezium.oldkey``           a key change: D of the old key and I of the new one
``u``, ``d``, ``t``                        U, D, T
``__debezium_unavailable_value``, no field "not sent", where PostgreSQL may leave the column out
``d`` with ``__debezium.newkey``           nothing: its ``c`` says all (:func:`ignored` counts it)
tombstone (``"value": null``), ``m``       nothing (:func:`ignored` counts it)
everything else                            quarantine, with a reason
=========================================  =====================================================================

**What orders events.** Files of ``lakehouse replicate`` have the header ``lakehouse.position``: the commit's LSN and the
number in the transaction. Debezium's own do not say where the commit is; what they have is ``source.sequence``: the
commit before, which rises from transaction to transaction. Within a transaction ``transaction.total_order`` orders, where
``provide.transaction.metadata`` was on, else ``source.lsn``, which is enough for changes of one key. So these positions order
a key's changes and truncates, but compare only among themselves (not with a mix of both settings, not with an LSN of the
source), and rows of an incremental snapshot, which have no LSN, cannot be ordered at all: they go to quarantine.
A sink that drops headers makes a key change a plain delete and a plain insert; a value that was not sent is then lost to
quarantine, because nothing says whose it was.

Every function takes the frame that ``spark.read.options(**READ_OPTIONS).text(...)`` gives, with a column ``_file`` added by the
caller. What Spark does not see, an object of 0 bytes or a whole line less, shows in the manifest's counts and hashes.
"""

from types import MappingProxyType

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_core.bronze.cells import NULL, Bronze, Cells, bronze_of
from lakehouse_core.bronze.debezium_values import STRING_DECIMALS, UNAVAILABLE, Handling, cell
from lakehouse_core.contracts.envelope import FILE, Op, Phase
from lakehouse_core.contracts.model import Contract

READ_OPTIONS = MappingProxyType({"lineSep": "\n"})
LINE = "value"
"""The column of the text reader."""

POSITION_HEADER = "lakehouse.position"
TIME_HEADER = "lakehouse.time"
NEW_KEY_HEADER = "__debezium.newkey"
OLD_KEY_HEADER = "__debezium.oldkey"

_EVENT = (
    "op: string, after: map<string,string>, "
    "source: struct<schema: string, table: string, lsn: string, sequence: string, ts_ms: string, ts_us: string>, "
    "transaction: struct<total_order: string>"
)
_RECORDS = (
    "array<struct<key: string, headers: array<struct<key: string, value: string>>, "
    f"value: struct<{_EVENT}, payload: struct<{_EVENT}>>>>"
)
_OPS = {"c": Op.INSERT, "r": Op.INSERT, "u": Op.UPDATE, "d": Op.DELETE, "t": Op.TRUNCATE}
_WITH_ROW = ("c", "r", "u")
_STREAM_POSITION = r"\A[0-9A-F]{16}\.[0-9A-F]{8}\z"
_DAY_MICROS = 86_400_000_000


def rows(raw: DataFrame, contract: Contract, epoch: int, handling: Handling = STRING_DECIMALS) -> Bronze:
    """Type the events of one table's topic; events of another table go to quarantine.

    Args:
        raw: lines, and ``_file``.
        contract: the table's contract.
        epoch: the epoch of the files.
        handling: how the connector wrote values.
    """
    taken = _records(raw).where(F.col("_kind").isNull()).withColumn("_at", _position(epoch))
    names = tuple(f"_v{at}" for at in range(len(contract.columns)))
    key_at = contract.column_names.index(contract.key)
    key, old_key = _key(F.col("_key"), contract), _key(F.col("_old"), contract)
    cells = [cell(column, F.col("_event.after"), handling) for column in contract.columns]
    in_after = cells[key_at]
    cells[key_at] = F.coalesce(key, F.lit(NULL))
    framed = taken.select(
        _op(old_key).alias("_c0"),
        _time().alias("_c1"),
        *(each.alias(name) for each, name in zip(cells, names, strict=True)),
        F.coalesce(old_key, F.lit("")).alias("_old_key_cell"),
        F.col(LINE).alias("_line"),
        F.col("_at"),
        F.coalesce(_mine(contract) & F.col("_at").isNotNull() & ~F.col("_headless"), F.expr("false")).alias("_shaped"),
        _fault(contract, key, in_after).alias("_fault"),
        F.col(FILE),
    )
    return bronze_of(
        framed,
        contract,
        Cells(
            op=F.col("_c0"),
            clock="_c1",
            values=names,
            old_key="_old_key_cell",
            position=F.col("_at"),
            shape=F.col("_shaped"),
            ops=tuple(dict.fromkeys(_OPS.values())),
            raw=("_c0", "_c1", *names, "_old_key_cell", "_line"),
            fault="_fault",
            old_key_name=OLD_KEY_HEADER,
        ),
    )


def ignored(raw: DataFrame) -> DataFrame:
    """How many records carry no change, so that every line is accounted for.

    Shape: one row per kind (tombstone, moved: the first half of a key change, message); columns kind, rows.
    """
    kinds = _records(raw).where(F.col("_kind").isNotNull())
    return kinds.groupBy(F.col("_kind").alias("kind")).agg(F.count("*").alias("rows"))


def tables(raw: DataFrame) -> DataFrame:
    """How many events belong to which table, so that events of tables without a contract are seen.

    Shape: one row per (schema, table) as written; columns schema, table (NULL where a line says none), rows.
    """
    source = F.col("_event.source")
    events = _records(raw).where(F.col("_kind").isNull())
    grouped = events.groupBy(source["schema"].alias("schema"), source["table"].alias("table"))
    return grouped.agg(F.count("*").alias("rows"))


def _records(raw: DataFrame) -> DataFrame:
    """Each line with its parts.

    Columns: the line; ``_event``; ``_key`` (JSON); ``_kind``, why it carries no change (NULL if it does); and of the
    headers ``_old`` (JSON), ``_place`` and ``_said`` (the business time); ``_headless`` if there are headers that are no
    array of (key, value): what they say is then not known. A line is read as the only element of an array: whatever follows its object makes it unreadable.
    """
    line = F.col(LINE)
    parsed = F.from_json(F.concat(F.lit("["), line, F.lit("]")), _RECORDS)
    # Exploded, not indexed: the optimizer moves a condition on what is in a record below the column that parses it,
    # and then parses each line dozens of times, but nothing below an explode.
    alone = F.when(F.size("_all") == 1, F.col("_all"))
    record = raw.withColumn("_all", parsed).select("*", F.explode_outer(alone).alias("_one"))
    value, payload = F.col("_one.value"), F.col("_one.value.payload")
    event = F.struct(
        *(F.coalesce(payload[name], value[name]).alias(name) for name in ("op", "after", "source", "transaction"))
    )
    # A value that is no object is NULL in what was parsed, as one that is null or not there at all.
    empty = F.expr("array_contains(json_object_keys(value), 'value')") & F.get_json_object(line, "$.value").isNull()
    kind = (
        F.when(F.col("_one").isNotNull() & value.isNull() & empty, "tombstone")
        .when((F.col("_event.op") == "d") & _header(NEW_KEY_HEADER).isNotNull(), "moved")
        .when(F.col("_event.op") == "m", "message")
    )
    headed = record.withColumns({"_event": event, "_key": F.col("_one.key"), "_headers": F.col("_one.headers")})
    return headed.select(
        LINE,
        "_event",
        "_key",
        kind.alias("_kind"),
        _header(OLD_KEY_HEADER).alias("_old"),
        _header(POSITION_HEADER).alias("_place"),
        _header(TIME_HEADER).alias("_said"),
        (F.col("_headers").isNull() & F.get_json_object(line, "$.headers").isNotNull()).alias("_headless"),
        FILE,
    )


def _header(name: str) -> Expression:
    """The first header of that name, NULL if there is none."""
    return F.try_element_at(F.filter("_headers", lambda header: header["key"] == name), F.lit(1))["value"]


def _key(record_key: Expression, contract: Contract) -> Expression:
    """The contract's key in a record's key: its text, the JSON itself where it has no such field, NULL without a key."""
    inner = F.get_json_object(record_key, f"$.payload.{contract.key}")
    return F.coalesce(F.get_json_object(record_key, f"$.{contract.key}"), inner, record_key)


def _mine(contract: Contract) -> Expression:
    source = F.col("_event.source")
    return (source["schema"] == contract.schema) & (source["table"] == contract.table)


def _op(old_key: Expression) -> Expression:
    """The envelope's op; what is unknown stays as it is. An insert that names an old key is an update that moved."""
    op = F.col("_event.op")
    known = F.when((op == "c") & old_key.isNotNull(), str(Op.UPDATE))
    for letter, meaning in _OPS.items():
        known = known.when(op == letter, str(meaning))
    return known.otherwise(op)


def _time() -> Expression:
    """The business time as text: what the header says, else ``source.ts_us``, else ``source.ts_ms``."""
    source = F.col("_event.source")
    micros = F.coalesce(_integer(source["ts_us"]), _integer(source["ts_ms"]) * 1000)
    rest = F.pmod(micros, F.lit(_DAY_MICROS))
    day = F.expr("date'1970-01-01'")
    return F.coalesce(
        F.col("_said"),
        F.concat(
            F.date_add(day, ((micros - rest) / _DAY_MICROS).cast("int")).cast("string"),
            F.format_string(
                " %02d:%02d:%02d.%06d",
                F.floor(rest / 3_600_000_000),
                F.floor(rest / 60_000_000) % 60,
                F.floor(rest / 1_000_000) % 60,
                rest % 1_000_000,
            ),
        ),
        F.lit(""),
    )


def _position(epoch: int) -> Expression:
    source, order = F.col("_event.source"), _integer(F.col("_event.transaction.total_order"))
    lsn = _integer(source["lsn"])
    before = F.from_json(source["sequence"], "array<string>")
    last_commit = F.when(F.size(before) == 2, F.coalesce(_integer(before[0]), F.lit(0).cast("bigint")))
    changes, loads = f"{epoch:04d}.{Phase.CHANGE:d}.", f"{epoch:04d}.{Phase.LOAD:d}."
    placed = F.concat(F.lit(changes), F.when(F.col("_place").rlike(_STREAM_POSITION), F.col("_place")))
    within = F.coalesce(_hex(order, 8), _hex(lsn, 16))
    told = F.concat(F.lit(changes), _hex(last_commit, 16), F.lit("."), within)
    loaded = F.concat(F.lit(loads), _hex(lsn, 16), F.lit(".00000000"))
    return F.when(F.col("_event.op") == "r", loaded).otherwise(F.when(F.col("_place").isNull(), told).otherwise(placed))


def _hex(number: Expression, digits: int) -> Expression:
    return F.lpad(F.hex(number), digits, "0")


def _integer(text: Expression) -> Expression:
    return F.when(text.rlike(r"\A-?[0-9]{1,18}\z"), text.cast("bigint"))


def _fault(contract: Contract, key: Expression, in_after: Expression) -> Expression:
    """What makes the event none of the table: a struct of rule and reason; the first that is found."""
    op, source = F.col("_event.op"), F.col("_event.source")
    known = op.isin(*_OPS)
    shown = F.concat(F.lit("'"), F.substring(F.coalesce(op, F.lit("")), 1, 60), F.lit("'"))
    table = F.concat_ws(".", source["schema"], source["table"])
    verdicts = (
        (
            (source.isNull() & op.isNull()) | F.col("_headless"),
            "shape",
            F.lit("the line is not one JSON object with key, headers and value (Debezium's envelope)"),
        ),
        (
            ~F.coalesce(known, F.expr("false")),
            "op_known",
            F.concat(F.lit("op: "), shown, F.lit(f" is none of {', '.join(_OPS)}, m")),
        ),
        (
            ~F.coalesce(_mine(contract), F.expr("false")),
            "table_known",
            F.concat(F.lit(f"the topic of {contract.schema}.{contract.table} has an event of '"), table, F.lit("'")),
        ),
        (
            F.col("_at").isNull(),
            "ordered",
            F.lit("nothing orders the event: it has no source.sequence, or no source.lsn if a snapshot read it"),
        ),
        ((op != "t") & F.col("_key").isNull(), "key_present", F.lit("the event has no key")),
        (
            op.isin(*_WITH_ROW) & F.col("_event.after").isNull(),
            "after_present",
            F.concat(F.lit("the event of op "), shown, F.lit(" has no after")),
        ),
        (
            op.isin(*_WITH_ROW) & ~in_after.eqNullSafe(key),
            "key_agrees",
            F.concat(F.lit("the record's key is "), key, F.lit(f", {contract.key} in after is "), in_after),
        ),
    )
    found = F.lit(None).cast("struct<rule: string, reason: string>")
    for broken, rule, reason in reversed(verdicts):
        found = F.when(broken, F.struct(F.lit(rule).alias("rule"), reason.alias("reason"))).otherwise(found)
    return found


__all__ = ["LINE", "READ_OPTIONS", "UNAVAILABLE", "Bronze", "Handling", "ignored", "rows", "tables"]
