"""``GlueContext``: Spark, and DynamicFrames in and out."""

import logging
from collections.abc import Mapping
from typing import Any

from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession

from . import NotInStandIn
from .dynamicframe import DynamicFrame
from .readwrite import Reader, Writer

_THERE = "spark_session, sql, create_dynamic_frame, write_dynamic_frame, get_logger"


class GlueContext:
    """A Spark context with Glue's readers and writers."""

    def __init__(self, sparkContext: SparkContext, **options: Any) -> None:
        if options:
            raise NotInStandIn(f"GlueContext({', '.join(options)})")
        self._sc = sparkContext
        self.spark_session = SparkSession.builder.getOrCreate()
        self.create_dynamic_frame = Reader(self)
        self.write_dynamic_frame = Writer(self)

    def sql(self, query: str) -> DataFrame:
        """The frame of a Spark SQL query."""
        return self.spark_session.sql(query)

    def get_logger(self) -> logging.Logger:
        """A logger whose lines go to the error log."""
        logging.basicConfig(level=logging.INFO)
        return logging.getLogger("awsglue")

    def create_dynamic_frame_from_options(self, connection_type: str, **options: Any) -> DynamicFrame:
        """The same as ``create_dynamic_frame.from_options``."""
        return self.create_dynamic_frame.from_options(connection_type, **options)

    def create_dynamic_frame_from_catalog(self, database: str, table_name: str, **options: Any) -> DynamicFrame:
        """The same as ``create_dynamic_frame.from_catalog``."""
        return self.create_dynamic_frame.from_catalog(database, table_name, **options)

    def write_dynamic_frame_from_options(
        self, frame: DynamicFrame, connection_type: str, connection_options: Mapping[str, Any], **options: Any
    ) -> DynamicFrame:
        """The same as ``write_dynamic_frame.from_options``."""
        return self.write_dynamic_frame.from_options(frame, connection_type, connection_options, **options)

    def __getattr__(self, name: str) -> object:
        raise NotInStandIn(f"GlueContext.{name}", _THERE)
