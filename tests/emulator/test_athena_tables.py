"""Tables of every format that Athena reads and writes, partitions, views, DDL."""

from collections.abc import Iterator
from typing import Any

import pytest
from athena_client import BUCKET, run, succeed
from aws_endpoint import Endpoint
from small_lake import SmallLake, parquet

from lakehouse_core.contracts import Naming
from lakehouse_local.storage import S3Storage

PLACE = f"s3://{BUCKET}/shop"
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
HUDI = {
    "InputFormat": "org.apache.hudi.hadoop.HoodieParquetInputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}


@pytest.fixture(scope="module")
def athena(endpoint: Endpoint, glue: Any) -> Iterator[Any]:
    """A client and an empty database ``shop``."""
    glue.create_database(DatabaseInput={"Name": "shop"})
    yield endpoint.client("athena")
    glue.delete_database(Name="shop")


def put(s3: Any, key: str, body: bytes) -> None:
    """Store an object of the shop."""
    s3.put_object(Bucket=BUCKET, Key=f"shop/{key}", Body=body)


def rows(athena: Any, sql: str) -> list[tuple[str | None, ...]]:
    """A query's rows without the heading."""
    return succeed(athena, sql, "shop").rows()[1:]


def test_delimited_text_is_read_as_hive_reads_it(athena: Any, s3_client: Any) -> None:
    """Quotes are data, an empty line is a row, what is no number is NULL, nested values have their own delimiters."""
    put(s3_client, "lazy/a", b'1\t"q"\ttrue\t1\x022\tk\x031\x02l\x032\t5\x02six\tMTIz\n\nx\t\\N\tmaybe\t\\N\n2\n')
    put(s3_client, "lazy/_skipped", b"9\n")
    put(s3_client, "lazy/.skipped", b"9\n")
    succeed(
        athena,
        "CREATE EXTERNAL TABLE lazy (i int, s string, b boolean, l array<int>, m map<string,int>, r struct<a:int,b:string>, x binary) "
        f"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' LOCATION '{PLACE}/lazy/'",
        "shop",
    )
    assert rows(athena, "SELECT * FROM lazy") == [
        ("1", '"q"', "true", "[1, 2]", "{k=1, l=2}", "{a=5, b=six}", "31 32 33"),
        (None, None, None, None, None, None, None),
        (None, None, None, None, None, None, None),
        ("2", None, None, None, None, None, None),
    ]


def test_a_column_may_name_its_table_and_schema(athena: Any, s3_client: Any) -> None:
    """``schema.table.column`` is the column, ``table.row.field`` the field; a varchar(n) keeps its n."""
    put(s3_client, "named/a", b"1\t5\x02six\tx\n")
    succeed(
        athena,
        "CREATE EXTERNAL TABLE named (i int, r struct<a:int,b:string>, v varchar(10)) "
        f"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' LOCATION '{PLACE}/named/'",
        "shop",
    )
    query = succeed(
        athena,
        "SELECT shop.named.i, named.r.b, awsdatacatalog.shop.named.v FROM shop.named WHERE shop.named.i = 1",
    )
    assert query.rows() == [("i", "b", "v"), ("1", "six", "x")]
    assert query.columns()[2] == ("v", "varchar", 10, 0)
    refused = run(athena, "SELECT shop.named.i FROM shop.named AS other", "shop")
    assert refused.reason.startswith("COLUMN_NOT_FOUND"), refused.reason


def test_quoted_csv_is_read_by_its_serde(athena: Any, s3_client: Any) -> None:
    """Quotes quote, headers are skipped per file, an empty field is the empty string and no number."""
    put(s3_client, "open/a.csv", b'id,name\n"1","a ""b"", c"\n"2",""\n')
    put(s3_client, "open/b.csv", b'id,name\n"x","z"\n')
    properties = "TBLPROPERTIES ('skip.header.line.count'='1')"
    serde = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('escapeChar'='\"')"
    for name, kind in (("texts", "string"), ("numbers", "int")):
        succeed(
            athena,
            f"CREATE EXTERNAL TABLE {name} (id {kind}, name string) {serde} LOCATION '{PLACE}/open/' {properties}",
            "shop",
        )
    assert rows(athena, "SELECT * FROM texts ORDER BY id") == [("1", 'a "b", c'), ("2", ""), ("x", "z")]
    assert run(athena, "SELECT sum(id) FROM numbers", "shop").state == "FAILED"


def test_json_lines_are_read(athena: Any, s3_client: Any) -> None:
    """Nested values, missing members, JSON's null."""
    put(s3_client, "json/a.json", b'{"a": 1, "b": "x", "c": [1, 2], "d": {"e": 1.5}}\n{"a": null}\n')
    succeed(
        athena,
        "CREATE EXTERNAL TABLE j (a int, b string, c array<int>, d struct<e:double>) ROW FORMAT SERDE "
        f"'org.openx.data.jsonserde.JsonSerDe' LOCATION '{PLACE}/json/'",
        "shop",
    )
    assert rows(athena, "SELECT * FROM j") == [("1", "x", "[1, 2]", "{e=1.5}"), (None, None, None, None)]


def test_parquet_is_read_by_name_and_counted_by_column(athena: Any, s3_client: Any) -> None:
    """A column that no file has is NULL; fewer columns read are fewer bytes; another type is bad data."""
    wide = [{"id": str(n), "text": f"{n}-" * 200} for n in range(2000)]
    put(s3_client, "parquet/a.parquet", parquet({"text": "varchar", "id": "bigint"}, wide))
    where = f"STORED AS PARQUET LOCATION '{PLACE}/parquet/'"
    succeed(athena, f"CREATE EXTERNAL TABLE pq (id bigint, text string, later date) {where}", "shop")
    assert rows(athena, 'SELECT id, later, "$path" FROM pq WHERE id = 7') == [("7", None, f"{PLACE}/parquet/a.parquet")]
    assert [name for name, *_ in succeed(athena, "SELECT * FROM pq LIMIT 1", "shop").columns()] == [
        "id",
        "text",
        "later",
    ]
    scanned = [
        succeed(athena, sql, "shop").execution["Statistics"]["DataScannedInBytes"]
        for sql in ("SELECT sum(id) FROM pq", "SELECT sum(id), max(text) FROM pq")
    ]
    assert 0 < scanned[0] < scanned[1]
    succeed(athena, f"CREATE EXTERNAL TABLE wrong (id string) {where}", "shop")
    query = run(athena, "SELECT id FROM wrong", "shop")
    assert (query.state, "HIVE_BAD_DATA" in query.reason) == ("FAILED", True)


def test_only_the_partitions_that_are_asked_for_are_read(athena: Any, s3_client: Any) -> None:
    """Of files alike the others are not even opened; where one has a column more, each row has what its file has."""
    days = range(1, 31)
    for day in days:
        of_day = [{"a": str(n), "b": f"{n * 7919}-" * 3} for n in range(1000 * day, 1000 * day + 1000)]
        put(s3_client, f"pruned/day={day}/a.parquet", parquet({"a": "bigint", "b": "varchar"}, of_day))
    columns = f"(a bigint, b string, c string) PARTITIONED BY (day int) STORED AS PARQUET LOCATION '{PLACE}/pruned/'"
    succeed(athena, f"CREATE EXTERNAL TABLE pruned {columns}", "shop")
    succeed(athena, "MSCK REPAIR TABLE pruned", "shop")

    def asked(sql: str) -> tuple[list[tuple[str | None, ...]], int]:
        found = succeed(athena, sql, "shop")
        return found.rows()[1:], found.execution["Statistics"]["DataScannedInBytes"]

    whole, all_bytes = asked("SELECT count(a), count(b), max(b) IS NULL FROM pruned")
    one, day_bytes = asked("SELECT count(a), count(b), max(b) IS NULL FROM pruned WHERE day = 17")
    assert (whole, one) == ([("30000", "30000", "false")], [("1000", "1000", "false")])
    assert 0 < day_bytes < all_bytes / 10
    put(s3_client, "pruned/day=17/b.parquet", parquet({"a": "bigint", "c": "varchar"}, [{"a": "1", "c": "x"}]))
    assert asked("SELECT a, b, c FROM pruned WHERE day = 17 AND c = 'x'")[0] == [("1", None, "x")]
    assert asked("SELECT count(*), count(b), count(c) FROM pruned")[0] == [("30001", "30000", "1")]


def test_only_the_catalogs_partitions_are_read(athena: Any, s3_client: Any) -> None:
    """MSCK adds folders, ADD and DROP single ones; the key is a column, and comes last."""
    for day in ("2026-01-01", "2026-01-02"):
        put(s3_client, f"days/day={day}/a", f"{day[-1]}\n".encode())
    succeed(
        athena,
        f"CREATE EXTERNAL TABLE days (n int) PARTITIONED BY (day date) ROW FORMAT DELIMITED LOCATION '{PLACE}/days/'",
        "shop",
    )
    assert rows(athena, "SELECT * FROM days") == []
    succeed(athena, "MSCK REPAIR TABLE days", "shop")
    assert rows(athena, "SELECT * FROM days ORDER BY n") == [("1", "2026-01-01"), ("2", "2026-01-02")]
    assert rows(athena, "SELECT n FROM days WHERE day = date '2026-01-02'") == [("2",)]
    succeed(athena, "ALTER TABLE days DROP PARTITION (day='2026-01-01')", "shop")
    assert succeed(athena, "SHOW PARTITIONS days", "shop").rows() == [("day=2026-01-02",)]
    succeed(
        athena, f"ALTER TABLE days ADD PARTITION (day='2030-01-01') LOCATION '{PLACE}/days/day=2026-01-01/'", "shop"
    )
    assert rows(athena, "SELECT * FROM days ORDER BY n") == [("1", "2030-01-01"), ("2", "2026-01-02")]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("i = '1'", "Cannot apply operator: integer = varchar(1)"),
        ("'1' <> i", "Cannot apply operator: varchar(1) = integer"),
        ("s > 1", "Cannot apply operator: varchar < integer"),
        ("day >= '2026-01-01'", "Cannot apply operator: date <= varchar(10)"),
        ("s + 1 > 1", "Cannot apply operator: varchar + integer"),
        ("cast(i AS varchar) = 1", "Cannot apply operator: varchar = integer"),
        ("day BETWEEN '2026-01-01' AND '2026-01-02'", "Cannot check if date is BETWEEN varchar(10) and varchar(10)"),
        ("i IN (1, '2')", "IN value and list items must be the same type: integer"),
    ],
)
def test_types_that_differ_are_not_compared(athena: Any, glue: Any, condition: str, words: str) -> None:
    """Trino casts neither texts to numbers nor to dates by itself; the reason names the types."""
    typed(glue)
    query = run(athena, f"SELECT 1 FROM typed WHERE {condition}", "shop")
    assert query.state == "FAILED"
    assert query.reason.startswith("TYPE_MISMATCH: line 1:")
    assert words in query.reason
    glue.delete_table(DatabaseName="shop", Name="typed")


