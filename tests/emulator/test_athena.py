"""Athena by boto3: states, results, refusals, workgroups, what is saved, reuse. The gateway checks every answer's shape."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from athena_client import BUCKET, OUTPUT, ended, run, start, succeed
from aws_endpoint import Endpoint
from botocore.exceptions import ClientError

POC = "SELECT COUNT(*) FROM lakehouse-poc_dev_bronze.core_tenant"


@pytest.fixture(scope="module")
def athena(endpoint: Endpoint, glue: Any, s3_client: Any) -> Iterator[Any]:
    """A client, and a database ``sales`` with a table of three orders as text."""
    glue.create_database(DatabaseInput={"Name": "sales"})
    s3_client.put_object(Bucket=BUCKET, Key="sales/orders/a.csv", Body=b'1\tx\t1.50\n2\t"q"\t\\N\n\n')
    client = endpoint.client("athena")
    succeed(
        client,
        "CREATE EXTERNAL TABLE orders (id int, note string, total decimal(10,2)) ROW FORMAT DELIMITED FIELDS TERMINATED BY "
        f"'\\t' STORED AS TEXTFILE LOCATION 's3://{BUCKET}/sales/orders/'",
        "sales",
    )
    yield client
    glue.delete_database(Name="sales")


def refused(athena: Any, sql: str, **request: Any) -> str:
    """The message of a statement that StartQueryExecution refuses."""
    with pytest.raises(ClientError) as error:
        start(athena, sql, "sales", **request)
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"
    return str(error.value.response["Error"]["Message"])


def test_a_query_runs_to_its_result(athena: Any, s3_client: Any) -> None:
    """An execution has states, statistics, a result file with every value in quotes, and rows with a heading."""
    query = succeed(athena, "SELECT id, note, total FROM orders WHERE id IS NOT NULL ORDER BY id", "sales")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", query.id)
    assert query.rows() == [("id", "note", "total"), ("1", "x", "1.50"), ("2", '"q"', None)]
    assert query.columns() == [
        ("id", "integer", 10, 0),
        ("note", "varchar", 2147483647, 0),
        ("total", "decimal", 10, 2),
    ]
    found = query.execution
    assert found["ResultConfiguration"]["OutputLocation"] == f"{OUTPUT}{query.id}.csv"
    assert (found["StatementType"], found["SubstatementType"], found["WorkGroup"]) == ("DML", "SELECT", "primary")
    assert found["Statistics"]["DataScannedInBytes"] == len(b'1\tx\t1.50\n2\t"q"\t\\N\n\n')
    assert found["Statistics"]["TotalExecutionTimeInMillis"] > 0
    body = s3_client.get_object(Bucket=BUCKET, Key=f"results/{query.id}.csv")["Body"].read()
    assert body == b'"id","note","total"\n"1","x","1.50"\n"2","""q""",\n'
    assert s3_client.head_object(Bucket=BUCKET, Key=f"results/{query.id}.csv.metadata")["ContentLength"] > 0


VALUES = [
    # SQL, Athena's type, text
    ("true", "boolean", "true"),
    ("cast(1 as tinyint)", "tinyint", "1"),
    ("5 / 2", "integer", "2"),
    ("-5 / 2", "integer", "-2"),
    ("5 % 3", "integer", "2"),
    ("cast(1.2345 as real)", "float", "1.2345"),
    ("1e7", "double", "1.0E7"),
    ("1.5e-5", "double", "1.5E-5"),
    ("0.001e0", "double", "0.001"),
    ("nan()", "double", "NaN"),
    ("5e0 / 0", "double", "Infinity"),
    ("DECIMAL '0.00000000001'", "decimal", "0.00000000001"),
    ("date '2017-01-02'", "date", "2017-01-02"),
    ("timestamp '2017-01-01 00:00:00'", "timestamp", "2017-01-01 00:00:00.000"),
    ("from_unixtime(0)", "timestamp with time zone", "1970-01-01 00:00:00.000 UTC"),
    ("cast(timestamp '2017-01-01 01:02:03' as time)", "time", "01:02:03.000"),
    ("array[1, 2, null]", "array", "[1, 2, null]"),
    ("array[]", "array", "[]"),
    ("map(array[1, 3], array[2, 4])", "map", "{1=2, 3=4}"),
    ("cast(row(1, 'x') as row(a int, b varchar))", "row", "{a=1, b=x}"),
    ("to_utf8('123')", "varbinary", "31 32 33"),
    ("json_parse('{\"a\": [1]}')", "json", '{"a":[1]}'),
    ("''", "varchar", ""),
    ("cast(null as varchar)", "varchar", None),
    ("cast(1.0e7 as varchar)", "varchar", "1.0E7"),
    ("cast(timestamp '2017-01-01 00:00:00' as varchar)", "varchar", "2017-01-01 00:00:00.000"),
    ("cast(2.5 as integer)", "integer", "3"),
    ("cast('abcdef' as varchar(3))", "varchar", "abc"),
    ("try_cast('1.5' as integer)", "integer", None),
    ("1.00 / 3", "double", "0.3333333333333333"),
    ("decimal '1.00' / 3", "decimal", "0.33"),
    ("cast(2 as decimal(10,2)) / cast(3 as decimal(10,4))", "decimal", "0.6667"),
    ("avg(x) from (values 1, 2) t(x)", "double", "1.5"),
    ("sum(x) from (values 1, 2) t(x)", "bigint", "3"),
    ("count_if(x > 1) from (values 1, 2) t(x)", "bigint", "1"),
    ("map_agg(x, x * 2) from (values 1) t(x)", "map", "{1=2}"),
    ("max_by(x, y) from (values (1, 9), (2, 3)) t(x, y)", "integer", "1"),
    # A function of an aggregate: what it does follows from the aggregate's type.
    ("round(avg(x), 2) from (values 1, 2, 2) t(x)", "double", "1.67"),
    ("sum(x) / count(*) from (values 1, 2) t(x)", "bigint", "1"),
    ("cast(sum(x) as double) / nullif(count(*), 0) from (values 1, 2) t(x)", "double", "1.5"),
    ("try(1 / (count(*) - 1)) from (values 1) t(x)", "bigint", None),
    ("try_cast(max(x) as date) from (values '2020-01-01', 'x') t(x)", "date", None),
    ("try(sum(x) filter (where x > 1) / count(*)) from (values 1, 3) t(x)", "bigint", "1"),
    ("sum(x) over () / 2 from (values 3, 4) t(x)", "bigint", "3"),
    ("round((select avg(y) from (values 1, 2) u(y))) from (values 1) t(x)", "double", "2.0"),
    ("date_diff('day', min(x), max(x)) from (values date '2020-01-01', date '2020-01-05') t(x)", "bigint", "4"),
    ("date_trunc('month', max(x)) from (values date '2020-01-31') t(x)", "date", "2020-01-01"),
    ("max(x) + interval '1' day from (values date '2020-01-01') t(x)", "date", "2020-01-02"),
    ("year(max(x)) from (values date '2020-01-01') t(x)", "bigint", "2020"),
    ("length(max(x)) from (values 'ab') t(x)", "bigint", "2"),
    ("date_add('month', 1, date '2020-01-31')", "date", "2020-02-29"),
    ("date_diff('day', timestamp '2020-01-01 12:00:00', timestamp '2020-01-02 11:00:00')", "bigint", "0"),
    ("date_trunc('month', date '2020-01-31')", "date", "2020-01-01"),
    ("date '2020-01-31' + interval '1' day", "date", "2020-02-01"),
    ("date_format(timestamp '2020-01-02 03:04:05', '%Y-%m-%d %H:%i:%s')", "varchar", "2020-01-02 03:04:05"),
    ("format_datetime(timestamp '2020-01-02 03:04:05', 'yyyy-MM-dd''T''HH:mm')", "varchar", "2020-01-02T03:04"),
    ("date_parse('2020-01-02', '%Y-%m-%d')", "timestamp", "2020-01-02 00:00:00.000"),
    ("hour(timestamp '2020-07-01 12:00:00 UTC' at time zone 'America/New_York')", "bigint", "8"),
    ("day_of_week(date '2024-01-07')", "bigint", "7"),
    ("substr('hello', -3)", "varchar", "llo"),
    ("split_part('a,b', ',', 2)", "varchar", "b"),
    ("regexp_extract('a12', '(\\d+)', 1)", "varchar", "12"),
    ("regexp_extract('a', '\\d')", "varchar", None),
    ("regexp_replace('abc', '(b)', '[$1]')", "varchar", "a[b]c"),
    ("greatest(1, cast(null as integer))", "integer", None),
    ("element_at(array[1], 2)", "integer", None),
    ("reduce(array[1, 2], 0, (s, x) -> s + x, s -> s * 10)", "integer", "30"),
    ("array_join(array[1.5e0, null], ',')", "varchar", "1.5"),
    ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a')", "varchar", None),
    ("cardinality(sequence(1, 3))", "bigint", "3"),
]


def test_values_have_athenas_types_and_texts(athena: Any) -> None:
    """What DuckDB means otherwise is mended, and every type is printed as Athena prints it."""
    plain = [case for case in VALUES if " from (" not in case[0]]
    query = succeed(athena, "SELECT " + ", ".join(sql for sql, _, _ in plain), "sales")
    heading, row = query.rows()
    assert heading == tuple(f"_col{number}" for number in range(len(plain)))
    types = [column[1] for column in query.columns()]
    assert list(zip((sql for sql, _, _ in plain), types, row, strict=True)) == plain
    for sql, kind, text in VALUES:
        if " from (" in sql:
            query = succeed(athena, f"SELECT {sql}", "sales")
            assert (query.columns()[0][1], query.rows()[1]) == (kind, (text,)), sql


def test_decimals_stay_decimals(athena: Any) -> None:
    """Averages and quotients of the catalog's decimals are decimals of Trino's precision, rounded half up."""
    sql = (
        "SELECT avg(total), avg(total) FILTER (WHERE id = 1), sum(total) / count(*), avg(total) OVER () FROM orders "
        "WHERE total IS NOT NULL GROUP BY total"
    )
    query = succeed(athena, sql, "sales")
    assert query.rows()[1:] == [("1.50", "1.50", "1.50", "1.50")]
    assert query.columns()[0][1:] == ("decimal", 10, 2)


def test_the_pocs_unquoted_name_is_refused_at_once(athena: Any) -> None:
    """It gets no id; the place is AWS's, and the hint shows the quoted form."""
    before = athena.list_query_executions()["QueryExecutionIds"]
    message = refused(athena, POC)
    assert message.startswith("line 1:31: mismatched input '-'. Expecting: ")
    assert '"lakehouse-poc_dev_bronze".core_tenant' in message
    assert athena.list_query_executions()["QueryExecutionIds"] == before


