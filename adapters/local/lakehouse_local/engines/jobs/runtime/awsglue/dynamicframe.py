"""``DynamicFrame``: here a Spark frame under Glue's methods; its types are Spark's, so no field has two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from . import NotInStandIn

_THERE = (
    "toDF, fromDF, count, schema, printSchema, show, select_fields, drop_fields, rename_field, apply_mapping, "
    "filter, resolveChoice, drop_nulls, coalesce, repartition, union"
)
_CASTS = {"long": "bigint", "short": "smallint", "byte": "tinyint"}


class DynamicFrame:
    """Rows with a name; every method gives a new one."""

    def __init__(self, frame: DataFrame, glue_ctx: Any, name: str = "") -> None:
        self._frame = frame
        self.glue_ctx = glue_ctx
        self.name = name

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: Any, name: str) -> DynamicFrame:
        """A Spark frame under Glue's methods."""
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Sequence[Any] | None = None) -> DataFrame:
        """The Spark frame."""
        if options:
            raise NotInStandIn("toDF with options")
        return self._frame

    def count(self) -> int:
        """How many rows there are."""
        return self._frame.count()

    def schema(self) -> Any:
        """Spark's schema (Glue's own type classes are not here)."""
        return self._frame.schema

    def printSchema(self) -> None:
        """Print the schema."""
        self._frame.printSchema()

    def show(self, num_rows: int = 20) -> None:
        """Print rows as JSON, as Glue does."""
        print(*self._frame.limit(num_rows).toJSON().collect(), sep="\n")

    def select_fields(self, paths: Sequence[str], transformation_ctx: str = "") -> DynamicFrame:
        """Only these fields; fields that are not there are left out."""
        return self._new(
            self._frame.select(*(path for path in paths if path in self._frame.columns)), transformation_ctx
        )

    def drop_fields(self, paths: Sequence[str], transformation_ctx: str = "") -> DynamicFrame:
        """All but these fields."""
        return self._new(self._frame.drop(*paths), transformation_ctx)

    def rename_field(self, oldName: str, newName: str, transformation_ctx: str = "") -> DynamicFrame:
        """One field under another name."""
        return self._new(self._frame.withColumnRenamed(oldName, newName), transformation_ctx)

    def apply_mapping(
        self, mappings: Sequence[tuple[str, str, str, str]], case_sensitive: bool = False, transformation_ctx: str = ""
    ) -> DynamicFrame:
        """Fields by (source, its type, target, its type); what is not named is left out."""
        del case_sensitive
        frame = self._frame
        columns = [
            F.col(source).cast(_CASTS.get(kind, kind)).alias(target)
            for source, _, target, kind in mappings
            if source.split(".")[0] in frame.columns
        ]
        return self._new(frame.select(*columns), transformation_ctx)

    def filter(self, f: Callable[[Any], bool], transformation_ctx: str = "") -> DynamicFrame:
        """The rows for which the function is true; it is given each row as a mapping."""
        kept = self._frame.rdd.filter(lambda row: f(row.asDict(recursive=True)))
        return self._new(self.glue_ctx.spark_session.createDataFrame(kept, self._frame.schema), transformation_ctx)

    def map(self, f: Callable[[Any], Any], transformation_ctx: str = "") -> DynamicFrame:
        """Each row through a function of mappings; the new types are those that Spark infers."""
        mapped = self._frame.rdd.map(lambda row: Row(**f(row.asDict(recursive=True))))
        return self._new(self.glue_ctx.spark_session.createDataFrame(mapped), transformation_ctx)

    def resolveChoice(
        self, specs: Sequence[tuple[str, str]] | None = None, choice: str = "", transformation_ctx: str = ""
    ) -> DynamicFrame:
        """Casts (``cast:int``); there is no field of two types here, so ``make_cols`` and the like change nothing."""
        del choice
        frame = self._frame
        for path, action in specs or ():
            verb, _, kind = action.partition(":")
            if verb in ("cast", "project"):
                frame = frame.withColumn(path, F.col(path).cast(_CASTS.get(kind, kind)))
        return self._new(frame, transformation_ctx)

    def drop_nulls(self, transformation_ctx: str = "") -> DynamicFrame:
        """Without the fields that are null in every row."""
        counted = self._frame.agg(*(F.count(column).alias(column) for column in self._frame.columns)).first()
        empty = [name for name, found in (counted.asDict() if counted else {}).items() if not found]
        return self._new(self._frame.drop(*empty), transformation_ctx)

    def coalesce(self, numPartitions: int) -> DynamicFrame:
        """In at most so many partitions."""
        return self._new(self._frame.coalesce(numPartitions), self.name)

    def repartition(self, numPartitions: int) -> DynamicFrame:
        """In so many partitions."""
        return self._new(self._frame.repartition(numPartitions), self.name)

    def union(self, other: DynamicFrame, transformation_ctx: str = "") -> DynamicFrame:
        """The rows of both, by field name."""
        return self._new(self._frame.unionByName(other.toDF(), allowMissingColumns=True), transformation_ctx)

    def _new(self, frame: DataFrame, name: str) -> DynamicFrame:
        return DynamicFrame(frame, self.glue_ctx, name)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInStandIn(f"DynamicFrame.{name}", _THERE)
