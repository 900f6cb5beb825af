r"""Debezium's values as the text cells that :mod:`lakehouse_core.bronze.cells` types.

What is not of its column's form stays as it is, so that the reason in quarantine shows it.
"""

import re
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F

from lakehouse_core.bronze.cells import NOT_SENT, NULL
from lakehouse_core.contracts.model import Column

UNAVAILABLE = "__debezium_unavailable_value"

_NUMERIC = re.compile(r"numeric\(\d+,(\d+)\)")
_BASE64 = r"\A(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})\z"
_LONGEST_DECIMAL = 20  # 15 bytes, which hold 36 digits
_POSTGRES_TIME = r"\A(\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00( BC)?\z"


@dataclass(frozen=True)
class Handling:
    """How the connector was told to write values.

    ``decimal`` is ``decimal.handling.mode``: string, or precise (base64 of the unscaled value's bytes). The mode double
    loses digits and is not read.
    """

    decimal: Literal["string", "precise"] = "string"


STRING_DECIMALS = Handling()
"""``decimal.handling.mode=string``, as in the files of ``lakehouse replicate``."""


def cell(column: Column, after: Expression, handling: Handling) -> Expression:
    r"""A field of ``after`` as a text cell; ``\N`` for null, ``\U`` for a value that was not sent or a field not there.

    Args:
        column: the contract's column.
        after: the row, a map of texts by column.
        handling: how the connector wrote values.
    """
    value = F.try_element_at(after, F.lit(column.name))
    nothing = F.when(F.map_contains_key(after, column.name), NULL).otherwise(NOT_SENT)
    return F.coalesce(_text(column, value, handling), nothing)


def _text(column: Column, value: Expression, handling: Handling) -> Expression:
    if numeric := _NUMERIC.fullmatch(column.source_type):
        return value if handling.decimal == "string" else _unpacked(value, int(numeric[1]))
    match column.source_type:
        case "date":
            days = F.when(value.rlike(r"\A-?[0-9]{1,7}\z"), value.cast("int"))
            return F.coalesce(F.date_add(F.expr("date'1970-01-01'"), days).cast("string"), value)
        case "timestamptz":
            return _instant(value)
        case _ if column.may_be_unsent:
            return _plain(value)
        case _:
            return value


def _plain(value: Expression) -> Expression:
    r"""A text: the placeholder is ``\U``; one backslash less, or one more, where the text itself looks like a marker."""
    like = value.endswith(UNAVAILABLE) & value.rlike(rf"\A\\*{UNAVAILABLE}\z")
    marker = value.startswith("\\") & value.rlike(r"\A\\+[NU]\z")
    return (
        F.when(value == UNAVAILABLE, NOT_SENT)
        .when(like, value.substr(F.lit(2), F.length(value)))
        .when(marker, F.concat(F.lit("\\"), value))
        .otherwise(value)
    )


def _instant(value: Expression) -> Expression:
    """``2024-05-01T07:30:00.12Z`` as ``2024-05-01 07:30:00.120000``; whatever else as it is.

    Years that have not four digits are PostgreSQL's text in files of our own: those lose their offset.
    """
    size = F.length(value)
    time = F.concat(value.substr(1, 10), F.lit(" "), value.substr(F.lit(12), size - 12))
    iso = value.endswith("Z") & (value.substr(11, 1) == "T") & size.between(20, 27)
    whole = F.when(size == 20, F.concat(time, F.lit("."))).otherwise(time)
    at, fraction, era = (F.regexp_extract(value, _POSTGRES_TIME, group) for group in (1, 2, 3))
    odd = F.concat(at, F.rpad(F.concat(F.lit("."), fraction), 7, "0"), era)
    return (
        F.when(iso, F.rpad(whole, 26, "0"))
        .when(value.contains("+00") & value.rlike(_POSTGRES_TIME), odd)
        .otherwise(value)
    )


def _unpacked(value: Expression, scale: int) -> Expression:
    """The digits of a ``precise`` decimal: base64 of the big-endian two's complement of value x 10^scale.

    What is no base64, or longer than any decimal, stays as it is.
    """
    packed = F.hex(F.unbase64(value))
    size = (F.length(packed) / 2).cast("int")
    negative = packed.substr(1, 1) >= "8"

    def byte(at: Expression) -> Expression:
        return F.conv(packed.substr(2 * at - 1, F.lit(2)), 16, 10).cast("int")

    unscaled = F.aggregate(
        F.sequence(F.lit(1), size),
        F.when(negative, -1).otherwise(0).cast("decimal(38,0)"),
        lambda sum_, at: (sum_ * 256 + byte(at)).cast("decimal(38,0)"),
    ).cast("string")
    digits = F.translate(unscaled, "-", "")
    padded = F.when(F.length(digits) <= scale, F.lpad(digits, scale + 1, "0")).otherwise(digits)
    whole = padded.substr(F.lit(1), F.length(padded) - scale)
    point = F.concat(F.lit("."), padded.substr(F.length(padded) - scale + 1, F.lit(scale))) if scale else F.lit("")
    text = F.concat(F.when(negative, "-").otherwise(""), whole, point)
    return F.when((F.length(value) <= _LONGEST_DECIMAL) & value.rlike(_BASE64), text).otherwise(value)