def test_types_that_fit_are_compared(athena: Any, glue: Any) -> None:
    """Numbers with numbers, dates with timestamps, and what a subquery computes under a table's name."""
    typed(glue)
    for condition in (
        "i = 1.5 AND i < 2e0",
        "day < current_timestamp AND day = DATE '2026-01-01' AND day + interval '1' day > day",
        "s || 'x' = 'x' AND s IN ('a', NULL)",
    ):
        assert rows(athena, f"SELECT 1 FROM typed WHERE {condition}") == []
    assert rows(athena, "SELECT 1 FROM (SELECT cast(i AS varchar) AS i FROM typed) WHERE i = '1'") == []
    glue.delete_table(DatabaseName="shop", Name="typed")


def typed(glue: Any) -> None:
    """An empty table of a number, a text and a date."""
    columns = [{"Name": "i", "Type": "int"}, {"Name": "s", "Type": "string"}, {"Name": "day", "Type": "date"}]
    place = {"Columns": columns, "Location": f"{PLACE}/typed/", **PARQUET}
    glue.create_table(DatabaseName="shop", TableInput={"Name": "typed", "StorageDescriptor": place})


def test_the_catalog_answers_for_itself(athena: Any, s3_client: Any) -> None:
    """information_schema and "$partitions" say what the catalog has; an unknown name in them is a missing table."""
    put(s3_client, "known/day=2026-01-02/a", b"1\n")
    ddl = f"CREATE EXTERNAL TABLE known (i int) PARTITIONED BY (day date) LOCATION '{PLACE}/known/'"
    succeed(athena, ddl, "shop")
    succeed(athena, "MSCK REPAIR TABLE known", "shop")
    succeed(athena, "CREATE VIEW many AS SELECT i FROM known", "shop")
    of = "table_schema = 'shop' AND table_name IN ('known', 'many')"
    assert rows(athena, f"SELECT table_name, table_type FROM information_schema.tables WHERE {of} ORDER BY 1") == [
        ("known", "BASE TABLE"),
        ("many", "VIEW"),
    ]
    found = rows(
        athena,
        f"SELECT c.column_name, ordinal_position, data_type FROM information_schema.columns c WHERE {of} ORDER BY table_name, 2",
    )
    assert found == [("i", "1", "integer"), ("day", "2", "date"), ("i", "1", "integer")]
    schemas = rows(athena, "SELECT schema_name FROM awsdatacatalog.information_schema.schemata")
    assert {("shop",), ("information_schema",)} <= set(schemas)
    assert rows(athena, f"SELECT view_definition FROM information_schema.views WHERE {of}") == [
        ("SELECT i FROM known",)
    ]
    assert rows(athena, 'SELECT * FROM "known$partitions"') == [("2026-01-02",)]
    assert rows(athena, """SELECT count(*) FROM "shop"."known$partitions" WHERE day > DATE '2026-01-02'""") == [("0",)]
    missing = run(athena, "SELECT 1 FROM information_schema.nothing", "shop")
    assert "TABLE_NOT_FOUND" in missing.reason
    assert "'awsdatacatalog.information_schema.nothing' does not exist" in missing.reason
    succeed(athena, "DROP VIEW many", "shop")
    succeed(athena, "DROP TABLE known", "shop")


