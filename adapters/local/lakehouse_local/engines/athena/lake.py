"""Which objects are a table's snapshot, and how they are read: by what the catalog says of its format.

Only what the catalog knows is read: the folders of its partitions, names that start neither with ``_`` nor ``.``.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from lakehouse_core.errors import LakehouseError
from lakehouse_local.engines.athena import projection
from lakehouse_local.engines.athena.errors import Kind, QueryFailed, not_supported
from lakehouse_local.engines.athena.model import Catalog, Partition, ReaderName, Source, SourceFile, Table
from lakehouse_local.query import snapshot
from lakehouse_local.query.files import Blob, Files

_COMMIT = re.compile(r"/\.hoodie/(\d+)\.(commit|replacecommit|deltacommit)$")
_LOG_FILE = re.compile(r"/\.[^/]+\.log\.\d+[^/]*$")
_DELTA_VERSION = re.compile(r"/_delta_log/(\d{20})\.(json|checkpoint\.parquet)$")
_NEWEST_HUDI = 6
"""The table version of Hudi 0.14 and 0.15, the last that Athena reads."""
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_SERDES: tuple[tuple[str, ReaderName], ...] = (
    ("parquet", "parquet"),
    ("lazysimpleserde", "lazy"),
    ("opencsvserde", "opencsv"),
    ("jsonserde", "json"),
)


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 address.

    >>> split("s3://lake/orders/")
    ('lake', 'orders/')
    """
    parts = urlsplit(uri)
    return parts.netloc, parts.path.removeprefix("/")


