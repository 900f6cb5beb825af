"""Table formats behind the one shape of :class:`lakehouse_core.ports.TableFormat`."""

from collections.abc import Callable

from pyspark.sql import SparkSession

from lakehouse_core.errors import UnknownFormat
from lakehouse_core.ports import TableFormat
from lakehouse_core.tables.delta import DeltaFormat
from lakehouse_core.tables.hudi import HudiFormat

FORMATS: dict[str, Callable[[SparkSession], TableFormat]] = {HudiFormat.name: HudiFormat, DeltaFormat.name: DeltaFormat}


def format_named(name: str, spark: SparkSession) -> TableFormat:
    """The table format of that name; UnknownFormat where there is none."""
    if name not in FORMATS:
        raise UnknownFormat(f"unknown table format {name!r}; there are {', '.join(FORMATS)}", hint="--format hudi")
    return FORMATS[name](spark)
