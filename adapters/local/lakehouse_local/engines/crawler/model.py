"""What a crawl looks for and what it finds. Types are Hive's, as the Glue Data Catalog has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Column:
    """A column and its Hive type (``bigint``, ``struct<a:string>``)."""

    name: str
    type: str


@dataclass(frozen=True)
class Format:
    """How a table's objects are read: Hadoop's input and output format, Hive's serde and its parameters."""

    classification: str
    input_format: str
    output_format: str
    serde: str
    serde_parameters: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True)
class FoundPartition:
    """One folder of a partitioned table: the keys' values in order, and where it is."""

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True)
class FoundTable:
    """A table that a crawl found; ``parameters`` are the catalog's (``classification``, ``objectCount`` ...)."""

    name: str
    location: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...]
    partitions: tuple[FoundPartition, ...]
    format: Format
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class KnownTable:
    """A table that the catalog has already: ``partitions`` are the values that are registered."""

    name: str
    location: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...]
    partitions: frozenset[tuple[str, ...]]
    deprecated: bool


@dataclass(frozen=True)
class CsvClassifier:
    """A user's own description of CSV; ``header`` is present, absent, or decided by the rule of the built-in one."""

    name: str
    delimiter: str = ","
    quote: str = '"'
    header: Literal["present", "absent", "unknown"] = "unknown"
    names: tuple[str, ...] = ()
    single_column: bool = False
    trim: bool = True
    serde: Literal["open", "lazy"] | None = None


@dataclass(frozen=True)
class JsonClassifier:
    """A user's own description of JSON: the path of the records inside a document (``$[*]``, ``$.rows[*]``)."""

    name: str
    path: str


Classifier = CsvClassifier | JsonClassifier


@dataclass(frozen=True)
class PathTarget:
    """A folder (or one object) of S3; ``sample`` limits the objects looked at in each leaf folder."""

    path: str
    exclusions: tuple[str, ...] = ()
    sample: int | None = None


@dataclass(frozen=True)
class HudiTarget:
    """Folders below which Hudi tables lie, at most ``depth`` folders down."""

    paths: tuple[str, ...]
    exclusions: tuple[str, ...] = ()
    depth: int = 10


@dataclass(frozen=True)
class DeltaTarget:
    """Delta tables; ``native`` as readers of Delta's own log want them, else by symlink manifests."""

    tables: tuple[str, ...]
    native: bool
    write_manifest: bool


Target = PathTarget | HudiTarget | DeltaTarget


@dataclass(frozen=True)
class Grouping:
    """How folders become tables.

    ``level`` puts every table at that depth (the bucket is 1); ``combine`` ignores how similar the schemas are.
    """

    level: int | None = None
    combine: bool = False


@dataclass(frozen=True)
class Policy:
    """What a crawl may change in tables that the catalog has; new tables and partitions are always added."""

    on_change: Literal["update", "log"] = "update"
    on_delete: Literal["deprecate", "delete", "log"] = "deprecate"
    merge_columns: bool = False