class Lake:
    """Snapshots of tables as local files."""

    def __init__(self, files: Files, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._files = files
        self._now = now
        self._snapshots: dict[str, list[Blob]] = {}

    def source(self, catalog: Catalog, table: Table, *, hidden: bool = False) -> Source:
        """The table's files, copied where they are not here yet; QueryFailed for a format that is not read."""
        reader = _reader(table)
        bucket, key = split(table.location)
        prefix = f"{key.rstrip('/')}/" if key.strip("/") else ""
        try:
            if _is_hudi(table):
                blobs = self._hudi(table, bucket, prefix)
            elif _is_delta(table):
                blobs = self._delta(bucket, prefix)
            else:
                blobs = []
            placed = self._placed(catalog, table, blobs, bucket, prefix)
            copies = self._files.local([blob for _, blob in placed])
        except QueryFailed:
            raise
        except LakehouseError as error:
            raise not_supported(error.message, error.hint) from None
        files = tuple(
            SourceFile(f"{folder}{number}{_suffix(blob.name)}", copy, f"s3://{blob.bucket}/{blob.key}", blob.size)
            for number, ((folder, blob), copy) in enumerate(zip(placed, copies, strict=True))
        )
        return Source(table, reader, files, hidden)

    def _placed(
        self, catalog: Catalog, table: Table, blobs: Sequence[Blob], bucket: str, prefix: str
    ) -> list[tuple[str, Blob]]:
        """Each object with the folder that spells its partition's values."""
        logged = _is_hudi(table) or _is_delta(table)
        if not table.partition_keys:
            return [("", blob) for blob in (blobs if logged else self._visible(bucket, prefix))]
        found: list[tuple[str, Blob]] = []
        inside = list(blobs) if logged else self._visible(bucket, prefix)
        for partition in self._partitions(catalog, table):
            folder = "".join(
                f"{quote(key.name, safe='')}={_NO_VALUE if value == _NO_VALUE else quote(value, safe='')}/"
                for key, value in zip(table.partition_keys, partition.values, strict=True)
            )
            where, key = split(partition.location)
            below = f"{key.rstrip('/')}/"
            listed = inside if where == bucket and below.startswith(prefix) else self._visible(where, below)
            found += [(folder, blob) for blob in listed if blob.key.startswith(below)]
        return found

    def _partitions(self, catalog: Catalog, table: Table) -> Sequence[Partition]:
        """The partitions that a query reads."""
        return (
            projection.partitions(table, self._now()) if projection.is_projected(table) else catalog.partitions(table)
        )

    def _visible(self, bucket: str, prefix: str) -> list[Blob]:
        return [
            blob
            for blob in self._files.listed(bucket, prefix)
            if blob.size and not any(part.startswith(("_", ".")) for part in blob.key[len(prefix) :].split("/"))
        ]

    def _hudi(self, table: Table, bucket: str, prefix: str) -> list[Blob]:
        stored = self._files.listed(bucket, prefix)
        names = {blob.key: blob for blob in stored}
        properties = names.get(f"{prefix}.hoodie/hoodie.properties")
        if properties is None:
            return []
        text = self._files.read(bucket, properties.key).decode()
        version = re.search(r"^hoodie\.table\.version=(\d+)", text, re.MULTILINE)
        if version and int(version[1]) > _NEWEST_HUDI:
            raise not_supported(
                f"Hudi table version {version[1]} of '{table.database}.{table.name}': Athena reads tables up to version "
                f"{_NEWEST_HUDI} (Hudi 0.14)",
                "write with hoodie.write.table.version=6 and hoodie.write.auto.upgrade=false",
            )
        if "hoodie.table.type=MERGE_ON_READ" in text and any(_LOG_FILE.search(f"/{key}") for key in names):
            raise not_supported("merge-on-read Hudi tables are not read here yet", "compact, or use COPY_ON_WRITE")
        commits = [match[1] for key in names if (match := _COMMIT.search(f"/{key}")) and match[2] != "deltacommit"]
        if not commits:
            return []
        return self._snapshot(bucket, prefix, "hudi", max(commits), stored)

    def _delta(self, bucket: str, prefix: str) -> list[Blob]:
        stored = self._files.listed(bucket, prefix)
        versions = [int(match[1]) for blob in stored if (match := _DELTA_VERSION.search(f"/{blob.key}"))]
        if not versions:
            raise QueryFailed(f"DELTA_LAKE_INVALID_TABLE: there is no _delta_log below s3://{bucket}/{prefix}")
        return self._snapshot(bucket, prefix, "delta", str(max(versions)), stored)

    def _snapshot(self, bucket: str, prefix: str, kind: str, commit: str, stored: Sequence[Blob]) -> list[Blob]:
        """As the log says; the same listing gives the same snapshot, so it is read once."""
        listing = "\n".join(f"{blob.key} {blob.etag}" for blob in stored)
        known = hashlib.sha256(f"{bucket} {prefix} {listing}".encode()).hexdigest()
        if known not in self._snapshots:
            if len(self._snapshots) >= 256:
                self._snapshots.clear()
            self._snapshots[known] = snapshot.snapshot(self._files, bucket, prefix.rstrip("/"), kind, commit)
        return self._snapshots[known]


def _is_hudi(table: Table) -> bool:
    return (
        "hoodie" in table.input_format.lower()
        or table.parameters.get("spark.sql.sources.provider", "").lower() == "hudi"
    )


def _is_delta(table: Table) -> bool:
    named = (table.parameters.get(key, "").lower() for key in ("table_type", "spark.sql.sources.provider"))
    return "delta" in named


def writable(table: Table) -> bool:
    """Whether INSERT may add files: Hudi and Delta tables are read only."""
    return not _is_hudi(table) and not _is_delta(table)


def _reader(table: Table) -> ReaderName:
    if table.parameters.get("table_type", "").upper() == "ICEBERG":
        raise not_supported("Iceberg tables are not read by this endpoint", "use a Hive, Hudi or Delta table")
    if _is_hudi(table) or _is_delta(table):
        return "parquet"
    if "symlink" in table.input_format.lower():
        raise not_supported("SymlinkTextInputFormat is not read here yet", "crawl the Delta table natively")
    for part, reader in _SERDES:
        if part in table.serde.lower():
            return reader
    raise QueryFailed(
        f"HIVE_UNSUPPORTED_FORMAT: Unable to create input format {table.input_format or table.serde or '(none)'} for "
        f"'{table.database}.{table.name}'",
        Kind.NOT_SUPPORTED,
        hint="read here: Parquet, LazySimpleSerDe, OpenCSVSerde, JSON, Hudi, Delta",
    )


def _suffix(name: str) -> str:
    """What tells DuckDB the compression: the endings it knows."""
    match = re.search(r"(\.[A-Za-z]+)?(\.gz|\.zst)$", name)
    return match[0] if match else ".dat"
