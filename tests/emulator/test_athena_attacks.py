"""Untrusted SQL: what it tries, and that it reached nothing but the lake's objects."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from athena_client import BUCKET, run, succeed
from aws_endpoint import Endpoint
from botocore.exceptions import ClientError

CANARY = "canary-7f3a9c"
ATTACKS = [
    # reading files
    "SELECT * FROM '{secret}'",
    'SELECT * FROM "{secret}"',
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_csv_auto('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_ndjson_objects('{secret}')",
    "SELECT * FROM parquet_metadata('{secret}')",
    "SELECT * FROM parquet_schema('{secret}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM TABLE(read_text('{secret}'))",
    "SELECT read_text('{secret}')",
    "SELECT content FROM read_text('{secret}') t",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "SELECT * FROM UNNEST(read_text('{secret}')) t(x)",
    "SELECT * FROM LATERAL (SELECT * FROM read_text('{secret}')) t",
    "WITH t AS (SELECT * FROM read_text('{secret}')) SELECT * FROM t",
    "WITH \"{secret}\" AS (SELECT 1 a) SELECT * FROM \"{secret}\", '{secret}'",
    "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM read_text('{secret}'))",
    "SELECT * FROM t JOIN read_text('{secret}') r ON true",
    "SELECT * FROM t UNION ALL SELECT content FROM read_text('{secret}')",
    "VALUES (read_text('{secret}'))",
    'TABLE "{secret}"',
    "FROM read_text('{secret}')",
    "FROM '{secret}'",
    # writing files
    "COPY (SELECT 1) TO '{out}'",
    "COPY t FROM '{secret}'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
    "EXPLAIN COPY (SELECT 1) TO '{out}'",
    "EXPORT DATABASE '{out}'",
    "IMPORT DATABASE '{out}'",
    "ATTACH '{out}' AS x",
    "ATTACH '{out}' (TYPE sqlite)",
    "DETACH x",
    "CREATE TABLE x.y AS SELECT * FROM read_text('{secret}')",
    "CREATE TABLE x WITH (external_location = '{out}') AS SELECT 1 AS a",
    "CREATE TABLE x WITH (external_location = 'file://{out}') AS SELECT 1 AS a",
    "UNLOAD (SELECT 1 AS a) TO '{out}' WITH (format = 'PARQUET')",
    "UNLOAD (SELECT 1 AS a) TO 'file://{out}' WITH (format = 'PARQUET')",
    "UNLOAD (SELECT 1 AS a) TO 's3://{bucket}/u/' WITH (format = 'PARQUET) TO ''{out}'' (FORMAT CSV')",
    "UNLOAD (SELECT 1 AS a) TO 's3://{bucket}/u/' WITH (format = 'TEXTFILE', field_delimiter = ''') TO ''{out}')",
    "UNLOAD (SELECT content AS a FROM read_text('{secret}')) TO 's3://{bucket}/u/' WITH (format = 'PARQUET')",
    "INSERT INTO t SELECT content FROM read_text('{secret}')",
    # settings, extensions, secrets
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "RESET ALL",
    "PRAGMA version",
    "PRAGMA enable_logging",
    "CALL enable_logging()",
    "CALL pragma_version()",
    "SELECT * FROM enable_logging()",
    "SELECT enable_logging()",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{out}.duckdb_extension'",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE MACRO f() AS 1",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pragma_user_agent()",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "SELECT * FROM query('SELECT content FROM read_text(''{secret}'')')",
    "SELECT * FROM query_table('{secret}')",
    "SELECT current_setting('home_directory')",
    "SELECT getenv('PATH')",
    "SELECT getvariable('x')",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM main.sqlite_master",
    "SELECT * FROM system.information_schema.tables",
    # the network
    "SELECT * FROM 'http://127.0.0.1:{port}/x.csv'",
    "SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')",
    "SELECT * FROM read_csv('s3://{bucket}/x.csv?s3_endpoint=127.0.0.1:{port}')",
    'SELECT * FROM "http://127.0.0.1:{port}/x.csv"',
    "ATTACH 'http://127.0.0.1:{port}/x.db' AS x",
    # breaking out of names and strings
    "SELECT \"a\"\" FROM read_text('{secret}') --\" FROM t",
    "SELECT 1 AS \"x\"\", (SELECT content FROM read_text('{secret}')) AS \"\"y\"",
    "SELECT 'a'' || (SELECT content FROM read_text(''{secret}''))'",
    "SELECT 'a\\' || (SELECT content FROM read_text('{secret}')) --'",
    "SELECT date_format(now(), ''') || (SELECT content FROM read_text(''{secret}'')) || (''')",
    "SELECT date_format(now(), '{{0}}{{0.__class__}}')",
    "SELECT '{{0.__class__.__init__.__globals__}}'",
    "SELECT date '2020-01-01'' || (SELECT content FROM read_text(''{secret}''))'",
    "SELECT interval '1'' day) || (SELECT content FROM read_text(''{secret}''))' day",
    "SELECT CAST(1 AS \"varchar) FROM read_text('{secret}') --\")",
    "SELECT CAST(ROW(1) AS ROW(\"a\"\" int), content from read_text('{secret}') --\" int))",
    'SELECT CAST(ROW(1) AS ROW("a"" int), (select 1) as ""b" int))',
    'SELECT CAST(ROW(1) AS ROW("{{0.__class__}}" int))',
    "SELECT interval '{{0}}' day",
    "SELECT interval '1' day + interval '2' \"day from read_text('{secret}')\"",
    'SELECT "{{0}}".*, "$path" FROM t "{{0}}"',
    "SELECT CAST('x' AS varchar(1) , content) FROM read_text('{secret}')",
    "SELECT EXTRACT(\"year from d) from read_text('{secret}') --\" FROM now())",
    "SELECT x -- \n FROM read_text('{secret}')",
    "SELECT /*+ */ 1 /* */ FROM /**/ read_text('{secret}')",
    "SELECT 1; COPY (SELECT 1) TO '{out}'",
    "SELECT $1",
    "SELECT $$x$$ FROM read_text($${secret}$$)",
    "SELECT e'\\x27' FROM read_text('{secret}')",
    "PREPARE p FROM COPY (SELECT 1) TO '{out}'",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "SELECT #1 FROM t",
    "SELECT COLUMNS('.*') FROM t",
    "SELECT * REPLACE (1 AS l) FROM t",
    "SELECT struct_pack(a := 1)",
    "PIVOT t ON l",
    "SUMMARIZE t",
    "DESCRIBE (SELECT * FROM read_text('{secret}'))",
    "SHOW ALL TABLES",
    # the machine's strength
    "SELECT length(array_join(repeat('a', 2000000000), ''))",
    "SELECT lpad('a', 2000000000, 'b')",
    "SELECT cardinality(sequence(1, 100000000000))",
    "SELECT array_agg(a.x) FROM unnest(sequence(1, 100000)) a(x) CROSS JOIN unnest(sequence(1, 100000)) b(y)",
]  # fmt: skip
READERS = (
    "read_text('{secret}')",
    "read_csv('{secret}')",
    "read_blob('{secret}')",
    "read_json_auto('{secret}')",
    "parquet_scan('{secret}')",
    "sniff_csv('{secret}')",
    "glob('{secret}*')",
    "query('FROM read_text(''{secret}'')')",
    "TABLE(read_text('{secret}'))",
    "'{secret}'",
    '"{secret}"',
    '"file://{secret}"',
)
PLACES = (
    "SELECT * FROM t, %s",
    "SELECT * FROM t LEFT JOIN %s r ON 1 = 1",
    "SELECT (SELECT max(x) FROM %s r (x))",
    "SELECT * FROM t WHERE l IN (SELECT * FROM %s)",
    "SELECT * FROM t ORDER BY (SELECT max(x) FROM %s r (x))",
    "WITH s AS (SELECT * FROM %s) SELECT count(*) FROM s",
    "SELECT l FROM t EXCEPT SELECT * FROM %s",
    "CREATE OR REPLACE VIEW v AS SELECT * FROM %s",
    "CREATE TABLE c AS SELECT * FROM %s",
    "UNLOAD (SELECT * FROM %s) TO 's3://{bucket}/u/' WITH (format = 'PARQUET')",
)
"""Where a table may stand: what is refused in one place must be in every other."""


class Listener:
    """A port of this machine that nobody should call."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A listener for the module."""
    found = Listener()
    yield found
    found.close()


