"""Statements of Hive's DDL, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Name = tuple[str, str]
"""Database (empty: the context's) and name, in lower case."""
Field = tuple[str, str, str]
"""A column: name, Hive type, comment."""
Values = tuple[tuple[str, str], ...]
"""A partition's keys and values."""


@dataclass(frozen=True)
class CreateDatabase:
    """CREATE DATABASE."""

    name: str
    if_not_exists: bool
    comment: str = ""
    location: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    substatement: str = "CREATE_DATABASE"


@dataclass(frozen=True)
class DropDatabase:
    """DROP DATABASE."""

    name: str
    if_exists: bool
    cascade: bool
    substatement: str = "DROP_DATABASE"


@dataclass(frozen=True)
class AlterDatabase:
    """ALTER DATABASE ... SET DBPROPERTIES."""

    name: str
    properties: Mapping[str, str]
    substatement: str = "ALTER_DATABASE"


@dataclass(frozen=True)
class CreateTable:
    """CREATE EXTERNAL TABLE; formats are Hadoop's classes. ``buckets`` is -1 where rows are not clustered."""

    target: Name
    if_not_exists: bool
    external: bool
    columns: tuple[Field, ...]
    partition_keys: tuple[Field, ...]
    comment: str
    location: str
    serde: str
    input_format: str
    output_format: str
    serde_parameters: Mapping[str, str]
    properties: Mapping[str, str]
    clustered_by: tuple[str, ...] = ()
    buckets: int = -1
    substatement: str = "CREATE_TABLE"


@dataclass(frozen=True)
class Drop:
    """DROP TABLE or VIEW."""

    target: Name
    if_exists: bool
    view: bool
    substatement: str = "DROP_TABLE"


@dataclass(frozen=True)
class AddPartitions:
    """ALTER TABLE ADD PARTITION; each with its location, empty for the default."""

    target: Name
    if_not_exists: bool
    partitions: tuple[tuple[Values, str], ...]
    substatement: str = "ALTER_TABLE_ADD_PARTITION"


@dataclass(frozen=True)
class DropPartitions:
    """ALTER TABLE DROP PARTITION."""

    target: Name
    if_exists: bool
    partitions: tuple[Values, ...]
    substatement: str = "ALTER_TABLE_DROP_PARTITION"


@dataclass(frozen=True)
class RenamePartition:
    """ALTER TABLE PARTITION ... RENAME TO PARTITION."""

    target: Name
    old: Values
    new: Values
    substatement: str = "ALTER_TABLE_RENAME_PARTITION"


@dataclass(frozen=True)
class SetLocation:
    """ALTER TABLE [PARTITION ...] SET LOCATION."""

    target: Name
    partition: Values
    location: str
    substatement: str = "ALTER_TABLE_SET_LOCATION"


@dataclass(frozen=True)
class SetProperties:
    """ALTER TABLE SET TBLPROPERTIES."""

    target: Name
    properties: Mapping[str, str]
    substatement: str = "ALTER_TABLE_SET_TBLPROPERTIES"


@dataclass(frozen=True)
class ChangeColumns:
    """ALTER TABLE ADD or REPLACE COLUMNS, CHANGE COLUMN (``replaced`` is the column's old name)."""

    target: Name
    columns: tuple[Field, ...]
    replace: bool = False
    replaced: str = ""
    substatement: str = "ALTER_TABLE_ADD_COLUMNS"


@dataclass(frozen=True)
class ShowDatabases:
    """SHOW DATABASES [LIKE pattern]."""

    pattern: str = ""
    substatement: str = "SHOW_DATABASES"


@dataclass(frozen=True)
class ShowTables:
    """SHOW TABLES or VIEWS [IN database] [pattern]."""

    database: str
    pattern: str
    views: bool
    substatement: str = "SHOW_TABLES"


@dataclass(frozen=True)
class ShowPartitions:
    """SHOW PARTITIONS."""

    target: Name
    substatement: str = "SHOW_PARTITIONS"


@dataclass(frozen=True)
class ShowColumns:
    """SHOW COLUMNS."""

    target: Name
    substatement: str = "SHOW_COLUMNS"


@dataclass(frozen=True)
class ShowProperties:
    """SHOW TBLPROPERTIES table [(name)]."""

    target: Name
    name: str = ""
    substatement: str = "SHOW_TBLPROPERTIES"


@dataclass(frozen=True)
class ShowCreate:
    """SHOW CREATE TABLE or VIEW."""

    target: Name
    view: bool
    substatement: str = "SHOW_CREATE_TABLE"


@dataclass(frozen=True)
class Describe:
    """DESCRIBE [EXTENDED | FORMATTED] table [column]."""

    target: Name
    column: str = ""
    substatement: str = "DESCRIBE_TABLE"


@dataclass(frozen=True)
class Repair:
    """MSCK REPAIR TABLE."""

    target: Name
    substatement: str = "MSCK_REPAIR_TABLE"


Ddl = (
    CreateDatabase
    | DropDatabase
    | AlterDatabase
    | CreateTable
    | Drop
    | AddPartitions
    | DropPartitions
    | RenamePartition
    | SetLocation
    | SetProperties
    | ChangeColumns
    | ShowDatabases
    | ShowTables
    | ShowPartitions
    | ShowColumns
    | ShowProperties
    | ShowCreate
    | Describe
    | Repair
)
