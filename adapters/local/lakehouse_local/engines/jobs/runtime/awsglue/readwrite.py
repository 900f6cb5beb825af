"""DynamicFrames from S3 and the catalog, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from . import NotInStandIn
from .bookmarks import BOOKMARKS
from .dynamicframe import DynamicFrame

if TYPE_CHECKING:
    from .context import GlueContext

FORMATS = ("csv", "json", "parquet", "orc")
TABLE_FORMATS = ("hudi", "delta")


class Reader:
    """``glueContext.create_dynamic_frame``."""

    def __init__(self, glue_context: GlueContext) -> None:
        self._context = glue_context

    def from_options(
        self,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """The objects below ``paths`` that the bookmark of ``transformation_ctx`` has not read."""
        given = dict(connection_options or {})
        paths = given.pop("paths", None) or ([given.pop("path")] if "path" in given else [])
        recurse = str(given.pop("recurse", "true")).lower() == "true"
        if connection_type in TABLE_FORMATS:
            (path,) = paths
            return self._frame(self._spark.read.format(connection_type).options(**given).load(path), transformation_ctx)
        if connection_type != "s3":
            raise NotInStandIn(f"connection type {connection_type!r}", "s3, hudi, delta")
        if given:
            raise NotInStandIn(f"connection options {', '.join(given)}", "paths, recurse")
        if format not in FORMATS:
            raise NotInStandIn(f"format {format!r}", ", ".join(FORMATS))
        keys = BOOKMARKS.unread(transformation_ctx, listed(paths, recurse=recurse))
        return self._frame(self._read(keys, format, dict(format_options or {})), transformation_ctx)

    def from_catalog(
        self,
        database: str,
        table_name: str,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        additional_options: Mapping[str, Any] | None = None,
    ) -> DynamicFrame:
        """A table of the Glue Data Catalog; ``redshift_tmp_dir`` is taken and not needed."""
        del redshift_tmp_dir
        if push_down_predicate or additional_options:
            raise NotInStandIn("from_catalog with push_down_predicate or additional_options")
        table = boto3.client("glue").get_table(DatabaseName=database, Name=table_name)["Table"]
        if table.get("PartitionKeys"):
            raise NotInStandIn("from_catalog for a partitioned table", "from_options with its paths")
        storage, parameters = table["StorageDescriptor"], table.get("Parameters", {})
        kind = parameters.get("classification", "")
        if kind in TABLE_FORMATS:
            return self.from_options(kind, {"path": storage["Location"]}, transformation_ctx=transformation_ctx)
        given: dict[str, Any] = {}
        if kind == "csv":
            serde = storage["SerdeInfo"].get("Parameters", {})
            given["separator"] = serde.get("field.delim") or serde.get("separatorChar") or ","
            given["withHeader"] = parameters.get("skip.header.line.count") == "1"
        frame = self.from_options("s3", {"paths": [storage["Location"]]}, kind, given, transformation_ctx)
        if kind != "csv" or not frame.toDF().columns:
            return frame
        names = [column["Name"] for column in storage["Columns"]]
        typed = frame.toDF().toDF(*names)
        cast = [typed[column["Name"]].cast(column["Type"]).alias(column["Name"]) for column in storage["Columns"]]
        return self._frame(typed.select(*cast), transformation_ctx)

    def _read(self, keys: Sequence[str], format: str, given: dict[str, Any]) -> DataFrame:
        if not keys:
            empty: DataFrame = self._spark.createDataFrame([], StructType())
            return empty
        reader = self._spark.read
        if format == "csv":
            reader = (
                reader.option("header", str(given.pop("withHeader", False)).lower())
                .option("sep", given.pop("separator", ","))
                .option("quote", given.pop("quoteChar", '"'))
                .option("escape", given.pop("escaper", None) or '"')
                .option("multiLine", str(given.pop("multiLine", False)).lower())
            )
        elif format == "json":
            reader = reader.option("multiLine", str(given.pop("multiline", False)).lower())
        if given:
            raise NotInStandIn(f"format options {', '.join(given)} of {format}")
        frame: DataFrame = reader.format(format).load(list(keys))
        return frame

    def _frame(self, frame: DataFrame, name: str) -> DynamicFrame:
        return DynamicFrame(frame, self._context, name)

    @property
    def _spark(self) -> Any:
        return self._context.spark_session

    def __getattr__(self, name: str) -> object:
        raise NotInStandIn(f"create_dynamic_frame.{name}", "from_options, from_catalog")


class Writer:
    """``glueContext.write_dynamic_frame``."""

    def __init__(self, glue_context: GlueContext) -> None:
        self._context = glue_context

    def from_options(
        self,
        frame: DynamicFrame,
        connection_type: str,
        connection_options: Mapping[str, Any],
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Append the frame's rows below ``path``."""
        del transformation_ctx
        given = dict(connection_options)
        path, keys = given.pop("path"), given.pop("partitionKeys", [])
        if connection_type in TABLE_FORMATS:
            frame.toDF().write.format(connection_type).options(**given).mode("append").save(path)
            return frame
        if connection_type != "s3" or given or format not in FORMATS or format_options:
            raise NotInStandIn(
                f"writing {format!r} to {connection_type!r} with {sorted({*given, *(format_options or {})})}",
                f"s3 with path, partitionKeys and {', '.join(FORMATS)}",
            )
        writer = frame.toDF().write.format(format).mode("append")
        (writer.option("header", "true") if format == "csv" else writer).partitionBy(*keys).save(path)
        return frame

    def from_catalog(self, frame: DynamicFrame, database: str, table_name: str, **options: Any) -> DynamicFrame:
        """Append the frame's rows to a table of the catalog (Parquet or JSON, without partitions)."""
        if options.pop("transformation_ctx", None) is None and options:
            raise NotInStandIn(f"write_dynamic_frame.from_catalog with {', '.join(options)}")
        table = boto3.client("glue").get_table(DatabaseName=database, Name=table_name)["Table"]
        kind = table.get("Parameters", {}).get("classification")
        if kind not in ("parquet", "json") or table.get("PartitionKeys"):
            raise NotInStandIn(f"writing to the {kind} table {table_name}", "unpartitioned parquet or json tables")
        return self.from_options(frame, "s3", {"path": table["StorageDescriptor"]["Location"]}, kind)

    def __getattr__(self, name: str) -> object:
        raise NotInStandIn(f"write_dynamic_frame.{name}", "from_options, from_catalog")


def listed(paths: Sequence[str], *, recurse: bool) -> list[tuple[str, int]]:
    """The objects below the paths and when each was last modified, in epoch milliseconds."""
    client = boto3.client("s3")
    found = []
    for path in paths:
        address = urlsplit(path)
        prefix = address.path.removeprefix("/")
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=address.netloc, Prefix=prefix)
        for page in pages:
            for each in page.get("Contents", ()):
                below = each["Key"][len(prefix) :].strip("/").split("/")
                hidden = any(part[:1] in ("_", ".") for part in below)
                if each["Size"] and not hidden and (recurse or len(below) == 1):
                    at = round(each["LastModified"].timestamp() * 1000)
                    found.append((f"s3://{address.netloc}/{each['Key']}", at))
    return found
