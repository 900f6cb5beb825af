"""Table formats behind the one shape of :class:`lakehouse_core.ports.TableFormat`."""

from collections.abc import Callable

from pyspark.sql import SparkSession

from lakehouse_core.errors import UnknownFormat
from lakehouse_core.ports import TableFormat
from lakehouse_core.tables.delta import DeltaFormat
from lakehouse_core.tables.hudi import HudiFormat

FORMATS: dict[str, Callable[[SparkSession], TableFormat]] = {HudiFormat.name: HudiFormat, DeltaFormat.name: DeltaFormat}
DEFAULT_FORMAT = HudiFormat.name


def require_format(name: str) -> None:
    """UnknownFormat where there is no table format of that name."""
    if name not in FORMATS:
        raise UnknownFormat(f"unknown table format {name!r}; there are {', '.join(FORMATS)}", hint="--format hudi")


def format_named(name: str, spark: SparkSession) -> TableFormat:
    """The table format of that name; UnknownFormat where there is none."""
    require_format(name)
    return FORMATS[name](spark)