REFUSED = [
    ("", "empty"),
    ("selec 1", "line 1:1: mismatched input 'selec'"),
    ("SELECT 1 FROM", "line 1:14: mismatched input '<EOF>'"),
    ("SELECT 1; SELECT 2", "Only one sql statement"),
    ("SELECT `a` FROM orders", "line 1:8: mismatched input '`'"),
    ("SELECT a::int FROM orders", "line 1:9: mismatched input '::'"),
    ("SELECT 1 LIMIT 2 OFFSET 1", "line 1:18: mismatched input 'OFFSET'"),
    ("CREATE TABL x", "line 1:8: mismatched input 'TABL'"),
    ('SHOW COLUMNS IN "orders"', "backticks"),
    ("SELECT 'a", "line 1"),
    ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "line 1"),
]


@pytest.mark.parametrize(("sql", "message"), REFUSED, ids=[case[1] for case in REFUSED])
def test_text_that_is_no_statement_is_refused_at_once(athena: Any, sql: str, message: str) -> None:
    """StartQueryExecution answers InvalidRequestException with a place."""
    assert message in (refused(athena, sql) if sql else _empty(athena))


def _empty(athena: Any) -> str:
    return refused(athena, " ")


FAILED = [
    # SQL, error type, text
    ("SELECT * FROM nosuch", 1110, "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sales.nosuch' does not exist"),
    ("SELECT * FROM nodb.t", 1301, "SCHEMA_NOT_FOUND"),
    ("SELECT nosuch FROM orders", 1000, "COLUMN_NOT_FOUND: line 1:8: Column 'nosuch' cannot be resolved"),
    ("SELECT nosuch(1)", 1303, "FUNCTION_NOT_FOUND: line 1:8: Function 'nosuch' not registered"),
    ("SELECT strftime(id, 'x') FROM orders", 1303, "FUNCTION_NOT_FOUND"),
    ("SELECT 1 / 0", 1000, "DIVISION_BY_ZERO"),
    ("SELECT cast('x' AS integer)", 1000, "INVALID_CAST_ARGUMENT"),
    ("SELECT id, count(*) FROM orders", 1000, "EXPRESSION_NOT_AGGREGATE"),
    ("UPDATE orders SET id = 1", 1200, "NOT_SUPPORTED"),
    ("SELECT * FROM orders FOR TIMESTAMP AS OF timestamp '2020-01-01 00:00:00'", 1200, "time travel"),
    ("DROP TABLE nosuch", 1110, "Table not found sales.nosuch"),
    ("CREATE EXTERNAL TABLE x (a int)", 1003, "LOCATION"),
]