def test_projected_partitions_are_read(athena: Any, s3_client: Any) -> None:
    """The table's properties say which folders are partitions; the catalog has none of them."""
    for day in ("2026-01-01", "2026-01-02", "2026-01-09"):
        put(s3_client, f"logs/{day}/a", b"1\n2\n")
    succeed(
        athena,
        f"CREATE EXTERNAL TABLE logs (i int) PARTITIONED BY (day date) LOCATION '{PLACE}/logs/' TBLPROPERTIES ("
        "'projection.enabled' = 'true', 'projection.day.type' = 'date', 'projection.day.format' = 'yyyy-MM-dd', "
        f"'projection.day.range' = '2026-01-01,2026-01-03', 'storage.location.template' = '{PLACE}/logs/${{day}}')",
        "shop",
    )
    found = rows(athena, "SELECT day, sum(i) FROM logs WHERE day > DATE '2025-01-01' GROUP BY day ORDER BY day")
    assert found == [("2026-01-01", "3"), ("2026-01-02", "3")]
    succeed(athena, "DROP TABLE logs", "shop")


def test_a_table_is_made_of_a_query_and_grows(athena: Any, s3_client: Any) -> None:
    """CTAS with partitions, INSERT, the counts, the manifest, and what neither may do."""
    made = succeed(
        athena,
        "CREATE TABLE sold WITH (format = 'PARQUET', partitioned_by = ARRAY['k']) AS SELECT 1 AS id, DECIMAL '2.50' AS total, 'a' AS k",
        "shop",
    )
    answer = athena.get_query_results(QueryExecutionId=made.id)
    assert (answer["UpdateCount"], answer["ResultSet"]["Rows"]) == (1, [])
    assert made.execution["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    inserted = succeed(athena, "INSERT INTO sold VALUES (2, 3.25, 'b'), (3, NULL, 'a')", "shop")
    assert athena.get_query_results(QueryExecutionId=inserted.id)["UpdateCount"] == 2
    manifest = inserted.execution["Statistics"]["DataManifestLocation"]
    listed = (
        s3_client.get_object(Bucket=BUCKET, Key=manifest.partition(f"{BUCKET}/")[2])["Body"]
        .read()
        .decode()
        .splitlines()
    )
    assert len(listed) == 2
    assert rows(athena, "SELECT * FROM sold ORDER BY id") == [("1", "2.50", "a"), ("2", "3.25", "b"), ("3", None, "a")]
    assert "TABLE_ALREADY_EXISTS" in run(athena, "CREATE TABLE sold AS SELECT 1 AS x", "shop").reason
    assert "MISMATCHED_COLUMN_COUNT" in run(athena, "INSERT INTO sold VALUES (1)", "shop").reason
    assert "TYPE_MISMATCH" in run(athena, "INSERT INTO sold VALUES ('x', 1, 'a')", "shop").reason
    many = "CREATE TABLE many WITH (partitioned_by = ARRAY['k']) AS SELECT 1 AS n, x AS k FROM unnest(sequence(1, 101)) u(x)"
    assert "TOO_MANY_OPEN_PARTITIONS" in run(athena, many, "shop").reason


@pytest.mark.parametrize("kind", ["PARQUET", "JSON", "TEXTFILE"])
def test_rows_are_unloaded_into_an_empty_folder(athena: Any, kind: str) -> None:
    """The files are read back by a table of that format; a second time the folder is not empty."""
    place = f"{PLACE}/unload/{kind}/"
    sql = f"UNLOAD (SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL) TO '{place}' WITH (format = '{kind}')"
    succeed(athena, sql, "shop")
    stored = {"PARQUET": "STORED AS PARQUET", "TEXTFILE": "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001'"}.get(
        kind, "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
    )
    succeed(athena, f"CREATE EXTERNAL TABLE back_{kind} (a int, b string) {stored} LOCATION '{place}'", "shop")
    assert rows(athena, f"SELECT * FROM back_{kind} ORDER BY a") == [("1", "x"), ("2", None)]
    assert "HIVE_PATH_ALREADY_EXISTS" in run(athena, sql, "shop").reason


def test_views_stand_on_views(athena: Any, glue: Any) -> None:
    """They are stored as Athena stores them, replaced only if asked, and gone from SHOW when dropped."""
    succeed(athena, "CREATE VIEW one AS SELECT 1 AS n, 'x' AS t", "shop")
    succeed(athena, "CREATE OR REPLACE VIEW two AS SELECT n + 1 AS m FROM one", "shop")
    assert rows(athena, "SELECT * FROM two") == [("2",)]
    found = glue.get_table(DatabaseName="shop", Name="one")["Table"]
    assert (found["TableType"], found["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
    assert found["ViewOriginalText"].startswith("/* Presto View: ")
    assert run(athena, "CREATE VIEW one AS SELECT 2 AS n", "shop").state == "FAILED"
    assert succeed(athena, "SHOW CREATE VIEW one", "shop").rows()[1] == ("SELECT 1 AS n, 'x' AS t",)
    assert succeed(athena, 'SHOW CREATE VIEW "shop"."one"').rows()[1] == ("SELECT 1 AS n, 'x' AS t",)
    succeed(athena, "DROP VIEW one", "shop")
    assert "VIEW_IS_STALE" in run(athena, "SELECT * FROM two", "shop").reason
    assert succeed(athena, "SHOW VIEWS", "shop").rows() == [("two",)]


def test_ddl_changes_the_catalog(athena: Any, glue: Any) -> None:
    """Databases, columns, properties, locations; what is there already or still full is refused."""
    succeed(athena, "CREATE DATABASE IF NOT EXISTS `annex` COMMENT 'c'")
    assert "already exists" in run(athena, "CREATE DATABASE annex").reason
    succeed(athena, f"CREATE EXTERNAL TABLE annex.t (a int COMMENT 'first') LOCATION '{PLACE}/annex/'")
    succeed(athena, "ALTER TABLE annex.t ADD COLUMNS (b string)")
    succeed(athena, "ALTER TABLE annex.t CHANGE COLUMN b c bigint")
    succeed(athena, "ALTER TABLE annex.t SET TBLPROPERTIES ('k'='v')")
    found = glue.get_table(DatabaseName="annex", Name="t")["Table"]
    assert found["StorageDescriptor"]["Columns"] == [
        {"Name": "a", "Type": "int", "Comment": "first"},
        {"Name": "c", "Type": "bigint"},
    ]
    assert found["StorageDescriptor"]["Location"] == f"{PLACE}/annex"
    assert found["Parameters"]["k"] == "v"
    assert succeed(athena, "SHOW TBLPROPERTIES annex.t('k')").rows() == [("k", "v")]
    assert succeed(athena, "SHOW COLUMNS IN annex.t").rows() == [("a".ljust(20),), ("c".ljust(20),)]
    assert "is not empty" in run(athena, "DROP DATABASE annex").reason
    succeed(athena, "DROP DATABASE annex CASCADE")
    succeed(athena, "DROP TABLE IF EXISTS annex.t")


def test_a_delta_table_is_its_logs_snapshot(athena: Any, endpoint: Endpoint, glue: Any) -> None:
    """Rows that a later version removed are not read."""
    lake = SmallLake(S3Storage(endpoint.s3), Naming())
    columns = {"id": "bigint", "name": "varchar"}
    lake.table("gold", "things", columns, [{"id": "1", "name": "old"}])
    lake.table("gold", "things", columns, [{"id": "1", "name": "new"}])
    glue.create_table(
        DatabaseName="shop",
        TableInput={
            "Name": "things",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"spark.sql.sources.provider": "delta", "table_type": "delta"},
            "StorageDescriptor": {
                "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "name", "Type": "string"}],
                "Location": f"s3://{Naming().bucket('gold')}/things/",
            },
        },
    )
    assert rows(athena, "SELECT * FROM things") == [("1", "new")]
    assert "read only" in run(athena, "INSERT INTO things VALUES (1, 'x')", "shop").reason


@pytest.mark.parametrize("version", ["6", "8"])
def test_hudi_is_read_up_to_the_version_that_athena_reads(athena: Any, glue: Any, s3_client: Any, version: str) -> None:
    """Only the newest slice of a file group; table version 8 is refused with a hint."""
    root = f"hudi{version}"
    put(
        s3_client,
        f"{root}/.hoodie/hoodie.properties",
        f"hoodie.table.name=h\nhoodie.table.type=COPY_ON_WRITE\nhoodie.table.version={version}\nhoodie.timeline.layout.version=1\n"
        "hoodie.table.base.file.format=PARQUET\nhoodie.table.recordkey.fields=id\n".encode(),
    )
    for number, instant in enumerate(("20260101000000000", "20260102000000000")):
        name = f"f0_0-{number}-0_{instant}.parquet"
        put(
            s3_client,
            f"{root}/{name}",
            parquet({"_hoodie_commit_time": "varchar", "id": "bigint"}, [{"id": str(number)}]),
        )
        stat = f'{{"fileId":"f0","path":"{name}","prevCommit":"null","numWrites":1}}'
        body = f'{{"partitionToWriteStats":{{"":[{stat}]}},"compacted":false,"operationType":"UPSERT"}}'
        put(s3_client, f"{root}/.hoodie/{instant}.commit", body.encode())
    storage = {"Columns": [{"Name": "id", "Type": "bigint"}], "Location": f"{PLACE}/{root}", **HUDI}
    glue.create_table(
        DatabaseName="shop", TableInput={"Name": root, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
    )
    query = run(athena, f"SELECT id FROM {root}", "shop")
    if version == "6":
        assert query.state == "SUCCEEDED", query.reason
        assert query.rows()[1:] == [("1",)]
    else:
        assert (query.state, query.execution["Status"]["AthenaError"]["ErrorType"]) == ("FAILED", 1200)
        assert "hoodie.write.table.version=6" in query.reason
