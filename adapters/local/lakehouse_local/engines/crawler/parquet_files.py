"""Parquet: the schema in the footer, in Hive's words."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_local.engines.crawler.errors import FormatNotRead
from lakehouse_local.engines.crawler.model import Column, Format
from lakehouse_local.engines.crawler.objects import Object, Objects
from lakehouse_local.engines.crawler.schema import Schema

MAGIC = b"PAR1"
_TAIL_BYTES = 1 << 16
FORMAT = Format(
    "parquet",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    {"serialization.format": "1"},
)
_PLAIN = {
    pa.types.is_boolean: "boolean",
    pa.types.is_int8: "tinyint",
    pa.types.is_int16: "smallint",
    pa.types.is_int32: "int",
    pa.types.is_int64: "bigint",
    pa.types.is_float32: "float",
    pa.types.is_float64: "double",
    pa.types.is_date: "date",
    pa.types.is_timestamp: "timestamp",
    pa.types.is_string: "string",
    pa.types.is_large_string: "string",
    pa.types.is_binary: "binary",
    pa.types.is_large_binary: "binary",
    pa.types.is_fixed_size_binary: "binary",
}


def classify(objects: Objects, found: Object) -> Schema | None:
    """The object by its footer; None if that is not Parquet's."""
    footer = footer_of(objects, found)
    if footer is None:
        return None
    return Schema(
        object=found,
        format=FORMAT,
        compression="none",
        columns=columns(footer.schema.to_arrow_schema()),
        rows=footer.num_rows,
        bytes=sum(footer.row_group(at).total_byte_size for at in range(footer.num_row_groups)),
        fraction=1.0,
    )


def footer_of(objects: Objects, found: Object) -> pq.FileMetaData | None:
    """The footer, read from the object's end alone."""
    tail = objects.tail(found, _TAIL_BYTES)
    if len(tail) < 12 or tail[-4:] != MAGIC:
        return None
    length = int.from_bytes(tail[-8:-4], "little") + 8
    if length > len(tail):
        tail = objects.tail(found, length)
    try:
        return pq.read_metadata(io.BytesIO(MAGIC + tail[-length:]))
    except (pa.ArrowException, OSError):
        return None


def columns(schema: pa.Schema) -> tuple[Column, ...]:
    """An Arrow schema as Hive's columns."""
    return tuple(Column(field.name.lower(), hive_type(field.type)) for field in schema)


def hive_type(kind: pa.DataType) -> str:
    """An Arrow type as Hive's.

    >>> hive_type(pa.list_(pa.struct([("A", pa.int32()), ("b", pa.decimal128(12, 2))])))
    'array<struct<a:int,b:decimal(12,2)>>'
    """
    plain = next((name for is_it, name in _PLAIN.items() if is_it(kind)), None)
    return plain or _composed(kind)


def _composed(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        found = f"decimal({kind.precision},{kind.scale})"
    elif pa.types.is_map(kind):
        found = f"map<{hive_type(kind.key_type)},{hive_type(kind.item_type)}>"
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        found = f"array<{hive_type(kind.value_type)}>"
    elif pa.types.is_struct(kind):
        fields = (kind.field(at) for at in range(kind.num_fields))
        found = "struct<" + ",".join(f"{field.name.lower()}:{hive_type(field.type)}" for field in fields) + ">"
    elif pa.types.is_dictionary(kind):
        found = hive_type(kind.value_type)
    else:
        raise FormatNotRead(f"the Parquet column type {kind} has no counterpart in Hive")
    return found
