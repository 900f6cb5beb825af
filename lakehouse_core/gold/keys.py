"""The one column by which a table format knows a mart's row."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_core.gold.mart import Mart

MART_KEY = "mart_key"


def keyed(mart: Mart, rows: DataFrame) -> DataFrame:
    """The mart's rows with their :func:`record_key` as :data:`MART_KEY`."""
    return rows.withColumn(MART_KEY, record_key(mart))


def record_key(mart: Mart) -> Column:
    """Never NULL, never empty, another one for another key; where the mart is clustered, it begins with the day.

    A key of one column is that column's value as text, which packs well; where it is NULL or empty, and for a key of
    several columns, a digest. A format's own key of several columns would confuse ('x,y:z') with ('x', 'y:z').
    """
    key = F.md5(F.to_json(F.struct(*mart.key)))
    if len(mart.key) == 1:
        key = F.coalesce(F.nullif(F.col(mart.key[0]).cast("string"), F.lit("")), key)
    if mart.cluster_by is None:
        return key
    day = F.coalesce(F.date_format(mart.cluster_by, "yyyyMMdd"), F.lit("00000000"))
    return F.concat_ws("-", day, key)
