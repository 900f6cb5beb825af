"""What a contract is made of: frozen values, no logic beyond naming a type."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

_SPARK_TYPES: dict[str, DataType] = {
    "bigint": LongType(),
    "integer": IntegerType(),
    "boolean": BooleanType(),
    "date": DateType(),
    "timestamptz": TimestampType(),
    "text": StringType(),
    "jsonb": StringType(),
}
_MAX_PRECISION = 38  # of Spark's decimals
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_VARCHAR = re.compile(r"varchar\(\d+\)")


@dataclass(frozen=True)
class Column:
    """One source column: its name, its PostgreSQL type, whether NULL may stand in it, whether it names a person."""

    name: str
    source_type: str
    nullable: bool = False
    pii: bool = False

    @property
    def spark_type(self) -> DataType:
        """The Spark type that holds every value of the PostgreSQL type that the contract allows."""
        if numeric := _NUMERIC.fullmatch(self.source_type):
            return DecimalType(int(numeric[1]), int(numeric[2]))
        if _VARCHAR.fullmatch(self.source_type):
            return StringType()
        return _SPARK_TYPES[self.source_type]

    @property
    def is_known(self) -> bool:
        """Whether the PostgreSQL type is one that a contract can hold."""
        if numeric := _NUMERIC.fullmatch(self.source_type):
            return int(numeric[2]) <= int(numeric[1]) <= _MAX_PRECISION
        return self.source_type in _SPARK_TYPES or _VARCHAR.fullmatch(self.source_type) is not None

    @property
    def may_be_unsent(self) -> bool:
        """Whether PostgreSQL may leave the column out of an update (unchanged TOAST)."""
        return self.source_type in ("text", "jsonb") or _VARCHAR.fullmatch(self.source_type) is not None


@dataclass(frozen=True)
class Derived:
    """One column that silver adds: its name, its Spark type as DDL text, what it says.

    ``of_row``: it follows from its row alone; otherwise from other rows too (an event's session).
    """

    name: str
    type: str
    describes: str
    of_row: bool = True


class Severity(StrEnum):
    """ERROR: the row cannot be typed or has no key, and goes to quarantine. WARNING: kept and flagged."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Predicate:
    """Holds for a row when the SQL expression over the entity's silver columns is true (NULL fails)."""

    sql: str


@dataclass(frozen=True)
class Unique:
    """Holds for a row when no other current row has the same values (rows with a NULL among them pass)."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """Holds for a row when the column is NULL or the key of a current row of the other entity."""

    column: str
    entity: str


@dataclass(frozen=True)
class Rule:
    """One quality rule as data: what it is called, what it checks, what a failure means."""

    id: str
    check: Predicate | Unique | Reference
    describes: str
    severity: Severity = Severity.WARNING


@dataclass(frozen=True)
class Contract:
    """One table's promise: names, grain, key, columns in physical order, columns that silver derives, rules.

    ``entity`` is the silver base table's name, ``view`` the reader's (current rows only).
    ``rows_hint`` is the order of magnitude at scale medium: the index is sized by it.
    """

    table: str
    entity: str
    view: str
    grain: str
    columns: tuple[Column, ...]
    derived: tuple[Derived, ...] = ()
    rules: tuple[Rule, ...] = ()
    schema: str = "public"
    key: str = "id"
    rows_hint: int = 1_000
    category_mapping: tuple[tuple[str, str], ...] = field(default=())

    @property
    def column_names(self) -> tuple[str, ...]:
        """The source columns in physical order."""
        return tuple(column.name for column in self.columns)

    @property
    def silver_names(self) -> tuple[str, ...]:
        """The columns of silver: the source's, then the derived ones."""
        return (*self.column_names, *(derived.name for derived in self.derived))

    @property
    def spark_schema(self) -> StructType:
        """The typed schema of the source columns."""
        return StructType([StructField(c.name, c.spark_type, c.nullable) for c in self.columns])

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where the contract has none."""
        return {column.name: column for column in self.columns}[name]
