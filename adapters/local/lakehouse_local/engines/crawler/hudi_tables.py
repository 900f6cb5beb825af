"""Hudi tables below a path: what their properties, their newest base file and their folders say."""

from collections.abc import Mapping, Sequence

from lakehouse_local.engines.crawler import parquet_files
from lakehouse_local.engines.crawler.globs import excluder
from lakehouse_local.engines.crawler.model import Column, Format, FoundPartition, FoundTable, HudiTarget
from lakehouse_local.engines.crawler.names import table_name
from lakehouse_local.engines.crawler.objects import Object, Objects, split

_PROPERTIES = ".hoodie/hoodie.properties"
_PARTITION_MARK = ".hoodie_partition_metadata"
_READ_OPTIMIZED = "org.apache.hudi.hadoop.HoodieParquetInputFormat"
_REALTIME = "org.apache.hudi.hadoop.realtime.HoodieParquetRealtimeInputFormat"


def crawl(objects: Objects, target: HudiTarget, prefix: str) -> list[FoundTable]:
    """The tables below the target's paths; merge-on-read ones give ``_ro`` and ``_rt``."""
    found = []
    for path in target.paths:
        bucket, key = split(path)
        folder = key if not key or key.endswith("/") else f"{key}/"
        excluded = excluder(target.exclusions)
        listed = [each for each in objects.below(bucket, folder) if not excluded(each.key[len(folder) :])]
        roots = [each.key[: -len(_PROPERTIES)] for each in listed if f"/{each.key}".endswith(f"/{_PROPERTIES}")]
        for root in roots:
            if root[len(folder) :].count("/") <= target.depth:
                inside = [each for each in listed if each.key.startswith(root)]
                found += _tables(objects, bucket, root, inside, prefix)
    return found


def _tables(objects: Objects, bucket: str, root: str, inside: Sequence[Object], prefix: str) -> list[FoundTable]:
    properties = _properties(objects.whole(bucket, root + _PROPERTIES).decode())
    bases = [each for each in inside if each.key.endswith(".parquet") and "/.hoodie/" not in f"/{each.key}"]
    if not bases:
        return []  # created and never committed: there is no schema yet
    # A base file's name ends with its commit's instant.
    newest = max(bases, key=lambda each: each.name.rpartition("_")[2])
    footer = parquet_files.footer_of(objects, newest)
    columns = parquet_files.columns(footer.schema.to_arrow_schema()) if footer else ()
    keys = tuple(key.strip().lower() for key in properties.get("hoodie.table.partition.fields", "").split(",") if key)
    hive_style = properties.get("hoodie.datasource.write.hive_style_partitioning") == "true"
    types = {column.name: column.type for column in columns}
    location = f"s3://{bucket}/{root}"
    partitions = _partitions(bucket, root, inside, hive_style=hive_style) if keys else ()
    name = table_name(prefix, root.rstrip("/").rpartition("/")[2] or properties["hoodie.table.name"])
    kinds = {name: _READ_OPTIMIZED}
    if properties.get("hoodie.table.type") == "MERGE_ON_READ":
        kinds = {f"{name}_ro": _READ_OPTIMIZED, f"{name}_rt": _REALTIME}
    return [
        FoundTable(
            name=each,
            location=location,
            columns=tuple(column for column in columns if column.name not in keys),
            partition_keys=tuple(Column(key, types.get(key, "string")) for key in keys),
            partitions=partitions,
            format=Format(
                "hudi",
                input_format,
                "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                {"path": location, "hoodie.query.as.ro.table": str(input_format == _READ_OPTIMIZED).lower()},
            ),
            parameters={
                "classification": "hudi",
                "spark.sql.sources.provider": "hudi",
                "hudi.table.version": properties.get("hoodie.table.version", ""),
                "objectCount": str(len(bases)),
                "sizeKey": str(sum(base.size for base in bases)),
            },
        )
        for each, input_format in kinds.items()
    ]


def _partitions(bucket: str, root: str, inside: Sequence[Object], *, hive_style: bool) -> tuple[FoundPartition, ...]:
    marks = [each.key for each in inside if each.name.startswith(_PARTITION_MARK) and each.key != root + each.name]
    folders = sorted({key.rpartition("/")[0] for key in marks})
    return tuple(
        FoundPartition(
            tuple(part.partition("=")[2] if hive_style else part for part in folder[len(root) :].split("/")),
            f"s3://{bucket}/{folder}/",
        )
        for folder in folders
    )


def _properties(text: str) -> Mapping[str, str]:
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().replace("\\:", ":").replace("\\=", "=") for name, _, value in pairs}