@pytest.mark.parametrize(("sql", "kind", "text"), FAILED, ids=[case[0] for case in FAILED])
def test_what_does_not_exist_fails_with_athenas_text(athena: Any, sql: str, kind: int, text: str) -> None:
    """The execution has an id, FAILED, a reason and an AthenaError of the catalog's type."""
    query = run(athena, sql, "sales")
    assert query.state == "FAILED"
    assert text in query.reason
    error = query.execution["Status"]["AthenaError"]
    assert (error["ErrorCategory"], error["ErrorType"], error["Retryable"]) == (2, kind, False)
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        athena.get_query_results(QueryExecutionId=query.id)


def test_parameters_are_literals_by_position(athena: Any) -> None:
    """A bare word is a string; a hole inside quotes is none; too few are refused."""
    sql = "SELECT note, '?' FROM orders WHERE note = ?"
    for value in ("x", "'x'"):
        assert succeed(athena, sql, "sales", ExecutionParameters=[value]).rows()[1:] == [("x", "?")]
    assert "expected 1 but found 2" in refused(athena, sql, ExecutionParameters=["1", "2"])
    injected = succeed(athena, sql, "sales", ExecutionParameters=["x' OR 1=1 --"])
    assert injected.rows()[1:] == []


def test_statements_are_prepared_by_text_and_by_call(athena: Any) -> None:
    """PREPARE, EXECUTE and DEALLOCATE see what the API's calls see."""
    succeed(athena, "PREPARE by_id FROM SELECT note FROM orders WHERE id = ?", "sales")
    found = athena.get_prepared_statement(StatementName="by_id", WorkGroup="primary")["PreparedStatement"]
    assert found["QueryStatement"] == "SELECT note FROM orders WHERE id = ?"
    assert succeed(athena, "EXECUTE by_id USING 1", "sales").rows() == [("note",), ("x",)]
    succeed(athena, "DEALLOCATE PREPARE by_id", "sales")
    with pytest.raises(athena.exceptions.ResourceNotFoundException):
        athena.get_prepared_statement(StatementName="by_id", WorkGroup="primary")
    assert run(athena, "EXECUTE by_id USING 1", "sales").state == "FAILED"


