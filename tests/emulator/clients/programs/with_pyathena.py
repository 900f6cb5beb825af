"""PyAthena as its users write it: DB-API, dictionaries, pandas, SQLAlchemy.

Not its Arrow cursor: Arrow's own S3 client knows AWS alone and cannot be told of another endpoint.
"""

import contextlib
import datetime as dt
import decimal

import boto3
import pandas as pd
import sqlalchemy
from pyathena import connect
from pyathena.cursor import DictCursor
from pyathena.error import OperationalError
from pyathena.pandas.cursor import PandasCursor

BUCKET = "lakehouse-poc-dev-athena-ti4jmrk8"
STAGING = f"s3://{BUCKET}/pyathena/"
connection = connect(s3_staging_dir=STAGING, poll_interval=0.05)

boto3.client("s3").put_object(Bucket=BUCKET, Key="py/order/a.csv", Body=b"1\tnew\t10.50\n2\tpaid\t0.25\n3\t\\N\t7.00\n")
with connection.cursor() as cursor:
    cursor.execute("CREATE DATABASE IF NOT EXISTS py")
    cursor.execute(
        "CREATE EXTERNAL TABLE py.`order` (id int, status string, total decimal(10,2)) "
        f"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' LOCATION 's3://{BUCKET}/py/order/'"
    )

    cursor.execute('SELECT * FROM py."order" WHERE id >= %(id)s ORDER BY id', {"id": 2})
    assert [column[0] for column in cursor.description] == ["id", "status", "total"]
    assert cursor.fetchall() == [(2, "paid", decimal.Decimal("0.25")), (3, None, decimal.Decimal("7.00"))]
    assert cursor.state == "SUCCEEDED"
    assert cursor.data_scanned_in_bytes == 34

    cursor.execute("SELECT ? + 1", ["41"], paramstyle="qmark")
    assert cursor.fetchone() == (42,)
    cursor.execute(
        "SELECT date '2026-01-31', timestamp '2026-01-31 10:00:00.125', true, array[1, null], map(array['a'], array[1])"
    )
    assert cursor.fetchone()[:3] == (dt.date(2026, 1, 31), dt.datetime(2026, 1, 31, 10, 0, 0, 125000), True)
    try:
        cursor.execute("SELECT nothing FROM py.nowhere")
    except OperationalError as error:
        assert "TABLE_NOT_FOUND: line 1:21: Table 'awsdatacatalog.py.nowhere' does not exist" in str(error)
    else:
        raise AssertionError("a table that is not there was read")

with connection.cursor(DictCursor) as cursor:
    assert cursor.execute('SELECT count(*) AS n FROM py."order"').fetchone() == {"n": 3}

with connection.cursor(PandasCursor) as cursor:
    frame = cursor.execute('SELECT status, sum(total) AS total FROM py."order" GROUP BY status ORDER BY 1').as_pandas()
    assert frame["total"].tolist() == [decimal.Decimal("10.50"), decimal.Decimal("0.25"), decimal.Decimal("7.00")]

with connection.cursor(PandasCursor, unload=True) as cursor:
    assert cursor.execute('SELECT id FROM py."order" ORDER BY id').as_pandas()["id"].tolist() == [1, 2, 3]

region = boto3.session.Session().region_name
engine = sqlalchemy.create_engine(f"awsathena+rest://athena.{region}.amazonaws.com:443/py?s3_staging_dir={STAGING}")
with contextlib.closing(engine.connect()) as through:
    table = sqlalchemy.Table("order", sqlalchemy.MetaData(schema="py"), autoload_with=through)
    assert [column.name for column in table.columns] == ["id", "status", "total"]
    paid = sqlalchemy.select(table.c.id).where(table.c.status == "paid")
    assert through.execute(paid).fetchall() == [(2,)]
    frame = pd.read_sql_query(sqlalchemy.select(table), through)
    assert len(frame) == 3
    assert sqlalchemy.inspect(engine).get_table_names(schema="py") == ["order"]

with connection.cursor() as cursor:
    cursor.execute("DROP TABLE py.`order`")
    cursor.execute("DROP DATABASE py")
print("all held")