@pytest.fixture(scope="module")
def athena(endpoint: Endpoint, glue: Any, s3_client: Any) -> Iterator[Any]:
    """A client, and a database ``open`` with one table of one line."""
    glue.create_database(DatabaseInput={"Name": "open"})
    s3_client.put_object(Bucket=BUCKET, Key="open/t/a", Body=b"line\n")
    client = endpoint.client("athena")
    succeed(client, f"CREATE EXTERNAL TABLE t (l string) LOCATION 's3://{BUCKET}/open/t/'", "open")
    yield client
    glue.delete_database(Name="open")


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{number:03d}" for number in range(len(ATTACKS))])
def test_an_attack_reaches_nothing(athena: Any, listener: Listener, tmp_path: Path, attack: str) -> None:
    """No secret in any answer, no file written, no call made; the service answers afterwards."""
    _attempt(athena, listener, tmp_path, attack)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("place", PLACES)
def test_no_place_lets_a_reader_in(athena: Any, listener: Listener, tmp_path: Path, place: str, reader: str) -> None:
    """A table that is none of the catalogue's is refused wherever a table may stand, views and unloading included."""
    assert _attempt(athena, listener, tmp_path, place % reader) != "SUCCEEDED"


def _attempt(athena: Any, listener: Listener, tmp_path: Path, attack: str) -> str:
    """How the query ended, after all that must hold however it did."""
    secret = tmp_path / "secret.csv"
    secret.write_text(f"a\n{CANARY}\n")
    out = tmp_path / "out"
    sql = attack.format(secret=secret, out=out, port=listener.port, bucket=BUCKET)
    state = "REFUSED"
    try:
        query = run(athena, sql, "open")
        state = query.state
        said = query.reason + (str(query.rows()) if state == "SUCCEEDED" else "")
    except ClientError as error:
        said = str(error)
    assert CANARY not in said
    assert os.environ["PATH"] not in said
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert listener.calls == 0
    return state


def test_the_service_and_the_lake_are_whole(athena: Any, s3_client: Any) -> None:
    """After all of it a query answers, the table has its one line, and nothing else is in its folder."""
    held = [item["Key"] for item in s3_client.list_objects_v2(Bucket=BUCKET, Prefix="open/")["Contents"]]
    assert held == ["open/t/a"]
    assert succeed(athena, "SELECT * FROM t", "open").rows() == [("l",), ("line",)]