def test_a_token_starts_one_execution(athena: Any) -> None:
    """The same token gives the same id; with another text it is refused."""
    token = "t" * 40
    first = start(athena, "SELECT 1", ClientRequestToken=token)
    assert start(athena, "SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(ClientError, match="Idempotent"):
        start(athena, "SELECT 2", ClientRequestToken=token)
    ended(athena, first)


def test_a_result_is_used_again_if_asked(athena: Any) -> None:
    """Same text, young enough and deterministic: nothing is scanned."""
    reuse = {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}}
    for sql, again in (("SELECT id AS reused FROM orders", True), ("SELECT rand()", False)):
        first, second = succeed(athena, sql, "sales", **reuse), succeed(athena, sql, "sales", **reuse)
        flags = [q.execution["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] for q in (first, second)]
        assert flags == [False, again]
    assert second.id != first.id


def test_workgroups_enforce_cut_off_and_disable(athena: Any) -> None:
    """An enforced location wins; too many bytes cancel; a disabled group refuses; content needs a recursive delete."""
    settings = {
        "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/enforced"},
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": 10_000_000,
    }
    athena.create_work_group(Name="strict", Configuration=settings, Tags=[{"Key": "a", "Value": "b"}])
    query = succeed(athena, "SELECT 1", WorkGroup="strict")
    assert query.execution["ResultConfiguration"]["OutputLocation"] == f"s3://{BUCKET}/enforced/{query.id}.csv"
    assert athena.list_query_executions(WorkGroup="strict")["QueryExecutionIds"] == [query.id]
    with pytest.raises(ClientError, match="not empty"):
        athena.delete_work_group(WorkGroup="strict")
    athena.update_work_group(WorkGroup="strict", State="DISABLED")
    with pytest.raises(ClientError, match="disabled"):
        start(athena, "SELECT 1", WorkGroup="strict")
    athena.delete_work_group(WorkGroup="strict", RecursiveDeleteOption=True)
    with pytest.raises(ClientError, match="WorkGroup strict is not found"):
        athena.get_work_group(WorkGroup="strict")
    with pytest.raises(ClientError, match="No output location provided"):
        athena.start_query_execution(QueryString="SELECT 1")


def test_more_bytes_than_allowed_cancel(athena: Any, s3_client: Any) -> None:
    """The cutoff counts what was read, and the result is not stored."""
    s3_client.put_object(
        Bucket=BUCKET, Key="sales/big/a.csv", Body=b"x" * 1023 + b"\n" + (b"y" * 1023 + b"\n") * 11_000
    )
    succeed(athena, f"CREATE EXTERNAL TABLE big (l string) LOCATION 's3://{BUCKET}/sales/big/'", "sales")
    settings = {"ResultConfiguration": {"OutputLocation": OUTPUT}, "BytesScannedCutoffPerQuery": 10_000_000}
    athena.create_work_group(Name="small", Configuration=settings)
    query = run(athena, "SELECT count(*) FROM big", "sales", WorkGroup="small")
    assert (query.state, "Bytes scanned limit was exceeded" in query.reason) == ("CANCELLED", True)
    athena.delete_work_group(WorkGroup="small", RecursiveDeleteOption=True)


def test_a_running_query_is_stopped(athena: Any) -> None:
    """StopQueryExecution ends it; its process is gone, and the next query runs."""
    ones = "unnest(sequence(1, 100000))"
    execution = start(
        athena, f"SELECT count(*) FROM {ones} a(x) CROSS JOIN {ones} b(y) CROSS JOIN {ones} c(z) WHERE x*y*z=7"
    )
    athena.stop_query_execution(QueryExecutionId=execution)
    query = ended(athena, execution)
    assert query.state == "CANCELLED"
    assert query.execution["Status"]["AthenaError"]["ErrorType"] == 1011
    succeed(athena, "SELECT 1")


def test_results_come_in_pages(athena: Any) -> None:
    """A thousand rows a page, the heading among them; every row once, quotes and line feeds whole."""
    sql = "SELECT x, 'a\"b,\n' || cast(x AS varchar) AS t, nullif(x % 2, 0) AS n FROM unnest(sequence(1, 2500)) u(x) ORDER BY x"
    query = succeed(athena, sql)
    rows = query.rows()
    assert rows[0] == ("x", "t", "n")
    assert rows[1:] == [(str(x), f'a"b,\n{x}', "1" if x % 2 else None) for x in range(1, 2501)]
    first = athena.get_query_results(QueryExecutionId=query.id)
    assert len(first["ResultSet"]["Rows"]) == 1000
    with pytest.raises(ClientError, match="Invalid NextToken"):
        athena.get_query_results(QueryExecutionId=query.id, NextToken="nonsense")


def test_batches_name_what_is_unknown(athena: Any) -> None:
    """Unknown ids are unprocessed, not an error."""
    known = succeed(athena, "SELECT 1").id
    unknown = "00000000-0000-4000-8000-000000000000"
    found = athena.batch_get_query_execution(QueryExecutionIds=[known, unknown])
    assert [each["QueryExecutionId"] for each in found["QueryExecutions"]] == [known]
    assert [each["QueryExecutionId"] for each in found["UnprocessedQueryExecutionIds"]] == [unknown]
    with pytest.raises(ClientError, match=f"QueryExecution {unknown} was not found"):
        athena.get_query_execution(QueryExecutionId=unknown)


def test_named_queries_are_kept(athena: Any) -> None:
    """Create, get, update, list, delete."""
    query = athena.create_named_query(Name="n", Database="sales", QueryString="SELECT 1")["NamedQueryId"]
    athena.update_named_query(NamedQueryId=query, Name="m", QueryString="SELECT 2")
    assert athena.get_named_query(NamedQueryId=query)["NamedQuery"]["QueryString"] == "SELECT 2"
    assert query in athena.list_named_queries()["NamedQueryIds"]
    athena.delete_named_query(NamedQueryId=query)
    with pytest.raises(ClientError, match="was not found"):
        athena.get_named_query(NamedQueryId=query)


def test_the_catalog_is_listed(athena: Any) -> None:
    """Data catalogs, databases and tables by Athena's own calls; an expression is a regular one."""
    catalog = athena.list_data_catalogs()["DataCatalogsSummary"][0]["CatalogName"]
    assert "sales" in [each["Name"] for each in athena.list_databases(CatalogName=catalog)["DatabaseList"]]
    found = athena.get_table_metadata(CatalogName=catalog, DatabaseName="sales", TableName="orders")["TableMetadata"]
    assert [column["Type"] for column in found["Columns"]] == ["int", "string", "decimal(10,2)"]
    listed = athena.list_table_metadata(CatalogName=catalog, DatabaseName="sales", Expression="ord.*")
    assert [each["Name"] for each in listed["TableMetadataList"]] == ["orders"]
    with pytest.raises(athena.exceptions.MetadataException):
        athena.get_table_metadata(CatalogName=catalog, DatabaseName="sales", TableName="nosuch")
